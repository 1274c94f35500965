// log, correctly rounded (V6). NaN and negative numbers -> NaN, 0 (any magnitude under 2^-120) -> -inf, +inf
// -> inf, 1 -> +0 (V2). Fast path: an f64 within 2^-50.5 of ln x, 6 last places at most; if no tie lies
// within 32 last places its rounding is that of ln x. One lane in 8 million is undecided and takes the
// integer algorithm of shaders/math/log.wgsl.
#include "log.h"
#include "math.h"
#include "words/log.h"

PRECISE_LANES(log_precise, wgsl_log_f32)
LOG_X4(log_x4, log_f64x2, log_precise)

f32 log_f32(f32 x) { return f32_of(wgsl_log_f32(bits_of(x))); }
void log_f32_block(const f32 *x, f32 *y, u32 n) { BLOCK_OF(log_x4, x, y, n); }
