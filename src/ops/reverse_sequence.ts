// ReverseSequence: the first items of each row backwards, as a composition: positions, and a gather by them (V7).
import { NEWEST_OPSET, type OpDef } from '../core/op.ts';
import { formatShape, sameShape } from '../core/shape.ts';

export const ReverseSequence: OpDef = {
  type: 'ReverseSequence',
  opsets: [10, NEWEST_OPSET],
  inputs: [2, 2],
  attributes: {
    batch_axis: { kind: 'int', oneOf: [0, 1] },
    time_axis: { kind: 'int', oneOf: [0, 1] },
  },
  dtypes(node) {
    const lengths = node.dtypeOf(1) ?? '';
    if (lengths !== 'int64') {
      throw new TypeError(`ReverseSequence: sequence_lens: expected int64, got ${lengths}.`);
    }
    const dtype = node.dtypeOf(0);
    return dtype === undefined ? [] : [dtype];
  },
  infer(node) {
    const { dims } = node.input(0);
    const batch = node.int('batch_axis', 1);
    const time = node.int('time_axis', 0);
    if (batch === time) {
      throw new RangeError(`ReverseSequence: expected two different axes, got ${batch} twice.`);
    }
    if (dims.length < 2 || node.input(1).dims.join() !== String(dims[batch])) {
      throw new RangeError(
        `ReverseSequence: expected one length for each of ${dims[batch] ?? 0} rows, got ${formatShape(node.input(1).dims)} for ${formatShape(dims)}.`,
      );
    }
    return [dims];
  },
  lower(node) {
    const [data, lengths, out] = [node.input(0), node.input(1), node.output(0)];
    const { dims } = data;
    const time = node.int('time_axis', 0);
    const size = dims[time] ?? 0;
    const int32 = (at: readonly number[], values: readonly number[]): typeof data =>
      node.constantValue('int32', at, Int32Array.from(values));
    const bound = (value: number): typeof data =>
      node.constantValue('int64', [], BigInt64Array.of(BigInt(value)));
    // Cut to the axis, so that positions lie within it; as 32-bit integers, which the shaders have.
    const [positive] = node.call('Max', [lengths, bound(0)]);
    const [cut] = node.call('Min', [positive, bound(size)]);
    const [narrow] = node.call('Cast', [cut], { attributes: { to: 6 } });
    if (narrow === undefined) throw new Error('ReverseSequence: Cast has no output.');
    const row = node.temp('int32', time === 0 ? [1, dims[1] ?? 0] : [dims[0] ?? 0, 1]);
    node.alias(row, narrow);
    const axis = time === 0 ? [size, 1] : [1, size];
    const places = int32(
      axis,
      Array.from({ length: size }, (_, i) => i),
    );
    const [isInside] = node.call('Less', [places, row]);
    const [last] = node.call('Sub', [row, int32([], [1])]);
    const [mirrored] = node.call('Sub', [last, places]);
    const [from] = node.call('Where', [isInside, mirrored, places]);
    if (from === undefined) throw new Error('ReverseSequence: Where has no output.');
    const aligned = node.temp('int32', [...from.dims, ...dims.slice(2).map(() => 1)]);
    node.alias(aligned, from);
    const shape = node.constantValue('int64', [dims.length], BigInt64Array.from(dims, BigInt));
    const [index] = sameShape(dims, aligned.dims)
      ? [aligned]
      : node.call('Expand', [aligned, shape]);
    node.call('GatherElements', [data, index], { attributes: { axis: time }, to: out });
  },
};
