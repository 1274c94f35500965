// Resize and Upsample: positions and weights as exact fractions of the sizes and the f32 scales or roi; a weight is
// rounded once, the value is the V2 products and sums of docs/NUMERICS.md, an axis at a time, the last first.
import * as f from '../float.ts';
import { elementAt, listInput, tensorBy, type Element } from '../layout.ts';
import {
  at,
  axisOf,
  floatOf,
  indicesOf,
  inputOf,
  intOf,
  intsOf,
  stringOf,
  tensorOf,
} from '../node.ts';
import * as r from '../rational.ts';
import type { OracleNode, OracleOperator, OracleTensor } from '../types.ts';

interface Axis {
  readonly size: number;
  readonly out: number;
  readonly scale: f.Rational;
  /** The crop of tf_crop_and_resize. */
  readonly start: f.Rational;
  readonly end: f.Rational;
}

const { kNought, kHalf, kUnity } = r;

/** Words of an input that is there and has any. */
function wordsAt(node: OracleNode, i: number): f.Rational[] | undefined {
  const input = node.inputs[i];
  if (input === undefined || input.data.length === 0) return undefined;
  return input.data.map((word) => f.valueOf(Number(word)));
}

/** The scales: an input, or Upsample's attribute of opset 7. */
function scalesOf(node: OracleNode): { exact: f.Rational[]; words: number[] } | undefined {
  const input = node.inputs[node.opType === 'Upsample' || node.opset < 11 ? 1 : 2];
  const found = node.attributes.get('scales');
  const words =
    input !== undefined ? input.data.map(Number) : found?.type === 'floats' ? [...found.bits] : [];
  return words.length === 0 ? undefined : { exact: words.map(f.valueOf), words };
}

function axesOf(node: OracleNode): Axis[] {
  const { dims } = inputOf(node, 0);
  const rank = dims.length;
  const which = (intsOf(node, 'axes') ?? dims.map((_, axis) => axis)).map((axis) =>
    axisOf(axis, rank),
  );
  const crop = stringOf(node, 'coordinate_transformation_mode', '') === 'tf_crop_and_resize';
  const roi = node.opset < 11 ? undefined : wordsAt(node, 1);
  const axes: Axis[] = dims.map((size) => ({
    size,
    out: size,
    scale: kUnity,
    start: kNought,
    end: kUnity,
  }));
  const scales = scalesOf(node);
  const sizes = node.opset < 11 ? undefined : listInput(node, 3);
  const ratios = sizes?.map((size, i) => r.rational(size, at(dims, at(which, i))));
  const policy = stringOf(node, 'keep_aspect_ratio_policy', 'stretch');
  const common =
    policy === 'stretch'
      ? undefined
      : ratios?.reduce((a, b) => (r.isLess(b, a) === (policy === 'not_larger') ? b : a));
  which.forEach((axis, i) => {
    const size = at(dims, axis);
    const start = crop && roi !== undefined ? at(roi, i) : kNought;
    const end = crop && roi !== undefined ? at(roi, i + which.length) : kUnity;
    if (scales !== undefined) {
      const scale = at(scales.exact, i);
      const length = crop
        ? r.times(r.times(r.rational(size), scale), r.minus(end, start))
        : f.valueOf(f.multiply(f.wordOfInteger(BigInt(size)), at(scales.words, i)));
      axes[axis] = { size, out: Number(f.floorOf(length)), scale, start, end };
      return;
    }
    if (sizes === undefined || ratios === undefined) throw new TypeError('Resize: no sizes.');
    const scale = common ?? at(ratios, i);
    const out =
      common === undefined
        ? at(sizes, i)
        : Number(f.floorOf(r.plus(r.times(r.rational(size), common), kHalf)));
    axes[axis] = { size, out, scale, start, end };
  });
  return axes;
}

/** ONNX's formula: the place in the input of output index o. */
function positionOf(mode: string, { size, out, scale, start, end }: Axis, o: number): f.Rational {
  const centre = r.plus(r.rational(o), kHalf);
  const halfPixel = r.minus(r.over(centre, scale), kHalf);
  switch (mode) {
    case 'half_pixel':
      return halfPixel;
    case 'pytorch_half_pixel':
      return out > 1 ? halfPixel : kNought;
    case 'asymmetric':
      return r.over(r.rational(o), scale);
    case 'tf_half_pixel_for_nn':
      return r.over(centre, scale);
    case 'align_corners':
      return out === 1 ? kNought : r.rational(o * (size - 1), out - 1);
    case 'half_pixel_symmetric': {
      const adjustment = r.over(r.rational(out), r.times(scale, r.rational(size)));
      const offset = r.times(r.rational(size, 2), r.minus(kUnity, adjustment));
      return r.plus(offset, halfPixel);
    }
    case 'tf_crop_and_resize': {
      const last = r.rational(size - 1);
      if (out <= 1) return r.times(r.times(kHalf, r.plus(start, end)), last);
      const step = r.over(r.times(r.minus(end, start), last), r.rational(out - 1));
      return r.plus(r.times(start, last), r.times(r.rational(o), step));
    }
    default:
      throw new RangeError(`Resize: unknown mode ${mode}.`);
  }
}

function nearestOf(mode: string, old: boolean, axis: Axis, x: f.Rational): number {
  const rounded = (): bigint => {
    if (old) return r.isLess(axis.scale, kUnity) ? r.ceilingOf(x) : f.floorOf(x);
    switch (mode) {
      case 'floor':
        return f.floorOf(x);
      case 'ceil':
        return r.ceilingOf(x);
      case 'round_prefer_ceil':
        return f.floorOf(r.plus(x, kHalf));
      default:
        return r.ceilingOf(r.minus(x, kHalf));
    }
  };
  return Math.min(axis.size - 1, Math.max(0, Number(rounded())));
}

/** The triangle max(0, 1 − d). */
const triangle = (d: f.Rational): f.Rational =>
  r.isLess(d, kUnity) ? r.minus(kUnity, d) : kNought;

/** Keys' cubic: (a + 2) d³ − (a + 3) d² + 1 up to 1, a d³ − 5a d² + 8a d − 4a up to 2. */
function cubic(a: f.Rational, d: f.Rational): f.Rational {
  const polynomial = (...coefficients: f.Rational[]): f.Rational =>
    coefficients.reduce((sum, c) => r.plus(r.times(sum, d), c));
  const multiple = (n: number): f.Rational => r.times(a, r.rational(n));
  if (!r.isLess(kUnity, d)) {
    return polynomial(r.plus(a, r.rational(2)), r.minus(r.rational(-3), a), kNought, kUnity);
  }
  if (!r.isLess(d, r.rational(2))) return kNought;
  return polynomial(a, multiple(-5), multiple(8), multiple(-4));
}

interface Term {
  readonly from: number;
  readonly weight: number;
}

/** The elements of one output with their stored weights, in ascending order, zeros left out. */
function termsAt(node: OracleNode, axis: Axis, x: f.Rational): Term[] {
  const isCubic = stringOf(node, 'mode', 'nearest') === 'cubic';
  const a = f.valueOf(floatOf(node, 'cubic_coeff_a', f.roundRational(-3n, 4n)));
  const shrinks = intOf(node, 'antialias', 0) !== 0 && r.isLess(axis.scale, kUnity);
  const s = shrinks ? axis.scale : kUnity;
  const outside = intOf(node, 'exclude_outside', 0) !== 0;
  const reach = r.over(r.rational(isCubic ? 2 : 1), s);
  const weights = new Map<number, f.Rational>();
  const last = Number(r.ceilingOf(r.plus(x, reach)));
  for (let i = Number(f.floorOf(r.minus(x, reach))); i <= last; i += 1) {
    const inside = Math.min(axis.size - 1, Math.max(0, i));
    if (outside && inside !== i) continue;
    const d = r.times(s, r.magnitudeOfRational(r.minus(r.rational(i), x)));
    const weight = isCubic ? cubic(a, d) : triangle(d);
    weights.set(inside, r.plus(weights.get(inside) ?? kNought, weight));
  }
  const total = [...weights.values()].reduce(r.plus, kNought);
  const divided = (shrinks || outside) && total.num !== 0n;
  return [...weights]
    .sort(([i], [k]) => i - k)
    .map(([from, weight]) => {
      const { num, den } = divided ? r.over(weight, total) : weight;
      return { from, weight: f.storeRational(num, den) };
    })
    .filter(({ weight }) => weight !== f.kZero);
}

/** One axis of a float32 tensor resized by interpolation. */
function interpolated(
  x: OracleTensor,
  which: number,
  terms: readonly (readonly Term[])[],
): OracleTensor {
  const dims = x.dims.map((size, axis) => (axis === which ? terms.length : size));
  return tensorBy('float32', dims, (index) =>
    at(terms, at(index, which)).reduce((sum, { from, weight }) => {
      const element = elementAt(
        x,
        index.map((i, axis) => (axis === which ? from : i)),
      );
      return f.add(sum, f.multiply(Number(element), weight));
    }, f.kZero),
  );
}

function resize(node: OracleNode): OracleTensor[] {
  const x = inputOf(node, 0);
  const old = node.opType === 'Upsample' || node.opset < 11;
  const axes = axesOf(node);
  const coordinates = old
    ? 'asymmetric'
    : stringOf(node, 'coordinate_transformation_mode', 'half_pixel');
  const positions = axes.map((axis) =>
    Array.from({ length: axis.out }, (_, o) => positionOf(coordinates, axis, o)),
  );
  const dims = axes.map((axis) => axis.out);
  let result: OracleTensor;
  if (stringOf(node, 'mode', 'nearest') === 'nearest') {
    const mode = stringOf(node, 'nearest_mode', 'round_prefer_floor');
    const sources = axes.map((axis, k) =>
      at(positions, k).map((p) => nearestOf(mode, old, axis, p)),
    );
    result = tensorBy(x.dtype, dims, (index) =>
      elementAt(
        x,
        index.map((o, k) => at(at(sources, k), o)),
      ),
    );
  } else {
    result = x;
    for (let k = axes.length - 1; k >= 0; k -= 1) {
      const axis = at(axes, k);
      const terms = at(positions, k).map((p) => termsAt(node, axis, p));
      const same =
        axis.size === axis.out &&
        terms.every(
          (list, o) => list.length === 1 && list[0]?.from === o && list[0].weight === f.kOne,
        );
      if (!same) result = interpolated(result, k, terms);
    }
  }
  if (coordinates !== 'tf_crop_and_resize') return [result];
  const extrapolation: Element = floatOf(node, 'extrapolation_value', f.kZero);
  const outside = axes.map((axis, k) =>
    at(positions, k).map((p) => p.num < 0n || r.isLess(r.rational(axis.size - 1), p)),
  );
  const data = [...indicesOf(dims)].map((index, i) =>
    index.some((o, k) => at(at(outside, k), o)) ? extrapolation : at(result.data, i),
  );
  return [tensorOf(x.dtype, dims, data)];
}

export const operators: Readonly<Record<string, OracleOperator>> = {
  Resize: resize,
  Upsample: resize,
};
