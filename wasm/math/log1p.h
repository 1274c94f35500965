// The f64 logarithm of 1 + u that the fast paths of log1p, asinh, acosh, atanh and softplus share.
#ifndef ISOBIT_LOG1P_H
#define ISOBIT_LOG1P_H
#include "log.h"

// ln(1 + u) for -1 + 2^-24 <= u < 2^1000, within a relative error of 2^-50 beside what an error of u does: no
// more than itself, relative.
//   y = 1 + u = m 2^e, 2^-1/2 <= m < 2^1/2. For e = 0 m - 1 is u itself, and s = u / (u + 2) is off by 2^-52;
//   else |ln y| > 0.346, and the rounding of y adds 2^-53 to it.
static inline f64x2 log1p_f64x2(f64x2 u) {
  const f64x2 magic = splat_f64(0x1.8p+52);
  i64x2 y = (i64x2)(1.0 + u);
  i64x2 exponent = (y - 0x3fe6a09e667f3bcd) >> 52;
  f64x2 m = (f64x2)(y - (exponent << 52));
  f64x2 e = (f64x2)((i64x2)magic + exponent) - magic;
  i64x2 is_near = exponent == 0;
  f64x2 difference = (f64x2)(((i64x2)u & is_near) | ((i64x2)(m - 1.0) & ~is_near));
  return e * 0x1.62e42fefa39efp-1 + log_quotient(difference / (m + 1.0));
}

static inline f64x2 sqrt_f64x2(f64x2 x) {
#ifdef __wasm_simd128__
  return (f64x2)wasm_f64x2_sqrt((v128_t)x);
#else
  return (f64x2){__builtin_sqrt(x[0]), __builtin_sqrt(x[1])};
#endif
}

#endif
