// asinh, correctly rounded (V6). NaN -> NaN, +-inf -> +-inf, magnitudes under 2^-120 -> +0 (V2). Fast path:
// an f64 within 2^-49, 16 last places at most; if no tie lies within 32 last places its rounding is that of
// asinh x. What is undecided takes the integer algorithm of shaders/math/asinh.wgsl.
#include "log1p.h"
#include "math.h"
#include "words/asinh.h"

// ln(1 + u) for 0 <= x < 2^128, u = x + sqrt(x^2 + 1) - 1 = x + x^2 / (1 + sqrt(x^2 + 1)): x^2 is exact, the
// sum, the root, the second sum and the quotient are off by 2^-53 each, and weigh less than x.
static inline f64x2 asinh_f64x2(f64x2 x) {
  f64x2 square = x * x;
  return log1p_f64x2(x + square / (1.0 + sqrt_f64x2(square + 1.0)));
}

PRECISE_LANES(asinh_precise, wgsl_asinh_f32)

static inline f32x4 asinh_x4(f32x4 x) {
  i32x4 sign = (i32x4)x & (i32)0x80000000;
  f32x4 magnitude = (f32x4)((i32x4)x & 0x7fffffff);
  i32x4 regular = magnitude <= 0x1.fffffep+127f; // not infinite, not NaN
  f32x4 safe = (f32x4)((i32x4)magnitude & regular);
  f64x2 low = asinh_f64x2(low_f64(safe));
  f64x2 high = asinh_f64x2(high_f64(safe));
  f32x4 y = flush_lanes((f32x4)((i32x4)round_f32(low, high) | sign));
  i32x4 undecided = undecided_x4(low, high, 32u);
  if (__builtin_expect(any_true(undecided), 0)) y = asinh_precise(y, x, undecided);
  return select_special(y, x, regular, x != x);
}

f32 asinh_f32(f32 x) { return f32_of(wgsl_asinh_f32(bits_of(x))); }
void asinh_f32_block(const f32 *x, f32 *y, u32 n) { BLOCK_OF(asinh_x4, x, y, n); }
