// Elementary functions on words, correctly rounded (V6): the value is enclosed in fixed point, both ends of the
// enclosure are rounded, and if they differ the precision doubles (Ziv). Arguments whose value is a dyadic rational, for
// which that would not end, are recognised first, exactly; everywhere else the value is irrational (Lindemann,
// Gelfond–Schneider) and the loop ends. Results are kept by word.
import * as f from './float.ts';
import * as fixed from './fixed.ts';

type Unary = (word: number) => number;

interface Enclosure {
  readonly low: bigint;
  readonly high: bigint;
  readonly exponent: number;
}

/** Errors of fixed.ts, in units of the last place. */
const kSlack = 1n << 40n;

const around = (v: bigint, exponent: number): Enclosure => ({
  low: v - kSlack,
  high: v + kSlack,
  exponent,
});

/** The stored word of the one value that lies in every enclosure. */
function decide(enclose: (P: number) => Enclosure): number {
  for (let P = 128; P <= 8192; P *= 2) {
    const { low, high, exponent } = enclose(P);
    const word = f.storeRational(low, 1n, exponent);
    if (word === f.storeRational(high, 1n, exponent)) return word;
  }
  throw new Error('decide: no decision at 8192 bits: is the value a tie?');
}

const kHalf = 0x3f000000;
const kTwo = 0x40000000;
const kMinusOne = 0xbf800000;
const kOneValue: f.Rational = { num: 1n, den: 1n };

const sum = (a: f.Rational, b: f.Rational): f.Rational => ({
  num: a.num * b.den + b.num * a.den,
  den: a.den * b.den,
});
/** x >= n, exactly. */
const atLeast = ({ num, den }: f.Rational, n: bigint): boolean => num >= n * den;
const atMost = ({ num, den }: f.Rational, n: bigint): boolean => num <= n * den;

interface Cases {
  readonly atZero: number;
  readonly atInfinity: number;
  readonly atMinusInfinity: number;
  /** The word of an exact or an out-of-range value, or the enclosures of one that is neither. */
  readonly finite: (x: f.Rational) => number | ((P: number) => Enclosure);
}

/** A function of one word with a canonical read; NaN gives NaN (V2). */
function define({ atZero, atInfinity, atMinusInfinity, finite }: Cases): Unary {
  const known = new Map<number, number>();
  return (argument) => {
    const x = f.read(argument);
    if (f.isNaNWord(x)) return f.kNaN;
    if (x === f.kZero) return atZero;
    if (x === f.kInfinity) return atInfinity;
    if (x === f.kMinusInfinity) return atMinusInfinity;
    let word = known.get(x);
    if (word === undefined) {
      const found = finite(f.valueOf(x));
      word = typeof found === 'number' ? found : decide(found);
      known.set(x, word);
    }
    return word;
  };
}

/** e^x for |x| < 2^9. */
const expOf = (x: f.Rational, P: number): fixed.Scaled => fixed.exp(fixed.fixed(x, P), P);
/** e^(−|x|) in fixed point. */
const decay = ({ num, den }: f.Rational, P: number): bigint =>
  fixed.toFixed(expOf({ num: -fixed.magnitude(num), den }, P), P);

// e^128 > 2^184 and e^-128 < 2^-184: beyond ±128 every function of e^x has its limit, to f32.

export const exp = define({
  atZero: f.kOne,
  atInfinity: f.kInfinity,
  atMinusInfinity: f.kZero,
  finite: (x) => {
    if (atLeast(x, 128n)) return f.kInfinity;
    if (atMost(x, -128n)) return f.kZero;
    return (P) => {
      const { v, exponent } = expOf(x, P);
      return around(v, exponent);
    };
  },
});

export const exp2 = define({
  atZero: f.kOne,
  atInfinity: f.kInfinity,
  atMinusInfinity: f.kZero,
  finite: (x) => {
    if (atLeast(x, 128n)) return f.kInfinity;
    if (atMost(x, -128n)) return f.kZero;
    if (x.num % x.den === 0n) return f.storeRational(1n, 1n, Number(x.num / x.den));
    return (P) => {
      const { v, exponent } = fixed.exp(
        fixed.fixed({ num: x.num * fixed.constants.ln2(P), den: x.den }, 0),
        P,
      );
      return around(v, exponent);
    };
  },
});

export const expm1 = define({
  atZero: f.kZero,
  atInfinity: f.kInfinity,
  atMinusInfinity: kMinusOne,
  finite: (x) => {
    if (atLeast(x, 128n)) return f.kInfinity;
    if (atMost(x, -128n)) return kMinusOne;
    // Above e^x < 2^185: the scale of e^x; below it that of 1.
    return (P) => {
      const { v, exponent } = expOf(x, P);
      if (exponent > -P) return around(v - (1n << BigInt(-exponent)), exponent);
      return around(fixed.toFixed({ v, exponent }, P) - fixed.unit(P), -P);
    };
  },
});

/** (e^|x| + sign · e^(−|x|)) / 2, at the scale of e^|x|. */
const hyperbolic = (x: f.Rational, sign: bigint, P: number): Enclosure => {
  const { v, exponent } = expOf({ num: fixed.magnitude(x.num), den: x.den }, P);
  const inverse = exponent > 0 ? 0n : (1n << BigInt(-2 * exponent)) / v;
  return around(v + sign * inverse, exponent - 1);
};
const negated = ({ low, high, exponent }: Enclosure): Enclosure => ({
  low: -high,
  high: -low,
  exponent,
});

export const sinh = define({
  atZero: f.kZero,
  atInfinity: f.kInfinity,
  atMinusInfinity: f.kMinusInfinity,
  finite: (x) => {
    if (atLeast(x, 128n)) return f.kInfinity;
    if (atMost(x, -128n)) return f.kMinusInfinity;
    return (P) => (x.num < 0n ? negated(hyperbolic(x, -1n, P)) : hyperbolic(x, -1n, P));
  },
});

export const cosh = define({
  atZero: f.kOne,
  atInfinity: f.kInfinity,
  atMinusInfinity: f.kInfinity,
  finite: (x) => {
    if (atLeast(x, 128n) || atMost(x, -128n)) return f.kInfinity;
    return (P) => hyperbolic(x, 1n, P);
  },
});

export const tanh = define({
  atZero: f.kZero,
  atInfinity: f.kOne,
  atMinusInfinity: kMinusOne,
  finite: (x) => {
    if (atLeast(x, 128n)) return f.kOne;
    if (atMost(x, -128n)) return kMinusOne;
    return (P) => {
      const t = decay({ num: 2n * x.num, den: x.den }, P);
      const one = fixed.unit(P);
      const v = ((one - t) << BigInt(P)) / (one + t);
      return around(x.num < 0n ? -v : v, -P);
    };
  },
});

export const sigmoid = define({
  atZero: kHalf,
  atInfinity: f.kOne,
  atMinusInfinity: f.kZero,
  finite: (x) => {
    if (atLeast(x, 128n)) return f.kOne;
    if (atMost(x, -128n)) return f.kZero;
    return (P) => {
      const t = decay(x, P);
      const one = fixed.unit(P);
      return around(((x.num < 0n ? t : one) << BigInt(P)) / (one + t), -P);
    };
  },
});

/** ln(1 + e^x) = max(x, 0) + ln(1 + e^(−|x|)). */
export const softplus = define({
  atZero: decide((P) => around(fixed.constants.ln2(P), -P)),
  atInfinity: f.kInfinity,
  atMinusInfinity: f.kZero,
  finite: (x) => {
    // x + e^-128 at most: nearer to x than to any tie.
    if (atLeast(x, 128n)) return f.storeRational(x.num, x.den);
    if (atMost(x, -128n)) return f.kZero;
    return (P) => {
      const one = fixed.unit(P);
      const tail = fixed.logOfRatio({ num: one + decay(x, P), den: one }, P);
      return around(tail + (x.num > 0n ? fixed.fixed(x, P) : 0n), -P);
    };
  },
});

export const log = define({
  atZero: f.kMinusInfinity,
  atInfinity: f.kInfinity,
  atMinusInfinity: f.kNaN,
  finite: (x) => {
    if (x.num < 0n) return f.kNaN;
    if (x.num === x.den) return f.kZero;
    return (P) => around(fixed.logOfRatio(x, P), -P);
  },
});

export const log1p = define({
  atZero: f.kZero,
  atInfinity: f.kInfinity,
  atMinusInfinity: f.kNaN,
  finite: (x) => {
    const more = sum(x, kOneValue);
    if (more.num < 0n) return f.kNaN;
    if (more.num === 0n) return f.kMinusInfinity;
    return (P) => around(fixed.logOfRatio(more, P), -P);
  },
});

/** The logarithm to a base: rational where x is an integer power of it, 2^k or 10^k. */
const logarithm = (base: bigint, lnBase: (P: number) => bigint): Unary =>
  define({
    atZero: f.kMinusInfinity,
    atInfinity: f.kInfinity,
    atMinusInfinity: f.kNaN,
    finite: (x) => {
      if (x.num < 0n) return f.kNaN;
      for (let k = -128n; k <= 128n; k += 1n) {
        const power = base ** (k < 0n ? -k : k);
        const equal = k < 0n ? x.num * power === x.den : x.num === x.den * power;
        if (equal) return f.storeRational(k);
      }
      return (P) => around((fixed.logOfRatio(x, P) << BigInt(P)) / lnBase(P), -P);
    },
  });
export const log2 = logarithm(2n, fixed.constants.ln2);
export const log10 = logarithm(10n, fixed.constants.ln10);

/** ln(|x| + √(x² + 1)), odd. */
export const asinh = define({
  atZero: f.kZero,
  atInfinity: f.kInfinity,
  atMinusInfinity: f.kMinusInfinity,
  finite: (x) => (P) => {
    const X = fixed.magnitude(fixed.fixed(x, P));
    const root = f.integerSqrt(X * X + (1n << BigInt(2 * P)));
    const v = fixed.logOfRatio({ num: X + root, den: fixed.unit(P) }, P);
    return around(x.num < 0n ? -v : v, -P);
  },
});

/** ln(x + √(x² − 1)). */
export const acosh = define({
  atZero: f.kNaN,
  atInfinity: f.kInfinity,
  atMinusInfinity: f.kNaN,
  finite: (x) => {
    if (x.num < x.den) return f.kNaN;
    if (x.num === x.den) return f.kZero;
    // x >= 1 has at most 23 bits behind its point: X is exact.
    return (P) => {
      const X = fixed.fixed(x, P);
      const root = f.integerSqrt(X * X - (1n << BigInt(2 * P)));
      return around(fixed.logOfRatio({ num: X + root, den: fixed.unit(P) }, P), -P);
    };
  },
});

/** ln((1 + x) / (1 − x)) / 2. */
export const atanh = define({
  atZero: f.kZero,
  atInfinity: f.kNaN,
  atMinusInfinity: f.kNaN,
  finite: ({ num, den }) => {
    if (fixed.magnitude(num) > den) return f.kNaN;
    if (num === den) return f.kInfinity;
    if (num === -den) return f.kMinusInfinity;
    return (P) => around(fixed.logOfRatio({ num: den + num, den: den - num }, P), -P - 1);
  },
});

export const sin = define({
  atZero: f.kZero,
  atInfinity: f.kNaN,
  atMinusInfinity: f.kNaN,
  finite: (x) => (P) => around(fixed.sinCos(x, P).sin, -P),
});

export const cos = define({
  atZero: f.kOne,
  atInfinity: f.kNaN,
  atMinusInfinity: f.kNaN,
  finite: (x) => (P) => around(fixed.sinCos(x, P).cos, -P),
});

export const tan = define({
  atZero: f.kZero,
  atInfinity: f.kNaN,
  atMinusInfinity: f.kNaN,
  // The cosine may be small: both ends of the quotient. P = 128 leaves it 2^-40 at least, far more than the slack.
  finite: (x) => (P) => {
    const { sin: s, cos: c } = fixed.sinCos(x, P);
    const [a, b] = [fixed.magnitude(s), fixed.magnitude(c)];
    const low = ((a - kSlack) << BigInt(P)) / (b + kSlack) - 1n;
    const high = ((a + kSlack) << BigInt(P)) / (b - kSlack) + 1n;
    const enclosure = { low, high, exponent: -P };
    return s < 0n === c < 0n ? enclosure : negated(enclosure);
  },
});

/** asin x = atan(x / √(1 − x²)); above √½ as π/2 − atan(√(1 − x²) / x), so that no quotient is large. */
function asinFixed(x: f.Rational, P: number): bigint {
  if (x.num < 0n) return -asinFixed({ num: -x.num, den: x.den }, P);
  const rest = { num: x.den * x.den - x.num * x.num, den: x.den * x.den };
  const root = f.integerSqrt(fixed.fixed(rest, 2 * P));
  const scaled = { num: x.num << BigInt(P), den: x.den };
  if (2n * x.num * x.num <= x.den * x.den) {
    return fixed.atanOfRatio({ num: scaled.num, den: root * x.den }, P);
  }
  return fixed.constants.pi(P) / 2n - fixed.atanOfRatio({ num: root * x.den, den: scaled.num }, P);
}

export const asin = define({
  atZero: f.kZero,
  atInfinity: f.kNaN,
  atMinusInfinity: f.kNaN,
  finite: (x) => {
    if (fixed.magnitude(x.num) > x.den) return f.kNaN;
    return (P) => around(asinFixed(x, P), -P);
  },
});

export const acos = define({
  atZero: decide((P) => around(fixed.constants.pi(P), -P - 1)),
  atInfinity: f.kNaN,
  atMinusInfinity: f.kNaN,
  finite: (x) => {
    if (fixed.magnitude(x.num) > x.den) return f.kNaN;
    if (x.num === x.den) return f.kZero;
    return (P) => around(fixed.constants.pi(P) / 2n - asinFixed(x, P), -P);
  },
});

export const atan = define({
  atZero: f.kZero,
  atInfinity: decide((P) => around(fixed.constants.pi(P), -P - 1)),
  atMinusInfinity: decide((P) => around(-fixed.constants.pi(P), -P - 1)),
  finite: (x) => (P) => around(fixed.atanOfRatio(x, P), -P),
});

// 1 − erf x = erfc x < e^(−x²), which is under 2^-51 from 6 and under 2^-144 from 10.

export const erf = define({
  atZero: f.kZero,
  atInfinity: f.kOne,
  atMinusInfinity: kMinusOne,
  finite: (x) => {
    if (atLeast(x, 6n)) return f.kOne;
    if (atMost(x, -6n)) return kMinusOne;
    return (P) => around(fixed.erf(x, P), -P);
  },
});

export const erfc = define({
  atZero: f.kOne,
  atInfinity: f.kZero,
  atMinusInfinity: kTwo,
  finite: (x) => {
    if (atLeast(x, 10n)) return f.kZero;
    if (atMost(x, -6n)) return kTwo;
    return (P) => around(fixed.unit(P) - fixed.erf(x, P), -P);
  },
});

/** 1 / √x, rounded once. Rational where x is a power of 4. */
export const rsqrt = define({
  atZero: f.kInfinity,
  atInfinity: f.kZero,
  atMinusInfinity: f.kNaN,
  finite: ({ num, den }) => {
    if (num < 0n) return f.kNaN;
    return (P) => {
      const square = (den << BigInt(2 * P)) / num;
      const low = f.integerSqrt(square);
      const exact = low * low * num === den << BigInt(2 * P);
      return { low, high: exact ? low : low + 1n, exponent: -P };
    };
  },
});

/** A positive dyadic number as n · 2^a with odd n. */
function oddPart({ num, den }: f.Rational): { n: bigint; a: number } {
  let n = num;
  let a = 1 - f.bitLength(den);
  while (n % 2n === 0n) {
    n /= 2n;
    a += 1;
  }
  return { n, a };
}

/** |x|^y as a word where it is rational with few factors, else undefined; x, y finite and not 0. */
function exactPower(x: f.Rational, y: f.Rational): number | undefined {
  let { n, a } = oddPart(x);
  const sign = y.num < 0n ? -1 : 1;
  const exponent = oddPart({ num: fixed.magnitude(y.num), den: y.den });
  // y = ±odd · 2^b: a negative b takes square roots, which must be exact.
  let power = exponent.n;
  if (exponent.a > 0) power <<= BigInt(exponent.a);
  for (let b = exponent.a; b < 0; b += 1) {
    const root = f.integerSqrt(n);
    if (root * root !== n || a % 2 !== 0) return undefined;
    n = root;
    a /= 2;
    if (n === 1n && a === 0) break;
  }
  if (n === 1n) {
    // 2^(a · y): beyond 2^±1000 the limit of the range.
    const shift = BigInt(a * sign) * power;
    return f.storeRational(1n, 1n, Number(shift > 1000n ? 1000n : shift < -1000n ? -1000n : shift));
  }
  // n >= 3: 1 / n^k is no dyadic number, and n^k has more than 25 bits from k = 16 on: no tie. Both go to `decide`.
  if (sign < 0 || power > 16n) return undefined;
  return f.storeRational(n ** power, 1n, a * Number(power));
}

/** |x|^y for finite x, y that are not 0. */
function powerOfMagnitude(x: f.Rational, y: f.Rational): number {
  const exact = exactPower(x, y);
  if (exact !== undefined) return exact;
  return decide((P) => {
    // |ln x| > 2^-25 is known to 2^-100 of itself: beyond ±128 the product decides; else |y| < 2^32.
    const Q = P + 64;
    const product = (fixed.logOfRatio(x, Q) * y.num) / y.den;
    const bound = fixed.unit(Q) * 128n;
    if (product > bound) return around(1n << 60n, 200);
    if (product < -bound) return { low: 0n, high: 0n, exponent: 0 };
    const { v, exponent } = fixed.exp(product >> 64n, P);
    return around(v, exponent);
  });
}

const powers = new Map<string, number>();

/** x to the power y. x^0 and 1^y are 1 whatever the other is, a NaN too; zero has no sign. */
export function pow(base: number, exponent: number): number {
  const [x, y] = [f.read(base), f.read(exponent)];
  if (y === f.kZero || x === f.kOne) return f.kOne;
  if (f.isNaNWord(x) || f.isNaNWord(y)) return f.kNaN;
  const yNegative = f.isNegative(y);
  if (f.isInfinite(y)) {
    const order = f.compare(f.absolute(x), f.kOne);
    if (order === 0) return f.kOne;
    return (order === 1) === yNegative ? f.kZero : f.kInfinity;
  }
  const value = f.valueOf(y);
  const whole = value.num % value.den === 0n;
  const odd = whole && (value.num / value.den) % 2n !== 0n;
  if (x === f.kZero) return yNegative ? f.kInfinity : f.kZero;
  if (f.isInfinite(x)) {
    if (yNegative) return f.kZero;
    return f.isNegative(x) && odd ? f.kMinusInfinity : f.kInfinity;
  }
  if (f.isNegative(x) && !whole) return f.kNaN;
  const key = `${f.magnitudeOf(x)} ${y}`;
  let word = powers.get(key);
  if (word === undefined) {
    word = powerOfMagnitude(f.valueOf(f.absolute(x)), value);
    powers.set(key, word);
  }
  return f.isNegative(x) && odd ? f.negate(word) : word;
}
