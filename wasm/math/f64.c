// exp, log and the exact remainder of float64 (V6, V9).
//   log x = e ln 2 + 2 atanh((m - d) / (m + d)): absolute error under 2^-213, and |log x| > 2^-54: relative
//   2^-159. exp x = 2^k e^r, r = x - k ln 2 in [0, ln 2): error of r under 2^-213, of e^r relatively 2^-185.
// The hardest arguments of both leave less than 2^-118 of a last place to a halfway point or a number
// (Lefèvre, Muller: worst cases of the elementary functions in double precision), so that the first bits
// decide.
#include "f64.h"
#include "wide.h"

#define EXPONENT(bits) ((i32)((bits) >> 52 & 0x7ff))

// numerator / denominator for numerator <= denominator < 2^63, bit by bit.
static wide ratio(u64 numerator, u64 denominator) {
  wide result = {{0}};
  u64 rest = numerator;
  for (i32 bit = 32 * (LIMBS - 1) - 1; bit >= 0; bit--) {
    rest <<= 1;
    if (rest >= denominator) {
      rest -= denominator;
      result.limb[bit / 32] |= 1u << bit % 32;
    }
  }
  return result;
}

// x 2^exponent, 0 <= x, rounded to the nearest number; x is no number halfway, and not 0.
static f64 rounded(const wide *x, i32 exponent) {
  i32 top = 32 * LIMBS - 1;
  while ((x->limb[top / 32] >> top % 32 & 1) == 0) top--;
  const i32 power = top - 32 * (LIMBS - 1) + exponent; // of the leading bit
  if (power > 1023) return f64_of(0x7ff0000000000000u);
  const i32 kept = power < -1022 ? 53 + (power + 1022) : 53; // bits, down to none
  if (kept < 0) return 0;
  u64 significand = 0;
  for (i32 i = 0; i <= kept; i++) { // one more, which decides
    const i32 bit = top - i;
    significand = significand << 1 | (bit >= 0 ? x->limb[bit / 32] >> bit % 32 & 1 : 0);
  }
  significand = (significand >> 1) + (significand & 1);
  // The leading bit of a normal number adds the last 1 to its exponent.
  return f64_of(power < -1022 ? significand : ((u64)(power + 1022) << 52) + significand);
}

f64 exp_f64(f64 x) {
  if (x != x) return canonical_f64(x);
  if (x > 710) return f64_of(0x7ff0000000000000u); // infinity included
  if (x < -746) return 0;
  const u64 bits = bits_of_f64(x);
  const i32 exponent = EXPONENT(bits) - 1023;
  if (exponent < -54) return 1;
  const u64 m = (bits & 0xfffffffffffffu) | (u64)1 << 52;
  wide t = {{0}};
  // |x| = m 2^(exponent - 52), whose lowest bit is 2^-106 at least.
  const i32 low = 32 * (LIMBS - 1) + exponent - 52;
  for (i32 i = 0; i < 53; i++)
    if (m >> i & 1) t.limb[(low + i) / 32] |= 1u << (low + i) % 32;
  i32 k = 0;
  for (; !less(&t, &LN2); k++) t = subtract(t, &LN2);
  if (x < 0) {
    t = subtract(LN2, &t);
    k = -k - 1;
  }
  const wide e = wide_exp(&t);
  return rounded(&e, k);
}

f64 log_f64(f64 x) {
  if (x != x || x < 0) return f64_of(0x7ff8000000000000u);
  if (x == 0) return f64_of(0xfff0000000000000u);
  if (x == 1) return 0;
  u64 m = bits_of_f64(x);
  i32 e = EXPONENT(m) - 1023;
  if (e == 1024) return x;
  m &= 0xfffffffffffffu;
  if (e == -1023) { // subnormal
    e = -1022;
    while (m >> 52 == 0) {
      m <<= 1;
      e--;
    }
  }
  m |= (u64)1 << 52;
  u64 d = (u64)1 << 52;
  if (m > 0x16a09e667f3bcdu) { // over the root of 2: m / 2 is nearer to 1
    d <<= 1;
    e += 1;
  }
  const u32 below = m < d;
  const wide s = ratio(below ? d - m : m - d, m + d); // under 0.172
  wide sum = wide_atanh_twice(&s);
  u32 negative = e < 0 || (e == 0 && below);
  if (e != 0) {
    const wide binades = times_word(LN2, (u32)(e < 0 ? -e : e));
    sum = (e < 0) == (i32)below ? add(binades, &sum) : subtract(binades, &sum);
  }
  const f64 y = rounded(&sum, 0);
  return negative ? -y : y;
}

// One bit of the quotient a turn.
f64 fmod_f64(f64 x, f64 y) {
  const u64 sign = bits_of_f64(x) & (u64)1 << 63;
  u64 a = bits_of_f64(x) & ~((u64)1 << 63), b = bits_of_f64(y) & ~((u64)1 << 63);
  if (a >= 0x7ff0000000000000u || b > 0x7ff0000000000000u || b == 0) return f64_of(0x7ff8000000000000u);
  if (a < b) return canonical_f64(x);
  i32 ea = (i32)(a >> 52), eb = (i32)(b >> 52);
  a = ea == 0 ? a : (a & 0xfffffffffffffu) | (u64)1 << 52;
  b = eb == 0 ? b : (b & 0xfffffffffffffu) | (u64)1 << 52;
  if (ea == 0) ea = 1;
  if (eb == 0) eb = 1;
  // Of a subnormal divisor the quotient has more bits than exponents differ: a is reduced at every step in
  // full.
  a %= b;
  for (; ea > eb && a != 0; ea--) {
    a <<= 1;
    if (a >= b) a -= b;
  }
  if (a == 0) return 0;
  while (a >> 52 == 0 && eb > 1) {
    a <<= 1;
    eb--;
  }
  return f64_of(sign | (a >> 52 == 0 ? a : ((u64)(eb - 1) << 52) + a));
}
