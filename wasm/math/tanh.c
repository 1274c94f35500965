// tanh, correctly rounded (V6). NaN -> NaN, +-inf -> +-1, magnitudes under 2^-120 -> +0 (V2). What is
// undecided takes the integer algorithm of shaders/math/tanh.wgsl.
#include "expm1.h"
#include "math.h"
#include "words/tanh.h"

// tanh x = p / (p + 2), p = e^2x - 1, for |x| <= 10, within a relative error of 2^-42: p / (p + 2) passes on
// at most 2 / (p + 2) of the error of p, which is under 1.7 where k (expm1.h) is -1 and no more than 1.2
// where k = 0 or p > 0; for k < -1 the error of p itself is under 2^-43.8.
static inline f64x2 tanh_f64x2(f64x2 x) {
  f64x2 p = expm1_f64x2(x + x);
  return p / (p + 2.0);
}

PRECISE_LANES(tanh_precise, wgsl_tanh_f32)

static inline f32x4 tanh_x4(f32x4 x) {
  // tanh 10 rounds to 1. Under 2^-12 tanh x rounds to x, and so does its f64: no lane there is undecided.
  f32x4 clamped = clamp_f32(x, 10.0f);
  f64x2 low = tanh_f64x2(low_f64(clamped));
  f64x2 high = tanh_f64x2(high_f64(clamped));
  f32x4 y = round_f32(low, high);
  i32x4 undecided = undecided_x4(low, high, 1u << 12);
  if (__builtin_expect(any_true(undecided), 0)) y = tanh_precise(y, clamped, undecided);
  return with_nan(flush_lanes(y), x);
}

f32 tanh_f32(f32 x) { return f32_of(wgsl_tanh_f32(bits_of(x))); }
void tanh_f32_block(const f32 *x, f32 *y, u32 n) { BLOCK_OF(tanh_x4, x, y, n); }
