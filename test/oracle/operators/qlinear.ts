// com.microsoft's operators between quantised tensors: DequantizeLinear of the operands, the float operator, QuantizeLinear
// of the result. Weights of a few bits: MatMulNBits and GatherBlockQuantized.
import * as f from '../float.ts';
import { broadcastAt, type Element } from '../layout.ts';
import { at, axisOf, indicesOf, inputOf, intOf, sizeOf, tensorOf } from '../node.ts';
import type { OracleAttribute, OracleNode, OracleOperator, OracleTensor } from '../types.ts';
import { operators as activation } from './activation.ts';
import { operators as elementwise } from './elementwise.ts';
import { operators as functions } from './functions.ts';
import { operators as movement } from './movement.ts';
import { operators as pool } from './pool.ts';
import { castTo, first, floatsOf, nodeOf, operators as quantize, saturated } from './quantize.ts';
import { operators as reshape } from './reshape.ts';
import { operators as softmax } from './softmax.ts';

const floats: Readonly<Record<string, OracleOperator>> = {
  ...activation,
  ...elementwise,
  ...functions,
  ...movement,
  ...pool,
  ...reshape,
  ...softmax,
};

/** The float value of a quantised tensor, its scale and zero point behind it. */
function floatAt(node: OracleNode, i: number): OracleTensor {
  const inputs = [inputOf(node, i), inputOf(node, i + 1), node.inputs[i + 2]];
  const { quantised: _, ...y } = first(quantize, nodeOf('DequantizeLinear', inputs));
  return y;
}

function quantised(
  node: OracleNode,
  value: OracleTensor,
  i: number,
  like: OracleTensor,
): OracleTensor[] {
  const zero = node.inputs[i + 1] ?? tensorOf(like.dtype, [], [0]);
  return [first(quantize, nodeOf('QuantizeLinear', [value, inputOf(node, i), zero]))];
}

/** Attributes that the float operator takes, and the opset whose definition it has. */
const through =
  (
    op: string,
    operands: readonly number[],
    result: number,
    kept: readonly string[] = [],
  ): OracleOperator =>
  (node) => {
    const attributes = new Map<string, OracleAttribute>(
      [...node.attributes].filter(([name]) => kept.includes(name)),
    );
    const opset = op === 'Softmax' && intOf(node, 'opset', 13) < 13 ? 11 : 21;
    const inputs = operands.map((i) => floatAt(node, i));
    const y = first(floats, { ...nodeOf(op, inputs, {}, opset), attributes });
    return quantised(node, y, result, inputOf(node, at(operands, 0)));
  };

/** Pooling whose channels may be the last axis. */
const pooled =
  (op: string, kept: readonly string[]): OracleOperator =>
  (node) => {
    const attributes = new Map([...node.attributes].filter(([name]) => kept.includes(name)));
    const x = floatAt(node, 0);
    const isLast = intOf(node, 'channels_last', 0) !== 0;
    const axes = x.dims.map((_, axis) => axis);
    const last = axes.length - 1;
    const moved = (value: OracleTensor, perm: readonly number[]): OracleTensor =>
      isLast ? first(floats, nodeOf('Transpose', [value], { perm })) : value;
    const front = moved(x, [0, last, ...axes.slice(1, -1)]);
    const y = first(floats, { ...nodeOf(op, [front]), attributes });
    return quantised(node, moved(y, [0, ...axes.slice(2), 1]), 3, inputOf(node, 0));
  };

const concat: OracleOperator = (node) => {
  const count = (node.inputs.length - 2) / 3;
  const parts = Array.from({ length: count }, (_, i) => floatAt(node, 2 + 3 * i));
  const y = first(floats, nodeOf('Concat', parts, { axis: intOf(node, 'axis', 0) }));
  return quantised(node, y, 0, inputOf(node, 1));
};

const where: OracleOperator = (node) => {
  const y = first(floats, nodeOf('Where', [inputOf(node, 0), floatAt(node, 1), floatAt(node, 4)]));
  return quantised(node, y, 7, inputOf(node, 1));
};

/** Element `i` of `bits` bits, the lowest first, of a row of bytes. */
const bitsAt = (bytes: readonly Element[], first: number, i: number, bits: number): bigint =>
  (BigInt(at(bytes, first + ((i * bits) >> 3))) >> BigInt((i * bits) & 7)) &
  ((1n << BigInt(bits)) - 1n);

function matMulNBits(node: OracleNode): OracleTensor[] {
  const [a, b, scales] = [inputOf(node, 0), inputOf(node, 1), inputOf(node, 2)];
  const [zeros, order, bias] = [node.inputs[3], node.inputs[4], node.inputs[5]];
  const [inner, columns] = [intOf(node, 'K', 0), intOf(node, 'N', 0)];
  const [bits, block] = [intOf(node, 'bits', 4), intOf(node, 'block_size', 0)];
  const blocks = Math.ceil(inner / block);
  const [x, s] = [floatsOf(a), floatsOf(scales)];
  const isExact =
    intOf(node, 'accuracy_level', 0) === 4 &&
    order === undefined &&
    (zeros === undefined || zeros.dtype === 'uint8');
  const q = (n: number, k: number): bigint =>
    bitsAt(b.data, (n * blocks * block * bits) / 8, k, bits);
  const zeroBytes = Math.ceil((blocks * bits) / 8);
  const integerZero = (n: number, group: number): bigint =>
    zeros === undefined ? 1n << BigInt(bits - 1) : bitsAt(zeros.data, n * zeroBytes, group, bits);
  const floatZeros = zeros === undefined || zeros.dtype === 'uint8' ? undefined : floatsOf(zeros);
  const weight = (n: number, k: number): number => {
    const given = order === undefined ? Math.floor(k / block) : Number(at(order.data, k));
    const group = given < 0 ? given + blocks : given;
    // An index outside gathers zero bits: a scale of 0.
    if (group < 0 || group >= blocks) return f.kZero;
    const moved =
      floatZeros === undefined
        ? f.wordOfInteger(q(n, k) - integerZero(n, group))
        : f.subtract(f.wordOfInteger(q(n, k)), at(floatZeros, n * blocks + group));
    return f.multiply(moved, at(s, n * blocks + group));
  };
  const rows = sizeOf(a.dims.slice(0, -1));
  const ks = Array.from({ length: inner }, (_, k) => k);
  const data: number[] = [];
  for (let i = 0; i < rows; i += 1) {
    const row = x.slice(i * inner, (i + 1) * inner);
    // accuracy_level 4: a block of the row by its largest magnitude.
    const groups = Array.from({ length: blocks }, (_, group) => {
      const part = row.slice(group * block, (group + 1) * block);
      const most = part.map(f.absolute).reduce(f.maximum, f.kZero);
      const scale = f.divide(most, f.wordOfInteger(127n));
      return { scale, whole: part.map((word) => saturated(f.divide(word, scale), 0n, 'int8')) };
    });
    for (let n = 0; n < columns; n += 1) {
      let y: number;
      if (isExact) {
        const terms = groups.map(({ scale, whole }, group) => {
          const sum = whole.reduce<bigint>(
            (total, value, k) =>
              total + BigInt(value) * (q(n, group * block + k) - integerZero(n, group)),
            0n,
          );
          return f.multiply(f.wordOfInteger(sum), f.multiply(scale, at(s, n * blocks + group)));
        });
        y = f.sumTree(terms);
      } else {
        y = f.dot(
          row,
          ks.map((k) => weight(n, k)),
        );
      }
      data.push(bias === undefined ? y : f.add(y, at(floatsOf(bias), n)));
    }
  }
  const y = tensorOf('float32', [...a.dims.slice(0, -1), columns], data);
  return [castTo(y, a.dtype)];
}

function gatherBlocks(node: OracleNode): OracleTensor[] {
  const [data, indices, scales] = [inputOf(node, 0), inputOf(node, 1), inputOf(node, 2)];
  const zeros = node.inputs[3];
  const bits = intOf(node, 'bits', 4);
  const rank = data.dims.length;
  const gatherAxis = axisOf(intOf(node, 'gather_axis', 0), rank);
  const axis = axisOf(intOf(node, 'quantize_axis', 1), rank);
  const block = intOf(node, 'block_size', 128);
  const width = (at(data.dims, rank - 1) * 8) / bits;
  const dims = [...data.dims.slice(0, -1), width];
  const out = [...dims.slice(0, gatherAxis), ...indices.dims, ...dims.slice(gatherAxis + 1)];
  const words = floatsOf(scales);
  const scaleDims = scales.dims;
  const flat = (index: readonly number[], shape: readonly number[]): number =>
    index.reduce((sum, i, k) => sum * at(shape, k) + i, 0);
  const elements = [...indicesOf(out)].map((index) => {
    const chosen = index.slice(gatherAxis, gatherAxis + indices.dims.length);
    const picked = Number(broadcastAt(indices, chosen));
    const size = at(dims, gatherAxis);
    const inside = picked >= -size && picked < size;
    if (!inside) return undefined;
    const own = [
      ...index.slice(0, gatherAxis),
      picked < 0 ? picked + size : picked,
      ...index.slice(gatherAxis + indices.dims.length),
    ];
    const group = own.map((i, k) => (k === axis ? Math.floor(i / block) : i));
    const q = bitsAt(
      data.data,
      flat(own.slice(0, -1), dims) * at(data.dims, rank - 1),
      at(own, rank - 1),
      bits,
    );
    const zeroWidth = Math.ceil((at(scaleDims, rank - 1) * bits) / 8);
    const zero =
      zeros === undefined
        ? 1n << BigInt(bits - 1)
        : bitsAt(
            zeros.data,
            flat(group.slice(0, -1), scaleDims) * zeroWidth,
            at(group, rank - 1),
            bits,
          );
    return f.multiply(f.wordOfInteger(q - zero), at(words, flat(group, scaleDims)));
  });
  // Indices outside give zero bits of data, scale and zero point: 0 · +0.
  return [
    castTo(
      tensorOf(
        'float32',
        out,
        elements.map((word) => word ?? f.kZero),
      ),
      scales.dtype,
    ),
  ];
}

export const operators: Readonly<Record<string, OracleOperator>> = Object.fromEntries(
  Object.entries<OracleOperator>({
    QLinearAdd: through('Add', [0, 3], 6),
    QLinearMul: through('Mul', [0, 3], 6),
    QLinearSigmoid: through('Sigmoid', [0], 3),
    QLinearLeakyRelu: through('LeakyRelu', [0], 3, ['alpha']),
    QLinearSoftmax: through('Softmax', [0], 3, ['axis']),
    QLinearGlobalAveragePool: pooled('GlobalAveragePool', []),
    QLinearAveragePool: pooled('AveragePool', [
      'auto_pad',
      'ceil_mode',
      'count_include_pad',
      'kernel_shape',
      'pads',
      'strides',
    ]),
    QLinearConcat: concat,
    QLinearWhere: where,
    MatMulNBits: matMulNBits,
    GatherBlockQuantized: gatherBlocks,
  }).map(([name, operator]) => [`com.microsoft:${name}`, operator]),
);
