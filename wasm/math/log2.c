// log2, correctly rounded (V6). Special values as log. Fast path: an f64 within 2^-50 of log2 x, 8 last
// places at most; if no tie lies within 32 last places its rounding is that of log2 x. What is undecided
// takes the integer algorithm of shaders/math/log2.wgsl.
#include "log.h"
#include "math.h"
#include "words/log2.h"

// log2(m 2^e), relative error 2^-50.6 of ln m and 2^-52 of the factor and the product; the sum is at least
// |e| /
// 2. Exact where m is 1.
static inline f64x2 log2_f64x2(f64x2 m, f64x2 e) {
  return e + log_quotient((m - 1.0) / (m + 1.0)) * 0x1.71547652b82fep+0;
}

PRECISE_LANES(log2_precise, wgsl_log2_f32)
LOG_X4(log2_x4, log2_f64x2, log2_precise)

f32 log2_f32(f32 x) { return f32_of(wgsl_log2_f32(bits_of(x))); }
void log2_f32_block(const f32 *x, f32 *y, u32 n) { BLOCK_OF(log2_x4, x, y, n); }
