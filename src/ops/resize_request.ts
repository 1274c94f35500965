// What a Resize or Upsample node asks for, whatever its opset: every axis with its sizes, scale and region, as exact numbers.
// Refuses what contradicts itself. Not here: positions (resize_positions.ts), what is computed (resize.ts).
import type { ShapeContext } from '../core/op.ts';
import { formatShape } from '../core/shape.ts';
import { knownIntegers, normalizeAxes } from './known.ts';
import { add, compare, exactly, floor, multiply, rational, type Rational } from './rational.ts';
import type { ResizedAxis } from './resize_positions.ts';

/** What a node asks for, whatever its opset. */
interface Request {
  readonly axes: readonly number[];
  readonly scales?: readonly number[];
  readonly sizes?: readonly number[];
  readonly roi?: readonly number[];
}

function floatsOf(node: ShapeContext, i: number, what: string): number[] | undefined {
  if (node.optional(i) === undefined) return undefined;
  const list = Array.from<number | bigint, number>(node.known(i, what), Number);
  return list.length === 0 ? undefined : list; // an empty tensor stands for an absent one
}

function requestOf(node: ShapeContext): Request {
  const rank = node.input(0).dims.length;
  const axes = normalizeAxes(
    node.opType,
    node.ints(
      'axes',
      Array.from({ length: rank }, (_, axis) => axis),
    ),
    rank,
  );
  const isOld = node.opType === 'Upsample' || node.opset < 11;
  const hasSizes = !isOld && node.optional(3) !== undefined;
  const sizes = hasSizes ? knownIntegers(node, 3, 'sizes') : [];
  const scales = isOld
    ? (floatsOf(node, 1, 'scales') ?? (node.has('scales') ? node.floats('scales') : undefined))
    : floatsOf(node, 2, 'scales');
  const roi = isOld || !isCropped(node) ? undefined : floatsOf(node, 1, 'roi');
  if ((scales === undefined) === (sizes.length === 0)) {
    throw new TypeError(
      `${node.opType}: expected either scales or sizes, got ${scales === undefined ? 'neither' : 'both'}. Give one of them.`,
    );
  }
  if (
    (scales ?? sizes).length !== axes.length ||
    (roi !== undefined && roi.length !== 2 * axes.length)
  ) {
    throw new RangeError(
      `${node.opType}: lists differ in length: expected ${axes.length} for the axes of ${formatShape(node.input(0).dims)}, got [${(scales ?? sizes).join(', ')}]. Correct them.`,
    );
  }
  for (const one of scales ?? sizes) {
    if (!(one > 0 && Number.isFinite(one))) {
      throw new RangeError(
        `${node.opType}: scale or size: expected more than 0, got ${one}. Correct it.`,
      );
    }
  }
  if (isCropped(node) && roi === undefined) {
    throw new TypeError(
      'Resize: roi is missing: expected it for tf_crop_and_resize. Connect input 1.',
    );
  }
  return {
    axes,
    ...(scales === undefined ? { sizes } : { scales }),
    ...(roi === undefined ? {} : { roi }),
  };
}

/** The name of how positions are found. */
export const transformOf = (node: ShapeContext): string =>
  node.opType === 'Upsample' || node.opset < 11
    ? 'asymmetric'
    : node.string('coordinate_transformation_mode', 'half_pixel');
/** Whether the input's region is resized, and what lies outside has a value of its own. */
export const isCropped = (node: ShapeContext): boolean =>
  transformOf(node) === 'tf_crop_and_resize';

/** Every axis of the input; axes that are not resized have scale 1. */
export function resizedAxes(node: ShapeContext): ResizedAxis[] {
  const { axes, scales, sizes, roi } = requestOf(node);
  const { dims } = node.input(0);
  const region = (k: number): readonly [Rational, Rational] =>
    roi === undefined
      ? [rational(0), rational(1)]
      : [exactly(roi[k] ?? 0), exactly(roi[k + axes.length] ?? 1)];
  const result: ResizedAxis[] = dims.map((dim) => ({
    from: dim,
    to: dim,
    scale: rational(1),
    region: [rational(0), rational(1)],
  }));
  const policy = node.string('keep_aspect_ratio_policy', 'stretch');
  let common: Rational | undefined;
  if (sizes !== undefined && policy !== 'stretch') {
    for (const [k, axis] of axes.entries()) {
      const scale = rational(sizes[k] ?? 1, Math.max(1, dims[axis] ?? 1));
      const order = common === undefined ? 0 : compare(scale, common);
      if (common === undefined || (policy === 'not_larger' ? order < 0 : order > 0)) common = scale;
    }
  }
  axes.forEach((axis, k) => {
    const from = dims[axis] ?? 0;
    const given = scales?.[k];
    const own = sizes?.[k] ?? 1;
    if (given !== undefined) {
      // As exporters compute it: the float32 product of size and scale, rounded down.
      const [start, end] = region(k);
      const part = isCropped(node)
        ? multiply(exactly(given), add(end, multiply(rational(-1), start)))
        : undefined;
      const to =
        part === undefined
          ? Math.floor(Math.fround(from * given))
          : floor(multiply(rational(from), part));
      result[axis] = { from, to, scale: exactly(given), region: region(k) };
    } else if (common !== undefined) {
      const to = floor(add(multiply(rational(from), common), rational(1, 2)));
      result[axis] = { from, to, scale: common, region: region(k) };
    } else {
      result[axis] = { from, to: own, scale: rational(own, Math.max(1, from)), region: region(k) };
    }
  });
  return result;
}
