// Real functions in fixed-point BigInt arithmetic with 512 fraction bits, polynomials through Chebyshev nodes, and the
// texts of constants: what scripts/math_constants.mjs makes the constants of the elementary functions with. No machine's
// floats and no libm take part. A value x stands for x / 2^512; arguments are those that 512 bits bear, about |x| <= 100.

export const BITS = 512n;
export const ONE = 1n << BITS;

/** @param {bigint} a @param {bigint} b */
export const mul = (a, b) => (a * b) >> BITS;
/** @param {bigint} a @param {bigint} b */
export const div = (a, b) => (a << BITS) / b;
/** @param {number | bigint} p @param {number | bigint} q */
export const ratio = (p, q) => (BigInt(p) << BITS) / BigInt(q);

/** e^x by its series, x of any size that 512 bits can bear (here |x| <= 16). @param {bigint} x */
export function exp(x) {
  const reduced = x >> 8n;
  let sum = ONE;
  let term = ONE;
  for (let k = 1n; term !== 0n && term !== -1n; k += 1n) {
    term = mul(term, reduced) / k;
    sum += term;
  }
  for (let k = 0; k < 8; k += 1) sum = mul(sum, sum);
  return sum;
}
/** (e^x - 1) / x by its series. @param {bigint} x */
export function expOver(x) {
  let sum = 0n;
  let term = ONE;
  for (let k = 2n; term !== 0n && term !== -1n; k += 1n) {
    sum += term;
    term = mul(term, x) / k;
  }
  return sum;
}
/** (e^x - 1 - x - x^2 / 2) / x^3 by its series. @param {bigint} x */
export function expRest(x) {
  let sum = 0n;
  let term = ONE / 6n;
  for (let k = 4n; term !== 0n; k += 1n) {
    sum += term;
    term = mul(term, x) / k;
  }
  return sum;
}
/** arctan(1/n). @param {bigint} n */
function arctanInverse(n) {
  let sum = 0n;
  let power = ONE / n;
  for (let k = 1n; power !== 0n; k += 2n) {
    sum += ((k & 2n) === 0n ? power : -power) / k;
    power /= n * n;
  }
  return sum;
}
export const PI = 16n * arctanInverse(5n) - 4n * arctanInverse(239n);
/** ln 2 = 2 artanh(1/3). */
export const LN2 = (() => {
  let sum = 0n;
  for (let k = 1n, power = ratio(2, 3); power !== 0n; k += 2n, power /= 9n) sum += power / k;
  return sum;
})();
/** @param {bigint} x */
export function cos(x) {
  let sum = ONE;
  let term = ONE;
  for (let k = 2n; term !== 0n && term !== -1n; k += 2n) {
    term = -mul(mul(term, x), x) / (k * (k - 1n));
    sum += term;
  }
  return sum;
}
/** @param {bigint} x */
export function sqrt(x) {
  const radicand = x << BITS;
  let root = 1n << BigInt(Math.ceil(radicand.toString(2).length / 2));
  for (;;) {
    const next = (root + radicand / root) >> 1n;
    if (next >= root) return root;
    root = next;
  }
}
/** @param {bigint} x */
export function tanh(x) {
  const e = exp(2n * x);
  return div(e - ONE, e + ONE);
}
export const TWO_OVER_ROOT_PI = div(2n * ONE, sqrt(PI));
/** erf(sqrt u) / sqrt u by its series. @param {bigint} u */
export function erfOverRoot(u) {
  let sum = 0n;
  let power = ONE;
  for (let k = 0n; power !== 0n && power !== -1n; k += 1n) {
    sum += power / (2n * k + 1n);
    power = -mul(power, u) / (k + 1n);
  }
  return mul(TWO_OVER_ROOT_PI, sum);
}
/** @param {bigint} x */
export const erf = (x) => mul(x, erfOverRoot(mul(x, x)));
/** ln x, x > 0, by 2 artanh((x - 1) / (x + 1)). @param {bigint} x */
export function ln(x) {
  const s = div(x - ONE, x + ONE);
  const square = mul(s, s);
  let sum = 0n;
  for (let k = 1n, power = 2n * s; power !== 0n && power !== -1n; k += 2n) {
    sum += power / k;
    power = mul(power, square);
  }
  return sum;
}

/**
 * Coefficients of the polynomial of a degree through the Chebyshev nodes of [a, b], lowest first.
 * @param {(x: bigint) => bigint} f @param {bigint} a @param {bigint} b @param {number} degree
 */
export function fit(f, a, b, degree) {
  const count = degree + 1;
  const nodes = Array.from(
    { length: count },
    (_, k) => (a + b + mul(b - a, cos((PI * BigInt(2 * k + 1)) / BigInt(2 * count)))) / 2n,
  );
  const table = nodes.map(f);
  for (let step = 1; step < count; step += 1) {
    for (let k = count - 1; k >= step; k -= 1) {
      table[k] = div(
        (table[k] ?? 0n) - (table[k - 1] ?? 0n),
        (nodes[k] ?? 0n) - (nodes[k - step] ?? 0n),
      );
    }
  }
  // From Newton's form to powers.
  let powers = [table[degree] ?? 0n];
  for (let k = degree - 1; k >= 0; k -= 1) {
    const shifted = [0n, ...powers];
    powers = shifted.map((value, i) => value - mul(nodes[k] ?? 0n, powers[i] ?? 0n));
    powers[0] = (powers[0] ?? 0n) + (table[k] ?? 0n);
  }
  return powers;
}

/** x 2^scale to the nearest integer. @param {bigint} x @param {number} scale */
export const scaled = (x, scale) => ((x << BigInt(scale)) + (ONE >> 1n)) >> BITS;
/** @param {bigint} x */
export const word = (x) => `0x${BigInt.asUintN(32, x).toString(16).padStart(8, '0')}u`;
/** A 64-bit integer as WGSL. @param {bigint} x */
export const wide = (x) => `U64(${word(x)}, ${word(x >> 32n)})`;
/** The nearest f64 as a C literal. @param {bigint} x */
export function f64(x) {
  const negative = x < 0n;
  let value = negative ? -x : x;
  let exponent = value.toString(2).length - 1 - Number(BITS);
  const drop = BigInt(value.toString(2).length - 53);
  value = (value + (1n << (drop - 1n))) >> drop;
  if (value === 1n << 53n) {
    value >>= 1n;
    exponent += 1;
  }
  const fraction = (value & ((1n << 52n) - 1n)).toString(16).padStart(13, '0');
  return `${negative ? '-' : ''}0x1${/^0+$/.test(fraction) ? '' : `.${fraction}`}p${exponent < 0 ? '' : '+'}${exponent}`;
}
