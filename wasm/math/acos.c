// acos, correctly rounded (V6). NaN and |x| > 1 -> NaN, 1 -> +0, magnitudes under 2^-120 read as 0 -> pi/2
// (V2). What is undecided takes the integer algorithm of shaders/math/acos.wgsl.
#include "arcsine.h"
#include "math.h"
#include "words/acos.h"

// acos x, |x| <= 1: under 1/2 pi/2 - asin x, over 1.04; from 1/2 on acos |x|, or pi - acos |x|, over 2.09:
// relative error under 2^-47.
static inline f64x2 acos_f64x2(f64x2 x) {
  f64x2 t = abs_f64(x);
  f64x2 angle = arcsine_f64x2(t);
  i64x2 sign = (i64x2)x & ~0x7fffffffffffffff;
  f64x2 base = arcsine_pick(splat_f64(0.0), splat_f64(0x1.921fb54442d18p+1), sign != 0);
  f64x2 large = base + (f64x2)((i64x2)angle ^ sign);
  return arcsine_pick(0x1.921fb54442d18p+0 - (f64x2)((i64x2)angle ^ sign), large, t >= 0.5);
}

PRECISE_LANES(acos_precise, wgsl_acos_f32)

static inline f32x4 acos_x4(f32x4 x) {
  i32x4 invalid = ~((f32x4)((i32x4)x & 0x7fffffff) <= 1.0f);
  f32x4 read = (f32x4)((i32x4)x & ~invalid);
  f64x2 low = acos_f64x2(low_f64(read));
  f64x2 high = acos_f64x2(high_f64(read));
  f32x4 y = round_f32(low, high);
  i32x4 undecided = undecided_x4(low, high, 1u << 9);
  if (__builtin_expect(any_true(undecided), 0)) y = acos_precise(y, read, undecided);
  return (f32x4)select_i32((i32x4)y, (i32x4){0, 0, 0, 0} + (i32)CANONICAL_NAN, invalid);
}

f32 acos_f32(f32 x) { return f32_of(wgsl_acos_f32(bits_of(x))); }
void acos_f32_block(const f32 *x, f32 *y, u32 n) { BLOCK_OF(acos_x4, x, y, n); }
