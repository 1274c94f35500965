// Exact integer products of 8-bit operands (V8): matrices and convolutions, as three kernels on both machines. Operands are
// widened and their zero points subtracted while they are packed, two terms a word; the product then adds exactly in i32,
// modulo 2^32. Nothing here scales or rounds: integer.ts and quantised.ts say what becomes of the sums.
import { broadcastStrides } from '../core/chain.ts';
import { paramFields, type Kernel, type LowerContext } from '../core/op.ts';
import { broadcastShapes, formatShape, sizeOf } from '../core/shape.ts';
import type { Value } from '../core/value.ts';
import packShader from '../../shaders/ops/integer_pack.wgsl';
import productShader from '../../shaders/ops/integer_product.wgsl';
import unfoldShader from '../../shaders/ops/integer_unfold.wgsl';
import { epilogueChain } from './chain_wgsl.ts';
import { gridOf } from './grid.ts';
import { isPlain, normalAxes, type Axis } from './window.ts';

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
  shader: packShader,
  anyIntegers: true,
};

export const integerUnfold: Kernel = {
  name: 'integer_unfold',
  params: paramFields(
    'images',
    'channels',
    'is_signed',
    'pad0',
    'depth',
    'height',
    'width',
    'pad_front',
    'out_depth',
    'out_height',
    'out_width',
    'pad_top',
    'kernel_depth',
    'kernel_height',
    'kernel_width',
    'pad_left',
    'stride_depth',
    'stride_height',
    'stride_width',
    'pad1',
    'dilation_depth',
    'dilation_height',
    'dilation_width',
    'pad2',
  ),
  shader: unfoldShader,
  anyIntegers: true,
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
    'pad0',
    'batch_dims[8]',
    'a_strides[8]',
    'b_strides[8]',
  ),
  // Params 1 is n, the length of a row.
  shader: epilogueChain(productShader, (dispatch) => dispatch.params[1] ?? 0),
  chain: 'epilogue',
  anyIntegers: true,
};

const PANEL = 8; // lines side by side in a right operand, INTEGER_PANEL in wasm/integer.h
const RANK = 8;
// Rows and columns of a unit of the reference, as for products of floats (mat_mul.ts).
const ROWS = 64;
const COLUMNS = 512;
const PAIRS_AN_INVOCATION = 8; // PAIRS in integer_unfold.wgsl

/** An 8-bit operand: lines (rows on the left, columns on the right) of terms, at these strides in elements. */
export interface IntegerOperand {
  readonly value: Value;
  /** Of the value's dtype: one, or [lines], or [..., lines] by batch axes. */
  readonly zeroPoint: Value | undefined;
  readonly batch: readonly number[];
  readonly lines: number;
  readonly lineStride: number;
  readonly termStride: number;
  /** Elements from one matrix to the next, where they do not lie behind one another. */
  readonly matrixStride?: number;
}

interface Packed {
  readonly value: Value;
  readonly batch: readonly number[];
  /** Words a matrix. */
  readonly size: number;
}

const eight = (list: readonly number[], fill: number): number[] => [
  ...list,
  ...Array.from({ length: RANK - list.length }, () => fill),
];
const innermostFirst = (list: readonly number[]): number[] => list.toReversed();

/** A zero of an 8-bit dtype, for operands without a zero point. */
const noZero = (node: LowerContext, value: Value): Value =>
  node.constantValue(value.dtype, [], value.dtype === 'int8' ? Int8Array.of(0) : Uint8Array.of(0));

function pack(node: LowerContext, operand: IntegerOperand, terms: number, block: number): Packed {
  const { value, batch, lines } = operand;
  if (batch.length > RANK) {
    throw new RangeError(
      `${node.opType}: too many batch axes: expected at most ${RANK}, got ${formatShape(batch)}. Reshape the operands.`,
    );
  }
  const zero = operand.zeroPoint ?? noZero(node, value);
  const many = sizeOf(zero.dims) !== 1;
  const zeroStrides =
    many && zero.dims.length > 1
      ? broadcastStrides(zero.dims.slice(0, -1), batch).map((s) => s * (zero.dims.at(-1) ?? 1))
      : batch.map(() => 0);
  const size = Math.ceil(lines / block) * block * Math.ceil(terms / 2);
  const matrices = sizeOf(batch);
  const packed = node.temp('uint32', [matrices, size]);
  node.emit(integerPack, {
    params: {
      terms,
      lines,
      block,
      is_signed: value.dtype === 'int8' ? 1 : 0,
      line_stride: operand.lineStride,
      term_stride: operand.termStride,
      zero_stride: many && zero.dims.at(-1) !== 1 ? 1 : 0,
      matrices,
      batch_dims: eight(innermostFirst(batch), 1),
      batch_strides: eight(
        innermostFirst(
          broadcastStrides(batch, batch).map((s) => s * (operand.matrixStride ?? lines * terms)),
        ),
        0,
      ),
      zero_strides: eight(innermostFirst(zeroStrides), 0),
    },
    inputs: [value, zero],
    outputs: [packed],
    units: matrices * Math.ceil(lines / block),
    unitCost: block * terms,
    grid: gridOf(matrices * size),
  });
  return { value: packed, batch, size };
}

function emitPacked(
  node: LowerContext,
  to: Value,
  a: Packed & { readonly strides: readonly number[] },
  b: Packed & { readonly strides: readonly number[] },
  batch: readonly number[],
  { m, n, terms }: { m: number; n: number; terms: number },
): void {
  const rows = Math.min(ROWS, Math.ceil(m / 4) * 4);
  const columns = Math.min(COLUMNS, Math.ceil(n / PANEL) * PANEL);
  const images = sizeOf(batch);
  node.emit(integerProduct, {
    params: {
      m,
      n,
      pairs: Math.ceil(terms / 2),
      batch_rank: batch.length,
      row_block: rows,
      column_block: columns,
      images,
      pad0: 0,
      batch_dims: eight(innermostFirst(batch), 1),
      a_strides: eight(innermostFirst(a.strides), 0),
      b_strides: eight(innermostFirst(b.strides), 0),
    },
    inputs: [a.value, b.value],
    outputs: [to],
    units: images * Math.ceil(m / rows) * Math.ceil(n / columns),
    unitCost: (Math.min(rows, m) * Math.min(columns, n) * terms) / 2,
    scratch: 4 * (rows * columns + 16),
    grid: gridOf(images * Math.ceil(m / 4) * Math.ceil(n / 4)),
    constants: { ROWS: m === 1 ? 1 : 4 },
  });
}

/** `to[batch][m][n]`, int32 `= Σ (a − its zero point) · (b − its zero point)`, batch axes broadcast. */
export function emitIntegerProduct(
  node: LowerContext,
  to: Value,
  a: IntegerOperand,
  b: IntegerOperand,
  terms: number,
): void {
  const batch = broadcastShapes(node.opType, a.batch, b.batch);
  const left = pack(node, a, terms, 1);
  const right = pack(node, b, terms, PANEL);
  emitPacked(
    node,
    to,
    { ...left, strides: broadcastStrides(a.batch, batch).map((s) => s * left.size) },
    { ...right, strides: broadcastStrides(b.batch, batch).map((s) => s * right.size) },
    batch,
    { m: a.lines, n: b.lines, terms },
  );
}

/** An 8-bit tensor of a convolution. */
export interface IntegerTensor {
  readonly value: Value;
  readonly zeroPoint: Value | undefined;
}

/**
 * `to[image][filter][position]`, int32 `= Σ (x − its zero point) · (w − its zero point)` over the taps inside the input.
 * The zero point of `w` is one, or one a filter.
 */
export function emitIntegerConv(
  node: LowerContext,
  to: Value,
  x: IntegerTensor,
  w: IntegerTensor,
  axes: readonly Axis[],
  groups: number,
): void {
  const [batch = 0] = x.value.dims;
  const [allFilters = 0, channels = 0] = w.value.dims;
  const filters = allFilters / groups;
  const normal = normalAxes(axes);
  const [depth, height, width] = normal;
  const terms = channels * depth.kernel * height.kernel * width.kernel;
  const positions = depth.out * height.out * width.out;
  const covers = axes.every(
    (a) => a.out === 1 && a.begin === 0 && a.dilation === 1 && a.kernel === a.size,
  );
  if (groups === 1 && covers) {
    // One output position that sees the whole input is a product of matrices.
    const sums = node.temp('int32', [batch, filters]);
    emitIntegerProduct(
      node,
      sums,
      { ...x, batch: [], lines: batch, lineStride: terms, termStride: 1 },
      { ...w, batch: [], lines: filters, lineStride: terms, termStride: 1 },
      terms,
    );
    node.alias(to, sums);
    return;
  }
  const weights = pack(
    node,
    { ...w, batch: [], lines: allFilters, lineStride: terms, termStride: 1 },
    terms,
    1,
  );
  const images = batch * groups;
  const pairs = Math.ceil(terms / 2);
  const size = Math.ceil(positions / PANEL) * PANEL * pairs;
  let panels: Packed;
  if (normal.every(isPlain)) {
    // One term a channel: the positions of a channel lie side by side.
    panels = pack(
      node,
      { ...x, batch: [images], lines: positions, lineStride: 1, termStride: positions },
      terms,
      PANEL,
    );
  } else {
    const unfolded = node.temp('uint32', [images, size]);
    node.emit(integerUnfold, {
      params: {
        images,
        channels,
        is_signed: x.value.dtype === 'int8' ? 1 : 0,
        pad0: 0,
        depth: depth.size,
        height: height.size,
        width: width.size,
        pad_front: depth.begin,
        out_depth: depth.out,
        out_height: height.out,
        out_width: width.out,
        pad_top: height.begin,
        kernel_depth: depth.kernel,
        kernel_height: height.kernel,
        kernel_width: width.kernel,
        pad_left: width.begin,
        stride_depth: depth.stride,
        stride_height: height.stride,
        stride_width: width.stride,
        pad1: 0,
        dilation_depth: depth.dilation,
        dilation_height: height.dilation,
        dilation_width: width.dilation,
        pad2: 0,
      },
      inputs: [x.value, x.zeroPoint ?? noZero(node, x.value)],
      outputs: [unfolded],
      units: images * Math.ceil(positions / PANEL),
      unitCost: PANEL * terms,
      grid: gridOf(
        images * Math.ceil(positions / PANEL) * PANEL * Math.ceil(pairs / PAIRS_AN_INVOCATION),
      ),
    });
    panels = { value: unfolded, batch: [images], size };
  }
  emitPacked(
    node,
    to,
    { ...weights, strides: [0, filters * pairs] },
    { ...panels, strides: [groups * size, size] },
    [batch, groups],
    { m: filters, n: positions, terms },
  );
}
