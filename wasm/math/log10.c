// log10, correctly rounded (V6). Special values as log. Fast path: an f64 within 2^-49.8 of log10 x, 10 last
// places at most; if no tie lies within 32 last places its rounding is that of log10 x. What is undecided
// takes the integer algorithm of shaders/math/log10.wgsl.
#include "log.h"
#include "math.h"
#include "words/log10.h"

// log10(m 2^e), relative error 2^-50.6 of ln m, 2^-52 of the factors and the products; the sum is at least
// |e log10 2| / 2.
static inline f64x2 log10_f64x2(f64x2 m, f64x2 e) {
  return e * 0x1.34413509f79ffp-2 + log_quotient((m - 1.0) / (m + 1.0)) * 0x1.bcb7b1526e50ep-2;
}

PRECISE_LANES(log10_precise, wgsl_log10_f32)
LOG_X4(log10_x4, log10_f64x2, log10_precise)

f32 log10_f32(f32 x) { return f32_of(wgsl_log10_f32(bits_of(x))); }
void log10_f32_block(const f32 *x, f32 *y, u32 n) { BLOCK_OF(log10_x4, x, y, n); }
