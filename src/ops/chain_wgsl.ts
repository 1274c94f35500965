// Completes a shader for one element-wise program: binds its loads and writes the program as calls.
// The text holds no float operation of its own, only calls of contract functions from shaders/math in the
// order of the steps, so lint and rules cover it as they cover the files (docs/ARCHITECTURE.md says why it is
// generated: an interpreter would need run-time indexed registers). Equal programs give equal texts.
import { CHAIN_OPS, collapse, type ChainOpName, type ChainProgram } from '../core/chain.ts';
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

/**
 * How a load's element follows from the flat index, where the output is rows of `rowLength` elements: it is the same
 * (`fixed`); it lies at the same index (`dense`); it is one for a row (`row`); it lies densely along a row that is the
 * same for all rows (`column`) or another one (`run`).
 */
type Reach = 'fixed' | 'dense' | 'row' | 'column' | 'run' | 'any';

function reach({ dims, loads }: ChainProgram, load: number, rowLength?: number): Reach {
  const strides = loads[load]?.strides ?? [];
  const dense = stridesOf(dims);
  const isFixed = (axis: number): boolean => dims[axis] === 1 || strides[axis] === 0;
  const isDense = (axis: number): boolean => dims[axis] === 1 || strides[axis] === dense[axis];
  const axes = dims.map((_, axis) => axis);
  if (axes.every(isFixed)) return 'fixed';
  if (axes.every(isDense)) return 'dense';
  if (rowLength === undefined) return 'any';
  let first = dims.length;
  let length = 1;
  while (first > 0 && length < rowLength) {
    first -= 1;
    length *= dims[first] ?? 1;
  }
  if (length !== rowLength) return 'any';
  if (axes.slice(first).every(isFixed)) return 'row';
  if (!axes.slice(first).every(isDense)) return 'any';
  return axes.slice(0, first).every(isFixed) ? 'column' : 'run';
}

/** The statements of `program` on `seed`; with `rowLength`, what `sharedByRow` declares is used. */
function body(program: ChainProgram, seed: string, rowLength?: number): string[] {
  const offset = (load: number): string => {
    switch (reach(program, load, rowLength)) {
      case 'fixed':
        return '0u';
      case 'dense':
        return 'index';
      case 'row':
        return `base${load}`;
      case 'column':
        return 'index - row_start';
      case 'run':
        return `base${load} + (index - row_start)`;
      default:
        return `chain_offset(${load}u, index)`;
    }
  };
  return program.steps.map((step, i) => {
    const args = step.args.map((arg) => `v${arg}`).join(', ');
    const load = step.args[0] ?? 0;
    switch (step.op) {
      case 'seed':
        return `let v${i} = ${seed};`;
      case 'load_word':
        return rowLength !== undefined && ['fixed', 'row'].includes(reach(program, load, rowLength))
          ? `let v${i} = word${load};`
          : `let v${i} = load${load}[${offset(load)}];`;
      case 'load_byte':
        return `let o${i} = ${offset(load)}; let v${i} = (load${load}[o${i} >> 2u] >> (8u * (o${i} & 3u))) & 0xffu;`;
      default:
        return `let v${i} = ${step.op}(${args});`;
    }
  });
}

/**
 * What the elements of a row of `rowLength` share, as private variables: where the row starts, where it starts in each
 * load (`offset`), and the words that are one for the row. `set` assigns them.
 */
function sharedByRow(
  program: ChainProgram,
  rowLength: number,
  offset: (load: number) => string,
): { declarations: string[]; set: string[] } {
  const declarations = ['var<private> row_start: u32;'];
  const set: string[] = [];
  program.loads.forEach((_, load) => {
    const kind = reach(program, load, rowLength);
    if (kind === 'row' || kind === 'run') {
      declarations.push(`var<private> base${load}: u32;`);
      set.push(`base${load} = ${offset(load)};`);
    }
    const isWord = program.steps.some((one) => one.op === 'load_word' && one.args[0] === load);
    if (isWord && (kind === 'row' || kind === 'fixed')) {
      declarations.push(`var<private> word${load}: u32;`);
      set.push(`word${load} = load${load}[${kind === 'row' ? `base${load}` : '0u'}];`);
    }
  });
  return { declarations, set };
}

function modules(program: ChainProgram): Shader[] {
  return [...new Set(program.steps.map((step) => MODULES[step.op]))].filter(
    (shader) => shader !== undefined,
  );
}

/** The innermost axis of a program, if runs of four elements never cross its end. */
function evenRows(program: ChainProgram): number | undefined {
  const { dims } = collapse(program);
  const length = dims.at(-1) ?? 1;
  return dims.length > 1 && length % 4 === 0 ? length : undefined;
}

/**
 * The element-wise kernel for a dispatch: `host` with `element(index)`, `element_row(first)` for what four elements from
 * `first` on share, and the tensors' bindings.
 */
export function wholeChain(host: Shader): (dispatch: Dispatch) => Shader {
  return (dispatch) => {
    const program = dispatch.chain;
    if (program === undefined) throw new Error(`${dispatch.kernel.name}: dispatch without a chain`);
    const loads = program.loads.map((_, k) => `load${k}`);
    const length = evenRows(program);
    const { declarations, set } =
      length === undefined
        ? { declarations: [], set: [] }
        : sharedByRow(program, length, (load) => `chain_row_offset(${load}u, row)`);
    const text = [
      ...declare(loads, FIRST_INPUT, 'read'),
      ...declare(['out0'], FIRST_INPUT + loads.length, 'read_write'),
      ...declarations,
      'fn element_row(first: u32) {',
      ...(length === undefined
        ? []
        : ['let row = chain_row(first);', 'row_start = row * chain_row_length();', ...set]),
      '}',
      'fn element(index: u32) -> u32 {',
      ...body(program, '0u', length),
      `return v${program.steps.length - 1};`,
      '}',
    ].join('\n');
    return { name: `${host.name}:chain`, text, imports: [host, chain, ...modules(program)] };
  };
}

/**
 * An epilogue kernel for a dispatch: `host`, which binds its own inputs, with `epilogue(value, index)`, the
 * bindings of the chain's loads behind them and of `out0` behind those. A host that stores rows of `rowLength` elements
 * calls `epilogue_row(start)` with each row's first index: what a row shares is loaded once.
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
    const shared =
      length === undefined
        ? undefined
        : sharedByRow(program, length, (load) => `chain_offset(${load}u, start)`);
    const text = [
      ...declare(loads, first, 'read'),
      ...declare(['out0'], first + loads.length, 'read_write'),
      ...(shared === undefined
        ? []
        : [
            ...shared.declarations,
            'fn epilogue_row(start: u32) {',
            'row_start = start;',
            ...shared.set,
            '}',
          ]),
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
