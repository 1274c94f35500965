// asin, correctly rounded (V6). NaN and |x| > 1 -> NaN, magnitudes under 2^-120 -> +0 (V2). What is undecided
// takes the integer algorithm of shaders/math/asin.wgsl.
#include "arcsine.h"
#include "math.h"
#include "words/asin.h"

// asin t, 0 <= t <= 1: from 1/2 on pi/2 - acos t, over 0.52 and at least half of acos t: error under 2^-46.5.
static inline f64x2 asin_f64x2(f64x2 t) {
  f64x2 angle = arcsine_f64x2(t);
  return arcsine_pick(angle, 0x1.921fb54442d18p+0 - angle, t >= 0.5);
}

PRECISE_LANES(asin_precise, wgsl_asin_f32)

static inline f32x4 asin_x4(f32x4 x) {
  f32x4 magnitude = (f32x4)((i32x4)x & 0x7fffffff);
  i32x4 sign = (i32x4)x & (i32)0x80000000;
  i32x4 invalid = ~(magnitude <= 1.0f);
  f32x4 read = (f32x4)((i32x4)magnitude & ~invalid);
  f64x2 low = asin_f64x2(low_f64(read));
  f64x2 high = asin_f64x2(high_f64(read));
  f32x4 y = round_f32(low, high);
  i32x4 undecided = undecided_x4(low, high, 1u << 9);
  if (__builtin_expect(any_true(undecided), 0)) y = asin_precise(y, read, undecided);
  y = flush_lanes((f32x4)((i32x4)y | sign));
  return (f32x4)select_i32((i32x4)y, (i32x4){0, 0, 0, 0} + (i32)CANONICAL_NAN, invalid);
}

f32 asin_f32(f32 x) { return f32_of(wgsl_asin_f32(bits_of(x))); }
void asin_f32_block(const f32 *x, f32 *y, u32 n) { BLOCK_OF(asin_x4, x, y, n); }
