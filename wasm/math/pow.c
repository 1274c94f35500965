// pow, correctly rounded (V6). The special values stand in shaders/math/power.wgsl: x^0 = 1^y = 1, a zero has
// no sign, a negative base needs an integer exponent. Fast path: |x|^y = e^(y ln|x|), an f64 within 2^-39 of
// it, 2^14 last places at most; if no tie lies within 2^15 last places its rounding is that of |x|^y. One
// lane in 8,000 is undecided and takes the integer algorithm of shaders/math/power.wgsl (2^-53, ties decided
// exactly); what that leaves undecided takes power_wide (2^-186).
#include "exp.h"
#include "log.h"
#include "math.h"
#include "power_wide.h"
#include "words/power.h"

f32 pow_f32(f32 x, f32 y) {
  u32 base = bits_of(x), exponent = bits_of(y);
  wgsl_Power power = wgsl_power(base, exponent);
  if (__builtin_expect(power.undecided, 0)) {
    u32 wide = power_wide(base & 0x7fffffffu, exponent & 0x7fffffffu, exponent >> 31);
    power.word = (power.word & 0x80000000u) | wide;
    power.word = flush_bits(power.word, CANONICAL_LIMIT);
  }
  return f32_of(power.word);
}

// The exponents that models use: x^2 is one rounded operation, x^(1/2) of what is not negative too (a
// negative x differs at -inf); x^3 is rounded once to f64 and once to f32, and decided where no tie is within
// two last places.
static inline f32x4 square_x4(f32x4 x) {
  x = flush_lanes(x);
  return with_nan(flush_lanes(x * x), x);
}
static inline f32x4 root_x4(f32x4 x) {
  x = flush_lanes(x);
#ifdef __wasm_simd128__
  f32x4 root = (f32x4)wasm_f32x4_sqrt((v128_t)x);
#else
  f32x4 root = {__builtin_sqrtf(x[0]), __builtin_sqrtf(x[1]), __builtin_sqrtf(x[2]), __builtin_sqrtf(x[3])};
#endif
  return with_nan(root, x);
}
static inline f32x4 cube_x4(f32x4 x) {
  f32x4 base = flush_lanes(x);
  f64x2 low = low_f64(base), high = high_f64(base);
  low = low * low * low; // the square has 48 bits and is exact
  high = high * high * high;
  f32x4 z = round_f32(low, high);
  i32x4 undecided = undecided_x4(low, high, 2u);
  if (__builtin_expect(any_true(undecided), 0)) {
    for (int i = 0; i < 4; i++)
      if (undecided[i]) z[i] = f32_of(wgsl_cube_f32(bits_of(x[i])));
  }
  return with_nan(flush_lanes(z), x);
}

// Where |t| > 90 its end stands for it: the result is infinite or 0 either way.
static inline f64x2 clamp_f64(f64x2 t) {
  t = (f64x2)(((i64x2)t & ~(t > 90.0)) | ((i64x2)splat_f64(90.0) & (t > 90.0)));
  return (f64x2)(((i64x2)t & ~(t < -90.0)) | ((i64x2)splat_f64(-90.0) & (t < -90.0)));
}

// Four lanes. Error of the fast path: ln x 2^-50.5, its product with y, |y ln x| < 90: 90 (2^-50.5 + 2^-53) <
// 2^-43.7; e^ 2^-39.6.
static inline f32x4 pow_x4(f32x4 x, f32x4 y) {
  if (!any_true(y != 2.0f)) return square_x4(x);
  if (!any_true(y != 3.0f)) return cube_x4(x);
  if (!any_true((y != 0.5f) | (((i32x4)x < 0)))) return root_x4(x);
  const i32x4 zero = {0, 0, 0, 0};
  i32x4 words = (i32x4)x & 0x7fffffff, exponents = (i32x4)y & 0x7fffffff;
  // Regular lanes: |x| and |y| finite and not zero, |y| < 2^22, y an integer where x is negative.
  // Adding 1.5 * 2^23 rounds to an integer; its lowest bit is that of the integer.
  f32x4 shifted = y + 0x1.8p+23f;
  i32x4 negative = (i32x4)x < 0;
  i32x4 integer = shifted - 0x1.8p+23f == y;
  i32x4 regular = (words >= (i32)CANONICAL_LIMIT) & (words < 0x7f800000) &
                  (exponents >= (i32)CANONICAL_LIMIT) & (exponents < 0x4a800000) & (integer | ~negative);
  i32x4 sign = ((i32x4)shifted << 31) & negative;
  words = select_i32(zero + 0x3f800000, words, regular);
  f32x4 safe_y = select_f32(splat_f32(1.0f), y, regular);
  i32x4 exponent = log_exponent(words);
  f32x4 m = (f32x4)(words - (exponent << 23));
  f32x4 e = __builtin_convertvector(exponent, f32x4);
  f64x2 low = log_f64x2(low_f64(m), low_f64(e)) * low_f64(safe_y);
  f64x2 high = log_f64x2(high_f64(m), high_f64(e)) * high_f64(safe_y);
  f64x2 y_low = exp_f64x2(clamp_f64(low)), y_high = exp_f64x2(clamp_f64(high));
  f32x4 z = round_f32(y_low, y_high);
  i32x4 precise = undecided_x4(y_low, y_high, 1u << 15) | ~regular;
  z = (f32x4)((i32x4)flush_lanes(z) | sign);
  z = (f32x4)((i32x4)z & (((i32x4)z & 0x7fffffff) != 0));
  if (__builtin_expect(any_true(precise), 0)) {
    for (int i = 0; i < 4; i++)
      if (precise[i]) z[i] = pow_f32(x[i], y[i]);
  }
  return z;
}

void pow_f32_block(const f32 *x, const f32 *y, f32 *z, u32 n) {
  u32 i = 0;
  for (; i + 4 <= n; i += 4) store_x4(z + i, pow_x4(load_x4(x + i), load_x4(y + i)));
  for (; i < n; i++) z[i] = pow_f32(x[i], y[i]);
}
