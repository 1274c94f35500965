// The f64 logarithm that the fast paths of log, log2, log10 and pow share, and the lanes of the three.
#ifndef ISOBIT_LOG_H
#define ISOBIT_LOG_H
#include "lanes.h"

// 2 atanh s for |s| < 0.1716, within a relative error of 2^-50.6: s P(s^2), P of degree 6 through the
// Chebyshev nodes: relative error 2^-51.98, evaluation 2^-51.2. It is ln m for s = (m - 1) / (m + 1), 2^-1/2
// <= m < 2^1/2.
static inline f64x2 log_quotient(f64x2 s) {
  f64x2 t = s * s;
  f64x2 t2 = t * t;
  f64x2 p01 = 0x1.0000000000001p+1 + t * 0x1.5555555552d50p-1;
  f64x2 p23 = 0x1.999999a435066p-2 + t * 0x1.249240b87155dp-2;
  f64x2 p45 = 0x1.c722cceee92f4p-3 + t * 0x1.732320a9c93b0p-3;
  f64x2 p = p01 + t2 * (p23 + t2 * (p45 + t2 * 0x1.58d5d4a93822dp-3));
  return s * p;
}

// ln(m 2^e) for 2^-1/2 <= m < 2^1/2 within a relative error of 2^-50.5, no table: both differences are exact,
// e ln 2 is off by 2^-52.9 of itself, and |ln(m 2^e)| >= |e ln 2| / 2.
static inline f64x2 log_f64x2(f64x2 m, f64x2 e) {
  return e * 0x1.62e42fefa39efp-1 + log_quotient((m - 1.0) / (m + 1.0));
}

// x = m 2^e, 2^-1/2 <= m < 2^1/2, for the words of positive normal numbers.
static inline i32x4 log_exponent(i32x4 words) { return (words - 0x3f3504f3) >> 23; }

// log, log2 and log10 of what has no finite logarithm: -inf for 0, inf for inf, NaN for negative numbers and
// NaN.
static inline f32x4 log_special(f32x4 x) {
  f32x4 read = flush_lanes(x);
  f32x4 infinite = select_f32(splat_f32(-__builtin_inff()), read, read > 0.0f);
  i32x4 invalid = (read < 0.0f) | (x != x);
  return select_f32(infinite, (f32x4)((i32x4){0, 0, 0, 0} + (i32)CANONICAL_NAN), invalid);
}

// The lanes of one of the three: `of_f64x2` of m and e within 2^-48 of the logarithm, 32 last places, else
// `precise`.
#define LOG_X4(name, of_f64x2, precise)                                                                      \
  static inline f32x4 name(f32x4 x) {                                                                        \
    /* 1 stands for what has no finite logarithm. */                                                         \
    i32x4 words = (i32x4)x;                                                                                  \
    i32x4 regular = (words >= (i32)CANONICAL_LIMIT) & (words < 0x7f800000);                                  \
    words = select_i32((i32x4){0, 0, 0, 0} + 0x3f800000, words, regular);                                    \
    i32x4 exponent = log_exponent(words);                                                                    \
    f32x4 m = (f32x4)(words - (exponent << 23));                                                             \
    f32x4 e = __builtin_convertvector(exponent, f32x4);                                                      \
    f64x2 low = of_f64x2(low_f64(m), low_f64(e));                                                            \
    f64x2 high = of_f64x2(high_f64(m), high_f64(e));                                                         \
    f32x4 y = round_f32(low, high);                                                                          \
    i32x4 undecided = undecided_x4(low, high, 32u);                                                          \
    if (__builtin_expect(any_true(undecided), 0)) y = precise(y, x, undecided);                              \
    if (__builtin_expect(any_true(~regular), 0)) y = select_f32(log_special(x), y, regular);                 \
    return y;                                                                                                \
  }

#endif
