// If, Loop and Scan: graphs that run once, as often as a condition says, or along an axis. They move values between runs
// of the graphs they carry; every bit is computed by the nodes in there, so a body gives the bits it would give inlined.
import { formatData, type Data, type DataType } from '../core/data.ts';
import type { HostContext, HostOp, HostTypeContext, Subgraph } from '../core/host_op.ts';
import { NEWEST_OPSET } from '../core/op.ts';
import { Tensor } from '../core/tensor.ts';
import { concatenated, emptyOf, sliceOf } from './tensors.ts';

/** The one element of a bool tensor. */
function truth(node: HostContext, what: string, data: Data | undefined): boolean {
  if (data instanceof Tensor && data.dtype === 'bool' && data.size === 1) {
    return data.numbers()[0] === 1;
  }
  throw new TypeError(`${node.opType}: ${what}: expected one bool, got ${formatData(data)}.`);
}

export const If: HostOp = {
  type: 'If',
  opsets: [1, NEWEST_OPSET],
  inputs: [1, 1],
  attributes: { then_branch: { kind: 'graph' }, else_branch: { kind: 'graph' } },
  takes: () => true,
  types(node) {
    const then = node.graphTypes('then_branch');
    const otherwise = node.graphTypes('else_branch');
    return then.map((type, i) => type ?? otherwise[i]);
  },
  choose(known) {
    const condition = known(0);
    if (condition?.dtype !== 'bool' || condition.size !== 1) return undefined;
    return condition.numbers()[0] === 1 ? 'then_branch' : 'else_branch';
  },
  run(node) {
    const isTrue = truth(node, 'cond', node.value(0));
    return node.graph(isTrue ? 'then_branch' : 'else_branch').run([]);
  },
};

const scalar = (value: bigint): Tensor => new Tensor('int64', [value], []);
const bool = (value: boolean): Tensor => new Tensor('bool', [value], []);

const stacked = (type: DataType | undefined): DataType | undefined => type;

export const Loop: HostOp = {
  type: 'Loop',
  opsets: [1, NEWEST_OPSET],
  inputs: [2, 2147483647],
  attributes: { body: { kind: 'graph' } },
  takes: () => true,
  bodyTypes: (node) => [
    { kind: 'tensor', dtype: 'int64' },
    { kind: 'tensor', dtype: 'bool' },
    ...carriedTypes(node, 2, node.inputCount),
  ],
  types(node) {
    const count = node.inputCount - 2;
    const [, ...results] = node.graphTypes('body');
    return results.map((type, i) => (i < count ? type : stacked(type)));
  },
  async run(node) {
    const limit = node.value(0);
    const trips =
      limit instanceof Tensor ? (limit.numbers()[0] ?? 0) : limit === undefined ? Infinity : 0;
    const first = node.value(1);
    let goes = first === undefined || truth(node, 'cond', first);
    const body = node.graph('body');
    const count = node.inputCount - 2;
    let carried = Array.from({ length: count }, (_, i) => given(node, i + 2));
    const scans: Tensor[][] = Array.from({ length: body.outputs - 1 - count }, () => []);
    for (let trip = 0; trip < trips && goes; trip += 1) {
      const [condition, ...results] = await body.run([
        scalar(BigInt(trip)),
        bool(goes),
        ...carried,
      ]);
      goes = truth(node, 'the condition of the body', condition);
      carried = results.slice(0, count);
      results.slice(count).forEach((one, i) => scans[i]?.push(tensorOf(node, one)));
    }
    return [
      ...carried,
      ...scans.map((list, i) =>
        list.length === 0 ? nothingOf(node, body, 1 + count + i) : stack(node, list, 0),
      ),
    ];
  },
};

export const Scan: HostOp = {
  type: 'Scan',
  opsets: [9, NEWEST_OPSET],
  inputs: [1, 2147483647],
  attributes: {
    body: { kind: 'graph' },
    num_scan_inputs: { kind: 'int' },
    scan_input_axes: { kind: 'ints' },
    scan_input_directions: { kind: 'ints' },
    scan_output_axes: { kind: 'ints' },
    scan_output_directions: { kind: 'ints' },
  },
  takes: () => true,
  bodyTypes: (node) => carriedTypes(node, 0, node.inputCount),
  types: (node) => node.graphTypes('body'),
  run: (node) =>
    scan(
      node,
      Array.from({ length: node.inputCount }, (_, i) => node.tensorAt(i)),
    ),
};

/** Scan of opset 8: the first input may give lengths, and everything has a batch in front. */
export const Scan8: HostOp = {
  type: 'Scan',
  opsets: [8, 8],
  inputs: [2, 2147483647],
  attributes: {
    body: { kind: 'graph' },
    num_scan_inputs: { kind: 'int' },
    directions: { kind: 'ints' },
  },
  takes: () => true,
  bodyTypes: (node) => carriedTypes(node, 1, node.inputCount),
  types: (node) => node.graphTypes('body'),
  async run(node) {
    const inputs = Array.from({ length: node.inputCount - 1 }, (_, i) => node.tensorAt(i + 1));
    const lengths = node.value(0);
    const states = inputs.length - node.int('num_scan_inputs');
    const batch = inputs[0]?.dims[0] ?? 0;
    const rows: Tensor[][] = [];
    for (let row = 0; row < batch; row += 1) {
      const length = lengths instanceof Tensor ? lengths.numbers()[row] : undefined;
      const own = inputs.map((one, i) => {
        const item = sliceOf(one, 0, row);
        return i < states || length === undefined ? item : cut(item, length);
      });
      const longest = inputs.at(-1)?.dims[1] ?? 0;
      const results = await scan(node, own, node.ints('directions', []));
      // What a shorter row does not compute is zero bits.
      rows.push(results.map((one, i) => (i < states ? one : padded(one, longest))));
    }
    const count = rows[0]?.length ?? 0;
    return Array.from({ length: count }, (_, i) =>
      stack(
        node,
        rows.flatMap((row) => row[i] ?? []),
        0,
      ),
    );
  },
};

async function scan(
  node: HostContext,
  inputs: readonly Tensor[],
  directions = node.ints('scan_input_directions', []),
): Promise<Tensor[]> {
  const isOld = node.opset < 9;
  const count = node.int('num_scan_inputs');
  const states = inputs.length - count;
  const body = node.graph('body');
  const inputAxes = isOld ? [] : node.ints('scan_input_axes', []);
  const scanned = inputs.slice(states).map((tensor, i) => {
    const axis = axisOf(node, inputAxes[i] ?? 0, tensor.dims.length);
    return { tensor, axis, isBackward: directions[i] === 1 };
  });
  const [first] = scanned;
  const trips = first?.tensor.dims[first.axis] ?? 0;
  for (const { tensor, axis } of scanned) {
    if (tensor.dims[axis] === trips) continue;
    throw new RangeError(
      `${node.opType}: scan inputs differ in length: expected ${trips}, got ${tensor.dims[axis]}.`,
    );
  }
  let carried: readonly Tensor[] = inputs.slice(0, states);
  const scans: Tensor[][] = Array.from({ length: body.outputs - states }, () => []);
  for (let trip = 0; trip < trips; trip += 1) {
    const items = scanned.map(({ tensor, axis, isBackward }) =>
      sliceOf(tensor, axis, isBackward ? trips - 1 - trip : trip),
    );
    const results = (await body.run([...carried, ...items])).map((one) => tensorOf(node, one));
    carried = results.slice(0, states);
    results.slice(states).forEach((one, i) => scans[i]?.push(one));
  }
  const outputAxes = isOld ? [] : node.ints('scan_output_axes', []);
  const outputDirections = isOld ? [] : node.ints('scan_output_directions', []);
  return [
    ...carried,
    ...scans.map((list, i) =>
      stack(node, outputDirections[i] === 1 ? list.toReversed() : list, outputAxes[i] ?? 0),
    ),
  ];
}

function given(node: HostContext, i: number): Data {
  const data = node.value(i);
  if (data !== undefined) return data;
  throw new TypeError(`${node.opType}: input ${i} is missing.`);
}

const carriedTypes = (node: HostTypeContext, from: number, to: number): (DataType | undefined)[] =>
  Array.from({ length: to - from }, (_, i) => node.typeOf(from + i));

function tensorOf(node: HostContext, data: Data | undefined): Tensor {
  if (data instanceof Tensor) return data;
  throw new TypeError(`${node.opType}: a scan output: expected a tensor, got ${formatData(data)}.`);
}

function axisOf(node: HostContext, axis: number, rank: number): number {
  if (axis >= -rank && axis < rank) return axis < 0 ? axis + rank : axis;
  throw new RangeError(
    `${node.opType}: axis out of range: expected ${-rank}..${rank - 1}, got ${axis}.`,
  );
}

/** A scan output of no iterations: its item has the shape that the body declares, 0 where that is open. */
function nothingOf(node: HostContext, body: Subgraph, i: number): Tensor {
  const type = body.outputTypes[i];
  const dims = body.outputDims[i];
  if (type?.kind !== 'tensor' || dims === undefined) {
    throw new RangeError(
      `${node.opType}: a scan output of no iterations has no shape: expected the body to declare it. Run it at least once.`,
    );
  }
  const shape = [0, ...dims.map((dim) => (typeof dim === 'number' ? dim : 0))];
  return new Tensor(type.dtype, emptyOf(type.dtype, 0), shape);
}

/** Tensors of one shape along a new axis. */
function stack(node: HostContext, list: readonly Tensor[], axis: number): Tensor {
  const [first] = list;
  if (first === undefined) {
    throw new RangeError(
      `${node.opType}: a scan output of no iterations has no shape. Run it at least once.`,
    );
  }
  const at = axisOf(node, axis, first.dims.length + 1);
  const dims = [...first.dims.slice(0, at), 1, ...first.dims.slice(at)];
  return concatenated(
    node.opType,
    list.map(
      (one) => new Tensor(one.dtype, one.data, one.size === first.size ? dims : [...one.dims, 1]),
    ),
    at,
  );
}

/** The first `length` items. */
function cut(tensor: Tensor, length: number): Tensor {
  const parts = Array.from({ length }, (_, i) => {
    const one = sliceOf(tensor, 0, i);
    return new Tensor(one.dtype, one.data, [1, ...one.dims]);
  });
  return concatenated('Scan', parts, 0);
}

function padded(tensor: Tensor, length: number): Tensor {
  const [has = 0, ...rest] = tensor.dims;
  if (has >= length) return tensor;
  const bytes = new Uint8Array((tensor.bytes().byteLength / Math.max(has, 1)) * length);
  bytes.set(tensor.bytes());
  return Tensor.ofBytes(tensor.dtype, bytes, [length, ...rest]);
}
