// x^y by 256-bit fixed-point numbers: 32 bits before the point, 224 after it, eight u32 limbs, the lowest
// first.
//   |ln x| = |e ln 2 + 2 atanh((m - d) / (m + d))|, 44 terms of the series: error under 2^-218, |ln x| >
//   2^-24; |t| = |y ln x|: y < 2^31 where |t| < 90, so its error is under 2^-187; e^|t| = 2^k e^r, 0 <= r <
//   ln 2, 54 terms of the series: relative error under 2^-186, 2^-162 of a last place.
#include "power_wide.h"
#include "wide.h"

// |ln x|; *negative = 1 for x < 1.
static wide wide_log(u32 x, u32 *negative) {
  i32 e = (i32)(x >> 23) - 127;
  u32 m = (x & 0x7fffffu) | 0x800000u, d = 0x800000u;
  if (m > 0xb504f3u) { // over the root of 2: m / 2 is nearer to 1
    d <<= 1;
    e += 1;
  }
  u32 below = m < d;
  wide s = over_word(whole(below ? d - m : m - d), m + d); // under 0.172
  wide sum = wide_atanh_twice(&s);
  *negative = e < 0 || (e == 0 && below);
  wide binades = times_word(LN2, (u32)(e < 0 ? -e : e));
  if (e == 0) return sum;
  return (e < 0) == (i32)below ? add(binades, &sum) : subtract(binades, &sum);
}

u32 power_wide(u32 x, u32 y, u32 y_negative) {
  u32 negative;
  wide t = wide_log(x, &negative);
  negative ^= y_negative;
  i32 shift = (i32)(y >> 23) - 150;
  t = times_word(t, (y & 0x7fffffu) | 0x800000u);
  t = shifted(t, shift);
  i32 k = 0;
  for (; !less(&t, &LN2); k++) t = subtract(t, &LN2);
  if (negative) {
    t = subtract(LN2, &t);
    k = -k - 1;
  }
  wide e = wide_exp(&t);
  // 1 <= e <= 2, where 2 is a negative integer power of 2 whose r came out as ln 2.
  u32 top = e.limb[LIMBS - 1], fraction = e.limb[LIMBS - 2];
  if (top > 1) return (u32)(k + 128) << 23;
  return ((u32)(k + 127) << 23) + (fraction >> 9) + ((fraction >> 8) & 1u);
}
