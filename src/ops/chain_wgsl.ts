// Completes a shader for one element-wise program: binds its loads and writes the program as calls.
// The text holds no float operation of its own, only calls of contract functions from shaders/math in the
// order of the steps, so lint and rules cover it as they cover the files (docs/ARCHITECTURE.md says why it is
// generated: an interpreter would need run-time indexed registers). Equal programs give equal texts.
import { CHAIN_OPS, type ChainOpName, type ChainProgram } from '../core/chain.ts';
import type { Dispatch } from '../core/op.ts';
import type { Shader } from '../core/shader.ts';
import { stridesOf } from '../core/shape.ts';
import chain from '../../shaders/math/chain.wgsl';
import erf from '../../shaders/math/erf.wgsl';
import exp from '../../shaders/math/exp.wgsl';
import log from '../../shaders/math/log.wgsl';
import pow from '../../shaders/math/pow.wgsl';
import sigmoid from '../../shaders/math/sigmoid.wgsl';
import tanh from '../../shaders/math/tanh.wgsl';

// Steps defined outside shaders/math/chain.wgsl and what it imports.
const MODULES: Partial<Record<ChainOpName, Shader>> = {
  erf_f32: erf,
  exp_f32: exp,
  log_f32: log,
  pow_f32: pow,
  sigmoid_f32: sigmoid,
  tanh_f32: tanh,
};

// Bindings 0 to 2 are Params, tables and status.
const FIRST_INPUT = 3;

/** `@group(0) @binding(n) var<storage, …>` of the tensors from binding `first` on. */
function declare(names: readonly string[], first: number, access: 'read' | 'read_write'): string[] {
  return names.map(
    (name, i) => `@group(0) @binding(${first + i}) var<storage, ${access}> ${name}: array<u32>;`,
  );
}

function body(program: ChainProgram, seed: string, rowLength?: number): string[] {
  return program.steps.map((step, i) => {
    const args = step.args.map((arg) => `v${arg}`).join(', ');
    const load = step.args[0] ?? 0;
    switch (step.op) {
      case 'seed':
        return `let v${i} = ${seed};`;
      case 'load_word':
        switch (reach(program, load, rowLength)) {
          case 'row':
            return `let v${i} = row${load};`;
          case 'column':
            return `let v${i} = load${load}[index - row_start];`;
          default:
            return `let v${i} = load${load}[${offset(program, load)}];`;
        }
      case 'load_byte':
        return `let o${i} = ${offset(program, load)}; let v${i} = (load${load}[o${i} >> 2u] >> (8u * (o${i} & 3u))) & 0xffu;`;
      default:
        return `let v${i} = ${step.op}(${args});`;
    }
  });
}

function offset(program: ChainProgram, load: number, index = 'index'): string {
  const strides = program.loads[load]?.strides ?? [];
  const dense = stridesOf(program.dims);
  const steps = strides.filter((_, axis) => program.dims[axis] !== 1);
  if (steps.every((stride) => stride === 0)) return '0u';
  const isDense = strides.every(
    (stride, axis) => program.dims[axis] === 1 || stride === dense[axis],
  );
  return isDense ? index : `chain_offset(${load}u, ${index})`;
}

/**
 * What a load's element depends on, where the output is rows of `rowLength` elements: the row alone, the place in the
 * row alone (and it lies there densely), or both.
 */
function reach(
  { dims, loads }: ChainProgram,
  load: number,
  rowLength: number | undefined,
): 'row' | 'column' | 'element' {
  const strides = loads[load]?.strides ?? [];
  if (rowLength === undefined) return 'element';
  let first = dims.length;
  let length = 1;
  while (first > 0 && length < rowLength) {
    first -= 1;
    length *= dims[first] ?? 1;
  }
  if (length !== rowLength) return 'element';
  const dense = stridesOf(dims);
  const isFixed = (axis: number): boolean => dims[axis] === 1 || strides[axis] === 0;
  const isDense = (axis: number): boolean => dims[axis] === 1 || strides[axis] === dense[axis];
  const axes = dims.map((_, axis) => axis);
  if (axes.slice(first).every(isFixed)) return 'row';
  return axes.slice(0, first).every(isFixed) && axes.slice(first).every(isDense)
    ? 'column'
    : 'element';
}

function modules(program: ChainProgram): Shader[] {
  return [...new Set(program.steps.map((step) => MODULES[step.op]))].filter(
    (shader) => shader !== undefined,
  );
}

/** The element-wise kernel for a dispatch: `host` with `element(index)` and the tensors' bindings. */
export function wholeChain(host: Shader): (dispatch: Dispatch) => Shader {
  return (dispatch) => {
    const program = dispatch.chain;
    if (program === undefined) throw new Error(`${dispatch.kernel.name}: dispatch without a chain`);
    const loads = program.loads.map((_, k) => `load${k}`);
    const text = [
      ...declare(loads, FIRST_INPUT, 'read'),
      ...declare(['out0'], FIRST_INPUT + loads.length, 'read_write'),
      'fn element(index: u32) -> u32 {',
      ...body(program, '0u'),
      `return v${program.steps.length - 1};`,
      '}',
    ].join('\n');
    return { name: `${host.name}:chain`, text, imports: [host, chain, ...modules(program)] };
  };
}

/**
 * An epilogue kernel for a dispatch: `host`, which binds its own inputs, with `epilogue(value, index)`, the
 * bindings of the chain's loads behind them and of `out0` behind those. A host that stores rows of `rowLength` elements
 * calls `epilogue_row(index)` at each row's first element: what a row shares is loaded once.
 */
export function epilogueChain(
  host: Shader,
  rowLength?: (dispatch: Dispatch) => number,
): (dispatch: Dispatch) => Shader {
  return (dispatch) => {
    const program = dispatch.chain ?? { dims: [], loads: [], steps: [{ op: 'seed', args: [] }] };
    const loads = program.loads.map((_, k) => `load${k}`);
    const first = FIRST_INPUT + dispatch.inputs.length;
    const length = rowLength?.(dispatch);
    const shared = [...loads.keys()].filter(
      (load) =>
        reach(program, load, length) === 'row' &&
        program.steps.some((step) => step.op === 'load_word' && step.args[0] === load),
    );
    const rows = [
      'var<private> row_start: u32;',
      ...shared.map((load) => `var<private> row${load}: u32;`),
      'fn epilogue_row(start: u32) {',
      'row_start = start;',
      ...shared.map((load) => `row${load} = load${load}[${offset(program, load, 'start')}];`),
      '}',
    ];
    const text = [
      ...declare(loads, first, 'read'),
      ...declare(['out0'], first + loads.length, 'read_write'),
      ...(length === undefined ? [] : rows),
      'fn epilogue(value: u32, index: u32) -> u32 {',
      ...body(program, 'value', length),
      `return v${program.steps.length - 1};`,
      '}',
    ].join('\n');
    return { name: `${host.name}:epilogue`, text, imports: [host, chain, ...modules(program)] };
  };
}

/** The steps that a program may name, for tests that compile each. */
export const chainOpNames: readonly ChainOpName[] = Object.keys(CHAIN_OPS) as ChainOpName[];
