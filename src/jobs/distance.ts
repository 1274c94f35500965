// How far two tensors of one type and shape lie apart: in units in the last place for floats, by differences for integers,
// by equality for everything else. The ulp distance of two floats is the number of steps from one to the other over the
// values that the type can represent: bit patterns are mapped to integers in the order of their values, with +0 and -0 on
// 0 (Goldberg, "What every computer scientist should know about floating-point arithmetic", 1991; Dawson, "Comparing
// floating point numbers, 2012 edition"). A NaN or an infinity beside anything else has no distance and is counted apart.
// It is for foreign results only: our own paths are compared bit by bit (src/compare.ts).

/** What an element may be apart: within where |guest - ours| <= atol + rtol |ours|, or where it is at most `ulp` steps. */
export interface CompareTolerance {
  rtol: number;
  atol: number;
  /** Steps of a float, and of integers of 8 bits, which are quantised values. Other integers must be equal. */
  ulp: number;
}

/** An element of both sides, as text. */
export interface ElementPair {
  index: number;
  ours: string;
  guest: string;
}

/** Two tensors, element by element. */
export interface Distances {
  dtype: string;
  dims: number[];
  size: number;
  /** Elements whose values differ: not zeros of another sign, and not NaNs with another payload. */
  differing: number;
  /** Zeros of another sign: distance 0, other bits. */
  zeros: number;
  /** One of the two is a NaN. */
  nan: number;
  /** One of the two is an infinity, or they are two of another sign. */
  infinite: number;
  /** Of floats: elements by their distance, 0, 1, 2-3, 4-7, … as far as there are any; those with one only. */
  ulps: number[] | null;
  /** The largest distance; exact below 2^53, and null without floats. */
  max_ulp: number | null;
  /** The largest |guest - ours| of elements that have one; null for strings. */
  max_abs: number | null;
  /** The largest |guest - ours| / |ours| where ours is not 0; of floats. */
  max_rel: number | null;
  /** Elements that are not within the tolerance. */
  beyond: number;
  /**
   * How many tolerances the worst element is away: 1 is at the limit. null where one has no such number: a NaN or an
   * infinity beside another value, an integer that must be equal, a string.
   */
  ratio: number | null;
  /** The first element that is not within, else the first that differs. */
  first: ElementPair | null;
}

interface Layout {
  bytes: number;
  fraction: number;
}

/** The IEEE 754 formats among ONNX's types, and bfloat16: sign, exponent, fraction. */
const FLOATS: Readonly<Record<string, Layout>> = {
  float16: { bytes: 2, fraction: 10 },
  bfloat16: { bytes: 2, fraction: 7 },
  float32: { bytes: 4, fraction: 23 },
  float64: { bytes: 8, fraction: 52 },
};

/** Bytes of an element of the types that are no such floats. */
const INTEGERS: Readonly<Record<string, number>> = {
  ...{ int8: 1, uint8: 1, bool: 1, int16: 2, uint16: 2, int32: 4, uint32: 4, int64: 8, uint64: 8 },
};

/** Whether elements of this type can be compared here. */
export const isComparable = (dtype: string): boolean =>
  dtype in FLOATS || dtype in INTEGERS || dtype === 'string';

/** The place of a distance in a histogram: 0 for 0, else 1 + floor(log2(distance)). */
export function binOf(distance: number | bigint): number {
  return distance === 0 || distance === 0n ? 0 : BigInt(distance).toString(2).length;
}

/** The distances that are counted in a place: `0`, `1`, `2-3`, `4-7` … */
export function binLabel(bin: number): string {
  if (bin < 2) return String(bin);
  const short = (value: number): string => (value < 1e5 ? String(value) : value.toExponential(1));
  return `${short(2 ** (bin - 1))}-${short(2 ** bin - 1)}`;
}

const scratch = new DataView(new ArrayBuffer(8));

/** The value of a pattern of 16 bits with that many of fraction: it is widened to float32, exactly. */
function halfValue(bits: number, fraction: number): number {
  if (fraction === 7) {
    scratch.setUint32(0, bits * 0x10000);
    return scratch.getFloat32(0);
  }
  const [exponent, digits] = [(bits >>> 10) & 31, bits & 1023];
  const magnitude =
    exponent === 31
      ? digits === 0
        ? Infinity
        : NaN
      : exponent === 0
        ? digits * 2 ** -24
        : (1024 + digits) * 2 ** (exponent - 25);
  return bits >= 0x8000 ? -magnitude : magnitude;
}

/** A float's place in the order of all values of its type, from a pattern of at most 32 bits; both zeros are 0. */
function rank(bits: number, width: 16 | 32): number {
  const sign = 2 ** (width - 1);
  return bits >= sign ? sign - bits : bits;
}

/** The same of 64 bits. */
function wideRank(bits: bigint): bigint {
  const sign = 1n << 63n;
  return bits >= sign ? sign - bits : bits;
}

/**
 * The number of steps between two floats of one type, given by their bits; no NaN among them. Infinities are one step
 * beyond the largest finite value.
 *
 * @throws TypeError for a type that is no such float
 */
export function floatDistance(dtype: string, a: bigint, b: bigint): bigint {
  const layout = FLOATS[dtype];
  if (layout === undefined) {
    throw new TypeError(
      `floatDistance: expected one of ${Object.keys(FLOATS).join(', ')}, got ${dtype}.`,
    );
  }
  if (layout.bytes === 8) {
    const steps = wideRank(a) - wideRank(b);
    return steps < 0n ? -steps : steps;
  }
  const width = layout.bytes === 4 ? 32 : 16;
  return BigInt(Math.abs(rank(Number(a), width) - rank(Number(b), width)));
}

class Tally {
  readonly result: Distances;
  readonly #tolerance: CompareTolerance;
  #differs: ElementPair | null = null;

  constructor(dtype: string, dims: number[], size: number, tolerance: CompareTolerance) {
    this.#tolerance = tolerance;
    const isFloat = dtype in FLOATS;
    const counts = { differing: 0, zeros: 0, nan: 0, infinite: 0, beyond: 0 };
    this.result = {
      ...{ dtype, dims, size, ...counts, ratio: 0, first: null },
      ...{ ulps: isFloat ? [0] : null, max_ulp: isFloat ? 0 : null },
      ...{ max_abs: dtype === 'string' ? null : 0, max_rel: isFloat ? 0 : null },
    };
  }

  /** An element that differs. `ratio` as in Distances, for this one; it is within where that is at most 1. */
  differs(index: number, ratio: number | null, text: () => Omit<ElementPair, 'index'>): void {
    const { result } = this;
    result.differing += 1;
    if (this.#differs === null) this.#differs = { index, ...text() };
    if (ratio === null || result.ratio === null) result.ratio = null;
    else result.ratio = Math.max(result.ratio, ratio);
    if (ratio !== null && ratio <= 1) return;
    result.beyond += 1;
    result.first ??= { index, ...text() };
  }

  /** Elements of equal bits. */
  equal(count: number): void {
    const { ulps } = this.result;
    if (ulps !== null) ulps[0] = (ulps[0] ?? 0) + count;
  }

  /** Two floats that are no NaNs, of other bits. */
  floats(index: number, ours: number, guest: number, steps: number | bigint): void {
    const { result } = this;
    const text = () => ({ ours: String(ours), guest: String(guest) });
    if (!Number.isFinite(ours) || !Number.isFinite(guest)) {
      result.infinite += 1;
      return this.differs(index, null, text);
    }
    const { ulps } = result;
    const bin = binOf(steps);
    if (ulps !== null) {
      while (ulps.length <= bin) ulps.push(0);
      ulps[bin] = (ulps[bin] ?? 0) + 1;
    }
    if (bin === 0) {
      result.zeros += 1;
      return;
    }
    const apart = Math.abs(guest - ours);
    const { rtol, atol, ulp } = this.#tolerance;
    result.max_ulp = Math.max(result.max_ulp ?? 0, Number(steps));
    result.max_abs = Math.max(result.max_abs ?? 0, apart);
    if (ours !== 0) result.max_rel = Math.max(result.max_rel ?? 0, apart / Math.abs(ours));
    const allowed = atol + rtol * Math.abs(ours);
    // x/0 is infinite: then only the other of the two limits counts. Differences beyond the largest float are too.
    const ratio = Math.min(apart / allowed, Number(steps) / ulp);
    this.differs(index, Number.isFinite(ratio) ? ratio : null, text);
  }

  nan(index: number, ours: number, guest: number): void {
    this.result.nan += 1;
    this.differs(index, null, () => ({ ours: String(ours), guest: String(guest) }));
  }

  integers(index: number, ours: bigint | number, guest: bigint | number, isStep: boolean): void {
    const { result } = this;
    const apart = typeof ours === 'number' ? Number(guest) - ours : Number(BigInt(guest) - ours);
    result.max_abs = Math.max(result.max_abs ?? 0, Math.abs(apart));
    const ratio = Math.abs(apart) / this.#tolerance.ulp;
    const text = () => ({ ours: String(ours), guest: String(guest) });
    this.differs(index, isStep && Number.isFinite(ratio) ? ratio : null, text);
  }

  done(): Distances {
    this.result.first ??= this.#differs;
    return this.result;
  }
}

function compareFloats(tally: Tally, layout: Layout, ours: DataView, guest: DataView): void {
  const { bytes, fraction } = layout;
  const bitsOf = (view: DataView, at: number): number =>
    bytes === 4 ? view.getUint32(at, true) : view.getUint16(at, true);
  const valueOf = (view: DataView, at: number): number =>
    bytes === 4 ? view.getFloat32(at, true) : halfValue(view.getUint16(at, true), fraction);
  const size = ours.byteLength / bytes;
  let equal = 0;
  for (let i = 0, at = 0; i < size; i += 1, at += bytes) {
    if (bytes === 8) {
      const [a, b] = [ours.getBigUint64(at, true), guest.getBigUint64(at, true)];
      const [x, y] = [ours.getFloat64(at, true), guest.getFloat64(at, true)];
      if (a === b || (Number.isNaN(x) && Number.isNaN(y))) equal += 1;
      else if (Number.isNaN(x) || Number.isNaN(y)) tally.nan(i, x, y);
      else tally.floats(i, x, y, floatDistance('float64', a, b));
      continue;
    }
    const [a, b] = [bitsOf(ours, at), bitsOf(guest, at)];
    if (a === b) {
      equal += 1;
      continue;
    }
    const [x, y] = [valueOf(ours, at), valueOf(guest, at)];
    const width = bytes === 4 ? 32 : 16;
    if (Number.isNaN(x) && Number.isNaN(y)) equal += 1;
    else if (Number.isNaN(x) || Number.isNaN(y)) tally.nan(i, x, y);
    else tally.floats(i, x, y, Math.abs(rank(a, width) - rank(b, width)));
  }
  tally.equal(equal);
}

function compareIntegers(tally: Tally, dtype: string, ours: DataView, guest: DataView): void {
  const width = INTEGERS[dtype] ?? 1;
  const isSigned = dtype.startsWith('int');
  const valueOf = (view: DataView, at: number): number | bigint => {
    if (width === 8) return isSigned ? view.getBigInt64(at, true) : view.getBigUint64(at, true);
    if (width === 4) return isSigned ? view.getInt32(at, true) : view.getUint32(at, true);
    if (width === 2) return isSigned ? view.getInt16(at, true) : view.getUint16(at, true);
    return isSigned ? view.getInt8(at) : view.getUint8(at);
  };
  const isStep = dtype === 'int8' || dtype === 'uint8';
  for (let i = 0, at = 0; at < ours.byteLength; i += 1, at += width) {
    const [x, y] = [valueOf(ours, at), valueOf(guest, at)];
    if (x !== y) tally.integers(i, x, y, isStep);
  }
}

/** What two values of one type and shape hold: elements as little-endian bytes, or strings. */
export interface Elements {
  dtype: string;
  dims: number[];
  data: Uint8Array | readonly string[];
}

const viewOf = (bytes: Uint8Array): DataView =>
  new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);

/**
 * Compares what a guest gave with ours.
 *
 * @throws TypeError for types that are not compared here, RangeError for values of other types, shapes or sizes
 */
export function distancesOf(
  ours: Elements,
  guest: Elements,
  tolerance: CompareTolerance,
): Distances {
  const { dtype, dims } = ours;
  if (!isComparable(dtype)) throw new TypeError(`elements of ${dtype} are not compared.`);
  const [mine, theirs] = [ours.data, guest.data];
  const isSame = dtype === guest.dtype && dims.join() === guest.dims.join();
  const isText = !(mine instanceof Uint8Array) || !(theirs instanceof Uint8Array);
  if (!isSame || mine.length !== theirs.length || isText !== (dtype === 'string')) {
    const text = (one: Elements): string =>
      `${one.dtype}[${one.dims.join()}] of ${one.data.length}`;
    throw new RangeError(`distancesOf: expected ${text(ours)}, got ${text(guest)}.`);
  }
  const size = dims.reduce((product, dim) => product * dim, 1);
  const tally = new Tally(dtype, [...dims], size, tolerance);
  if (isText) {
    for (let i = 0; i < size; i += 1) {
      const [x, y] = [mine[i], theirs[i]];
      const text = () => ({ ours: JSON.stringify(x), guest: JSON.stringify(y) });
      if (x !== y) tally.differs(i, null, text);
    }
    return tally.done();
  }
  const layout = FLOATS[dtype];
  const [left, right] = [viewOf(mine), viewOf(theirs)];
  if (layout === undefined) compareIntegers(tally, dtype, left, right);
  else compareFloats(tally, layout, left, right);
  return tally.done();
}
