// cosh, correctly rounded (V6). NaN -> NaN, overflow and +-inf -> inf, never under 1. What is undecided takes
// the integer algorithm of shaders/math/cosh.wgsl.
#include "expm1.h"
#include "math.h"
#include "words/cosh.h"

// cosh x = (e + 1 / e) / 2, e = (e^x - 1) + 1, for 0 <= x <= 90: e is as good as e^x - 1, 2^-42.7, and passes
// on a factor of at most 1 of that.
static inline f64x2 cosh_f64x2(f64x2 x) {
  f64x2 e = expm1_f64x2(x) + 1.0;
  return (e + 1.0 / e) * 0.5;
}

PRECISE_LANES(cosh_precise, wgsl_cosh_f32)

static inline f32x4 cosh_x4(f32x4 x) {
  // cosh 90 is over the largest f32.
  f32x4 magnitude = clamp_f32((f32x4)((i32x4)x & 0x7fffffff), 90.0f);
  f64x2 low = cosh_f64x2(low_f64(magnitude));
  f64x2 high = cosh_f64x2(high_f64(magnitude));
  f32x4 y = round_f32(low, high);
  // 2^-42.6 is less than 2^11 last places: one lane in 65,536 is undecided.
  i32x4 undecided = undecided_x4(low, high, 1u << 12);
  if (__builtin_expect(any_true(undecided), 0)) y = cosh_precise(y, magnitude, undecided);
  return with_nan(y, x);
}

f32 cosh_f32(f32 x) { return f32_of(wgsl_cosh_f32(bits_of(x))); }
void cosh_f32_block(const f32 *x, f32 *y, u32 n) { BLOCK_OF(cosh_x4, x, y, n); }
