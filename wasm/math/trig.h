// What the fast paths of sin, cos and tan share: a multiple of pi taken off, and a polynomial of the sine.
#ifndef ISOBIT_TRIG_H
#define ISOBIT_TRIG_H
#include "lanes.h"

// The nearest integer to x, |x| < 2^50, in the low bits of the word.
static inline f64x2 trig_shifted(f64x2 x) { return x + 0x1.8p+52; }

// x - k pi for |x| <= 2^18 and the multiple k of 1/2 that leaves at most pi/2: relative error under 2^-45.8.
//   35 bits of pi times 2k < 2^18 is exact, and so is the difference wherever digits cancel (|x| >= 1/2);
//   then k times the rest of pi, under 2^-21, adds 2^-73.6. The f32 nearest to a multiple of pi/2 in this
//   range is 0x1.f9cbe2p+7, 2^-27.8 away.
static inline f64x2 trig_rest(f64x2 x, f64x2 k) {
  return (x - k * 0x1.921fb54440000p+1) - k * 0x1.68c234c4c6629p-38;
}

// sin(x - k pi) in the same range: relative error under 2^-43.2.
//   r P(r^2), P of degree 6 through the Chebyshev nodes: relative error 2^-43.56, evaluation 2^-51.
static inline f64x2 trig_sine(f64x2 x, f64x2 k) {
  f64x2 r = trig_rest(x, k);
  f64x2 u = r * r;
  f64x2 u2 = u * u;
  f64x2 c01 = 0x1.ffffffffffe3ap-1 + u * -0x1.5555555543bdep-3;
  f64x2 c23 = 0x1.11111109ef000p-7 + u * -0x1.a019fd48ee1e6p-13;
  f64x2 c45 = 0x1.71dcf81f7d9dep-19 + u * -0x1.ae04489f3e1c3p-26;
  return r * (c01 + u2 * (c23 + u2 * (c45 + u2 * 0x1.52e574529a459p-33)));
}

// The sign of (-1)^k, for the k that trig_shifted made.
static inline f64x2 trig_flip(f64x2 y, f64x2 shifted) { return (f64x2)((i64x2)y ^ ((i64x2)shifted << 63)); }

// Lanes beyond the limit, infinities and NaN; their fast path is that of 0.
static inline i32x4 trig_is_large(f32x4 x) {
  return ((i32x4)x & 0x7fffffff) > (i32)0x48800000; // 2^18
}

#endif
