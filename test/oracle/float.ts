// f32 arithmetic of docs/NUMERICS.md V2–V4 on words, in exact integers: a word is decoded to an integer times a power
// of two, the operation is exact on those, and the one rounding is written out. No float operation decides anything:
// Numbers are used as integers below 2^53, where they are exact, BigInt beyond. Not here: elementary functions
// (elementary.ts), and what is not float32.

export const kNaN = 0x7fc00000;
export const kInfinity = 0x7f800000;
export const kMinusInfinity = 0xff800000;
export const kZero = 0;
export const kOne = 0x3f800000;

const kSign = 0x80000000;
/** The words of 2^-120, 2^-102 and 2^-51: (127 + k) · 2^23 for 2^k. */
const kFlush = (127 - 120) * 2 ** 23;
const kFlushSummand = (127 - 102) * 2 ** 23;
const kFlushOperand = (127 - 51) * 2 ** 23;
/** 2^-125, of which every partial sum is a multiple (V3). */
const kLeastPartialSum = (127 - 125) * 2 ** 23;
/** The radix R of V4. */
const kRadix = 64;

/** num / den, den > 0: the exact value of a finite word, or of anything computed from such. */
export interface Rational {
  readonly num: bigint;
  readonly den: bigint;
}

export const magnitudeOf = (word: number): number => word & 0x7fffffff;
export const isNaNWord = (word: number): boolean => magnitudeOf(word) > kInfinity;
export const isInfinite = (word: number): boolean => magnitudeOf(word) === kInfinity;
export const isFinite = (word: number): boolean => magnitudeOf(word) < kInfinity;
/** The sign bit. */
export const isNegative = (word: number): boolean => word >>> 31 === 1;

function flush(word: number, threshold: number): number {
  const magnitude = magnitudeOf(word);
  if (magnitude > kInfinity) return kNaN;
  return magnitude < threshold ? kZero : word >>> 0;
}

/** The canonical read of V2: one NaN, no -0, nothing under 2^-120. */
export const read = (word: number): number => flush(word, kFlush);
/** The canonical store of V2: the same map, applied after rounding. */
export const store = read;
/** A term of a plain sum (V3). */
export const readSummand = (word: number): number => flush(word, kFlushSummand);
/** A factor of a summed product (V3). */
export const readOperand = (word: number): number => flush(word, kFlushOperand);

/** A finite word is ±significand · 2^exponent. */
const significandOf = (word: number): number =>
  (word & 0x7fffff) + ((word & 0x7f800000) === 0 ? 0 : 0x800000);
const exponentOf = (word: number): number => Math.max((word >>> 23) & 0xff, 1) - 150;

/** The exact value of a finite word. No canonical read: subnormals keep their value. */
export function valueOf(word: number): Rational {
  if (!isFinite(word)) throw new RangeError(`valueOf: not finite: ${word.toString(16)}`);
  const magnitude = BigInt(significandOf(word));
  const num = isNegative(word) ? -magnitude : magnitude;
  const exponent = exponentOf(word);
  if (exponent >= 0) return { num: num << BigInt(exponent), den: 1n };
  return { num, den: 1n << BigInt(-exponent) };
}

/** Number of bits of n >= 0. */
export function bitLength(n: bigint): number {
  if (n < 0x20000000000000n) return bitLengthOfNumber(Number(n));
  const hex = n.toString(16);
  return 4 * hex.length - (Math.clz32(Number.parseInt(hex.charAt(0), 16)) - 28);
}

function bitLengthOfNumber(n: number): number {
  return n < 4294967296 ? 32 - Math.clz32(n) : 64 - Math.clz32(Math.floor(n / 4294967296));
}

/**
 * n · 2^exponent rounded once to nearest, ties to even, to the f32 grid with subnormals and infinities, for an integer
 * 0 <= n < 2^53. With `more` the value lies strictly between n and n + 1, and n has at least 26 bits.
 */
function roundInteger(negative: boolean, n: number, exponent: number, more: boolean): number {
  if (n === 0) return kZero;
  // Bits to drop: all but 24, and all under 2^-149.
  const drop = Math.max(bitLengthOfNumber(n) - 24, -149 - exponent);
  if (drop > 60) return kZero;
  let kept = n;
  if (drop <= 0) {
    kept = n * 2 ** -drop;
  } else {
    const unit = 2 ** drop;
    kept = Math.floor(n / unit);
    const rest = n - kept * unit;
    if (rest > unit / 2 || (rest === unit / 2 && (more || kept % 2 === 1))) kept += 1;
  }
  let last = exponent + drop;
  if (kept === 0x1000000) {
    kept = 0x800000;
    last += 1;
  }
  const sign = negative ? kSign : 0;
  if (last > 104) return kInfinity + sign;
  // kept < 2^23 only where last is -149: then the word is kept itself.
  return kept + (kept < 0x800000 ? 0 : (last + 149) * 0x800000) + sign;
}

/** num / den · 2^exponent rounded once to nearest-even; not yet stored canonically. */
export function roundRational(num: bigint, den: bigint = 1n, exponent = 0): number {
  const negative = num < 0n !== den < 0n;
  const n = num < 0n ? -num : num;
  const d = den < 0n ? -den : den;
  if (d === 0n) throw new RangeError('roundRational: division by zero');
  if (n === 0n) return kZero;
  // A quotient of 48 to 50 bits, and whether anything is left.
  const shift = 49 - (bitLength(n) - bitLength(d));
  const scaled = shift >= 0 ? n << BigInt(shift) : n;
  const divisor = shift >= 0 ? d : d << BigInt(-shift);
  const quotient = scaled / divisor;
  const more = quotient * divisor !== scaled;
  return roundInteger(negative, Number(quotient), exponent - shift, more);
}

/** The exact num / den as V2 stores it. */
export const storeRational = (num: bigint, den: bigint = 1n, exponent = 0): number =>
  store(roundRational(num, den, exponent));

/** IEEE-754 addition: one rounding, nothing canonical (V4: inside the tree). */
function addRounded(a: number, b: number): number {
  if (isNaNWord(a) || isNaNWord(b)) return kNaN;
  if (isInfinite(a)) return isInfinite(b) && a !== b ? kNaN : a;
  if (isInfinite(b)) return b;
  if (exponentOf(a) < exponentOf(b)) return addRounded(b, a);
  const distance = exponentOf(a) - exponentOf(b);
  // Then a is normal, and |b| is less than an eighth of the distance from a to its nearer neighbour.
  if (distance > 28) return a;
  const left = significandOf(a) * 2 ** distance * (isNegative(a) ? -1 : 1);
  const right = significandOf(b) * (isNegative(b) ? -1 : 1);
  const sum = left + right;
  return roundInteger(sum < 0, Math.abs(sum), exponentOf(b), false);
}

/** IEEE-754 multiplication: one rounding, nothing canonical. */
function multiplyRounded(a: number, b: number): number {
  if (isNaNWord(a) || isNaNWord(b)) return kNaN;
  const negative = isNegative(a) !== isNegative(b);
  if (isInfinite(a) || isInfinite(b)) {
    if (magnitudeOf(a) === 0 || magnitudeOf(b) === 0) return kNaN;
    return negative ? kMinusInfinity : kInfinity;
  }
  const product = significandOf(a) * significandOf(b);
  return roundInteger(negative, product, exponentOf(a) + exponentOf(b), false);
}

// V2 operations: canonical reads, one rounding, canonical store.

export const add = (a: number, b: number): number => store(addRounded(read(a), read(b)));
export const subtract = (a: number, b: number): number => add(a, negate(b));
export const multiply = (a: number, b: number): number => store(multiplyRounded(read(a), read(b)));

export function divide(a: number, b: number): number {
  const [x, y] = [read(a), read(b)];
  if (isNaNWord(x) || isNaNWord(y)) return kNaN;
  if (isInfinite(x) && isInfinite(y)) return kNaN;
  if (isInfinite(y)) return kZero;
  const infinity = isNegative(x) !== isNegative(y) ? kMinusInfinity : kInfinity;
  if (isInfinite(x)) return infinity;
  // Zero has no sign: y is +0 here.
  if (y === kZero) return x === kZero ? kNaN : infinity;
  const [n, d] = [valueOf(x), valueOf(y)];
  return storeRational(n.num * d.den, n.den * d.num);
}

/** The largest integer whose square is at most n. */
export function integerSqrt(n: bigint): bigint {
  if (n < 2n) return n;
  let x = 1n << BigInt((bitLength(n) + 1) >> 1);
  for (;;) {
    const next = (x + n / x) >> 1n;
    if (next >= x) return x;
    x = next;
  }
}

export function sqrt(a: number): number {
  const x = read(a);
  if (isNaNWord(x)) return kNaN;
  if (x === kZero) return kZero;
  if (isNegative(x)) return kNaN;
  if (isInfinite(x)) return kInfinity;
  // x = s · 2^e with even e and s · 2^60 as large as 2^84: the root has at least 41 bits.
  const odd = exponentOf(x) & 1;
  const scaled = BigInt(significandOf(x)) << BigInt(60 + odd);
  const root = integerSqrt(scaled);
  const more = root * root !== scaled;
  return store(roundInteger(false, Number(root), (exponentOf(x) - odd - 60) / 2, more));
}

export const negate = (a: number): number => {
  const x = read(a);
  return isNaNWord(x) || x === kZero ? x : (x ^ kSign) >>> 0;
};
export const absolute = (a: number): number => {
  const x = read(a);
  return isNegative(x) ? negate(x) : x;
};

/** Sign of a - b on canonical reads, or undefined if one is a NaN. */
export function compare(a: number, b: number): -1 | 0 | 1 | undefined {
  const [x, y] = [read(a), read(b)];
  if (isNaNWord(x) || isNaNWord(y)) return undefined;
  const rank = (word: number): number =>
    isNegative(word) ? -magnitudeOf(word) : magnitudeOf(word);
  return rank(x) < rank(y) ? -1 : rank(x) > rank(y) ? 1 : 0;
}

export function maximum(a: number, b: number): number {
  const order = compare(a, b);
  return order === undefined ? kNaN : read(order < 0 ? b : a);
}

export function minimum(a: number, b: number): number {
  const order = compare(a, b);
  return order === undefined ? kNaN : read(order > 0 ? b : a);
}

/** An integer rounded once to nearest-even. */
export const wordOfInteger = (n: bigint): number => roundRational(n);

/** The integer part, towards zero, of a finite word. */
export function truncate(word: number): bigint {
  const { num, den } = valueOf(word);
  return num / den;
}

/** The largest integer that is not greater than num / den, den > 0. */
export function floorOf({ num, den }: Rational): bigint {
  const quotient = num / den;
  return num < 0n && quotient * den !== num ? quotient - 1n : quotient;
}

// V4.

/** The tree of radix 64 over terms in index order, each group combined left to right from `start`. */
export function tree<T>(terms: readonly T[], start: T, combine: (a: T, b: T) => T): T {
  let level = terms;
  for (;;) {
    const groups: T[] = [];
    for (let from = 0; from === 0 || from < level.length; from += kRadix) {
      let group = start;
      for (const term of level.slice(from, from + kRadix)) group = combine(group, term);
      groups.push(group);
    }
    const [only, another] = groups;
    if (another === undefined) return only ?? start;
    level = groups;
  }
}

/** An addition inside the tree. V3 says that none of them gives a subnormal: one that did would refute the page. */
function addInTree(a: number, b: number): number {
  const sum = addRounded(a, b);
  if (magnitudeOf(sum) !== 0 && magnitudeOf(sum) < kLeastPartialSum) {
    throw new RangeError(`a partial sum under 2^-125: ${sum.toString(16)}`);
  }
  return sum;
}

/** Sum of plain summands: V3 reads, V4 tree, one canonical store. */
export const sumTree = (terms: readonly number[]): number =>
  store(tree(terms.map(readSummand), kZero, addInTree));

/** A rounded product of two factors read by V3: what a dot product sums. */
export const summedProduct = (a: number, b: number): number =>
  multiplyRounded(readOperand(a), readOperand(b));

/** Sum of terms that `summedProduct` made, or +0 at a padded tap: V4 tree, one canonical store. */
export const sumProducts = (products: readonly number[]): number =>
  store(tree(products, kZero, addInTree));

/** Dot product of equally many words. */
export const dot = (a: readonly number[], b: readonly number[]): number =>
  sumProducts(a.map((word, i) => summedProduct(word, b[i] ?? kZero)));

/** Product of all terms: the tree from 1, every product a V2 operation. */
export const productTree = (terms: readonly number[]): number => tree(terms, kOne, multiply);
