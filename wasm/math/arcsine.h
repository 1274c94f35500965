// What the fast paths of asin and acos share: the polynomial, and the angle on the near side of 1/2.
#ifndef ISOBIT_ARCSINE_H
#define ISOBIT_ARCSINE_H
#include "lanes.h"

static inline f64x2 arcsine_pick(f64x2 otherwise, f64x2 value, i64x2 mask) {
  return (f64x2)(((i64x2)value & mask) | ((i64x2)otherwise & ~mask));
}

// asin t for 0 <= t < 1/2, acos t = 2 asin sqrt((1 - t) / 2) for 1/2 <= t <= 1, within a relative error of
// 2^-47.5.
//   (1 - t) / 2 is exact; s g(s^2), g of degree 10 through the Chebyshev nodes: relative error 2^-47.86,
//   evaluation and root 2^-51.
static inline f64x2 arcsine_f64x2(f64x2 t) {
  i64x2 large = t >= 0.5;
  f64x2 half = 0.5 - 0.5 * t;
  f64x2 v = arcsine_pick(t * t, half, large);
  f64x2 root = sqrt_f64(half);
  f64x2 s = arcsine_pick(t, root + root, large);
  f64x2 v2 = v * v;
  f64x2 v4 = v2 * v2;
  f64x2 g03 = (0x1.000000000000ep+0 + v * 0x1.555555553a610p-3) +
              v2 * (0x1.33333354bc760p-4 + v * 0x1.6db6cb38d4b4bp-5);
  f64x2 g47 = (0x1.f1cb1bb1bd8fbp-6 + v * 0x1.6e427ba0e0592p-6) +
              v2 * (0x1.1f8a3aaac973dp-6 + v * 0x1.9b40462754959p-7);
  f64x2 g8 = (0x1.25abfcc6d7da8p-6 + v * -0x1.df0360c9eff2ep-8) + v2 * 0x1.020e5719c5813p-5;
  return s * (g03 + v4 * (g47 + v4 * g8));
}

#endif
