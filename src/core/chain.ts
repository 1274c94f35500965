// Element-wise programs ("chains"): the one form in which every element-wise operator is executed, alone,
// fused with its neighbours, or at the end of another kernel.
//
// A program is in single-assignment form: step i computes value i from earlier steps, the last one is the
// result. Fusing programs joins their lists; since every step reads and stores canonically (V2), the
// composition is the operators' composition bit for bit (R5). Both machines execute the same list: C
// interprets the packed words block by block (wasm/chain.h), WGSL gets one call a step
// (src/ops/chain_wgsl.ts). The step names are the names of the functions on both sides.
import { formatShape, stridesOf } from './shape.ts';
import type { Value } from './value.ts';

/** What a step takes and gives: f32 words that must be read canonically, or any words. */
interface ChainOp {
  readonly arity: number;
  /** Operands that are f32 values and read canonically (V2); others are copied as words. */
  readonly reads: 'f32' | 'word';
  /** `f32`: canonical f32; `word`: a 32-bit integer or bool; `same`: as canonical as its operands 1 and 2. */
  readonly gives: 'f32' | 'word' | 'same';
}

const f32 = (arity: number): ChainOp => ({ arity, reads: 'f32', gives: 'f32' });
const compare: ChainOp = { arity: 2, reads: 'f32', gives: 'word' };
const word = (arity: number): ChainOp => ({ arity, reads: 'word', gives: 'word' });

/** Every step, in the order of its code (the position), which wasm/chain.h lists alike. */
export const CHAIN_OPS = {
  seed: { arity: 0, reads: 'word', gives: 'f32' },
  load_word: { arity: 1, reads: 'word', gives: 'word' },
  load_byte: { arity: 1, reads: 'word', gives: 'word' },
  load_half: { arity: 1, reads: 'word', gives: 'word' },
  canonical: { arity: 1, reads: 'word', gives: 'f32' },
  select_word: { arity: 3, reads: 'word', gives: 'same' },
  add_f32: f32(2),
  sub_f32: f32(2),
  mul_f32: f32(2),
  div_f32: f32(2),
  max_f32: f32(2),
  min_f32: f32(2),
  pow_f32: f32(2),
  prelu_f32: f32(2),
  neg_f32: f32(1),
  abs_f32: f32(1),
  relu_f32: f32(1),
  reciprocal_f32: f32(1),
  sqrt_f32: f32(1),
  exp_f32: f32(1),
  log_f32: f32(1),
  sigmoid_f32: f32(1),
  tanh_f32: f32(1),
  erf_f32: f32(1),
  exp2_f32: f32(1),
  expm1_f32: f32(1),
  sinh_f32: f32(1),
  cosh_f32: f32(1),
  erfc_f32: f32(1),
  floor_f32: f32(1),
  ceil_f32: f32(1),
  round_f32: f32(1),
  sign_f32: f32(1),
  less_f32: compare,
  less_equal_f32: compare,
  greater_f32: compare,
  greater_equal_f32: compare,
  equal_f32: compare,
  is_nan_f32: { arity: 1, reads: 'f32', gives: 'word' },
  f32_to_i32: { arity: 1, reads: 'f32', gives: 'word' },
  f32_to_bool: { arity: 1, reads: 'f32', gives: 'word' },
  i32_to_f32: { arity: 1, reads: 'word', gives: 'f32' },
  u32_to_f32: { arity: 1, reads: 'word', gives: 'f32' },
  word_to_bool: word(1),
  not_bool: word(1),
  and_bool: word(2),
  or_bool: word(2),
  xor_bool: word(2),
  equal_word: word(2),
  add_i32: word(2),
  sub_i32: word(2),
  mul_i32: word(2),
  max_i32: word(2),
  min_i32: word(2),
  neg_i32: word(1),
  abs_i32: word(1),
  less_i32: word(2),
  less_equal_i32: word(2),
  greater_i32: word(2),
  greater_equal_i32: word(2),
  sin_f32: f32(1),
  cos_f32: f32(1),
  rsqrt_f32: f32(1),
  tan_f32: f32(1),
  asin_f32: f32(1),
  acos_f32: f32(1),
  atan_f32: f32(1),
  log2_f32: f32(1),
  log10_f32: f32(1),
  log1p_f32: f32(1),
  asinh_f32: f32(1),
  acosh_f32: f32(1),
  atanh_f32: f32(1),
  softplus_f32: f32(1),
  max_u32: word(2),
  min_u32: word(2),
  less_u32: word(2),
  less_equal_u32: word(2),
  greater_u32: word(2),
  greater_equal_u32: word(2),
  quotient_i32: word(2),
  quotient_u32: word(2),
  modulo_i32: word(2),
  remainder_i32: word(2),
  remainder_u32: word(2),
  shift_left: word(2),
  shift_right: word(2),
  shift_right_i32: word(2),
  power_i32: word(2),
  power_u32: word(2),
  fmod_f32: f32(2),
  // A float of 8 or 4 bits, or the exponent alone, with the word that says which (shaders/math/small.wgsl).
  small_to_f32: { arity: 2, reads: 'word', gives: 'f32' },
  f32_to_small: { arity: 2, reads: 'f32', gives: 'word' },
  f32_to_e8m0: { arity: 2, reads: 'f32', gives: 'word' },
  sign_i32: word(1),
  sign_8: word(1),
  sign_16: word(1),
  low_8: word(1),
  low_16: word(1),
  not_word: word(1),
  f32_to_u32: { arity: 1, reads: 'f32', gives: 'word' },
  f16_to_f32: { arity: 1, reads: 'word', gives: 'f32' },
  bf16_to_f32: { arity: 1, reads: 'word', gives: 'f32' },
  f32_to_f16: { arity: 1, reads: 'f32', gives: 'word' },
  f32_to_bf16: { arity: 1, reads: 'f32', gives: 'word' },
  e8m0_to_f32: { arity: 1, reads: 'word', gives: 'f32' },
  round_i32: { arity: 1, reads: 'f32', gives: 'word' },
  clamp_i8: word(1),
  clamp_u8: word(1),
} as const satisfies Record<string, ChainOp>;

export type ChainOpName = keyof typeof CHAIN_OPS;

/** `args`: steps for most; the index of a load for `load_*`; nothing for `seed`. */
export interface ChainStep {
  readonly op: ChainOpName;
  readonly args: readonly number[];
}
export interface ChainLoad {
  readonly value: Value;
  /** Element strides over the program's dims, 0 where the tensor is broadcast. */
  readonly strides: readonly number[];
}
/** A program over the flat index range of `dims`. */
export interface ChainProgram {
  readonly dims: readonly number[];
  readonly loads: readonly ChainLoad[];
  readonly steps: readonly ChainStep[];
  /** The program that this one is on other values, if it is: it has the same dims, strides and steps. */
  readonly original?: ChainProgram;
}

/** Capacities of the packed form, as in wasm/chain.h and shaders/math/chain.wgsl. */
export const CHAIN_RANK = 8;
export const CHAIN_LOADS = 8;
export const CHAIN_STEPS = 32;
export const CHAIN_REGISTERS = 8;
/** Words of the packed form. */
export const CHAIN_WORDS = 4 + CHAIN_RANK + CHAIN_LOADS * CHAIN_RANK + CHAIN_STEPS;

const codes = new Map(Object.keys(CHAIN_OPS).map((name, i) => [name, i]));

/** Which steps give words that are known to be canonical f32. */
export function canonicalSteps(program: ChainProgram): boolean[] {
  const known: boolean[] = [];
  for (const step of program.steps) {
    const { gives } = CHAIN_OPS[step.op];
    if (step.op === 'load_word') {
      known.push(program.loads[step.args[0] ?? 0]?.value.canonical ?? false);
    } else if (gives === 'same') {
      known.push(step.args.slice(1).every((arg) => known[arg]));
    } else known.push(gives === 'f32');
  }
  return known;
}

/** Whether the program's result is known to be canonical f32. */
export const isCanonical = (program: ChainProgram): boolean =>
  canonicalSteps(program).at(-1) ?? false;

/** `dims` and every load's strides with neighbours merged where all loads step through them alike. */
export function collapse(program: ChainProgram): { dims: number[]; strides: number[][] } {
  const dims: number[] = [];
  const strides: number[][] = program.loads.map(() => []);
  program.dims.forEach((dim, axis) => {
    if (dim === 1) return;
    const last = dims.length - 1;
    const merges =
      last >= 0 &&
      program.loads.every(
        (load, k) => (strides[k]?.[last] ?? 0) === (load.strides[axis] ?? 0) * dim,
      );
    if (merges) dims[last] = (dims[last] ?? 1) * dim;
    else dims.push(dim);
    program.loads.forEach((load, k) => {
      const list = strides[k];
      if (list) list[merges ? last : dims.length - 1] = load.strides[axis] ?? 0;
    });
  });
  if (dims.length === 0) {
    dims.push(1);
    for (const list of strides) list.push(0);
  }
  return { dims, strides };
}

/** Registers for the steps by linear scan; undefined if they do not fit. The seed is always register 0. */
export function allocateRegisters(steps: readonly ChainStep[]): number[] | undefined {
  const lastUse = steps.map((_, i) => i);
  steps.forEach((step, i) => {
    if (!step.op.startsWith('load_')) for (const arg of step.args) lastUse[arg] = i;
  });
  const owner: (number | undefined)[] = new Array<undefined>(CHAIN_REGISTERS).fill(undefined);
  const registers: number[] = [];
  for (const [i] of steps.entries()) {
    // A register whose value is read for the last time by this step is not reused as its destination: the
    // block functions may read an operand after they began to write.
    const free = owner.findIndex((holder) => holder === undefined || (lastUse[holder] ?? 0) < i);
    if (free < 0) return undefined;
    owner[free] = i;
    registers.push(free);
  }
  return registers;
}

/** What the packed form of a program holds beside its steps. */
type Form = ReturnType<typeof collapse> & { readonly registers: readonly number[] };

// Asked for when chains are joined, and again when what came of it is packed. By the program that one is a copy of.
const forms = new WeakMap<ChainProgram, Form>();

/** What is known of a program is known by this. */
export const originalOf = (program: ChainProgram): ChainProgram => program.original ?? program;

/** The packed form; undefined where the program has none. */
export function formOf(program: ChainProgram): Form | undefined {
  const original = originalOf(program);
  let form = forms.get(original);
  if (form === undefined) {
    form = newForm(program);
    if (form !== undefined) forms.set(original, form);
  }
  return form;
}

/** The same program on other values, of the same types each. */
export function programOnValues(
  program: ChainProgram,
  moved: (value: Value) => Value,
): ChainProgram {
  const { dims, loads, steps } = program;
  const own = loads.map(({ value, strides }) => ({ value: moved(value), strides }));
  return { dims, loads: own, steps, original: originalOf(program) };
}

function newForm(program: ChainProgram): Form | undefined {
  const { loads, steps } = program;
  if (loads.length > CHAIN_LOADS || steps.length > CHAIN_STEPS) return undefined;
  const collapsed = collapse(program);
  if (collapsed.dims.length > CHAIN_RANK) return undefined;
  const registers = allocateRegisters(steps);
  return registers === undefined ? undefined : { ...collapsed, registers };
}

/**
 * Writes the words of the C and WGSL struct Chain over zeros: n_steps, rank, first input, bytes an output element; dims;
 * strides; steps as code | destination << 8 | a << 12 | b << 16 | c << 20 (registers; for loads `a` is the
 * load's index).
 */
export function packChain(
  out: Uint32Array,
  program: ChainProgram | undefined,
  firstInput: number,
  outputBytes: number,
): void {
  out[2] = firstInput;
  out[3] = outputBytes;
  if (!program) return;
  const form = formOf(program);
  if (form === undefined) {
    throw new RangeError(
      `chain: ${program.steps.length} steps on ${program.loads.length} tensors do not fit`,
    );
  }
  const { dims, strides, registers } = form;
  out[0] = program.steps.length;
  out[1] = dims.length;
  out.set(dims, 4);
  strides.forEach((list, k) => out.set(list, 4 + CHAIN_RANK * (k + 1)));
  program.steps.forEach((step, i) => {
    const isLoad = step.op.startsWith('load_');
    const field = (k: number): number => {
      const arg = step.args[k];
      return arg === undefined ? 0 : isLoad ? arg : (registers[arg] ?? 0);
    };
    out[4 + CHAIN_RANK * (CHAIN_LOADS + 1) + i] =
      (codes.get(step.op) ?? 0) |
      ((registers[i] ?? 0) << 8) |
      (field(0) << 12) |
      (field(1) << 16) |
      (field(2) << 20);
  });
}

/**
 * Strides of a tensor of `dims` broadcast to `to` (ONNX: aligned at the last axis).
 *
 * @param op who asks, for the message
 * @throws RangeError if it would be read beyond its end
 */
export function broadcastStrides(
  dims: readonly number[],
  to: readonly number[],
  op = 'broadcast',
): number[] {
  const own = stridesOf(dims);
  const offset = to.length - dims.length;
  if (!dims.every((dim, k) => dim === 1 || (to[k + offset] ?? 0) <= dim)) {
    throw new RangeError(
      `${op}: shapes do not fit: expected one that broadcasts to ${formatShape(to)}, got ${formatShape(dims)}.`,
    );
  }
  return to.map((_, axis) => {
    const k = axis - offset;
    return k < 0 || dims[k] === 1 ? 0 : (own[k] ?? 0);
  });
}
