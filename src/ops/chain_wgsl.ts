// Completes a shader for one element-wise program: binds its loads and writes the program as calls.
// The text holds no float operation of its own, only calls of contract functions from shaders/math in the
// order of the steps, so lint and rules cover it as they cover the files (docs/ARCHITECTURE.md says why it is
// generated: an interpreter would need run-time indexed registers). Equal programs give equal texts.
import { canonicalSteps, type ChainOpName, type ChainProgram } from '../core/chain.ts';
import { dtypeInfo } from '../core/dtype.ts';
import type { Dispatch } from '../core/op.ts';
import { shaderName, type Shader, type ShaderName } from '../core/shader.ts';
import acos from '../../shaders/math/acos.wgsl';
import acosh from '../../shaders/math/acosh.wgsl';
import asin from '../../shaders/math/asin.wgsl';
import asinh from '../../shaders/math/asinh.wgsl';
import atan from '../../shaders/math/atan.wgsl';
import atanh from '../../shaders/math/atanh.wgsl';
import chain from '../../shaders/math/chain.wgsl';
import cos from '../../shaders/math/cos.wgsl';
import cosh from '../../shaders/math/cosh.wgsl';
import erf from '../../shaders/math/erf.wgsl';
import erfc from '../../shaders/math/erfc.wgsl';
import exp from '../../shaders/math/exp.wgsl';
import exp2 from '../../shaders/math/exp2.wgsl';
import expm1 from '../../shaders/math/expm1.wgsl';
import half from '../../shaders/math/half.wgsl';
import log from '../../shaders/math/log.wgsl';
import log10 from '../../shaders/math/log10.wgsl';
import log1p from '../../shaders/math/log1p.wgsl';
import log2 from '../../shaders/math/log2.wgsl';
import pow from '../../shaders/math/pow.wgsl';
import rsqrt from '../../shaders/math/rsqrt.wgsl';
import sigmoid from '../../shaders/math/sigmoid.wgsl';
import sin from '../../shaders/math/sin.wgsl';
import sinh from '../../shaders/math/sinh.wgsl';
import small from '../../shaders/math/small.wgsl';
import softplus from '../../shaders/math/softplus.wgsl';
import tan from '../../shaders/math/tan.wgsl';
import tanh from '../../shaders/math/tanh.wgsl';
import {
  coordinates,
  isStrided,
  layoutOf,
  nextCoordinates,
  offset,
  reach,
  type Layout,
} from './chain_positions.ts';

// Steps defined outside shaders/math/chain.wgsl and what it imports.
const MODULES: Partial<Record<ChainOpName, ShaderName>> = {
  acos_f32: acos,
  acosh_f32: acosh,
  asin_f32: asin,
  asinh_f32: asinh,
  atan_f32: atan,
  atanh_f32: atanh,
  cos_f32: cos,
  cosh_f32: cosh,
  erf_f32: erf,
  erfc_f32: erfc,
  exp2_f32: exp2,
  exp_f32: exp,
  expm1_f32: expm1,
  log10_f32: log10,
  log1p_f32: log1p,
  log2_f32: log2,
  log_f32: log,
  pow_f32: pow,
  rsqrt_f32: rsqrt,
  sigmoid_f32: sigmoid,
  sin_f32: sin,
  sinh_f32: sinh,
  softplus_f32: softplus,
  tan_f32: tan,
  tanh_f32: tanh,
};

// Steps of few operations, defined there too.
const SHORT: Partial<Record<ChainOpName, ShaderName>> = {
  bf16_to_f32: half,
  e8m0_to_f32: small,
  f16_to_f32: half,
  f32_to_bf16: half,
  f32_to_e8m0: small,
  f32_to_f16: half,
  f32_to_small: small,
  small_to_f32: small,
};

// Steps of which math/quick has a shorter text, and those that are short as they are.
const QUICK = new Set<ChainOpName>([
  ...(['add_f32', 'sub_f32', 'mul_f32', 'prelu_f32', 'relu_f32', 'i32_to_f32'] as const),
]);
const PLAIN = new Set<ChainOpName>(['seed', 'load_word', 'load_byte', 'load_half', 'canonical']);

/** Whether all steps are short ones, at least one of them of math/quick, which takes canonical operands. */
function isQuick(program: ChainProgram): boolean {
  const known = canonicalSteps(program);
  return (
    program.steps.some(({ op }) => QUICK.has(op)) &&
    program.steps.every(
      ({ op, args }) =>
        PLAIN.has(op) ||
        (QUICK.has(op) && (op === 'i32_to_f32' || args.every((arg) => known[arg]))),
    )
  );
}

// Bindings 0 to 2 are Params, tables and status.
const FIRST_INPUT = 3;

/** `@group(0) @binding(n) var<storage, …>` of the tensors from binding `first` on. */
function declare(names: readonly string[], first: number, access: 'read' | 'read_write'): string[] {
  return names.map(
    (name, i) => `@group(0) @binding(${first + i}) var<storage, ${access}> ${name}: array<u32>;`,
  );
}

/** The steps that `isWanted` picks, as lines `let v<step> = …;`; `at` is where a load lies, `known` its word's name. */
function body(
  program: ChainProgram,
  at: (load: number) => string,
  isWanted: (step: number) => boolean,
  known: (load: number) => string | undefined = () => undefined,
): string[] {
  return program.steps.flatMap((step, i) => {
    if (!isWanted(i)) return [];
    const args = step.args.map((arg) => `v${arg}`).join(', ');
    const load = step.args[0] ?? 0;
    switch (step.op) {
      case 'seed':
        return [`let v${i} = value;`];
      case 'load_word':
        return [`let v${i} = ${known(load) ?? `load${load}[${at(load)}]`};`];
      case 'load_byte':
        return [
          `let o${i} = ${at(load)};`,
          `let v${i} = (load${load}[o${i} >> 2u] >> (8u * (o${i} & 3u))) & 0xffu;`,
        ];
      case 'load_half':
        return [
          `let o${i} = ${at(load)};`,
          `let v${i} = (load${load}[o${i} >> 1u] >> (16u * (o${i} & 1u))) & 0xffffu;`,
        ];
      default:
        return [`let v${i} = ${step.op}(${args});`];
    }
  });
}

/** `quickly`, which is `epilogue` by math/quick where that has all steps, for hosts that look at `doubts` behind it. */
function quickLines(program: ChainProgram, lines: readonly string[]): string[] {
  const head = 'fn quickly(value: u32, index: u32) -> u32 {';
  if (!isQuick(program)) return [head, 'return epilogue(value, index);', '}'];
  const names = [...QUICK].join('|');
  const steps = new RegExp(`= (${names})\\(`);
  return [
    head,
    ...lines.map((line) => line.replace(steps, '= quick_$1(')),
    `return v${program.steps.length - 1};`,
    '}',
  ];
}

function modules(program: ChainProgram): ShaderName[] {
  return [...new Set(program.steps.map((step) => MODULES[step.op] ?? SHORT[step.op]))].filter(
    (shader) => shader !== undefined,
  );
}

// An invocation computes four words of output, or one word of narrower elements: they share what an invocation costs, and one division
// for their coordinates. A long function would be compiled four times, so programs with one compute one element.
const ELEMENTS = 4;

function bytesOf(dispatch: Dispatch): number {
  return dtypeInfo(dispatch.outputs[0]?.dtype ?? 'float32').bytes;
}

/** Elements that one invocation of the element-wise kernel computes. */
export function elementsAnInvocation(dispatch: Dispatch): number {
  const { chain: program } = dispatch;
  if (bytesOf(dispatch) < 4) return 4 / bytesOf(dispatch);
  if (program === undefined) return ELEMENTS;
  const layout = layoutOf(program);
  const isDeep = layout.rank > 2 && program.loads.some((_, load) => isStrided(layout, load));
  return isDeep || program.steps.some((step) => MODULES[step.op] !== undefined) ? 1 : ELEMENTS;
}

/** Whether each step has one value for all elements. */
function fixedSteps(program: ChainProgram, layout: Layout): boolean[] {
  const fixed: boolean[] = [];
  for (const step of program.steps) {
    fixed.push(
      step.op.startsWith('load_')
        ? layout.loads[step.args[0] ?? 0] === 'fixed'
        : step.args.every((arg) => fixed[arg]),
    );
  }
  return fixed;
}

function elementLines(program: ChainProgram, elements: number, bytes: number): string[] {
  const layout = layoutOf(program);
  const isAnyStrided = program.loads.some((_, load) => isStrided(layout, load));
  const fixed = fixedSteps(program, layout);
  const result = `v${program.steps.length - 1}`;
  const lines = body(
    program,
    () => '0u',
    (i) => fixed[i] ?? false,
  );
  if (bytes < 4) lines.push('var word = 0u;');
  for (let k = 0; k < elements; k += 1) {
    const index = `i${k}`;
    lines.push(`let ${index} = invocation * ${elements}u + ${k}u;`);
    if (isAnyStrided) {
      const follows = k > 0 && layout.rank === 2;
      lines.push(...(follows ? nextCoordinates(k) : coordinates(layout.rank, index, k)));
    }
    lines.push(
      `if (${index} < params.n) {`,
      ...body(
        program,
        (load) => offset(layout, load, index, k),
        (i) => !(fixed[i] ?? false),
      ),
      bytes < 4
        ? `word |= (${result} & ${bytes === 1 ? '0xffu' : '0xffffu'}) << ${8 * bytes * k}u;`
        : `out0[${index}] = ${result};`,
      '}',
    );
  }
  if (bytes < 4) lines.push('if (i0 < params.n) {', 'out0[invocation] = word;', '}');
  return lines;
}

/** The element-wise kernel for a dispatch: `host` with `store_elements(invocation)` and the tensors' bindings. */
export function wholeChain(host: ShaderName): (dispatch: Dispatch) => Shader {
  return (dispatch) => {
    const program = dispatch.chain;
    if (program === undefined) throw new Error(`${dispatch.kernel.name}: dispatch without a chain`);
    const loads = program.loads.map((_, k) => `load${k}`);
    const text = [
      ...declare(loads, FIRST_INPUT, 'read'),
      ...declare(['out0'], FIRST_INPUT + loads.length, 'read_write'),
      'fn store_elements(invocation: u32) {',
      ...elementLines(program, elementsAnInvocation(dispatch), bytesOf(dispatch)),
      '}',
    ].join('\n');
    return { name: `${host}:chain`, text, imports: [host, chain, ...modules(program)] };
  };
}

/**
 * An epilogue kernel for a dispatch: `host`, which binds its own inputs, with `epilogue(value, index)`, the
 * bindings of the chain's loads behind them and of `out0` behind those. A host that stores rows of `rowLength` elements
 * calls `epilogue_row(start)` with each row's first index: what a row shares is loaded once. With `hasQuick` it gets `quickly`
 * too, and imports math/quick.
 */
export function epilogueChain(
  host: ShaderName | Shader,
  rowLength?: (dispatch: Dispatch) => number,
  hasQuick = false,
): (dispatch: Dispatch) => Shader {
  return (dispatch) => {
    const program = dispatch.chain ?? { dims: [], loads: [], steps: [{ op: 'seed', args: [] }] };
    const loads = program.loads.map((_, k) => `load${k}`);
    const first = FIRST_INPUT + dispatch.inputs.length;
    const length = rowLength?.(dispatch);
    const text = [
      ...declare(loads, first, 'read'),
      ...declare(['out0'], first + loads.length, 'read_write'),
      ...(length === undefined ? epilogueLines(program) : rowLines(program, length, hasQuick)),
    ].join('\n');
    return {
      name: `${shaderName(host)}:epilogue`,
      text,
      imports: [host, chain, ...modules(program)],
    };
  };
}

function epilogueLines(program: ChainProgram): string[] {
  const layout = layoutOf(program);
  const isAnyStrided = program.loads.some((_, load) => isStrided(layout, load));
  return [
    'fn epilogue(value: u32, index: u32) -> u32 {',
    ...(isAnyStrided ? coordinates(layout.rank, 'index', 0) : []),
    ...body(
      program,
      (load) => offset(layout, load, 'index', 0),
      () => true,
    ),
    `return v${program.steps.length - 1};`,
    '}',
  ];
}

/** What the elements of a row share is in private variables: where it starts in loads, and words that are one for it. */
function rowLines(program: ChainProgram, rowLength: number, hasQuick: boolean): string[] {
  const layout = layoutOf(program);
  const all = [...program.loads.keys()];
  const reaches = all.map((load) => reach(program, load, rowLength));
  const based = all.filter((load) => reaches[load] === 'row' || reaches[load] === 'run');
  const isWord = (load: number): boolean =>
    program.steps.some((step) => step.op === 'load_word' && step.args[0] === load);
  const known = all.filter(
    (load) => (reaches[load] === 'row' || reaches[load] === 'fixed') && isWord(load),
  );
  const isSingle = (load: number): boolean => reaches[load] === 'any' && isStrided(layout, load);
  const at = (load: number): string => {
    switch (reaches[load]) {
      case 'row':
        return `base${load}`;
      case 'column':
        return 'index - row_start';
      case 'run':
        return `base${load} + (index - row_start)`;
      default:
        return offset(layout, load, 'index', 0);
    }
  };
  const lines = [
    ...(all.some(isSingle) ? coordinates(layout.rank, 'index', 0) : []),
    ...body(
      program,
      at,
      () => true,
      (load) => (known.includes(load) ? `word${load}` : undefined),
    ),
  ];
  return [
    'var<private> row_start: u32;',
    ...based.map((load) => `var<private> base${load}: u32;`),
    ...known.map((load) => `var<private> word${load}: u32;`),
    'fn epilogue_row(start: u32) {',
    'row_start = start;',
    ...(based.length > 0 ? coordinates(layout.rank, 'start', 0) : []),
    ...based.map((load) => `base${load} = ${offset(layout, load, 'start', 0)};`),
    ...known.map(
      (load) => `word${load} = load${load}[${reaches[load] === 'row' ? `base${load}` : '0u'}];`,
    ),
    '}',
    'fn epilogue(value: u32, index: u32) -> u32 {',
    ...lines,
    `return v${program.steps.length - 1};`,
    '}',
    ...(hasQuick ? quickLines(program, lines) : []),
  ];
}
