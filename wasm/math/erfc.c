// erfc(x) = 1 - erf(x), correctly rounded as one function (V6). NaN -> NaN, +inf and results under 2^-120 ->
// +0, -inf -> 2 (V2). What is undecided takes the integer algorithm of shaders/math/erfc.wgsl.
#include "exp.h"
#include "math.h"
#include "words/erfc.h"

// erfc x = e^(-x^2) y Q(y), y = 4 / (x + 4), for 0 <= x <= 9.13 within a relative error of 2^-39.5: x^2 has
// 48 bits and is exact, e^(-x^2) within 2^-39.6; Q by a polynomial of degree 15 in t = y - 21/32 through the
// Chebyshev nodes of |t| <= 45/128, relative error 2^-44.1, evaluation 2^-49.
static inline f64x2 erfc_f64x2(f64x2 x) {
  f64x2 y = 4.0 / (x + 4.0);
  f64x2 t = y - 0.65625;
  f64x2 t2 = t * t;
  f64x2 t4 = t2 * t2;
  f64x2 c00 = 0x1.7f371a7237783p-2 + t * 0x1.ab226e3ab6bd0p-1 +
              t2 * (0x1.8a3ab7d2c0830p+0 + t * 0x1.2e48a44ee0c45p+1);
  f64x2 c04 = 0x1.7e66a73a73ef2p+1 + t * 0x1.86d5180460fbbp+1 +
              t2 * (0x1.33eb7300c6eebp+1 + t * 0x1.4b49416f0ba28p+0);
  f64x2 c08 = 0x1.0b2e28e9c282dp-2 + t * -0x1.01e95d86f87dbp-2 +
              t2 * (-0x1.d50956cbde643p-3 + t * -0x1.728ceab52283ap-7);
  f64x2 c12 = 0x1.5a9f9abede384p-4 + t * 0x1.e5c00c317497cp-6 +
              t2 * (-0x1.9461447b8dc1dp-6 + t * -0x1.da87b6f0b7abbp-7);
  f64x2 q = c00 + t4 * (c04 + t4 * (c08 + t4 * c12));
  return exp_f64x2(-(x * x)) * (y * q);
}

PRECISE_LANES(erfc_precise, wgsl_erfc_f32)

static inline f32x4 erfc_x4(f32x4 x) {
  // erfc 9.125 is far under 2^-120, and 2 less of it rounds to 2. For |x| < 2^-26 the result is 1, and so is
  // the f64's.
  f32x4 clamped = clamp_f32(x, 9.125f);
  f32x4 magnitude = (f32x4)((i32x4)clamped & 0x7fffffff);
  f64x2 low = erfc_f64x2(low_f64(magnitude));
  f64x2 high = erfc_f64x2(high_f64(magnitude));
  i64x2 low_minus = low_f64(clamped) < 0.0, high_minus = high_f64(clamped) < 0.0;
  low = (f64x2)(((i64x2)(2.0 - low) & low_minus) | ((i64x2)low & ~low_minus));
  high = (f64x2)(((i64x2)(2.0 - high) & high_minus) | ((i64x2)high & ~high_minus));
  f32x4 y = round_f32(low, high);
  // 2^-39.5 is less than 2^13.5 last places: one lane in 16,384 is undecided.
  i32x4 undecided = undecided_x4(low, high, 1u << 14);
  if (__builtin_expect(any_true(undecided), 0)) y = erfc_precise(y, clamped, undecided);
  return with_nan(flush_lanes(y), x);
}

f32 erfc_f32(f32 x) { return f32_of(wgsl_erfc_f32(bits_of(x))); }
void erfc_f32_block(const f32 *x, f32 *y, u32 n) { BLOCK_OF(erfc_x4, x, y, n); }
