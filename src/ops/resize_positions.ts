// Where Resize reads: for every output index of one axis, the position in the input, and from it the input index
// (nearest) or the input elements and their weights (linear, cubic). Positions and weights are exact rational
// numbers, rounded once, so no machine can differ (V11: ties are decided on the exact position).
import {
  absolute,
  add,
  ceil,
  compare,
  divide,
  exactly,
  floor,
  multiply,
  rational,
  roundToF32,
  subtract,
  type Rational,
} from './rational.ts';

/** One axis of a resize. */
export interface ResizedAxis {
  readonly from: number;
  readonly to: number;
  /** Output elements an input element, exactly. */
  readonly scale: Rational;
  /** Start and end of the region, as parts of the axis (tf_crop_and_resize). */
  readonly region: readonly [Rational, Rational];
}

const HALF = rational(1, 2);
const ZERO = rational(0);
const ONE = rational(1);

const halfPixel = (o: number, scale: Rational): Rational =>
  subtract(divide(add(rational(o), HALF), scale), HALF);

/** The coordinate transformations by their ONNX names. */
export const POSITIONS: Readonly<Record<string, (o: number, axis: ResizedAxis) => Rational>> = {
  half_pixel: (o, { scale }) => halfPixel(o, scale),
  half_pixel_symmetric(o, { from, to, scale }) {
    // The output stands for from * scale elements, of which `to` are whole: the rest is split evenly.
    const adjustment = divide(rational(to), multiply(rational(from), scale));
    const offset = multiply(rational(from, 2), subtract(ONE, adjustment));
    return add(offset, halfPixel(o, scale));
  },
  pytorch_half_pixel: (o, { to, scale }) => (to > 1 ? halfPixel(o, scale) : ZERO),
  align_corners: (o, { from, to }) => (to > 1 ? rational(o * (from - 1), to - 1) : ZERO),
  asymmetric: (o, { scale }) => divide(rational(o), scale),
  tf_half_pixel_for_nn: (o, { scale }) => divide(add(rational(o), HALF), scale),
  tf_crop_and_resize(o, { from, to, region: [start, end] }) {
    const last = rational(from - 1);
    if (to <= 1) return multiply(multiply(HALF, add(start, end)), last);
    return multiply(last, add(start, multiply(subtract(end, start), rational(o, to - 1))));
  },
};

/** Whether an axis is as it was: positions are the elements themselves. */
export function isKept(transform: string, { from, to, scale }: ResizedAxis): boolean {
  const isShifted = transform === 'tf_half_pixel_for_nn' || transform === 'tf_crop_and_resize';
  return from === to && scale.n === scale.d && !isShifted;
}

/** The positions of all elements of an axis. */
export interface Positions {
  readonly count: number;
  at(o: number): Rational;
  /**
   * The element before position `o`, and how far behind it the position is: of `whole` to the next one, or a text, where
   * equal ones are equal distances.
   */
  parts(o: number): readonly [element: number, rest: number | string];
  readonly whole: number;
}

/** @param at one of POSITIONS, on an axis of `count` elements */
export function positionsBy(at: (o: number) => Rational, count: number): Positions {
  const [start, next, end] = [at(0), at(1), at(count - 1)];
  const step = next.n - start.n;
  const isEven = start.d === next.d && start.d === end.d;
  const magnitude = (n: bigint): bigint => (n < 0n ? -n : n);
  const bound = magnitude(start.n) + magnitude(step) * BigInt(count);
  // As every transformation is: a step from one position to the next, in numbers that doubles hold.
  if (isEven && end.n === start.n + step * BigInt(count - 1) && bound + start.d < MOST) {
    const [first, by, d] = [Number(start.n), Number(step), Number(start.d)];
    const parts = (o: number): [number, number] => {
      const n = first + o * by;
      const rest = ((n % d) + d) % d;
      return [(n - rest) / d, rest];
    };
    return { count, at, parts, whole: d };
  }
  const parts = (o: number): [number, string] => {
    const x = at(o);
    const element = floor(x);
    const rest = subtract(x, rational(element));
    return [element, `${rest.n}/${rest.d}`];
  };
  return { count, at, parts, whole: 0 };
}
const MOST = 1n << 52n;
/** Quotients of integers up to here, rounded to double and then to float32, are rounded as if once (Figueroa 1995). */
const ROUNDED_ONCE = 2 ** 24;

/** The nearest modes by their ONNX names. */
export const NEAREST: Readonly<Record<string, (x: Rational) => number>> = {
  round_prefer_floor: (x) => ceil(subtract(x, HALF)),
  round_prefer_ceil: (x) => floor(add(x, HALF)),
  floor,
  ceil,
};

export interface FilterOptions {
  readonly mode: 'linear' | 'cubic';
  /** cubic_coeff_a */
  readonly a: number;
  /** Widen the filter where the axis shrinks. */
  readonly antialias: boolean;
  /** Elements outside the input weigh nothing, instead of repeating the edge. */
  readonly excludeOutside: boolean;
}

/** An input element and its weight, a canonical float32 other than 0. */
export interface Tap {
  readonly index: number;
  readonly weight: number;
}

const square = (x: Rational): Rational => multiply(x, x);

/** The filter at distance x >= 0: the triangle, or Keys' cubic with coefficient a. */
function filterAt(x: Rational, { mode, a }: FilterOptions): Rational {
  if (mode === 'linear') return compare(x, ONE) < 0 ? subtract(ONE, x) : ZERO;
  const coefficient = exactly(a);
  const cube = multiply(square(x), x);
  if (compare(x, ONE) <= 0) {
    // (a + 2) x^3 - (a + 3) x^2 + 1
    const third = multiply(add(coefficient, rational(2)), cube);
    return add(subtract(third, multiply(add(coefficient, rational(3)), square(x))), ONE);
  }
  if (compare(x, rational(2)) >= 0) return ZERO;
  // a (x^3 - 5 x^2 + 8 x - 4)
  const rest = subtract(
    multiply(rational(8), x),
    add(multiply(rational(5), square(x)), rational(4)),
  );
  return multiply(coefficient, add(cube, rest));
}

/**
 * The elements that each position on the axis reads, in ascending order. Far from the edges weights are those of any other
 * position as far behind an element, of which there are few: they are worked out once.
 */
export function tapsOf(positions: Positions, axis: ResizedAxis, options: FilterOptions): Tap[][] {
  const most = options.mode === 'linear' ? 1 : 2;
  const shrinks = options.antialias && compare(axis.scale, ONE) < 0;
  const reach = shrinks ? ceil(divide(rational(most), axis.scale)) : most;
  const known = new Map<number | string, readonly Tap[]>();
  const { whole } = positions;
  const isLine = options.mode === 'linear' && !shrinks && whole <= ROUNDED_ONCE;
  return Array.from({ length: positions.count }, (_, o) => {
    const [first, rest] = positions.parts(o);
    if (first < reach || first + reach + 1 >= axis.from)
      return tapsAt(positions.at(o), axis, options);
    if (isLine && typeof rest === 'number' && rest > 0) {
      const [before, behind] = [(whole - rest) / whole, rest / whole].map(Math.fround);
      return [
        { index: first, weight: before ?? 0 },
        { index: first + 1, weight: behind ?? 0 },
      ];
    }
    let taps = known.get(rest);
    if (taps === undefined) {
      const own = tapsAt(positions.at(o), axis, options);
      known.set(rest, (taps = own.map((tap) => ({ ...tap, index: tap.index - first }))));
    }
    return taps.map(({ index, weight }) => ({ index: index + first, weight }));
  });
}

/** The elements that a position reads, in ascending order. */
function tapsAt(x: Rational, axis: ResizedAxis, options: FilterOptions): Tap[] {
  const shrinks = options.antialias && compare(axis.scale, ONE) < 0;
  // An element itself: every filter is 1 there and 0 at its neighbours.
  if (!shrinks && x.n % x.d === 0n) {
    const index = Number(x.n / x.d);
    if (index >= 0 && index < axis.from) return [{ index, weight: 1 }];
  }
  const squeeze = shrinks ? axis.scale : ONE;
  const reach = divide(rational(options.mode === 'linear' ? 1 : 2), squeeze);
  const weights = new Map<number, Rational>();
  let sum = ZERO;
  for (let i = ceil(subtract(x, reach)); i <= floor(add(x, reach)); i += 1) {
    const weight = filterAt(multiply(absolute(subtract(rational(i), x)), squeeze), options);
    if (weight.n === 0n) continue;
    if (options.excludeOutside && (i < 0 || i >= axis.from)) continue;
    // Beyond the edge the edge is repeated: its weights add up before they are rounded.
    const index = Math.min(Math.max(i, 0), axis.from - 1);
    weights.set(index, add(weights.get(index) ?? ZERO, weight));
    sum = add(sum, weight);
  }
  const normalize = shrinks || options.excludeOutside;
  return [...weights]
    .sort(([i], [j]) => i - j)
    .map(([index, weight]) => ({
      index,
      weight: roundToF32(normalize && sum.n !== 0n ? divide(weight, sum) : weight),
    }))
    .filter((tap) => tap.weight !== 0);
}
