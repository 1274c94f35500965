// MatMulNBits with accuracy_level 4: the activations are quantised to int8, a block of the inner axis at a time, and
// y = V4 sum over the blocks of f32(exact sum of the block) · (scale of a · scale of b) (V2, V3, V8). The reference has a
// kernel that keeps a tile's sums in registers from block to block; WebGPU has every block's product, scales them and
// reduces. The steps are the same. Not here: the operator, and how its weights are unpacked (n_bits.ts).
import { paramFields, type Kernel, type LowerContext } from '../core/op.ts';
import { sizeOf } from '../core/shape.ts';
import type { Value } from '../core/value.ts';
import { emitChain } from './chain_builder.ts';
import { PANEL, stripOf } from './integer_operand.ts';
import { pack } from './integer_pairs.ts';
import { emitIntegerProduct } from './integer_product.ts';
import { emitQuantised } from './quantise.ts';
import { scaled } from './quantised.ts';
import { only, view } from './wide.ts';

export const matMulBlocks: Kernel = {
  name: 'mat_mul_blocks',
  params: paramFields(
    'm',
    'n',
    'pairs',
    'blocks',
    'row_block',
    'column_block',
    'strip',
    'pad0',
    'a_strip',
    'a_block',
    'b_panel',
    'b_block',
  ),
};

// Rows and columns of a unit of the reference: its panels, one after the other, meet all its rows.
const ROWS = 64;
const COLUMNS = 128;

interface Weights {
  /** uint8 [n, blocks · block]. */
  readonly weights: Value;
  /** float32, [n, blocks]. */
  readonly scales: Value;
  /** uint8, one for all or [n, blocks]. */
  readonly zeros: Value;
}
interface Sizes {
  readonly m: number;
  readonly k: number;
  readonly n: number;
  readonly block: number;
  readonly blocks: number;
}

/** Emits `to` = the product of both sides quantised. */
export function emitByBlocks(
  node: LowerContext,
  to: Value,
  a: Value,
  b: Weights,
  sizes: Sizes,
): void {
  const { n, blocks } = sizes;
  const left = emitLeft(node, a, sizes);
  const scales = transposed(node, view(node, b.scales, [n, blocks]), [1, 0]);
  if (node.target === 'wasm') emitTiles(node, to, left, b, scales, sizes);
  else emitSteps(node, to, left, b, scales, sizes);
}

const transposed = (node: LowerContext, value: Value, perm: readonly number[]): Value =>
  only(node.call('Transpose', [value], { attributes: { perm } }), 'Transpose');

interface Left {
  /** int8 [m, blocks, block], with zeros behind k. */
  readonly value: Value;
  /** float32 [m, blocks, 1]. */
  readonly scale: Value;
}

/** The activations: scale = greatest magnitude of the block / 127, rounded quotients. */
function emitLeft(node: LowerContext, a: Value, { m, k, block, blocks }: Sizes): Left {
  const columns = blocks * block;
  let rows = view(node, a, [m, k]);
  if (columns !== k) {
    const pads = node.constantValue(
      'int64',
      [4],
      BigInt64Array.of(0n, 0n, 0n, BigInt(columns - k)),
    );
    rows = only(node.call('Pad', [rows, pads]), 'Pad');
  }
  const parts = view(node, rows, [m, blocks, block]);
  const magnitudes = node.temp('float32', parts.dims);
  emitChain(node, magnitudes, (c) => c.op('abs_f32', c.f32(parts)));
  const attributes = { axes: [2], keepdims: 1 };
  const most = only(node.call('ReduceMax', [magnitudes], { attributes, opset: 13 }), 'ReduceMax');
  const scale = node.temp('float32', [m, blocks, 1]);
  emitChain(node, scale, (c) => c.op('div_f32', c.f32(most), c.scalar(127)));
  const value = node.temp('int8', parts.dims);
  emitQuantised(node, value, (c) => c.f32(parts), scale, undefined);
  return { value, scale };
}

/** The reference: tiles that pass through all blocks. */
function emitTiles(
  node: LowerContext,
  to: Value,
  left: Left,
  { weights, zeros }: Weights,
  scales: Value,
  { m, n, block, blocks }: Sizes,
): void {
  const columns = blocks * block;
  const pairs = block / 2;
  const strip = stripOf(m);
  const line = { lineStride: columns, termStride: 1 };
  const rows = { ...line, value: left.value, zeroPoint: undefined, batch: [], lines: m };
  const a = pack(node, rows, columns, strip);
  // With one zero point for all the blocks of a line lie behind one another, as they do on the left.
  const isOne = sizeOf(zeros.dims) === 1;
  const lines = { ...line, value: weights, lines: n };
  const b = isOne
    ? pack(node, { ...lines, zeroPoint: view(node, zeros, []), batch: [] }, columns, PANEL)
    : pack(
        node,
        {
          ...lines,
          zeroPoint: transposed(node, zeros, [1, 0]),
          batch: [blocks],
          matrixStride: block,
        },
        block,
        PANEL,
      );
  const rowBlock = Math.min(ROWS, Math.ceil(m / strip) * strip);
  const columnBlock = Math.min(COLUMNS, Math.ceil(n / PANEL) * PANEL);
  to.canonical = true;
  node.emit(matMulBlocks, {
    params: {
      m,
      n,
      pairs,
      blocks,
      row_block: rowBlock,
      column_block: columnBlock,
      strip,
      pad0: 0,
      a_strip: blocks * pairs * strip,
      a_block: pairs * strip,
      b_panel: (isOne ? blocks : 1) * pairs * PANEL,
      b_block: isOne ? pairs * PANEL : b.size,
    },
    inputs: [a.value, b.value, left.scale, scales],
    outputs: [to],
    units: Math.ceil(m / rowBlock) * Math.ceil(n / columnBlock),
    unitCost: (Math.min(rowBlock, m) * Math.min(columnBlock, n) * columns) / 2,
    scratch: 4 * (2 * PANEL * blocks + 16),
  });
}

/** WebGPU: the product of each block, then the scales, then the sum. */
function emitSteps(
  node: LowerContext,
  to: Value,
  left: Left,
  { weights, zeros }: Weights,
  scales: Value,
  { m, n, block, blocks }: Sizes,
): void {
  const columns = blocks * block;
  const sums = node.temp('int32', [blocks, m, n]);
  const line = { lineStride: columns, termStride: 1, matrixStride: block, batch: [blocks] };
  const zeroPoint =
    sizeOf(zeros.dims) === 1 ? view(node, zeros, []) : transposed(node, zeros, [1, 0]);
  emitIntegerProduct(
    node,
    sums,
    { ...line, value: left.value, zeroPoint: undefined, lines: m },
    { ...line, value: weights, zeroPoint, lines: n },
    block,
  );
  const one = transposed(node, left.scale, [1, 0, 2]);
  const other = view(node, scales, [blocks, 1, n]);
  const terms = node.temp('float32', [blocks, m, n]);
  emitChain(node, terms, (c) => scaled(c, sums, one, other));
  const axes = node.constantValue('int64', [1], BigInt64Array.of(0n));
  const total = only(
    node.call('ReduceSum', [terms, axes], { attributes: { keepdims: 0 } }),
    'ReduceSum',
  );
  node.alias(to, total);
}
