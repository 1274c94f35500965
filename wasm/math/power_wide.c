// x^y by 256-bit fixed-point numbers: 32 bits before the point, 224 after it, eight u32 limbs, the lowest
// first.
//   |ln x| = |e ln 2 + 2 atanh((m - d) / (m + d))|, 44 terms of the series: error under 2^-218, |ln x| >
//   2^-24; |t| = |y ln x|: y < 2^31 where |t| < 90, so its error is under 2^-187; e^|t| = 2^k e^r, 0 <= r <
//   ln 2, 54 terms of the series: relative error under 2^-186, 2^-162 of a last place.
#include "power_wide.h"

#define LIMBS 8
typedef struct {
  u32 limb[LIMBS];
} wide;

// ln 2.
static const wide LN2 = {
    {0x8a0d175b, 0x7298b62d, 0x40f34326, 0x03f2f6af, 0xc9e3b398, 0xd1cf79ab, 0xb17217f7, 0x00000000}};

static int less(const wide *a, const wide *b) {
  for (int i = LIMBS - 1; i >= 0; i--)
    if (a->limb[i] != b->limb[i]) return a->limb[i] < b->limb[i];
  return 0;
}
static wide add(wide a, const wide *b) {
  u64 carry = 0;
  for (int i = 0; i < LIMBS; i++) {
    carry += (u64)a.limb[i] + b->limb[i];
    a.limb[i] = (u32)carry;
    carry >>= 32;
  }
  return a;
}
// a - b for a >= b.
static wide subtract(wide a, const wide *b) {
  u64 borrow = 0;
  for (int i = 0; i < LIMBS; i++) {
    u64 difference = (u64)a.limb[i] - b->limb[i] - borrow;
    a.limb[i] = (u32)difference;
    borrow = difference >> 63;
  }
  return a;
}
static wide times_word(wide a, u32 factor) {
  u64 carry = 0;
  for (int i = 0; i < LIMBS; i++) {
    carry += (u64)a.limb[i] * factor;
    a.limb[i] = (u32)carry;
    carry >>= 32;
  }
  return a;
}
static wide over_word(wide a, u32 divisor) {
  u64 remainder = 0;
  for (int i = LIMBS - 1; i >= 0; i--) {
    remainder = (remainder << 32) | a.limb[i];
    a.limb[i] = (u32)(remainder / divisor);
    remainder %= divisor;
  }
  return a;
}
// a b, truncated, for a b < 2^32.
static wide times(const wide *a, const wide *b) {
  u32 product[2 * LIMBS] = {0};
  for (int i = 0; i < LIMBS; i++) {
    u64 carry = 0;
    for (int j = 0; j < LIMBS; j++) {
      carry += (u64)a->limb[i] * b->limb[j] + product[i + j];
      product[i + j] = (u32)carry;
      carry >>= 32;
    }
    product[i + LIMBS] = (u32)carry;
  }
  wide result;
  for (int i = 0; i < LIMBS; i++) result.limb[i] = product[i + LIMBS - 1];
  return result;
}
static wide whole(u32 n) { return (wide){{0, 0, 0, 0, 0, 0, 0, n}}; }

// a 2^shift, truncated, for results under 2^32.
static wide shifted(wide a, i32 shift) {
  for (; shift >= 31; shift -= 31) a = times_word(a, 1u << 31);
  if (shift > 0) a = times_word(a, 1u << shift);
  for (; shift <= -31; shift += 31) a = over_word(a, 1u << 31);
  return shift < 0 ? over_word(a, 1u << -shift) : a;
}

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
  wide square = times(&s, &s);
  wide sum = over_word(whole(1), 89);
  for (i32 k = 87; k >= 1; k -= 2) {
    wide term = over_word(whole(1), (u32)k);
    sum = times(&sum, &square);
    sum = add(sum, &term);
  }
  sum = times(&sum, &s);
  sum = add(sum, &sum);
  *negative = e < 0 || (e == 0 && below);
  wide binades = times_word(LN2, (u32)(e < 0 ? -e : e));
  if (e == 0) return sum;
  return (e < 0) == (i32)below ? add(binades, &sum) : subtract(binades, &sum);
}

// e^r for 0 <= r < 0.7.
static wide wide_exp(const wide *r) {
  const wide one = whole(1);
  wide sum = one;
  for (u32 k = 54; k >= 1; k--) {
    sum = times(&sum, r);
    sum = over_word(sum, k);
    sum = add(sum, &one);
  }
  return sum;
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
