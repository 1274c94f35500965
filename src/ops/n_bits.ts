// com.microsoft's MatMulNBits: weights of 2, 4 or 8 bits with a scale for each block of the inner
// axis. A weight is (q − zero point) · scale, rounded once; the product is V4. With accuracy_level 4 the activations are
// quantised a block at a time and each block is an exact integer sum (V8, n_bits_exact.ts). Not here: the arithmetic.
import type { LowerContext, NodeContext, OpDef } from '../core/op.ts';
import { paramFields, type Kernel } from '../core/op.ts';
import { formatShape, sizeOf } from '../core/shape.ts';
import type { Value } from '../core/value.ts';
import unpackShader from '../../shaders/ops/unpack_bits.wgsl';
import { emitCast } from './cast.ts';
import { emitChain } from './chain_builder.ts';
import { gridOf } from './grid.ts';
import { expectFloats } from './integer.ts';
import { emitProduct } from './product.ts';
import { emitByBlocks } from './n_bits_exact.ts';
import { floatOf, isFloat } from './quantise.ts';
import { emitBlocks } from './quantize.ts';
import { only, view } from './wide.ts';

const domain = 'com.microsoft';

export const unpackBits: Kernel = {
  name: 'unpack_bits',
  params: paramFields('n', 'columns', 'row_bytes', 'bits'),
  shader: unpackShader,
  anyIntegers: true,
};

/** The product on the reference without the weights as floats; WebGPU has them as float32. */
export const matMulNBits: Kernel = {
  name: 'mat_mul_n_bits',
  params: paramFields(
    'm',
    'n',
    'k',
    'bits',
    'block',
    'blocks',
    'row_block',
    'zeros',
    'column_block',
    'pad0',
    'pad1',
    'pad2',
  ),
};

// Weights that are not worth holding as float32, eight times what they are: so many, or such as are known in a run only.
const MANY = 1 << 22;
// Rows of a unit, for all of which its weights are made once, and elements of them, which the second-level cache holds.
const ROWS = 128;
const PACKED_ROWS = 1 << 17;
const COLUMNS = 32;
const UNIT = 1024; // elements, as in wasm/ops/unpack_bits.c

/** The elements of rows of packed bytes, as uint8; bytes themselves where there is nothing to unpack. */
export function unpacked(
  node: LowerContext,
  value: Value,
  dims: readonly number[],
  bits: number,
): Value {
  if (bits === 8) return view(node, value, dims);
  const out = node.temp('uint8', dims);
  const columns = dims.at(-1) ?? 1;
  node.emit(unpackBits, {
    params: {
      n: sizeOf(dims),
      columns,
      row_bytes: Math.ceil((columns * bits) / 8),
      bits,
    },
    inputs: [value],
    outputs: [out],
    units: Math.ceil(sizeOf(dims) / UNIT),
    unitCost: UNIT,
    grid: gridOf(Math.ceil(sizeOf(dims) / 4)),
  });
  return out;
}

function expectSize(node: NodeContext, what: string, value: Value, size: number): void {
  if (sizeOf(value.dims) === size) return;
  throw new RangeError(
    `${node.opType}: ${what}: expected ${size} elements, got shape ${formatShape(value.dims)}.`,
  );
}

interface Sizes {
  readonly k: number;
  readonly n: number;
  readonly bits: number;
  readonly block: number;
  readonly blocks: number;
}

function sizesOf(node: NodeContext): Sizes {
  const [k, n, block] = [node.int('K'), node.int('N'), node.int('block_size')];
  if (k < 1 || n < 1 || block < 16 || (block & (block - 1)) !== 0) {
    throw new RangeError(
      `${node.opType}: expected K and N of at least 1 and a block_size of 16 or a greater power of two, got ${k}, ${n} and ${block}.`,
    );
  }
  return { k, n, bits: node.int('bits', 4), block, blocks: Math.ceil(k / block) };
}

/** The default zero point of unsigned integers of `bits` bits: half their range. */
export const middle = (node: LowerContext, bits: number): Value =>
  node.constantValue('uint8', [], Uint8Array.of(2 ** (bits - 1)));

/** Zero points as [N, blocks], uint8 or float32, or the one for all. */
function zerosOf(node: LowerContext, { n, bits, blocks }: Sizes): Value {
  const zeros = node.optional(3);
  if (zeros === undefined) return middle(node, bits);
  if (zeros.dtype === 'uint8') {
    expectSize(node, 'zero_points', zeros, n * Math.ceil((blocks * bits) / 8));
    return unpacked(node, zeros, [n, blocks], bits);
  }
  expectSize(node, 'zero_points', zeros, n * blocks);
  return view(node, floatOf(node, zeros), [n, blocks]);
}

export const MatMulNBits: OpDef = {
  type: 'MatMulNBits',
  domain,
  opsets: [1, 1],
  inputs: [3, 6],
  attributes: {
    K: { kind: 'int' },
    N: { kind: 'int' },
    accuracy_level: { kind: 'int', oneOf: [0, 1, 2, 3, 4] },
    bits: { kind: 'int', oneOf: [2, 4, 8] },
    block_size: { kind: 'int' },
  },
  dtypes(node) {
    const [a, b, zeros, order] = [
      node.dtypeOf(0),
      node.dtypeOf(1),
      node.dtypeOf(3),
      node.dtypeOf(4),
    ];
    expectFloats(node, [0, 2, 5]);
    if (a === undefined || b !== 'uint8') {
      throw new TypeError(`MatMulNBits: input 1: expected uint8, got ${b ?? 'nothing'}.`);
    }
    if (zeros !== undefined && zeros !== 'uint8' && !isFloat(zeros)) {
      throw new TypeError(`MatMulNBits: zero_points: expected uint8 or float32, got ${zeros}.`);
    }
    if (order !== undefined && order !== 'int32') {
      throw new TypeError(`MatMulNBits: g_idx: expected int32, got ${order}.`);
    }
    return [a];
  },
  infer(node) {
    const { k, n, bits, block, blocks } = sizesOf(node);
    const { dims } = node.input(0);
    if (dims.at(-1) !== k) {
      throw new RangeError(
        `MatMulNBits: input 0: expected ${k} elements on the last axis, got ${formatShape(dims)}.`,
      );
    }
    expectSize(node, 'B', node.input(1), (n * blocks * block * bits) / 8);
    expectSize(node, 'scales', node.input(2), n * blocks);
    return [[...dims.slice(0, -1), n]];
  },
  lower(node) {
    const sizes = sizesOf(node);
    const { n } = sizes;
    const [out, bias] = [node.output(0), node.optional(5)];
    const m = sizeOf(out.dims.slice(0, -1));
    const zeros = zerosOf(node, sizes);
    const isPlain = bias === undefined && out.dtype === 'float32';
    const product = isPlain ? out : node.temp('float32', out.dims);
    const a = floatOf(node, node.input(0));
    const isExact =
      node.int('accuracy_level', 0) === 4 &&
      node.optional(4) === undefined &&
      zeros.dtype === 'uint8';
    if (isExact) {
      const { blocks, block, bits } = sizes;
      const weights = unpacked(node, node.input(1), [n, blocks * block], bits);
      const scales = floatOf(node, node.input(2));
      emitByBlocks(node, product, a, { weights, scales, zeros }, { ...sizes, m });
    } else emitByWeights(node, product, a, zeros, m, sizes);
    if (isPlain) return;
    let result = product;
    if (bias !== undefined) {
      const summand = floatOf(node, bias);
      expectSize(node, 'bias', summand, n);
      const sum = out.dtype === 'float32' ? out : node.temp('float32', out.dims);
      emitChain(node, sum, (c) => c.op('add_f32', c.f32(product), c.f32(summand)));
      result = sum;
    }
    if (result !== out) emitCast(node, out, result);
  },
};

/** The product with the weights as float32. */
function emitByWeights(
  node: LowerContext,
  to: Value,
  a: Value,
  zeros: Value,
  m: number,
  { k, n, bits, block, blocks }: Sizes,
): void {
  const columns = blocks * block;
  const isHeld = node.isConstant(node.input(1)) && n * k <= MANY;
  if (node.target === 'wasm' && !isHeld && zeros.dtype === 'uint8' && !node.optional(4)) {
    const rows = Math.max(
      4,
      Math.min(ROWS, Math.floor(PACKED_ROWS / k) & ~3, Math.ceil(m / 4) * 4),
    );
    to.canonical = true;
    node.emit(matMulNBits, {
      params: {
        m,
        n,
        k,
        bits,
        block,
        blocks,
        row_block: rows,
        zeros: sizeOf(zeros.dims),
        column_block: COLUMNS,
        pad0: 0,
        pad1: 0,
        pad2: 0,
      },
      inputs: [a, node.input(1), floatOf(node, node.input(2)), zeros],
      outputs: [to],
      units: Math.ceil(m / rows) * Math.ceil(n / COLUMNS),
      unitCost: COLUMNS * k * (Math.min(rows, m) + 4),
      scratch: 4 * (rows * k + COLUMNS * k + 16),
    });
    return;
  }
  const quantised = unpacked(node, node.input(1), [n, columns], bits);
  let scales = view(node, node.input(2), [n, blocks]);
  let zero = zeros;
  let size = block;
  const order = node.optional(4);
  if (order !== undefined) {
    // g_idx names the block of each term: a scale each.
    if (sizeOf(order.dims) !== columns && sizeOf(order.dims) !== k) {
      throw new RangeError(
        `MatMulNBits: g_idx: expected ${k} or ${columns} elements, got ${formatShape(order.dims)}.`,
      );
    }
    if (sizeOf(order.dims) !== columns) {
      throw new RangeError(
        `MatMulNBits: g_idx: expected ${columns} elements, whole blocks, got ${formatShape(order.dims)}. Pad it.`,
      );
    }
    const pick = (value: Value): Value =>
      only(node.call('Gather', [value, order], { attributes: { axis: 1 } }), 'Gather');
    scales = pick(scales);
    if (sizeOf(zero.dims) !== 1) zero = pick(zero);
    size = 1;
  }
  const weights = node.temp('float32', [n, columns]);
  emitBlocks(node, weights, quantised, scales, zero, 1, size);
  emitProduct(
    node,
    to,
    { value: a, batch: [], rowStride: k, columnStride: 1 },
    { value: weights, batch: [], rowStride: 1, columnStride: columns },
    m,
    n,
    k,
  );
}
