// softplus(x) = ln(1 + e^x), correctly rounded as one function (V6). NaN -> NaN, -inf and results under
// 2^-120 -> +0, +inf -> inf. Fast path: max(x, 0) + log1p(e^-|x|), within 2^-39.5: e^-|x| within 2^-39.6, the
// rest 2^-49; less than 2^14 last places. What is undecided takes the integer algorithm of
// shaders/math/softplus.wgsl.
#include "exp.h"
#include "log1p.h"
#include "math.h"
#include "words/softplus.h"

// t is -|x|, limited to -90, where e^t is under 2^-120 and under any last place of what is over 90.
static inline f64x2 softplus_f64x2(f64x2 x, f64x2 t) {
  f64x2 above = (f64x2)((i64x2)x & (x > 0.0));
  return above + log1p_f64x2(exp_f64x2(t));
}

PRECISE_LANES(softplus_precise, wgsl_softplus_f32)

static inline f32x4 softplus_x4(f32x4 x) {
  f32x4 t = (f32x4)((i32x4)clamp_f32(x, 90.0f) | (i32)0x80000000);
  f64x2 low = softplus_f64x2(low_f64(x), low_f64(t));
  f64x2 high = softplus_f64x2(high_f64(x), high_f64(t));
  f32x4 y = round_f32(low, high);
  i32x4 undecided = undecided_x4(low, high, 1u << 14);
  if (__builtin_expect(any_true(undecided), 0)) y = softplus_precise(y, x, undecided);
  return with_nan(flush_lanes(y), x);
}

f32 softplus_f32(f32 x) { return f32_of(wgsl_softplus_f32(bits_of(x))); }
void softplus_f32_block(const f32 *x, f32 *y, u32 n) { BLOCK_OF(softplus_x4, x, y, n); }
