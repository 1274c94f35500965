// The constants of exp2, expm1, sinh, cosh and erfc, for scripts/math_constants.mjs, which prints and checks them.
import {
  LN2,
  ONE,
  TWO_OVER_ROOT_PI,
  div,
  erf,
  exp,
  f64,
  fit,
  mul,
  ratio,
  scaled,
  wide,
  word,
} from './fixed_point.mjs';

/** Sum of u^k first! / (first + 2 k)!, whole terms from k = 0. @param {bigint} u @param {bigint} first */
function hyperbolicRest(u, first) {
  let sum = 0n;
  let term = ONE;
  for (let k = first; term !== 0n; k += 2n) {
    sum += term;
    term = mul(term, u) / ((k + 1n) * (k + 2n));
  }
  return sum;
}

/** e^(x^2) erfc x. @param {bigint} x */
const erfcScaled = (x) => mul(exp(mul(x, x)), ONE - erf(x));

/** @param {(file: string, what: string, constants: string[]) => void} put */
export function expFamily(put) {
  put('shaders/math/exp2.wgsl', 'ln 2 2^64', [wide(scaled(LN2, 64))]);
  put('shaders/math/exp2.wgsl', '1/6 and 1/24 2^32', [
    word(scaled(ONE / 6n, 32)),
    word(scaled(ONE / 24n, 32)),
  ]);
  // Degree 0 is 1, so that whole numbers are exact.
  put(
    'wasm/math/exp2.c',
    '2^t, |t| <= 1/2, from degree 1 (degree 0 is 1)',
    fit((t) => exp(mul(t, LN2)), -(ONE >> 1n), ONE >> 1n, 8)
      .slice(1)
      .map(f64),
  );
  const wides = (/** @type {bigint[]} */ list, /** @type {number} */ scale) =>
    list.map((c) => wide(scaled(c, scale)));
  put(
    'shaders/math/hyperbolic.wgsl',
    'S(u) = (sinh x - x) / x^3, u = x^2, 2^66',
    wides(
      fit((u) => hyperbolicRest(u, 3n) / 6n, 0n, ONE >> 2n, 5),
      66,
    ),
  );
  put(
    'shaders/math/hyperbolic.wgsl',
    'C(u) = (cosh x - 1) / x^2, u = x^2, 2^64',
    wides(
      fit((u) => hyperbolicRest(u, 2n) / 2n, 0n, ONE >> 2n, 6),
      64,
    ),
  );
  erfcFunction(put);
}

/** @param {(file: string, what: string, constants: string[]) => void} put */
function erfcFunction(put) {
  // erfc x = e^(-x^2) y Q(y), y = 1 / (1 + x/4); y = 21/32 + t.
  const q = (/** @type {bigint} */ t) => {
    const y = ratio(21, 32) + t;
    return div(erfcScaled(div(4n * ONE, y) - 4n * ONE), y);
  };
  const end = ratio(45, 128);
  const text = fit(q, -end, end, 21);
  put(
    'shaders/math/erfc.wgsl',
    'Q in 2 t, 2^63 + 2^63, highest degree first',
    text.map((c, k) => wide(scaled(c, 63 - k) + (1n << 63n))).reverse(),
  );
  put('wasm/math/erfc.c', 'Q in t', fit(q, -end, end, 15).map(f64));
  // (2 / sqrt pi) / (k! (2 k + 1)), k from 0
  const series = [1n, 3n, 10n, 42n, 216n].map((d) => TWO_OVER_ROOT_PI / d);
  put('shaders/math/erfc.wgsl', 'erf near 0: c0 2^63, c1 2^65, c2 2^66, c3 2^37, c4 2^39', [
    ...[63, 65, 66].map((scale, k) => wide(scaled(series[k] ?? 0n, scale))),
    ...[37, 39].map((scale, k) => word(scaled(series[k + 3] ?? 0n, scale))),
  ]);
}
