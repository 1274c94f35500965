// acosh, correctly rounded (V6). NaN and x < 1 -> NaN, 1 -> +0, +inf -> inf (V2). Fast path: an f64 within
// 2^-49, 16 last places at most; if no tie lies within 32 last places its rounding is that of acosh x. What
// is undecided takes the integer algorithm of shaders/math/acosh.wgsl.
#include "log1p.h"
#include "math.h"
#include "words/acosh.h"

// ln(1 + u) for 1 <= x < 2^128, u = x - 1 + sqrt((x - 1) (x + 1)): nothing cancels, x - 1 is exact under
// 2^53, and the sum, the product, the root and the last sum are off by 2^-53 each.
static inline f64x2 acosh_f64x2(f64x2 x) {
  f64x2 excess = x - 1.0;
  return log1p_f64x2(excess + sqrt_f64x2(excess * (x + 1.0)));
}

PRECISE_LANES(acosh_precise, wgsl_acosh_f32)

static inline f32x4 acosh_x4(f32x4 x) {
  // 1 stands for what has no finite result.
  i32x4 regular = (x >= 1.0f) & (x <= 0x1.fffffep+127f);
  f32x4 safe = select_f32(splat_f32(1.0f), x, regular);
  f64x2 low = acosh_f64x2(low_f64(safe));
  f64x2 high = acosh_f64x2(high_f64(safe));
  f32x4 y = round_f32(low, high);
  i32x4 undecided = undecided_x4(low, high, 32u);
  if (__builtin_expect(any_true(undecided), 0)) y = acosh_precise(y, x, undecided);
  return select_special(y, x, regular, ~(x > 1.0f));
}

f32 acosh_f32(f32 x) { return f32_of(wgsl_acosh_f32(bits_of(x))); }
void acosh_f32_block(const f32 *x, f32 *y, u32 n) { BLOCK_OF(acosh_x4, x, y, n); }
