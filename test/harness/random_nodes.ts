// Random nodes of one operator by seed: shapes, types, attributes and words, from what ONNX allows and a little beyond.
// A node may be one that the library refuses. What they test is said where they are used.
import type { DType } from '../../src/core/dtype.ts';
import type { CaseAttribute, CaseInput, NodeSpec } from './cases.ts';
import { floats, Prng, type FloatKind } from './prng.ts';
import { RANDOM_SEQUENCES } from './random_sequences.ts';

const RANGES: Readonly<Partial<Record<DType, readonly [bigint, bigint]>>> = {
  bool: [0n, 1n],
  uint8: [0n, 255n],
  int8: [-128n, 127n],
  uint16: [0n, 65535n],
  int16: [-32768n, 32767n],
  uint32: [0n, (1n << 32n) - 1n],
  int32: [-(1n << 31n), (1n << 31n) - 1n],
  uint64: [0n, (1n << 64n) - 1n],
  int64: [-(1n << 63n), (1n << 63n) - 1n],
};
const KINDS: readonly FloatKind[] = ['normal', 'wide', 'special', 'subnormal', 'integer'];

/** Choices and data of one seed. */
export class Chooser extends Prng {
  pick<T>(list: readonly T[]): T {
    if (list.length === 0) throw new RangeError('pick: empty list');
    return list[this.below(list.length)] as T;
  }

  /** One of least..most. */
  int(least: number, most: number): number {
    return least + this.below(most - least + 1);
  }

  flag(): boolean {
    return this.below(2) === 1;
  }

  dims(leastRank: number, mostRank: number, most: number): number[] {
    return Array.from({ length: this.int(leastRank, mostRank) }, () => this.int(1, most));
  }

  /** A tensor: floats of one kind, integers with their ends, 0 and 1 among them. */
  tensor(dtype: DType, dims: readonly number[], kind: FloatKind = this.pick(KINDS)): CaseInput {
    const size = dims.reduce((a, b) => a * b, 1);
    if (dtype === 'float32') return { dtype, dims, data: floats(this.word(), size, kind) };
    const [least, most] = RANGES[dtype] ?? [0n, 0n];
    const value = (): bigint => {
      const wide = ((BigInt(this.word()) << 32n) | BigInt(this.word())) >> BigInt(this.below(64));
      return this.pick([
        least,
        most,
        0n,
        1n,
        least + (wide % (most - least + 1n)),
        wide % (most + 1n),
      ]);
    };
    return { dtype, dims, data: Array.from({ length: size }, value) };
  }

  /** A shape that broadcasts with `dims`: fewer axes, some of them 1. */
  broadcast(dims: readonly number[]): number[] {
    return dims.slice(this.below(dims.length + 1)).map((size) => (this.below(3) === 0 ? 1 : size));
  }

  constants(list: readonly number[]): CaseInput {
    return { dtype: 'int64', dims: [list.length], data: list.map(BigInt), constant: true };
  }
}

type Make = (c: Chooser) => NodeSpec;
type Attributes = Record<string, CaseAttribute>;

const TYPES: readonly DType[] = ['float32', 'float32', 'int32', 'int64', 'uint32', 'uint8', 'bool'];

const binary =
  (opType: string): Make =>
  (c) => {
    const dims = c.dims(0, 4, 7);
    const dtype = opType === 'Pow' || opType === 'PRelu' ? 'float32' : c.pick(TYPES);
    const a = c.tensor(dtype, opType === 'PRelu' || c.flag() ? dims : c.broadcast(dims));
    return { opType, inputs: [a, c.tensor(dtype, c.broadcast(dims))] };
  };

const unary =
  (opType: string): Make =>
  (c) => ({ opType, inputs: [c.tensor(c.pick(TYPES), c.dims(0, 3, 20))] });

const clip: Make = (c) => {
  const dtype = c.pick(['float32', 'float32', 'int32'] as const);
  const bound = (): CaseInput | undefined => (c.flag() ? c.tensor(dtype, []) : undefined);
  return { opType: 'Clip', inputs: [c.tensor(dtype, c.dims(0, 3, 20)), bound(), bound()] };
};

const cast: Make = (c) => {
  const types: readonly DType[] = [...TYPES, 'int8', 'uint16', 'int16', 'uint64'];
  const to = c.pick([1, 2, 3, 4, 5, 6, 7, 9, 12, 13]);
  return {
    opType: 'Cast',
    attributes: { to },
    inputs: [c.tensor(c.pick(types), c.dims(0, 3, 20))],
  };
};

const reduction =
  (opType: string): Make =>
  (c) => {
    const dims = c.pick([c.dims(1, 4, 9), c.dims(1, 2, 150), [c.int(1, 3), 4100], [4100, 3]]);
    const axes = dims.map((_, axis) => axis - (c.flag() ? dims.length : 0)).filter(() => c.flag());
    const extreme = opType === 'ReduceMax' || opType === 'ReduceMin';
    const dtype = c.pick(extreme ? TYPES : (['float32', 'float32', 'int32', 'int64'] as const));
    const attributes: Attributes = {
      keepdims: c.below(2),
      noop_with_empty_axes: c.below(2),
    };
    // An empty set of terms now and then.
    if (c.below(6) === 0) dims[c.below(dims.length)] = 0;
    const x = c.tensor(dtype, dims);
    return { opType, opset: 18, attributes, inputs: [x, c.constants(axes)] };
  };

const softmax =
  (opType: string): Make =>
  (c) => {
    const opset = c.pick([11, 13, 17]);
    const dims = c.pick([c.dims(1, 4, 9), c.dims(1, 2, 140), [2, 4100]]);
    const axis = c.int(-dims.length, dims.length - 1);
    return { opType, opset, attributes: { axis }, inputs: [c.tensor('float32', dims)] };
  };

const cumSum: Make = (c) => {
  const dims = c.dims(1, 3, 12);
  const axis = c.int(-dims.length, dims.length - 1);
  return {
    opType: 'CumSum',
    attributes: { exclusive: c.below(2), reverse: c.below(2) },
    inputs: [
      c.tensor(c.pick(['float32', 'int32', 'int64'] as const), dims),
      { dtype: 'int64', dims: [], data: [BigInt(axis)], constant: true },
    ],
  };
};

const matMul: Make = (c) => {
  // Up to three levels of the sum.
  const inner = c.pick([1, 3, 16, 64, 65, 130, 4097]);
  const most = inner > 1000 ? 3 : 21;
  const [rows, columns] = [c.int(1, most), c.int(1, most)];
  const batch = c.dims(0, 2, 3);
  const a = c.below(5) === 0 ? [inner] : [...(c.flag() ? batch : c.broadcast(batch)), rows, inner];
  const b = c.below(5) === 0 ? [inner] : [...c.broadcast(batch), inner, columns];
  return { opType: 'MatMul', inputs: [c.tensor('float32', a), c.tensor('float32', b)] };
};

const gemm: Make = (c) => {
  const [rows, inner, columns] = [c.int(1, 9), c.pick([1, 5, 64, 70, 200]), c.int(1, 19)];
  const [transA, transB] = [c.below(2), c.below(2)];
  const bias = c.pick([undefined, [], [1], [columns], [1, columns], [rows, 1], [rows, columns]]);
  const factor = (): CaseAttribute => ({ float: c.pick([1, 0, 0.5, -3, 0.1]) });
  return {
    opType: 'Gemm',
    attributes: { transA, transB, alpha: factor(), beta: factor() },
    inputs: [
      c.tensor('float32', transA ? [inner, rows] : [rows, inner]),
      c.tensor('float32', transB ? [columns, inner] : [inner, columns]),
      bias && c.tensor('float32', bias),
    ],
  };
};

/** strides, dilations and padding of windows over `rank` axes. */
function windowAttributes(c: Chooser, kernel: readonly number[], dilate: boolean): Attributes {
  const each = (most: number): number[] => kernel.map(() => c.int(1, most));
  const attributes: Attributes = {};
  if (c.flag()) attributes['strides'] = each(3);
  if (dilate && c.below(3) === 0) attributes['dilations'] = each(3);
  const auto = c.below(4);
  if (auto === 0) attributes['auto_pad'] = c.pick(['SAME_UPPER', 'SAME_LOWER', 'VALID']);
  else if (auto < 3) attributes['pads'] = [...kernel, ...kernel].map((size) => c.below(size));
  return attributes;
}

const conv: Make = (c) => {
  const rank = c.pick([1, 2, 2, 2, 3]);
  const sizes = Array.from({ length: rank }, () => c.int(3, rank === 3 ? 6 : 14));
  const kernel = sizes.map((size) => c.int(1, Math.min(size, rank === 3 ? 3 : 5)));
  const group = c.pick([1, 1, 2, 4]);
  const depth = c.pick([1, 1, 2, 5]);
  const maps = group * c.int(1, 3);
  const attributes = { group, ...windowAttributes(c, kernel, true) };
  return {
    opType: 'Conv',
    attributes,
    inputs: [
      c.tensor('float32', [c.int(1, 2), group * depth, ...sizes]),
      { ...c.tensor('float32', [maps, depth, ...kernel]), constant: c.flag() },
      c.flag() ? c.tensor('float32', [maps]) : undefined,
    ],
  };
};

const BYTES: readonly DType[] = ['uint8', 'int8'];

/** MatMulInteger, with zero points of one tensor or of lines. */
const matMulInteger: Make = (c) => {
  const inner = c.pick([1, 3, 16, 65, 130]);
  const [rows, columns] = [c.int(1, 21), c.int(1, 21)];
  const batch = c.dims(0, 2, 3);
  const a = c.below(5) === 0 ? [inner] : [...(c.flag() ? batch : c.broadcast(batch)), rows, inner];
  const b = c.below(5) === 0 ? [inner] : [...c.broadcast(batch), inner, columns];
  const [left, right] = [c.pick(BYTES), c.pick(BYTES)];
  const zeros = [
    c.pick([undefined, [], [1], ...(a.length > 1 ? [[rows]] : [])]),
    c.pick([undefined, [], [1], ...(b.length > 1 ? [[columns]] : [])]),
  ] as const;
  return {
    opType: 'MatMulInteger',
    inputs: [
      c.tensor(left, a),
      { ...c.tensor(right, b), constant: c.flag() },
      zeros[0] && c.tensor(left, zeros[0]),
      zeros[1] && c.tensor(right, zeros[1]),
    ],
  };
};

/** ConvInteger: the shapes of Conv. */
const convInteger: Make = (c) => {
  const { attributes = {}, inputs } = conv(c);
  const [x, w] = inputs.map((input) => input?.dims ?? []);
  const [left, right] = [c.pick(BYTES), c.pick(BYTES)];
  return {
    opType: 'ConvInteger',
    attributes,
    inputs: [
      c.tensor(left, x ?? []),
      { ...c.tensor(right, w ?? []), constant: c.flag() },
      c.flag() ? c.tensor(left, []) : undefined,
      c.flag() ? c.tensor(right, c.pick([[], [w?.[0] ?? 1]])) : undefined,
    ],
  };
};

/** QuantizeLinear or DequantizeLinear, one scale, one for each element of an axis, or one a block of it. */
const quantisation =
  (opType: string): Make =>
  (c) => {
    const dims = c.dims(1, 4, 9);
    const axis = c.below(dims.length);
    const size = dims[axis] ?? 1;
    const block = c.pick([0, 0, 0, 2, 3]);
    const scales = c.pick([
      [],
      [1],
      block === 0 ? [size] : dims.map((dim, i) => (i === axis ? Math.ceil(size / block) : dim)),
    ]);
    const attributes = { axis: c.flag() ? axis : axis - dims.length, block_size: block };
    const dtype = c.pick(['uint8', 'int8', 'uint16', 'int16'] as const);
    const x = opType === 'QuantizeLinear' ? 'float32' : dtype;
    const zero = c.flag() || opType === 'QuantizeLinear' ? c.tensor(dtype, scales) : undefined;
    return {
      opType,
      opset: 21,
      attributes,
      inputs: [c.tensor(x, dims), c.tensor('float32', scales), zero],
    };
  };

const pool =
  (opType: string): Make =>
  (c) => {
    const sizes = c.dims(1, 3, 9).map((size) => size + 2);
    const kernel = sizes.map((size) => c.int(1, Math.min(size, 5)));
    const attributes: Attributes = {
      kernel_shape: kernel,
      ceil_mode: c.below(2),
      ...windowAttributes(c, kernel, true),
    };
    if (opType === 'AveragePool') attributes['count_include_pad'] = c.below(2);
    if (opType === 'LpPool') attributes['p'] = c.int(1, 3);
    const x = c.tensor('float32', [c.int(1, 2), c.int(1, 3), ...sizes]);
    return { opType, opset: 22, attributes, inputs: [x] };
  };

const globalPool =
  (opType: string): Make =>
  (c) => ({
    opType,
    inputs: [c.tensor('float32', [c.int(1, 2), c.int(1, 3), ...c.dims(1, 3, 11)])],
  });

/** X [N, C, …] and vectors of `count(C)` words. */
const channelwise =
  (opType: string, vectors: number, opset: number): Make =>
  (c) => {
    const groups = c.int(1, 3);
    const channels = groups * c.int(1, 3);
    const dims = [c.int(1, 3), channels, ...c.dims(1, 3, 9)];
    const attributes: Attributes = { epsilon: { float: c.pick([1e-5, 1e-3, 0]) } };
    if (opType === 'GroupNormalization') attributes['num_groups'] = groups;
    const entries = opType === 'GroupNormalization' && opset < 21 ? groups : channels;
    const vector = (): CaseInput => c.tensor('float32', [entries]);
    const inputs = [c.tensor('float32', dims), ...Array.from({ length: vectors }, vector)];
    return { opType, opset, attributes, inputs };
  };

const rowNormalization =
  (opType: string, opset: number): Make =>
  (c) => {
    const dims = c.pick([c.dims(1, 4, 8), c.dims(1, 2, 150), [2, 4100]]);
    const axis = c.int(-dims.length, -1);
    const tail = dims.slice(axis);
    const bias = opType === 'LayerNormalization' && c.flag();
    return {
      opType,
      opset,
      attributes: { axis, epsilon: { float: c.pick([1e-5, 1e-3]) } },
      inputs: [
        c.tensor('float32', dims),
        c.tensor('float32', tail),
        ...(bias ? [c.tensor('float32', tail)] : []),
      ],
      outputs: opType === 'LayerNormalization' ? c.pick([1, 3]) : 1,
    };
  };

const lpNormalization: Make = (c) => {
  const dims = c.dims(1, 4, 8);
  return {
    opType: 'LpNormalization',
    attributes: { axis: c.int(-dims.length, dims.length - 1), p: c.int(1, 2) },
    inputs: [c.tensor('float32', dims)],
  };
};

const meanVariance: Make = (c) => {
  const dims = [...c.dims(4, 4, 6)];
  const axes = c.pick([undefined, [0, 2, 3], [1], [2, 3], [0, 1, 2, 3]]);
  return {
    opType: 'MeanVarianceNormalization',
    attributes: axes === undefined ? {} : { axes },
    inputs: [c.tensor('float32', dims)],
  };
};

const lrn: Make = (c) => ({
  opType: 'LRN',
  attributes: {
    size: c.int(1, 7),
    ...(c.flag() ? { alpha: { float: c.pick([0.5, 1e-3]) } } : {}),
    ...(c.flag() ? { beta: { float: c.pick([0.5, 1, 0.3]) } } : {}),
    ...(c.flag() ? { bias: { float: c.pick([2, 0.1]) } } : {}),
  },
  inputs: [c.tensor('float32', [c.int(1, 2), c.int(1, 8), ...c.dims(1, 2, 6)])],
});

/** Operator to its random nodes. */
export const RANDOM_NODES: ReadonlyMap<string, Make> = new Map<string, Make>([
  ...['Add', 'Sub', 'Mul', 'Div', 'Max', 'Min', 'Pow', 'PRelu', 'Equal', 'Less', 'Greater'].map(
    (name): [string, Make] => [name, binary(name)],
  ),
  ...['Abs', 'Neg', 'Sign', 'Relu', 'Floor', 'Ceil', 'Round', 'Sqrt', 'Reciprocal', 'IsNaN'].map(
    (name): [string, Make] => [name, unary(name)],
  ),
  ['Clip', clip],
  ['Cast', cast],
  ...['Sum', 'Mean', 'Prod', 'Max', 'Min', 'L1', 'L2', 'SumSquare', 'LogSum', 'LogSumExp'].map(
    (name): [string, Make] => [`Reduce${name}`, reduction(`Reduce${name}`)],
  ),
  ['Softmax', softmax('Softmax')],
  ['LogSoftmax', softmax('LogSoftmax')],
  ['CumSum', cumSum],
  ['MatMul', matMul],
  ['Gemm', gemm],
  ['Conv', conv],
  ['MatMulInteger', matMulInteger],
  ['ConvInteger', convInteger],
  ['QuantizeLinear', quantisation('QuantizeLinear')],
  ['DequantizeLinear', quantisation('DequantizeLinear')],
  ['AveragePool', pool('AveragePool')],
  ['LpPool', pool('LpPool')],
  ['MaxPool', pool('MaxPool')],
  ['GlobalAveragePool', globalPool('GlobalAveragePool')],
  ['GlobalLpPool', globalPool('GlobalLpPool')],
  ['GlobalMaxPool', globalPool('GlobalMaxPool')],
  ['BatchNormalization', channelwise('BatchNormalization', 4, 15)],
  ['InstanceNormalization', channelwise('InstanceNormalization', 2, 17)],
  ['GroupNormalization', channelwise('GroupNormalization', 2, 21)],
  ['LayerNormalization', rowNormalization('LayerNormalization', 17)],
  ['RMSNormalization', rowNormalization('RMSNormalization', 23)],
  ['LpNormalization', lpNormalization],
  ['MeanVarianceNormalization', meanVariance],
  ['LRN', lrn],
  ...RANDOM_SEQUENCES,
]);
