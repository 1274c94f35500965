// tanh, correctly rounded (V6). NaN -> NaN, +-inf -> +-1, magnitudes under 2^-120 -> +0 (V2). What is
// undecided takes the integer algorithm of shaders/math/tanh.wgsl.
#include "exp.h"
#include "math.h"
#include "words/tanh.h"

// tanh x = p / (p + 2), p = e^2x - 1, for |x| <= 10, within a relative error of 2^-42.
//   2x = k ln 2 + r as in exp_f64x2, |k| <= 29: r is exact for k = 0 and within 2^-47 otherwise.
//   e^r - 1 = r h(r), h of degree 8 through the Chebyshev nodes: relative error 2^-43.3.
//   p = 2^k (e^r - 1) + (2^k - 1): for k = 0 nothing is lost, for k = 1 p >= 0.41 and for k <= -1 p <= -0.29,
//   so that the error of p is under 2^-42.8 of p; p / (p + 2) passes on at most 2 / (p + 2) of it, which is
//   under 1.7 where k = -1 and no more than 1.2 where k = 0 or p > 0; for k < -1 the error of p itself is
//   under 2^-43.8.
static inline f64x2 tanh_f64x2(f64x2 x) {
  const f64x2 magic = splat_f64(0x1.8p+52);
  f64x2 twice = x + x;
  f64x2 shifted = twice * 0x1.71547652b82fep+0 + magic;
  f64x2 k = shifted - magic;
  f64x2 r = twice - k * 0x1.62e42fefa39efp-1;
  f64x2 r2 = r * r;
  f64x2 c01 = 1.0 + r * 0x1.fffffffff71b2p-2;
  f64x2 c23 = 0x1.5555555553b78p-3 + r * 0x1.555555742d965p-5;
  f64x2 c45 = 0x1.1111111c478ebp-7 + r * 0x1.6c164de86dafdp-10;
  f64x2 c67 = 0x1.a019ada3609f3p-13 + r * 0x1.a15a600528a0fp-16;
  f64x2 high = c45 + r2 * (c67 + r2 * 0x1.72c72ca338df0p-19);
  f64x2 q = r * (c01 + r2 * (c23 + r2 * high));
  f64x2 scale = (f64x2)(((i64x2)shifted + 1023) << 52);
  f64x2 p = q * scale + (scale - 1.0);
  return p / (p + 2.0);
}

PRECISE_LANES(tanh_precise, wgsl_tanh_f32)

static inline f32x4 tanh_x4(f32x4 x) {
  // tanh 10 rounds to 1. Under 2^-12 tanh x rounds to x, and so does its f64: no lane there is undecided.
  f32x4 clamped = clamp_f32(x, 10.0f);
  f64x2 low = tanh_f64x2(low_f64(clamped));
  f64x2 high = tanh_f64x2(high_f64(clamped));
  f32x4 y = round_f32(low, high);
  i32x4 undecided = undecided_x4(low, high, 1u << 12);
  if (__builtin_expect(any_true(undecided), 0)) y = tanh_precise(y, clamped, undecided);
  return with_nan(flush_lanes(y), x);
}

f32 tanh_f32(f32 x) { return f32_of(wgsl_tanh_f32(bits_of(x))); }
void tanh_f32_block(const f32 *x, f32 *y, u32 n) { BLOCK_OF(tanh_x4, x, y, n); }
