// Operators that keep every element in its place in memory and change at most the shape: bits are copied (V1).
import { listInput, renamed } from '../layout.ts';
import { at, axisOf, inputOf, intOf, intsOf, sizeOf } from '../node.ts';
import type { OracleNode, OracleOperator, OracleTensor } from '../types.ts';
import { dropout as training } from './random.ts';

function reshape(node: OracleNode): OracleTensor[] {
  const x = inputOf(node, 0);
  const wanted = listInput(node, 1) ?? intsOf(node, 'shape') ?? [];
  const keepZero = intOf(node, 'allowzero', 0) === 1;
  const dims = wanted.map((dim, axis) => (dim === 0 && !keepZero ? at(x.dims, axis) : dim));
  const others = sizeOf(dims.filter((dim) => dim !== -1));
  return [
    renamed(
      x,
      dims.map((dim) => (dim === -1 ? (others === 0 ? 0 : sizeOf(x.dims) / others) : dim)),
    ),
  ];
}

function flatten(node: OracleNode): OracleTensor[] {
  const x = inputOf(node, 0);
  const axis = intOf(node, 'axis', 1);
  const split = axis < 0 ? axis + x.dims.length : axis;
  return [renamed(x, [sizeOf(x.dims.slice(0, split)), sizeOf(x.dims.slice(split))])];
}

function squeeze(node: OracleNode): OracleTensor[] {
  const x = inputOf(node, 0);
  const axes = (listInput(node, 1) ?? intsOf(node, 'axes'))?.map((axis) =>
    axisOf(axis, x.dims.length),
  );
  const drops = (dim: number, axis: number): boolean =>
    axes === undefined ? dim === 1 : axes.includes(axis);
  return [
    renamed(
      x,
      x.dims.filter((dim, axis) => !drops(dim, axis)),
    ),
  ];
}

function unsqueeze(node: OracleNode): OracleTensor[] {
  const x = inputOf(node, 0);
  const list = listInput(node, 1) ?? intsOf(node, 'axes') ?? [];
  const rank = x.dims.length + list.length;
  const axes = new Set(list.map((axis) => axisOf(axis, rank)));
  const rest = [...x.dims];
  return [
    renamed(
      x,
      Array.from({ length: rank }, (_, axis) => (axes.has(axis) ? 1 : (rest.shift() ?? 1))),
    ),
  ];
}

/** In inference nothing is dropped; the mask, where it is asked for, keeps everything. */
function dropout(node: OracleNode): OracleTensor[] {
  const x = inputOf(node, 0);
  const old = node.opset < 7 && intOf(node, 'is_test', 0) === 0;
  if (old || Number(node.inputs[2]?.data[0] ?? 0) !== 0) return training(node);
  if (node.outputs < 2) return [x];
  if (node.opset < 10) throw new RangeError('oracle: Dropout: a mask before opset 10 is not bool.');
  return [x, { dtype: 'bool', dims: x.dims, data: x.data.map(() => 1) }];
}

function shape(node: OracleNode): OracleTensor[] {
  const { dims } = inputOf(node, 0);
  const bound = (value: number): number =>
    Math.min(dims.length, Math.max(0, value < 0 ? value + dims.length : value));
  const start = bound(intOf(node, 'start', 0));
  const end = bound(intOf(node, 'end', dims.length));
  const list = dims.slice(start, Math.max(start, end)).map(BigInt);
  return [{ dtype: 'int64', dims: [list.length], data: list }];
}

const size = (node: OracleNode): OracleTensor[] => [
  { dtype: 'int64', dims: [], data: [BigInt(sizeOf(inputOf(node, 0).dims))] },
];

export const operators: Readonly<Record<string, OracleOperator>> = {
  Reshape: reshape,
  Flatten: flatten,
  Squeeze: squeeze,
  Unsqueeze: unsqueeze,
  Identity: (node) => [inputOf(node, 0)],
  Dropout: dropout,
  Shape: shape,
  Size: size,
};
