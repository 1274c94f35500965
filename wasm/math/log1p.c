// log1p(x) = ln(1 + x), correctly rounded (V6). NaN and x < -1 -> NaN, -1 -> -inf, +inf -> inf, magnitudes
// under 2^-120 -> +0 (V2). Fast path: an f64 within 2^-50, 8 last places at most; if no tie lies within 32
// last places its rounding is that of log1p x. What is undecided takes the integer algorithm of
// shaders/math/log1p.wgsl.
#include "log1p.h"
#include "math.h"
#include "words/log1p.h"

PRECISE_LANES(log1p_precise, wgsl_log1p_f32)

static inline f32x4 log1p_x4(f32x4 x) {
  // 0 stands for what has no finite logarithm.
  i32x4 regular = (x > -1.0f) & (x <= 0x1.fffffep+127f);
  f32x4 safe = flush_lanes((f32x4)((i32x4)x & regular));
  f64x2 low = log1p_f64x2(low_f64(safe));
  f64x2 high = log1p_f64x2(high_f64(safe));
  f32x4 y = round_f32(low, high);
  i32x4 undecided = undecided_x4(low, high, 32u);
  if (__builtin_expect(any_true(undecided), 0)) y = log1p_precise(y, x, undecided);
  f32x4 special = select_f32(x, splat_f32(-__builtin_inff()), x == -1.0f); // or inf
  return select_special(y, special, regular, (x < -1.0f) | (x != x));
}

f32 log1p_f32(f32 x) { return f32_of(wgsl_log1p_f32(bits_of(x))); }
void log1p_f32_block(const f32 *x, f32 *y, u32 n) { BLOCK_OF(log1p_x4, x, y, n); }
