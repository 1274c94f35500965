// sigmoid(x) = 1 / (1 + e^-x), correctly rounded as one function (V6). NaN -> NaN, -inf and results under
// 2^-120 -> +0, +inf -> 1. Fast path: e^-x within 2^-39.6, sum and quotient add 2^-52: within 2^-39.5, less
// than 2^14 last places. What is undecided takes the integer algorithm of shaders/math/sigmoid.wgsl.
#include "exp.h"
#include "math.h"
#include "words/sigmoid.h"

PRECISE_LANES(sigmoid_precise, wgsl_sigmoid_f32)

static inline f32x4 sigmoid_x4(f32x4 x) {
  // sigmoid(-90) < 2^-120, sigmoid(90) rounds to 1.
  f32x4 clamped = clamp_f32(x, 90.0f);
  f64x2 low = 1.0 / (1.0 + exp_f64x2(-low_f64(clamped)));
  f64x2 high = 1.0 / (1.0 + exp_f64x2(-high_f64(clamped)));
  f32x4 y = round_f32(low, high);
  i32x4 undecided = undecided_x4(low, high, 1u << 14);
  if (__builtin_expect(any_true(undecided), 0)) y = sigmoid_precise(y, clamped, undecided);
  return with_nan(flush_lanes(y), x);
}

f32 sigmoid_f32(f32 x) { return f32_of(wgsl_sigmoid_f32(bits_of(x))); }
void sigmoid_f32_block(const f32 *x, f32 *y, u32 n) { BLOCK_OF(sigmoid_x4, x, y, n); }
