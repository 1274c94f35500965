// tan, correctly rounded (V6). NaN and +-inf -> NaN, magnitudes under 2^-120 -> +0 (V2). What is undecided,
// and magnitudes over 2^18, take the integer algorithm of shaders/math/tan.wgsl.
#include "math.h"
#include "trig.h"
#include "words/tan.h"

// tan x for |x| <= 2^18, within a relative error of 2^-45.2.
//   r = x - k pi/2 is known to a relative 2^-45.8 at worst (trig_rest). Sine of degree 5 in r^2 and cosine of
//   degree 6 through the Chebyshev nodes: relative errors 2^-47.5 and 2^-53.7; evaluation and quotient 2^-51.
//   For odd k tan x = -cos r / sin r, and r is not 0: no f32 but 0 is a multiple of pi/2.
static inline f64x2 tan_f64x2(f64x2 x) {
  f64x2 shifted = trig_shifted(x * 0x1.45f306dc9c883p-1);
  f64x2 r = trig_rest(x, (shifted - 0x1.8p+52) * 0.5);
  f64x2 u = r * r;
  f64x2 u2 = u * u;
  f64x2 s01 = 0x1.fffffffffffd9p-1 + u * -0x1.5555555550efep-3;
  f64x2 s23 = 0x1.1111110bde5e3p-7 + u * -0x1.a019f8a207d3fp-13;
  f64x2 s45 = 0x1.71d7317b8ee33p-19 + u * -0x1.a9507f3711e2dp-26;
  f64x2 s = r * (s01 + u2 * (s23 + u2 * s45));
  f64x2 c01 = 1.0 + u * -0x1.fffffffffff79p-2;
  f64x2 c23 = 0x1.555555554e7ebp-5 + u * -0x1.6c16c163c5a72p-10;
  f64x2 c45 = 0x1.a019f7fd878ecp-16 + u * -0x1.27df400a3c797p-22;
  f64x2 c = c01 + u2 * (c23 + u2 * (c45 + u2 * 0x1.1b8af554d31b3p-29));
  i64x2 odd = -((i64x2)shifted & 1);
  f64x2 numerator = (f64x2)(((i64x2)c & odd) | ((i64x2)s & ~odd));
  f64x2 denominator = (f64x2)(((i64x2)-s & odd) | ((i64x2)c & ~odd));
  return numerator / denominator;
}

PRECISE_LANES(tan_precise, wgsl_tan_f32)

static inline f32x4 tan_x4(f32x4 x) {
  i32x4 large = trig_is_large(x);
  f32x4 usual = (f32x4)((i32x4)x & ~large);
  f64x2 low = tan_f64x2(low_f64(usual));
  f64x2 high = tan_f64x2(high_f64(usual));
  f32x4 y = flush_lanes(round_f32(low, high));
  i32x4 undecided = undecided_x4(low, high, 1u << 10) | large;
  if (__builtin_expect(any_true(undecided), 0)) y = tan_precise(y, x, undecided);
  return y;
}

f32 tan_f32(f32 x) { return f32_of(wgsl_tan_f32(bits_of(x))); }
void tan_f32_block(const f32 *x, f32 *y, u32 n) { BLOCK_OF(tan_x4, x, y, n); }
