// exp, correctly rounded (V6). NaN -> NaN, overflow and +inf -> inf, results under 2^-120 and -inf -> +0
// (V2). Fast path: an f64 within 2^-39.5 of e^x, 2^13.5 last places at most; if no tie lies within 2^14 last
// places its rounding is that of e^x. One lane in 16,384 is undecided and takes the integer algorithm of
// shaders/math/exp.wgsl.
#include "exp.h"
#include "math.h"
#include "words/exp.h"

PRECISE_LANES(exp_precise, wgsl_exp_f32)

static inline f32x4 exp_x4(f32x4 x) {
  // Outside [-90, 90] e^x is far under 2^-120 or far over the largest f32: the ends stand for what is beyond.
  f32x4 clamped = clamp_f32(x, 90.0f);
  f64x2 low = exp_f64x2(low_f64(clamped));
  f64x2 high = exp_f64x2(high_f64(clamped));
  f32x4 y = round_f32(low, high);
  i32x4 undecided = undecided_x4(low, high, 1u << 14);
  if (__builtin_expect(any_true(undecided), 0)) y = exp_precise(y, clamped, undecided);
  return with_nan(flush_lanes(y), x);
}

f32 exp_f32(f32 x) { return f32_of(wgsl_exp_f32(bits_of(x))); }
void exp_f32_block(const f32 *x, f32 *y, u32 n) { BLOCK_OF(exp_x4, x, y, n); }
