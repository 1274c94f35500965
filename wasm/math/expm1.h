// The f64 e^x - 1 that the fast paths of expm1, sinh, cosh and tanh share.
#ifndef ISOBIT_EXPM1_H
#define ISOBIT_EXPM1_H
#include "lanes.h"

// e^x - 1 for |x| <= 90 within a relative error of 2^-42.7, also near 0.
//   x = k ln 2 + r as in exp_f64x2, |k| <= 130: r is exact for k = 0, within 2^-47 for |x| <= 20 and within
//   2^-46 otherwise. e^r - 1 = r h(r), h of degree 8 through the Chebyshev nodes: relative error 2^-43.3. p =
//   2^k (e^r - 1) + (2^k - 1): for k = 0 nothing is lost, for k = 1 p >= 0.41 and for k <= -1 p <= -0.29, so
//   that the error of p is under 2^-42.8 of p; evaluation adds less than 2^-49.
static inline f64x2 expm1_f64x2(f64x2 x) {
  const f64x2 magic = splat_f64(0x1.8p+52);
  f64x2 shifted = x * 0x1.71547652b82fep+0 + magic;
  f64x2 k = shifted - magic;
  f64x2 r = x - k * 0x1.62e42fefa39efp-1;
  f64x2 r2 = r * r;
  f64x2 c01 = 1.0 + r * 0x1.fffffffff71b2p-2;
  f64x2 c23 = 0x1.5555555553b78p-3 + r * 0x1.555555742d965p-5;
  f64x2 c45 = 0x1.1111111c478ebp-7 + r * 0x1.6c164de86dafdp-10;
  f64x2 c67 = 0x1.a019ada3609f3p-13 + r * 0x1.a15a600528a0fp-16;
  f64x2 high = c45 + r2 * (c67 + r2 * 0x1.72c72ca338df0p-19);
  f64x2 q = r * (c01 + r2 * (c23 + r2 * high));
  f64x2 scale = (f64x2)(((i64x2)shifted + 1023) << 52);
  return q * scale + (scale - 1.0);
}

#endif
