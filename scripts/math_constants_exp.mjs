// The constants of exp2, expm1, sinh, cosh and erfc, for scripts/math_constants.mjs, which prints and checks them.
import { LN2, ONE, exp, f64, fit, mul, scaled, wide, word } from './fixed_point.mjs';

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
}
