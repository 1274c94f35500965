// The f64 logarithm that the fast paths of log and pow share.
#ifndef ISOBIT_LOG_H
#define ISOBIT_LOG_H
#include "lanes.h"

// ln(m 2^e) for 2^-1/2 <= m < 2^1/2 within a relative error of 2^-50.5, no table.
//   s = (m - 1) / (m + 1): both differences are exact; ln m = 2 atanh s = s P(s^2), s^2 < 0.02945.
//   P of degree 6 through the Chebyshev nodes: relative error 2^-51.98, evaluation 2^-51.2.
//   e ln 2 is off by 2^-52.9 of itself, and |ln(m 2^e)| >= |e ln 2| / 2.
static inline f64x2 log_f64x2(f64x2 m, f64x2 e) {
  f64x2 s = (m - 1.0) / (m + 1.0);
  f64x2 t = s * s;
  f64x2 t2 = t * t;
  f64x2 p01 = 0x1.0000000000001p+1 + t * 0x1.5555555552d50p-1;
  f64x2 p23 = 0x1.999999a435066p-2 + t * 0x1.249240b87155dp-2;
  f64x2 p45 = 0x1.c722cceee92f4p-3 + t * 0x1.732320a9c93b0p-3;
  f64x2 p = p01 + t2 * (p23 + t2 * (p45 + t2 * 0x1.58d5d4a93822dp-3));
  return e * 0x1.62e42fefa39efp-1 + s * p;
}

// x = m 2^e, 2^-1/2 <= m < 2^1/2, for the words of positive normal numbers.
static inline i32x4 log_exponent(i32x4 words) { return (words - 0x3f3504f3) >> 23; }

#endif
