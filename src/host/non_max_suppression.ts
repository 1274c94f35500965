// NonMaxSuppression: boxes by score, those dropped that overlap a chosen one too much. Every f32 step is one V2 operation in
// the order written here and in NUMERICS.md; boxes of equal scores go by index (V11).
import type { HostContext, HostOp } from '../core/host_op.ts';
import { NEWEST_OPSET } from '../core/op.ts';
import { formatShape } from '../core/shape.ts';
import { Tensor } from '../core/tensor.ts';
import { add, canonical, divide, greatest, least, multiply, subtract } from './f32.ts';

/** Low and high corner on both axes, and the area. */
interface Box {
  readonly low: readonly [number, number];
  readonly high: readonly [number, number];
  readonly area: number;
}

/** @param four [y1, x1, y2, x2] of any two opposite corners, or [x, y, width, height] with the centre */
function boxOf(four: ArrayLike<number>, isCentre: boolean): Box {
  const [a = 0, b = 0, c = 0, d = 0] = Array.from(four);
  const ends = (x: number, y: number): readonly [number, number] => {
    if (!isCentre) return [least(x, y), greatest(x, y)];
    const half = divide(y, 2);
    return [subtract(x, half), add(x, half)];
  };
  const [low0, high0] = ends(a, c);
  const [low1, high1] = ends(b, d);
  const area = multiply(subtract(high0, low0), subtract(high1, low1));
  return { low: [low0, low1], high: [high0, high1], area };
}

/** Intersection over union; NaN, and so over no threshold, for two boxes without area. */
function overlap(a: Box, b: Box): number {
  const side = (axis: 0 | 1): number =>
    greatest(0, subtract(least(a.high[axis], b.high[axis]), greatest(a.low[axis], b.low[axis])));
  const common = multiply(side(0), side(1));
  return divide(common, subtract(add(a.area, b.area), common));
}

function numberAt(node: HostContext, i: number): number | undefined {
  if (node.value(i) === undefined) return undefined;
  const tensor = node.tensorAt(i);
  const [value] = tensor.numbers();
  if (value !== undefined && tensor.size === 1) return value;
  throw new RangeError(
    `NonMaxSuppression: input ${i}: expected one number, got ${formatShape(tensor.dims)}.`,
  );
}

export const NonMaxSuppression: HostOp = {
  type: 'NonMaxSuppression',
  opsets: [10, NEWEST_OPSET],
  inputs: [2, 5],
  attributes: { center_point_box: { kind: 'int', oneOf: [0, 1] } },
  types(node) {
    for (const i of [0, 1, 3, 4]) {
      const dtype = node.dtypeOf(i) ?? 'float32';
      if (dtype !== 'float32') {
        throw new TypeError(`NonMaxSuppression: input ${i}: expected float32, got ${dtype}.`);
      }
    }
    return [{ kind: 'tensor', dtype: 'int64' }];
  },
  run(node) {
    const boxes = node.tensorAt(0);
    const scores = node.tensorAt(1);
    const [batches = 0, count = 0, four] = boxes.dims;
    const [scoreBatches, classes = 0, scoreCount] = scores.dims;
    if (
      boxes.dims.length !== 3 ||
      four !== 4 ||
      scores.dims.length !== 3 ||
      scoreBatches !== batches ||
      scoreCount !== count
    ) {
      throw new RangeError(
        `NonMaxSuppression: expected boxes [n, count, 4] and scores [n, classes, count], got ${formatShape(boxes.dims)} and ${formatShape(scores.dims)}.`,
      );
    }
    const most = numberAt(node, 2) ?? 0;
    const limit = canonical(numberAt(node, 3) ?? 0);
    const lowest = numberAt(node, 4);
    const coordinates = boxes.numbers();
    const isCentre = node.int('center_point_box', 0) === 1;
    const values = scores.numbers().map(canonical);
    const chosen: number[] = [];
    for (let n = 0; n < batches; n += 1) {
      const own = Array.from({ length: count }, (_, i) => {
        const from = (n * count + i) * 4;
        return boxOf(coordinates.slice(from, from + 4), isCentre);
      });
      for (let k = 0; k < classes; k += 1) {
        const from = (n * classes + k) * count;
        const row = values.slice(from, from + count);
        for (const i of select(own, row, { most, limit, lowest })) chosen.push(n, k, i);
      }
    }
    return [new Tensor('int64', BigInt64Array.from(chosen, BigInt), [chosen.length / 3, 3])];
  },
};

/** The boxes of one class that stay, in order. A NaN is no score: such a box is over no threshold, and last without one. */
function select(
  boxes: readonly Box[],
  scores: readonly number[],
  { most, limit, lowest }: { most: number; limit: number; lowest: number | undefined },
): number[] {
  const rank = (i: number): number => {
    const score = scores[i] ?? 0;
    return Number.isNaN(score) ? -Infinity : score;
  };
  const order = boxes
    .map((_, i) => i)
    .filter((i) => lowest === undefined || (scores[i] ?? 0) > canonical(lowest))
    .sort((a, b) => (rank(a) === rank(b) ? a - b : rank(b) - rank(a) > 0 ? 1 : -1));
  const kept: number[] = [];
  for (const i of order) {
    if (kept.length >= most) break;
    const box = boxes[i];
    if (box === undefined) continue;
    const isCovered = kept.some((k) => {
      const other = boxes[k];
      return other !== undefined && overlap(box, other) > limit;
    });
    if (!isCovered) kept.push(i);
  }
  return kept;
}
