// sinh, correctly rounded (V6). NaN -> NaN, overflow and +-inf -> +-inf, magnitudes under 2^-120 -> +0 (V2).
// What is undecided takes the integer algorithm of shaders/math/sinh.wgsl.
#include "expm1.h"
#include "math.h"
#include "words/sinh.h"

// sinh x = (p + p / (p + 1)) / 2, p = e^x - 1, for 0 <= x <= 90: the error of p, 2^-42.7, is passed on by a
// factor of at most (1 + (p + 1)^-2) / (1 + (p + 1)^-1) <= 1.
static inline f64x2 sinh_f64x2(f64x2 x) {
  f64x2 p = expm1_f64x2(x);
  return (p + p / (p + 1.0)) * 0.5;
}

PRECISE_LANES(sinh_precise, wgsl_sinh_f32)

static inline f32x4 sinh_x4(f32x4 x) {
  // sinh 90 is over the largest f32. For |x| < 2^-12 sinh x rounds to x, and so does its f64.
  f32x4 magnitude = clamp_f32((f32x4)((i32x4)x & 0x7fffffff), 90.0f);
  i32x4 sign = (i32x4)x & (i32)0x80000000;
  f64x2 low = sinh_f64x2(low_f64(magnitude));
  f64x2 high = sinh_f64x2(high_f64(magnitude));
  f32x4 y = round_f32(low, high);
  // 2^-42.6 is less than 2^11 last places: one lane in 65,536 is undecided.
  i32x4 undecided = undecided_x4(low, high, 1u << 12);
  if (__builtin_expect(any_true(undecided), 0)) y = sinh_precise(y, magnitude, undecided);
  return with_nan(flush_lanes((f32x4)((i32x4)y | sign)), x);
}

f32 sinh_f32(f32 x) { return f32_of(wgsl_sinh_f32(bits_of(x))); }
void sinh_f32_block(const f32 *x, f32 *y, u32 n) { BLOCK_OF(sinh_x4, x, y, n); }
