// log, correctly rounded (V6). NaN and negative numbers -> NaN, 0 (any magnitude under 2^-120) -> -inf, +inf
// -> inf, 1 -> +0 (V2). Fast path: an f64 within 2^-50.5 of ln x, 6 last places at most; if no tie lies
// within 16 last places its rounding is that of ln x. One lane in 16 million is undecided and takes the
// integer algorithm of shaders/math/log.wgsl.
#include "log.h"
#include "math.h"
#include "words/log.h"

static inline f32x4 log_x4(f32x4 x) {
  // 1 stands for what has no finite logarithm.
  i32x4 words = (i32x4)x;
  i32x4 regular = (words >= (i32)CANONICAL_LIMIT) & (words < 0x7f800000);
  words = select_i32((i32x4){0, 0, 0, 0} + 0x3f800000, words, regular);
  i32x4 exponent = log_exponent(words);
  f32x4 m = (f32x4)(words - (exponent << 23));
  f32x4 e = __builtin_convertvector(exponent, f32x4);
  f64x2 low = log_f64x2(low_f64(m), low_f64(e));
  f64x2 high = log_f64x2(high_f64(m), high_f64(e));
  f32x4 y = round_f32(low, high);
  i32x4 undecided = undecided_x4(low, high, 16u);
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
