// atanh, correctly rounded (V6). NaN and |x| > 1 -> NaN, +-1 -> +-inf, magnitudes under 2^-120 -> +0 (V2).
// Fast path: an f64 within 2^-49, 16 last places at most; if no tie lies within 32 last places its rounding
// is that of atanh x. What is undecided takes the integer algorithm of shaders/math/atanh.wgsl.
#include "log1p.h"
#include "math.h"
#include "words/atanh.h"

// ln((1 + x) / (1 - x)) / 2 for 0 <= x < 1: (1 + x) / (1 - x) = 1 + u, u = 2 x / (1 - x) within 2^-52 of
// itself.
static inline f64x2 atanh_f64x2(f64x2 x) { return log1p_f64x2((x + x) / (1.0 - x)) * 0.5; }

PRECISE_LANES(atanh_precise, wgsl_atanh_f32)

static inline f32x4 atanh_x4(f32x4 x) {
  // 0 stands for what has no finite result.
  i32x4 sign = (i32x4)x & (i32)0x80000000;
  f32x4 magnitude = (f32x4)((i32x4)x & 0x7fffffff);
  i32x4 regular = magnitude < 1.0f;
  f32x4 safe = (f32x4)((i32x4)magnitude & regular);
  f64x2 low = atanh_f64x2(low_f64(safe));
  f64x2 high = atanh_f64x2(high_f64(safe));
  f32x4 y = flush_lanes((f32x4)((i32x4)round_f32(low, high) | sign));
  i32x4 undecided = undecided_x4(low, high, 32u);
  if (__builtin_expect(any_true(undecided), 0)) y = atanh_precise(y, x, undecided);
  f32x4 special = (f32x4)(((i32x4)x & (i32)0x80000000) | 0x7f800000);
  return select_special(y, special, regular, magnitude != 1.0f);
}

f32 atanh_f32(f32 x) { return f32_of(wgsl_atanh_f32(bits_of(x))); }
void atanh_f32_block(const f32 *x, f32 *y, u32 n) { BLOCK_OF(atanh_x4, x, y, n); }
