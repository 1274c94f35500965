// Writes element-wise programs: `emitChain(node, out, (c) => c.op('add_f32', c.f32(x), c.f32(y)))`.
// Loads are shared, broadcast as ONNX says (aligned at the last axis), and read canonically where an f32
// step needs it and the value is not known to be canonical already (V2).
import {
  broadcastStrides,
  CHAIN_OPS,
  isCanonical,
  type ChainLoad,
  type ChainOpName,
  type ChainProgram,
  type ChainStep,
} from '../core/chain.ts';
import { dtypeInfo } from '../core/dtype.ts';
import { paramFields, type Kernel, type LowerContext } from '../core/op.ts';
import type { Value } from '../core/value.ts';
import { sizeOf } from '../core/shape.ts';
import elementwiseShader from '../../shaders/ops/elementwise.wgsl';
import { elementsAnInvocation, wholeChain } from './chain_wgsl.ts';
import { gridOf } from './grid.ts';

// Invocations a workgroup of the WebGPU twin.
const WORKGROUP = 64;

export const elementwise: Kernel = {
  name: 'elementwise',
  params: paramFields('n', 'pad0', 'pad1', 'pad2'),
  shader: wholeChain(elementwiseShader),
  chain: 'whole',
  grid: (dispatch) => gridOf(dispatch.params[0] ?? 0, WORKGROUP * elementsAnInvocation(dispatch)),
};

// Elements a WASM work unit (CHAIN_BLOCK of wasm/chain.h).
const BLOCK = 256;

export class ChainBuilder {
  readonly #node: LowerContext;
  readonly #dims: readonly number[];
  readonly #loads: ChainLoad[] = [];
  readonly #steps: ChainStep[] = [];
  readonly #integers = new Map<number, number>();

  constructor(node: LowerContext, dims: readonly number[]) {
    this.#node = node;
    this.#dims = dims;
  }

  /** The value's words as they are; narrower values are zero-extended. */
  word(value: Value): number {
    let load = this.#loads.findIndex((one) => one.value === value);
    if (load < 0) {
      const strides = broadcastStrides(value.dims, this.#dims, this.#node.opType);
      load = this.#loads.push({ value, strides }) - 1;
    }
    const { bytes } = dtypeInfo(value.dtype);
    const name = bytes === 1 ? 'load_byte' : bytes === 2 ? 'load_half' : 'load_word';
    return this.#step(name, [load]);
  }

  /** The value's f32 words, read canonically. */
  f32(value: Value): number {
    const word = this.word(value);
    return value.canonical ? word : this.#step('canonical', [word]);
  }

  /** An f32 constant; `x` must be canonical. */
  scalar(x: number): number {
    const value = this.#node.constantValue('float32', [], Float32Array.of(x));
    return this.f32(value);
  }

  /** An integer constant, as a word. */
  integer(n: number): number {
    const known = this.#integers.get(n);
    if (known !== undefined) return known;
    const at = this.word(this.#node.constantValue('int32', [], Int32Array.of(n)));
    this.#integers.set(n, at);
    return at;
  }

  op(op: ChainOpName, ...args: number[]): number {
    if (args.length !== CHAIN_OPS[op].arity) {
      throw new RangeError(
        `chain: ${op} takes ${CHAIN_OPS[op].arity} operands, got ${args.length}`,
      );
    }
    return this.#step(op, args);
  }

  program(): ChainProgram {
    return { dims: this.#dims, loads: this.#loads, steps: this.#steps };
  }

  #step(op: ChainOpName, args: readonly number[]): number {
    const same = this.#steps.findIndex(
      (one) =>
        one.op === op &&
        one.args.length === args.length &&
        one.args.every((arg, i) => arg === args[i]),
    );
    return same >= 0 ? same : this.#steps.push({ op, args }) - 1;
  }
}

/** Emits the element-wise dispatch whose result is the last step that `build` adds. */
export function emitChain(
  node: LowerContext,
  out: Value,
  build: (chain: ChainBuilder) => number,
  lazy = false,
): void {
  const chain = new ChainBuilder(node, out.dims);
  const result = build(chain);
  const program = chain.program();
  if (result !== program.steps.length - 1) {
    throw new RangeError(`${node.opType}: a chain's result must be its last step`);
  }
  const n = sizeOf(out.dims);
  node.emit(elementwise, {
    params: { n, pad0: 0, pad1: 0, pad2: 0 },
    inputs: [],
    outputs: [out],
    units: Math.ceil(n / BLOCK),
    unitCost: BLOCK * program.steps.length,
    chain: program,
    lazy,
  });
  out.canonical = out.dtype === 'float32' && isCanonical(program);
}

/** A temporary (or `out`) of `dims` computed element by element. */
export function mapped(
  node: LowerContext,
  dims: readonly number[],
  build: (chain: ChainBuilder) => number,
  out?: Value,
): Value {
  const to = out ?? node.temp('float32', dims);
  emitChain(node, to, build);
  return to;
}
