// Exact integer products of 8-bit operands (V8), as two kernels of the reference. Operands are widened and their zero points
// subtracted while they are packed, two terms a word; the product then adds exactly in i32, modulo 2^32. WebGPU keeps bytes
// (integer_dot.ts). Nothing here scales or rounds: integer.ts and quantised.ts say what becomes of the sums.
import { paramFields, type Kernel, type LowerContext } from '../core/op.ts';
import { sizeOf } from '../core/shape.ts';
import type { Value } from '../core/value.ts';
import { columnsOfBlock } from './column_blocks.ts';
import {
  axesOf,
  packing,
  stripOf,
  type IntegerOperand,
  type Packed,
  type PackedOperand,
} from './integer_operand.ts';

export const integerPack: Kernel = {
  name: 'integer_pack',
  params: paramFields(
    'terms',
    'lines',
    'block',
    'is_signed',
    'line_stride',
    'term_stride',
    'zero_stride',
    'matrices',
    'batch_dims[8]',
    'batch_strides[8]',
    'zero_strides[8]',
  ),
};

export const integerProduct: Kernel = {
  name: 'integer_product',
  params: paramFields(
    'm',
    'n',
    'pairs',
    'batch_rank',
    'row_block',
    'column_block',
    'images',
    'strip',
    'batch_dims[8]',
    'a_strides[8]',
    'b_strides[8]',
  ),
  chain: 'epilogue',
};

// Rows and columns of a unit of the reference, as for products of floats (product.ts).
const ROWS = 64;

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
  { m, n, terms }: { m: number; n: number; terms: number },
): void {
  const rows = Math.min(ROWS, Math.ceil(m / 4) * 4);
  const images = sizeOf(batch);
  const others = images * Math.ceil(m / rows);
  const columns = columnsOfBlock(n, others, (images * m * terms) / 2);
  node.emit(integerProduct, {
    params: {
      m,
      n,
      pairs: Math.ceil(terms / 2),
      batch_rank: batch.length,
      row_block: rows,
      column_block: columns,
      images,
      strip: stripOf(m),
      batch_dims: axesOf(batch, 1),
      a_strides: axesOf(a.strides, 0),
      b_strides: axesOf(b.strides, 0),
    },
    inputs: [a.value, b.value],
    outputs: [to],
    units: others * Math.ceil(n / columns),
    unitCost: (Math.min(rows, m) * Math.min(columns, n) * terms) / 2,
    scratch: 4 * (rows * columns + 16),
  });
}
