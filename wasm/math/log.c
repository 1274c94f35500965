// log, correctly rounded (V6). NaN and negative numbers -> NaN, 0 (any magnitude under 2^-120) -> -inf, +inf -> inf,
// 1 -> +0 (V2).
// Fast path: an f64 within 2^-44.9 of ln x, 2^8.1 last places at most; if no tie lies within 2^9 last places its
// rounding is that of ln x. One lane in 500,000 is undecided and takes the integer algorithm of shaders/math/log.wgsl.
#include "lanes.h"
#include "math.h"
#include "words/log.h"

// ln(m 2^e) for 2^-1/2 <= m < 2^1/2 within a relative error of 2^-44.9, no table.
//   s = (m - 1) / (m + 1): both differences are exact; ln m = 2 atanh s = s P(s^2), s^2 < 0.02945.
//   P of degree 5 through the Chebyshev nodes: relative error 2^-45.08, evaluation 2^-50.
//   e ln 2 is off by 2^-53 of itself, and |ln(m 2^e)| >= |e ln 2| / 2.
static inline f64x2 log_f64x2(f64x2 m, f64x2 e) {
  f64x2 s = (m - 1.0) / (m + 1.0);
  f64x2 t = s * s;
  f64x2 t2 = t * t;
  f64x2 p01 = 0x1.fffffffffff12p+0 + t * 0x1.55555556716dap-1;
  f64x2 p23 = 0x1.9999962baa6d7p-2 + t * 0x1.24943845d454ep-2;
  f64x2 p45 = 0x1.c620e12262e86p-3 + t * 0x1.9193ad599876cp-3;
  f64x2 p = p01 + t2 * (p23 + t2 * p45);
  return e * 0x1.62e42fefa39efp-1 + s * p;
}

static inline f32x4 log_x4(f32x4 x) {
  // 1 stands for what has no finite logarithm.
  i32x4 words = (i32x4)x;
  i32x4 regular = (words >= (i32)CANONICAL_LIMIT) & (words < 0x7f800000);
  words = select_i32((i32x4){0, 0, 0, 0} + 0x3f800000, words, regular);
  i32x4 exponent = (words - 0x3f3504f3) >> 23;
  f32x4 m = (f32x4)(words - (exponent << 23));
  f32x4 e = __builtin_convertvector(exponent, f32x4);
  f64x2 low = log_f64x2(low_f64(m), low_f64(e));
  f64x2 high = log_f64x2(high_f64(m), high_f64(e));
  f32x4 y = round_f32(low, high);
  i32x4 undecided = undecided_x4(low, high, 1u << 9);
  if (__builtin_expect(any_true(undecided), 0)) {
    for (int i = 0; i < 4; i++)
      if (undecided[i]) y[i] = f32_of(wgsl_log_f32((u32)words[i]));
  }
  if (__builtin_expect(any_true(~regular), 0)) {
    for (int i = 0; i < 4; i++)
      if (!regular[i]) y[i] = f32_of(wgsl_log_f32(bits_of(x[i])));
  }
  return y;
}

f32 log_f32(f32 x) { return f32_of(wgsl_log_f32(bits_of(x))); }
void log_f32_block(const f32 *x, f32 *y, u32 n) { BLOCK_OF(log_x4, x, y, n); }
