// atan, correctly rounded (V6). NaN -> NaN, +-inf -> +-pi/2 rounded, magnitudes under 2^-120 -> +0 (V2). What
// is undecided takes the integer algorithm of shaders/math/atan.wgsl.
#include "lanes.h"
#include "math.h"
#include "words/atan.h"

static inline f64x2 atan_pick(f64x2 otherwise, f64x2 value, i64x2 mask) {
  return (f64x2)(((i64x2)value & mask) | ((i64x2)otherwise & ~mask));
}

// atan t for t >= 0 within a relative error of 2^-47.
//   t < tan(pi/8): q = t; t >= cot(pi/8): pi/2 + atan q, q = -1 / t; between: pi/4 + atan q, q = (t - 1) / (t
//   + 1). |q| < 0.41422; q P(q^2), P of degree 9 through the Chebyshev nodes: relative error under 2^-48. A
//   sum is over 0.41, twice what the polynomial's part in it can be in the lower half of the range.
static inline f64x2 atan_f64x2(f64x2 t) {
  const f64x2 one = splat_f64(1.0), zero = splat_f64(0.0);
  i64x2 near = t < 0x1.a8279ap-2, far = t >= 0x1.3504f4p+1;
  f64x2 numerator = atan_pick(atan_pick(t - one, -one, far), t, near);
  f64x2 denominator = atan_pick(atan_pick(t + one, t, far), one, near);
  f64x2 base = atan_pick(splat_f64(0x1.921fb54442d18p-1), splat_f64(0x1.921fb54442d18p+0), far);
  f64x2 q = numerator / denominator;
  f64x2 u = q * q;
  f64x2 u2 = u * u;
  f64x2 u4 = u2 * u2;
  f64x2 c03 = (0x1.ffffffffffff7p-1 + u * -0x1.5555555550651p-2) +
              u2 * (0x1.999999922731bp-3 + u * -0x1.249246f5163a8p-3);
  f64x2 c47 = (0x1.c71bca48fbad8p-4 + u * -0x1.744e9a7850ab1p-4) +
              u2 * (0x1.3a4e92df229f4p-4 + u * -0x1.0a7a7a1873247p-4);
  f64x2 c89 = 0x1.9b95b4998e068p-5 + u * -0x1.9eaa617c77678p-6;
  return atan_pick(base, zero, near) + q * (c03 + u4 * (c47 + u4 * c89));
}

PRECISE_LANES(atan_precise, wgsl_atan_f32)

static inline f32x4 atan_x4(f32x4 x) {
  f32x4 magnitude = (f32x4)((i32x4)x & 0x7fffffff);
  i32x4 sign = (i32x4)x & (i32)0x80000000;
  f64x2 low = atan_f64x2(low_f64(magnitude));
  f64x2 high = atan_f64x2(high_f64(magnitude));
  f32x4 y = round_f32(low, high);
  i32x4 undecided = undecided_x4(low, high, 1u << 9);
  if (__builtin_expect(any_true(undecided), 0)) y = atan_precise(y, magnitude, undecided);
  return with_nan(flush_lanes((f32x4)((i32x4)y | sign)), x);
}

f32 atan_f32(f32 x) { return f32_of(wgsl_atan_f32(bits_of(x))); }
void atan_f32_block(const f32 *x, f32 *y, u32 n) { BLOCK_OF(atan_x4, x, y, n); }
