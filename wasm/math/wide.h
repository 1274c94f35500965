// 256-bit fixed-point numbers: 32 bits before the point, 224 after it, eight u32 limbs, the lowest first; and
// the two series that logarithms and exponentials are made of. Slow: they decide where 64 bits cannot, and
// serve float64. Promises: sums and differences are exact, products and quotients truncated; no result may
// exceed 2^32. Not here: rounding.
#ifndef ISOBIT_WIDE_H
#define ISOBIT_WIDE_H
#include "../repro.h"

#define LIMBS 8
typedef struct {
  u32 limb[LIMBS];
} wide;

// ln 2.
static const wide LN2 = {
    {0x8a0d175b, 0x7298b62d, 0x40f34326, 0x03f2f6af, 0xc9e3b398, 0xd1cf79ab, 0xb17217f7, 0x00000000}};

static inline int less(const wide *a, const wide *b) {
  for (int i = LIMBS - 1; i >= 0; i--)
    if (a->limb[i] != b->limb[i]) return a->limb[i] < b->limb[i];
  return 0;
}
static inline wide add(wide a, const wide *b) {
  u64 carry = 0;
  for (int i = 0; i < LIMBS; i++) {
    carry += (u64)a.limb[i] + b->limb[i];
    a.limb[i] = (u32)carry;
    carry >>= 32;
  }
  return a;
}
// a - b for a >= b.
static inline wide subtract(wide a, const wide *b) {
  u64 borrow = 0;
  for (int i = 0; i < LIMBS; i++) {
    u64 difference = (u64)a.limb[i] - b->limb[i] - borrow;
    a.limb[i] = (u32)difference;
    borrow = difference >> 63;
  }
  return a;
}
static inline wide times_word(wide a, u32 factor) {
  u64 carry = 0;
  for (int i = 0; i < LIMBS; i++) {
    carry += (u64)a.limb[i] * factor;
    a.limb[i] = (u32)carry;
    carry >>= 32;
  }
  return a;
}
static inline wide over_word(wide a, u32 divisor) {
  u64 remainder = 0;
  for (int i = LIMBS - 1; i >= 0; i--) {
    remainder = (remainder << 32) | a.limb[i];
    a.limb[i] = (u32)(remainder / divisor);
    remainder %= divisor;
  }
  return a;
}
// a b, truncated, for a b < 2^32.
static inline wide times(const wide *a, const wide *b) {
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
static inline wide whole(u32 n) { return (wide){{0, 0, 0, 0, 0, 0, 0, n}}; }

// a 2^shift, truncated, for results under 2^32.
static inline wide shifted(wide a, i32 shift) {
  for (; shift >= 31; shift -= 31) a = times_word(a, 1u << 31);
  if (shift > 0) a = times_word(a, 1u << shift);
  for (; shift <= -31; shift += 31) a = over_word(a, 1u << 31);
  return shift < 0 ? over_word(a, 1u << -shift) : a;
}

// 2 atanh s for 0 <= s < 0.172, 44 terms: error under 2^-218.
static inline wide wide_atanh_twice(const wide *s) {
  wide square = times(s, s);
  wide sum = over_word(whole(1), 89);
  for (i32 k = 87; k >= 1; k -= 2) {
    wide term = over_word(whole(1), (u32)k);
    sum = times(&sum, &square);
    sum = add(sum, &term);
  }
  sum = times(&sum, s);
  return add(sum, &sum);
}

// e^r for 0 <= r < 0.7.
static inline wide wide_exp(const wide *r) {
  const wide one = whole(1);
  wide sum = one;
  for (u32 k = 54; k >= 1; k--) {
    sum = times(&sum, r);
    sum = over_word(sum, k);
    sum = add(sum, &one);
  }
  return sum;
}

#endif
