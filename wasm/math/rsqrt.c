// 1 / sqrt(x), correctly rounded (V6). NaN and negative -> NaN, +inf -> +0, magnitudes under 2^-120 -> +inf
// (V2). Fast path: the f64 quotient of the f64 root, two roundings, relative error under 2^-52: under 4 last
// places of a result. What is undecided takes the integer algorithm of shaders/math/rsqrt.wgsl, which is
// exact.
#include "lanes.h"
#include "math.h"
#include "words/rsqrt.h"

static inline f64x2 root_f64(f64x2 x) {
#ifdef __wasm_simd128__
  return (f64x2)wasm_f64x2_sqrt((v128_t)x);
#else
  return (f64x2){__builtin_sqrt(x[0]), __builtin_sqrt(x[1])};
#endif
}

PRECISE_LANES(rsqrt_precise, wgsl_rsqrt_f32)

static inline f32x4 rsqrt_x4(f32x4 x) {
  f32x4 read = flush_lanes(x);
  f64x2 low = 1.0 / root_f64(low_f64(read)), high = 1.0 / root_f64(high_f64(read));
  f32x4 y = round_f32(low, high);
  i32x4 undecided = undecided_x4(low, high, 4);
  if (__builtin_expect(any_true(undecided), 0)) y = rsqrt_precise(y, read, undecided);
  return with_nan(y, y); // the root of a negative is a NaN of any sign and payload
}

f32 rsqrt_f32(f32 x) { return f32_of(wgsl_rsqrt_f32(bits_of(x))); }
void rsqrt_f32_block(const f32 *x, f32 *y, u32 n) { BLOCK_OF(rsqrt_x4, x, y, n); }
