// sin, correctly rounded (V6). NaN and +-inf -> NaN, magnitudes under 2^-120 -> +0 (V2). What is undecided,
// and magnitudes over 2^18, take the integer algorithm of shaders/math/sin.wgsl.
#include "math.h"
#include "trig.h"
#include "words/sin.h"

static inline f64x2 sin_f64x2(f64x2 x) {
  f64x2 shifted = trig_shifted(x * 0x1.45f306dc9c883p-2);
  return trig_flip(trig_sine(x, shifted - 0x1.8p+52), shifted);
}

PRECISE_LANES(sin_precise, wgsl_sin_f32)

static inline f32x4 sin_x4(f32x4 x) {
  i32x4 large = trig_is_large(x);
  f32x4 usual = (f32x4)((i32x4)x & ~large);
  // Near 0 sin x rounds to x, and so does its f64: no lane there is undecided.
  f64x2 low = sin_f64x2(low_f64(usual));
  f64x2 high = sin_f64x2(high_f64(usual));
  f32x4 y = flush_lanes(round_f32(low, high));
  i32x4 undecided = undecided_x4(low, high, 1u << 11) | large;
  if (__builtin_expect(any_true(undecided), 0)) y = sin_precise(y, x, undecided);
  return y;
}

f32 sin_f32(f32 x) { return f32_of(wgsl_sin_f32(bits_of(x))); }
void sin_f32_block(const f32 *x, f32 *y, u32 n) { BLOCK_OF(sin_x4, x, y, n); }
