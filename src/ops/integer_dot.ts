// Exact integer products of 8-bit operands (V8) on WebGPU, as two kernels: operands stay bytes, four terms a word, whose
// products a device may have an instruction for (math/dot); what zero points change is computed from the sums of lines, once an
// output. Promises: the words of the reference's kernels (integer_pairs.ts), which subtract zero points first. Nothing
// here scales or rounds.
import { paramFields, type Kernel, type LowerContext } from '../core/op.ts';
import { sizeOf } from '../core/shape.ts';
import type { Value } from '../core/value.ts';
import packShader from '../../shaders/ops/integer_dot_pack.wgsl';
import dotShader from '../../shaders/ops/integer_dot.wgsl';
import { epilogueChain } from './chain_wgsl.ts';
import { isSigned } from './element_types.ts';
import { gridOf } from './grid.ts';
import {
  packing,
  PACKING_FIELDS,
  productFields,
  productOf,
  type IntegerOperand,
  type IntegerTensor,
  type Packed,
  type PackedOperand,
  type ProductSizes,
} from './integer_operand.ts';

export const integerDotPack: Kernel = {
  name: 'integer_dot_pack',
  params: paramFields(...PACKING_FIELDS, 'run', 'has_sums', 'pad0', 'pad1'),
  shader: packShader,
  anyIntegers: true,
};

export const integerDot: Kernel = {
  name: 'integer_dot',
  params: paramFields(...productFields('terms')),
  // Params 1 is n, the length of a row.
  shader: epilogueChain(dotShader, (dispatch) => dispatch.params[1] ?? 0),
  chain: 'epilogue',
  // On the right the sums of lines belong to their words, and bytes behind the last term are zeros.
  anyIntegers: [0],
};

/** Whether a zero point is known to be 0 once turned (math/bytes): then sums of the lines that meet its operand's do not count. */
export function isCentred(node: LowerContext, { value, zeroPoint }: IntegerTensor): boolean {
  const centre = isSigned(value.dtype) ? 0 : 128;
  if (zeroPoint === undefined) return centre === 0;
  return node.contents(zeroPoint)?.every((element) => Number(element) === centre) === true;
}

interface Packing {
  readonly terms: number;
  /** Terms that begin a word; all, if not given. */
  readonly run?: number;
  /** Lines side by side. */
  readonly block: number;
  /** Whether the sums of lines count: of weights always, since a device may raise the other side's bytes (math/dot). */
  readonly sums: boolean;
}

/** Words of a line of so many terms, without its sum and its zero point. */
const wordsOfLine = (terms: number, run: number): number => (terms / run) * Math.ceil(run / 4);

/** Emits the packing of an operand. */
export function packBytes(
  node: LowerContext,
  operand: IntegerOperand,
  { terms, run = Math.max(1, terms), block, sums }: Packing,
): Packed {
  const { batch, lines } = operand;
  const matrices = sizeOf(batch);
  const size = Math.ceil(lines / block) * block * (wordsOfLine(terms, run) + 2);
  const packed = node.temp('uint32', [matrices, size]);
  const { inputs, params } = packing(node, operand, terms, block);
  node.emit(integerDotPack, {
    params: { ...params, run, has_sums: sums ? 1 : 0, pad0: 0, pad1: 0 },
    inputs,
    outputs: [packed],
    units: matrices * Math.ceil(lines / block),
    unitCost: block * terms,
    grid: gridOf(matrices * size),
  });
  return { value: packed, batch, size };
}

/** Emits the product of packed operands. */
export function emitDot(
  node: LowerContext,
  to: Value,
  a: PackedOperand,
  b: PackedOperand,
  batch: readonly number[],
  sizes: ProductSizes,
): void {
  const { m, n, terms } = sizes;
  const product = productOf(to, a, b, batch, sizes);
  node.emit(integerDot, {
    ...product,
    params: { ...product.params, terms },
    grid: gridOf(sizeOf(batch) * Math.ceil(m / 4) * Math.ceil(n / 4)),
    constants: { ROWS: m === 1 ? 1 : 4 },
  });
}
