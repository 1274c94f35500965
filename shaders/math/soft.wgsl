// Sum, product, and estimates of quotient and root of f32 words, in u32 arithmetic only: what the rung 'soft' of the
// ladder (docs/NUMERICS.md, B7) computes with where a device's floats cannot be trusted.
// Promises: sum and product rounded once to nearest even, for finite operands; a magnitude under 2^-126 is read as
// zero and becomes zero, and one over the range becomes infinity. The same words as IEEE-754 arithmetic everywhere
// else. Of infinities and NaN something, which math/arith does not use.
// Common subset of WGSL and C, see math/limbs.
// #import math/limbs
// #import math/ratio

const SOFT_FRACTION: u32 = 0x007fffffu;
const SOFT_IMPLICIT: u32 = 0x00800000u;
const SOFT_MAGNITUDE: u32 = 0x7fffffffu;
const SOFT_INFINITY: u32 = 0x7f800000u;

// The word of n 2^(field - 158) rounded to nearest even, for n >= 2^31 whose lowest bit stands for everything below it.
// field is 64 more than the exponent field, so that it is never negative.
fn soft_round(n: u32, field: u32) -> u32 {
  let kept = n >> 8u;
  let up = select(0u, 1u, (n & 255u) + (kept & 1u) > 128u);
  // kept carries the implicit bit, which adds 1 to the field; up may carry into it once more.
  let magnitude = ((field - 65u) << 23u) + kept + up;
  let in_range = select(magnitude, SOFT_INFINITY, field > 318u);
  return select(in_range, 0u, field < 65u);
}

fn soft_significand(x: u32) -> u32 {
  let is_zero = (x & SOFT_INFINITY) < 1u;
  return select((x & SOFT_FRACTION) | SOFT_IMPLICIT, 0u, is_zero);
}

// The larger magnitude in units of 2^-6 of its last place, the smaller one shifted to it with a sticky last bit. If
// they cancel by more than one place, the shift was at most 1, and nothing is lost; else two bits below the last
// place of the result and the sticky one are there, which is all that rounding asks.
fn soft_add(x: u32, y: u32) -> u32 {
  let swap = (x & SOFT_MAGNITUDE) < (y & SOFT_MAGNITUDE);
  let a = select(x, y, swap);
  let b = select(y, x, swap);
  let ea = (a >> 23u) & 255u;
  let shift = min(ea - ((b >> 23u) & 255u), 31u);
  let ma = soft_significand(a) << 6u;
  let mb = soft_significand(b) << 6u;
  let low = mb & ((1u << shift) - 1u);
  let shifted = (mb >> shift) | min(low, 1u);
  let total = select(ma + shifted, ma - shifted, ((a ^ b) >> 31u) > 0u);
  let zeros = countLeadingZeros(total | 1u); // 2 if the larger operand's leading place is the result's
  let magnitude = soft_round(total << zeros, ea + 66u - zeros);
  return select((a & ~SOFT_MAGNITUDE) | magnitude, 0u, total < 1u);
}

// 24 by 24 bits as the high word of a 32 by 32 bit product, and a sticky bit for the low one.
fn soft_mul(x: u32, y: u32) -> u32 {
  let product = mul_wide(soft_significand(x) << 8u, soft_significand(y) << 8u);
  let carry = product.hi >> 31u;
  let high = select((product.hi << 1u) | (product.lo >> 31u), product.hi, carry > 0u);
  let low = select(product.lo << 1u, product.lo, carry > 0u);
  let fields = ((x >> 23u) & 255u) + ((y >> 23u) & 255u) + carry; // 127 more than the result's
  let magnitude = soft_round(high | min(low, 1u), max(fields, 63u) - 63u);
  let sign = (x ^ y) & ~SOFT_MAGNITUDE;
  return select(sign | magnitude, 0u, product.hi < 1u);
}

// Within 2 units of the last place of a / b, for a in [1, 4), b in [1, 2) and a quotient in [1, 2).
fn soft_quotient(a: u32, b: u32) -> u32 {
  let dividend = soft_significand(a) << ((a >> 23u) - 120u); // in units of 2^-30
  let quotient = mul_hi(dividend, reciprocal_word((b & SOFT_FRACTION) << 7u)); // in units of 2^-30
  return (quotient >> 7u) + 0x3f000000u;
}

// Within 4 units of the last place of the root of x in [1, 4).
//   y ~ 1 / sqrt(x) in units of 2^-31: a parabola within 3 %, then y (3 - x y^2) / 2 three times, which leaves 2^-36.
fn soft_root(x: u32) -> u32 {
  let n = soft_significand(x) << ((x >> 23u) - 120u); // in units of 2^-30
  let slope = 25673u - (((n >> 16u) * 3119u) >> 14u);
  var y = (86135u - (((n >> 16u) * slope) >> 14u)) << 15u;
  for (var i = 0u; i < 3u; i++) {
    let xyy = mul_hi(n, mul_hi(y, y)); // in units of 2^-28
    y = mul_hi(y, (0x30000000u - xyy) << 2u) << 1u;
  }
  return (mul_hi(n, y) >> 6u) + 0x3f000000u; // the product in units of 2^-29
}
