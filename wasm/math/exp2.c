// exp2, correctly rounded (V6). NaN -> NaN, overflow and +inf -> inf, results under 2^-120 and -inf -> +0
// (V2). What is undecided takes the integer algorithm of shaders/math/exp2.wgsl.
#include "lanes.h"
#include "math.h"
#include "words/exp2.h"

// 2^x for |x| <= 130 within a relative error of 2^-39.7: x = k + t, k the nearest integer, both exact. 2^t by
// a polynomial of degree 8 through the Chebyshev nodes of |t| <= 1/2, with 1 as its first coefficient:
// 2^-39.8, evaluation 2^-50; whole numbers are exact. 2^k is added to the exponent field.
static inline f64x2 exp2_f64x2(f64x2 x) {
  const f64x2 magic = splat_f64(0x1.8p+52);
  f64x2 shifted = x + magic;
  f64x2 t = x - (shifted - magic);
  f64x2 t2 = t * t;
  f64x2 c01 = 1.0 + t * 0x1.62e42fef84cf0p-1;
  f64x2 c23 = 0x1.ebfbdff823cedp-3 + t * 0x1.c6b08dd6fd234p-5;
  f64x2 c45 = 0x1.3b2ab7181b755p-7 + t * 0x1.5d8745a728441p-10;
  f64x2 c67 = 0x1.4308ac85aa947p-13 + t * 0x1.00dc4a532fb8ep-16;
  f64x2 high = c45 + t2 * (c67 + t2 * 0x1.63d136366db24p-20);
  f64x2 e = c01 + t2 * (c23 + t2 * high);
  return (f64x2)((i64x2)e + ((i64x2)shifted << 52));
}

PRECISE_LANES(exp2_precise, wgsl_exp2_f32)

static inline f32x4 exp2_x4(f32x4 x) {
  // Outside [-130, 130] 2^x is far under 2^-120 or over the largest f32: the ends stand for what is beyond.
  f32x4 clamped = clamp_f32(x, 130.0f);
  f64x2 low = exp2_f64x2(low_f64(clamped));
  f64x2 high = exp2_f64x2(high_f64(clamped));
  f32x4 y = round_f32(low, high);
  // 2^-39.7 is less than 2^13.4 last places: one lane in 16,384 is undecided.
  i32x4 undecided = undecided_x4(low, high, 1u << 14);
  if (__builtin_expect(any_true(undecided), 0)) y = exp2_precise(y, clamped, undecided);
  return with_nan(flush_lanes(y), x);
}

f32 exp2_f32(f32 x) { return f32_of(wgsl_exp2_f32(bits_of(x))); }
void exp2_f32_block(const f32 *x, f32 *y, u32 n) { BLOCK_OF(exp2_x4, x, y, n); }
