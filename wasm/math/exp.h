// The f64 exponential that the fast paths of exp, sigmoid and tanh share.
#ifndef ISOBIT_EXP_H
#define ISOBIT_EXP_H
#include "lanes.h"

// e^x for |x| <= 1000 within a relative error of 2^-39.6, no table.
//   x = k ln 2 + r, k the nearest integer: adding 1.5 * 2^52 leaves it in the low bits of the sum.
//   |r| < 0.3467, its error is under 2^-44 for |x| < 180: rounding of ln 2 and of two operations on numbers
//   under 256. e^r by a polynomial of degree 8 through the Chebyshev nodes: relative error 2^-39.77,
//   evaluation 2^-50. 2^k is added to the exponent field; the result is normal for |x| < 700.
static inline f64x2 exp_f64x2(f64x2 x) {
  const f64x2 magic = splat_f64(0x1.8p+52);
  f64x2 shifted = x * 0x1.71547652b82fep+0 + magic;
  f64x2 k = shifted - magic;
  f64x2 r = x - k * 0x1.62e42fefa39efp-1;
  f64x2 r2 = r * r;
  f64x2 c01 = 1.0 + r * 0x1.ffffffffd382fp-1;
  f64x2 c23 = 0x1.fffffffff71b2p-2 + r * 0x1.555555a279c87p-3;
  f64x2 c45 = 0x1.555555742d965p-5 + r * 0x1.1110809f385f6p-7;
  f64x2 c67 = 0x1.6c164de86dafdp-10 + r * 0x1.a1aa939e677aep-13;
  f64x2 high = c45 + r2 * (c67 + r2 * 0x1.a15a600528a0fp-16);
  f64x2 e = c01 + r2 * (c23 + r2 * high);
  return (f64x2)((i64x2)e + ((i64x2)shifted << 52));
}

#endif
