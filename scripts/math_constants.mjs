// Makes the constants of the elementary functions: polynomials through Chebyshev nodes, tables, logarithms. Here those of
// exp, sigmoid, tanh, erf, log and pow; math_constants_exp.mjs and math_constants_log.mjs have their families.
// Everything is fixed-point BigInt arithmetic (fixed_point.mjs), so that the output depends on no machine and on
// no libm. It proves nothing: errors are bounded in the files that use the constants, and npm run test:math checks.
// Usage: node scripts/math_constants.mjs           prints every constant, with the file it stands in
//        node scripts/math_constants.mjs --check   exit 1 if a file lacks one of its constants
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import {
  BITS,
  LN2,
  ONE,
  PI,
  div,
  erf,
  erfOverRoot,
  exp,
  expOver,
  expRest,
  f64,
  fit,
  ln,
  mul,
  ratio,
  scaled,
  sqrt,
  tanh,
  wide,
  word,
} from './fixed_point.mjs';
import { expFamily } from './math_constants_exp.mjs';
import { logFamily } from './math_constants_log.mjs';

/** @type {{ file: string, what: string, constants: string[] }[]} */
const made = [];
/** @param {string} file @param {string} what @param {string[]} constants */
const put = (file, what, constants) => made.push({ file, what, constants });

// ---- exp
const half = (LN2 * 10001n) / 20000n;
put(
  'shaders/math/exp.wgsl',
  'ln 2 2^72 in 24-bit pieces, low first',
  [0n, 24n, 48n].map((s) => `0x${((((LN2 << 72n) >> BITS) >> s) & 0xffffffn).toString(16)}u`),
);
{
  const w = fit((g) => expRest(g >> 8n), 0n, ONE, 2);
  put('shaders/math/exp.wgsl', 'W(q) = (e^q - 1 - q - q^2 / 2) / q^3: w0 2^34, w1 2^32, w2 2^22', [
    word(scaled(w[0] ?? 0n, 34)),
    word(scaled(w[1] ?? 0n, 32 + 8)),
    `${scaled(w[2] ?? 0n, 22 + 16)}u`,
  ]);
  const sixteenths = Array.from({ length: 12 }, (_, i) => scaled(exp(ratio(i, 16)), 62));
  const parts = Array.from({ length: 16 }, (_, j) => scaled(exp(ratio(j, 256)) - ONE, 64));
  put(
    'shaders/math/exp.wgsl',
    'e^(i/16) 2^62 and (e^(j/256) - 1) 2^64, high and low words',
    [...sixteenths, ...parts].flatMap((t) => [word(t >> 32n), word(t)]),
  );
}
put('wasm/math/exp.h', 'log2 e, ln 2', [f64(div(ONE, LN2)), f64(LN2)]);
put(
  'wasm/math/exp.h',
  'e^r, |r| <= ln 2 / 2, from degree 1 (degree 0 is 1)',
  fit(exp, -half, half, 8).slice(1).map(f64),
);

// ---- sigmoid and tanh
{
  const low = fit((z) => div(ONE, ONE + z), 0n, ONE, 4).map(
    (c) => (c < 0n ? -c : c) - (c < 0n ? -c : c) / 2500n,
  );
  put(
    'shaders/math/ratio.wgsl',
    '1 / (1 + z), less 0.0004 of it, 2^16',
    low.map((c) => `${scaled(c, 16)}u`),
  );
  const b = fit(
    (v) => div(sqrt(v >> 8n) - tanh(sqrt(v >> 8n)), mul(sqrt(v >> 8n), v >> 8n)),
    0n,
    ONE,
    4,
  ).map((c) => (c < 0n ? -c : c));
  put('shaders/math/tanh.wgsl', '(x - tanh x) / x^3 in v = 2^8 x^2: b0 2^65, b1 2^74', [
    wide(scaled(b[0] ?? 0n, 65)),
    wide(scaled(b[1] ?? 0n, 74)),
  ]);
  put(
    'shaders/math/tanh.wgsl',
    'b2 2^52, b3 2^61, b4 2^70',
    [2, 3, 4].map((k) => word(scaled(b[k] ?? 0n, 34 + 9 * k))),
  );
}
put(
  'wasm/math/expm1.h',
  '(e^r - 1) / r, |r| <= ln 2 / 2, from degree 1',
  fit(expOver, -half, half, 8).slice(1).map(f64),
);

// ---- erf
{
  const near = fit(erfOverRoot, 0n, ONE, 12);
  const far = [1, 2, 3].map((i) => fit((g) => erf(BigInt(i) * ONE + g), 0n, ONE, 17));
  const biased = (/** @type {bigint | undefined} */ c) =>
    BigInt.asUintN(64, scaled(c ?? 0n, 62) + (1n << 63n));
  for (let k = 17; k >= 0; k -= 1) {
    const sets = [near, ...far].map((set) => biased(set[k]));
    put(
      'shaders/math/erf.wgsl',
      `c${k} 2^62 + 2^63 of the four polynomials, high words and low words`,
      [...sets.map((c) => word(c >> 32n)), ...sets.map(word)],
    );
  }
  put(
    'wasm/math/erf.c',
    'erf(sqrt u) / sqrt u, 0 <= u <= 1',
    fit(erfOverRoot, 0n, ONE, 8).map(f64),
  );
  const centre = ratio(99, 40);
  put(
    'wasm/math/erf.c',
    'erf(2.475 + t), |t| <= 1.475',
    fit((t) => erf(centre + t), -ratio(59, 40), ratio(59, 40), 20).map(f64),
  );
}

// ---- log and pow
{
  // r / 256 is the reciprocal of 1 + i/16 in 8 bits, so that z = m r / 256 - 1 is exact in a word.
  const reciprocals = Array.from({ length: 16 }, (_, i) =>
    i < 1 ? 256 : Math.round(256 / (1 + i / 16)),
  );
  put(
    'shaders/math/log.wgsl',
    '-log2(r / 256) 2^88 and r - 1, high words first',
    reciprocals.flatMap((r) => {
      const c = scaled(-div(ln(ratio(r, 256)), LN2), 88);
      return [word(((c >> 64n) << 8n) | BigInt(r - 1)), word(c >> 32n), word(c)];
    }),
  );
  const g = fit(
    (w) => div(div(ln(ONE + ((w - (ONE >> 1n)) >> 4n)), LN2), (w - (ONE >> 1n)) >> 4n),
    ratio(17, 512),
    ONE,
    9,
  ).map((c) => (c < 0n ? -c : c));
  put(
    'shaders/math/log.wgsl',
    'log2(1 + z) / z in w = 16 z + 1/2: g0 2^63, gk 16^k 2^64, from k = 8 on 16^k 2^32',
    g.map((c, k) =>
      k > 7 ? word(scaled(c, 32 + 4 * k)) : wide(scaled(c, k < 1 ? 63 : 64 + 4 * k)),
    ),
  );
  put('shaders/math/log.wgsl', 'ln 2 2^64', [wide(scaled(LN2, 64))]);
  put('shaders/math/power.wgsl', 'ln 2 2^64', [wide(scaled(LN2, 64))]);
  put('wasm/math/wide.h', 'ln 2 2^224, low first', [
    ...Array.from({ length: 8 }, (_, i) =>
      word(((LN2 << 224n) >> BITS) >> BigInt(32 * i)).slice(0, -1),
    ),
  ]);
  const root = sqrt(2n * ONE);
  const end = div(root - ONE, root + ONE);
  put(
    'wasm/math/log.h',
    '2 artanh(s) / s in s^2, s = (m - 1) / (m + 1), 2^-1/2 <= m <= 2^1/2',
    fit((u) => div(ln(div(ONE + sqrt(u), ONE - sqrt(u))), sqrt(u)), 0n, mul(end, end), 6).map(f64),
  );
}

// ---- sin, cos and tan
/** Sum of (-u)^k (first - 1)! / (first - 1 + 2 k)!; first = 2 gives sin(sqrt u) / sqrt u. @param {bigint} u @param {bigint} first */
function alternating(u, first) {
  let sum = 0n;
  let term = ONE;
  for (let k = first; term !== 0n && term !== -1n; k += 2n) {
    sum += term;
    term = -mul(term, u) / (k * (k + 1n));
  }
  return sum;
}
const sinOverRoot = (/** @type {bigint} */ u) => alternating(u, 2n);
{
  // 2/pi: one word of zeros for the bits of weight 2^32 to 2^1, then 256 bits after the point, high words first.
  const twoOverPi = div(2n * ONE, PI) >> (BITS - 256n);
  put(
    'shaders/math/trig.wgsl',
    '2/pi 2^256, high words first',
    Array.from({ length: 8 }, (_, i) => word(twoOverPi >> BigInt(224 - 32 * i))),
  );
  put('shaders/math/trig.wgsl', 'pi/4 2^64', [wide(scaled(PI, 62))]);
  const end = mul(PI, PI) >> 4n; // (pi/4)^2
  const s = fit((u) => alternating(u, 4n) / 6n, 0n, end, 6);
  const c = fit((u) => alternating(u, 3n) / 2n, 0n, end, 6);
  const scales = [64, 68, 73, 79, 85, 60, 68];
  const magnitude = (/** @type {bigint | undefined} */ x = 0n) => (x < 0n ? -x : x);
  put(
    'shaders/math/trig.wgsl',
    '(1 - sin(sqrt u) / sqrt u) / u and (1 - cos sqrt u) / u: 2^64 2^68 2^73 2^79 2^85, then 2^60 2^68; words',
    scales.flatMap((scale, k) => {
      const sets = [scaled(magnitude(s[k]), scale), scaled(magnitude(c[k]), scale)];
      return scale < 70 && k > 4 ? sets.map(word) : sets.flatMap((x) => [word(x), word(x >> 32n)]);
    }),
  );
  const quarter = mul(PI, PI) >> 2n; // (pi/2)^2
  const high = (((PI << 33n) + (ONE >> 1n)) >> BITS) << (BITS - 33n);
  for (const name of ['sin', 'cos']) put(`wasm/math/${name}.c`, '1/pi', [f64(div(ONE, PI))]);
  put('wasm/math/trig.h', 'pi in 35 bits and the rest', [f64(high), f64(PI - high)]);
  put(
    'wasm/math/trig.h',
    'sin(sqrt u) / sqrt u, u <= (pi/2)^2',
    fit(sinOverRoot, 0n, quarter, 6).map(f64),
  );
}

{
  const end = mul(PI, PI) >> 4n;
  put('wasm/math/tan.c', '2/pi', [f64(div(2n * ONE, PI))]);
  put(
    'wasm/math/tan.c',
    'sin(sqrt u) / sqrt u, u <= (pi/4)^2',
    fit(sinOverRoot, 0n, end, 5).map(f64),
  );
  put(
    'wasm/math/tan.c',
    'cos sqrt u, u <= (pi/4)^2, from degree 1 (degree 0 is 1)',
    fit((u) => alternating(u, 1n), 0n, end, 6)
      .slice(1)
      .map(f64),
  );
}

// ---- atan
/** Sum of (-u)^k / (first + 2 k); first = 1 gives atan(sqrt u) / sqrt u. @param {bigint} u @param {bigint} first */
function atanSeries(u, first) {
  let sum = 0n;
  let power = ONE;
  for (let k = first; power !== 0n && power !== -1n; k += 2n) {
    sum += power / k;
    power = -mul(power, u);
  }
  return sum;
}
{
  const end = mul(ratio(4143, 10000), ratio(4143, 10000));
  const b = fit((u) => atanSeries(u, 3n), 0n, end, 12).map((x) => (x < 0n ? -x : x));
  put(
    'shaders/math/atan.wgsl',
    '(1 - atan(sqrt u) / sqrt u) / u 2^65, the last one 2^33',
    b.map((x, k) => (k > 11 ? word(scaled(x, 33)) : wide(scaled(x, 65)))),
  );
  put('shaders/math/atan.wgsl', 'pi/4 and pi/2 2^63', [
    ...[scaled(PI, 61), scaled(PI, 62)].flatMap((x) => [word(x), word(x >> 32n)]),
  ]);
  put(
    'wasm/math/atan.c',
    'atan(sqrt u) / sqrt u',
    fit((u) => atanSeries(u, 1n), 0n, end, 9).map(f64),
  );
  put('wasm/math/atan.c', 'pi/4 and pi/2', [f64(PI / 4n), f64(PI / 2n)]);
}

// ---- asin and acos
/** asin(sqrt v) / sqrt v by its series, v <= 1/4. @param {bigint} v */
function asinOverRoot(v) {
  let sum = 0n;
  let term = ONE;
  for (let k = 1n; term !== 0n; k += 1n) {
    sum += term / (2n * k - 1n);
    term = (mul(term, v) * (2n * k - 1n)) / (2n * k);
  }
  return sum;
}
{
  const g = fit(asinOverRoot, 0n, ONE / 4n, 15);
  put(
    'shaders/math/arcsine.wgsl',
    'asin(sqrt v) / sqrt v 2^63, the last one 2^31; the two negative ones with 1/16',
    g.map((x, k) => (k > 14 ? word(scaled(x, 31)) : wide(scaled(x < 0n ? x + ONE / 16n : x, 63)))),
  );
  put('shaders/math/asin.wgsl', 'pi/2 2^62', [wide(scaled(PI, 61))]);
  put('shaders/math/acos.wgsl', 'pi/2 and pi 2^62', [
    ...[scaled(PI, 61), scaled(PI, 62)].flatMap((x) => [word(x), word(x >> 32n)]),
  ]);
  put('wasm/math/arcsine.h', 'asin(sqrt v) / sqrt v', fit(asinOverRoot, 0n, ONE / 4n, 10).map(f64));
  put('wasm/math/asin.c', 'pi/2', [f64(PI / 2n)]);
  put('wasm/math/acos.c', 'pi/2 and pi', [f64(PI / 2n), f64(PI)]);
}

expFamily(put);
logFamily(put);

let missing = 0;
const check = process.argv.includes('--check');
for (const { file, what, constants } of made) {
  const text = check
    ? readFileSync(join(fileURLToPath(import.meta.url), '..', '..', file), 'utf8')
    : '';
  if (!check) console.log(`${file}: ${what}\n  ${constants.join(' ')}`);
  for (const constant of constants.filter(() => check)) {
    if (text.includes(constant)) continue;
    missing += 1;
    console.error(`${file}: ${what}: ${constant} is not there`);
  }
}
process.exitCode = missing > 0 ? 1 : 0;
