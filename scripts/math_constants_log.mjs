// The constants of log2, log10, asinh, acosh and softplus, for scripts/math_constants.mjs, which prints and checks them.
import { LN2, ONE, div, f64, fit, ln, mul, scaled, sqrt, wide, word } from './fixed_point.mjs';

const LOG10_2 = div(LN2, ln(10n * ONE));

/** arsinh s for s > 0. @param {bigint} s */
const asinh = (s) => ln(s + sqrt(mul(s, s) + ONE));

/** @param {(file: string, what: string, constants: string[]) => void} put */
export function logFamily(put) {
  put('shaders/math/log10.wgsl', 'log10 2 2^65', [wide(scaled(LOG10_2, 65))]);
  for (const name of ['log_wide', 'softplus'])
    put(`shaders/math/${name}.wgsl`, 'ln 2 2^64', [wide(scaled(LN2, 64))]);
  put('wasm/math/log1p.h', 'ln 2', [f64(LN2)]);
  put('wasm/math/log2.c', 'log2 e', [f64(div(ONE, LN2))]);
  put('wasm/math/log10.c', 'log10 2, log10 e', [f64(LOG10_2), f64(div(ONE, ln(10n * ONE)))]);
  put(
    'shaders/math/root.wgsl',
    '1 / sqrt(1 + z), less 2^-12 of it, in z, 2^16, the signs apart; 1 / sqrt 2, 2^16',
    [
      ...fit((z) => div(ONE, sqrt(ONE + z)), 0n, ONE, 4).map(
        (c) => (c < 0n ? -c : c) - ((c < 0n ? -c : c) >> 12n),
      ),
      sqrt(ONE >> 1n),
    ].map((c) => `${scaled(c, 16)}u`),
  );
  const b = fit(
    (v) => {
      const s = sqrt(v >> 8n);
      return div(s - asinh(s), mul(s, v >> 8n));
    },
    0n,
    ONE,
    4,
  ).map((c) => (c < 0n ? -c : c));
  put('shaders/math/asinh.wgsl', '(x - arsinh x) / x^3 in v = 2^8 x^2: b0 2^66, b1 2^75', [
    wide(scaled(b[0] ?? 0n, 66)),
    wide(scaled(b[1] ?? 0n, 75)),
  ]);
  put('shaders/math/asinh.wgsl', 'b2 2^52, b3 2^61, b4 2^69', [
    word(scaled(b[2] ?? 0n, 52)),
    word(scaled(b[3] ?? 0n, 61)),
    word(scaled(b[4] ?? 0n, 69)),
  ]);
}
