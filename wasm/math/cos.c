// cos, correctly rounded (V6). NaN and +-inf -> NaN, magnitudes under 2^-120 read as 0 -> 1 (V2). What is
// undecided, and magnitudes over 2^18, take the integer algorithm of shaders/math/cos.wgsl.
#include "math.h"
#include "trig.h"
#include "words/cos.h"

// cos x = -(-1)^k sin(x - (k + 1/2) pi).
static inline f64x2 cos_f64x2(f64x2 x) {
  f64x2 shifted = trig_shifted(x * 0x1.45f306dc9c883p-2 - 0.5);
  f64x2 y = trig_sine(x, (shifted - 0x1.8p+52) + 0.5);
  return trig_flip(-y, shifted);
}

PRECISE_LANES(cos_precise, wgsl_cos_f32)

static inline f32x4 cos_x4(f32x4 x) {
  i32x4 large = trig_is_large(x);
  f32x4 usual = (f32x4)((i32x4)x & ~large);
  f64x2 low = cos_f64x2(low_f64(usual));
  f64x2 high = cos_f64x2(high_f64(usual));
  f32x4 y = round_f32(low, high);
  i32x4 undecided = undecided_x4(low, high, 1u << 11) | large;
  if (__builtin_expect(any_true(undecided), 0)) y = cos_precise(y, x, undecided);
  return y;
}

f32 cos_f32(f32 x) { return f32_of(wgsl_cos_f32(bits_of(x))); }
void cos_f32_block(const f32 *x, f32 *y, u32 n) { BLOCK_OF(cos_x4, x, y, n); }
