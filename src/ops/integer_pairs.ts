// Exact integer products of 8-bit operands (V8), as two kernels of the reference. Operands are widened and their zero points
// subtracted while they are packed, two terms a word; the product then adds exactly in i32, modulo 2^32. WebGPU keeps bytes
// (integer_dot.ts). Nothing here scales or rounds: integer.ts and quantised.ts say what becomes of the sums.
import { paramFields, type Kernel, type LowerContext } from '../core/op.ts';
import { sizeOf } from '../core/shape.ts';
import type { Value } from '../core/value.ts';
import {
  packing,
  PACKING_FIELDS,
  productFields,
  productOf,
  type IntegerOperand,
  type Packed,
  type PackedOperand,
  type ProductSizes,
} from './integer_operand.ts';

export const integerPack: Kernel = {
  name: 'integer_pack',
  params: paramFields(...PACKING_FIELDS),
};

export const integerProduct: Kernel = {
  name: 'integer_product',
  params: paramFields(...productFields('pairs')),
  chain: 'epilogue',
};

/** Emits the packing of an operand, `block` lines side by side. */
export function pack(
  node: LowerContext,
  operand: IntegerOperand,
  terms: number,
  block: number,
): Packed {
  const { batch, lines } = operand;
  const matrices = sizeOf(batch);
  const size = Math.ceil(lines / block) * block * Math.ceil(terms / 2);
  const packed = node.temp('uint32', [matrices, size]);
  node.emit(integerPack, {
    ...packing(node, operand, terms, block),
    outputs: [packed],
    units: matrices * Math.ceil(lines / block),
    unitCost: block * terms,
  });
  return { value: packed, batch, size };
}

/** Emits the product of packed operands; strides are those of the batch axes, in words. */
export function emitPacked(
  node: LowerContext,
  to: Value,
  a: PackedOperand,
  b: PackedOperand,
  batch: readonly number[],
  sizes: ProductSizes,
): void {
  const product = productOf(to, a, b, batch, sizes);
  const pairs = Math.ceil(sizes.terms / 2);
  node.emit(integerProduct, { ...product, params: { ...product.params, pairs } });
}
