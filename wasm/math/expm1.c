// expm1(x) = e^x - 1, correctly rounded as one function (V6). NaN -> NaN, overflow and +inf -> inf, -inf ->
// -1, magnitudes under 2^-120 -> +0 (V2). What is undecided takes the integer algorithm of
// shaders/math/expm1.wgsl.
#include "expm1.h"
#include "math.h"
#include "words/expm1.h"

PRECISE_LANES(expm1_precise, wgsl_expm1_f32)

static inline f32x4 expm1_x4(f32x4 x) {
  // Outside [-90, 90] the result rounds to -1 or is over the largest f32: the ends stand for what is beyond.
  // For |x| < 2^-25 it rounds to x, and so does the f64.
  f32x4 clamped = clamp_f32(x, 90.0f);
  f64x2 low = expm1_f64x2(low_f64(clamped));
  f64x2 high = expm1_f64x2(high_f64(clamped));
  f32x4 y = round_f32(low, high);
  // 2^-42.7 is less than 2^11 last places: one lane in 65,536 is undecided.
  i32x4 undecided = undecided_x4(low, high, 1u << 12);
  if (__builtin_expect(any_true(undecided), 0)) y = expm1_precise(y, clamped, undecided);
  return with_nan(flush_lanes(y), x);
}

f32 expm1_f32(f32 x) { return f32_of(wgsl_expm1_f32(bits_of(x))); }
void expm1_f32_block(const f32 *x, f32 *y, u32 n) { BLOCK_OF(expm1_x4, x, y, n); }
