// The correctly rounded quotient of two 64-bit fixed-point numbers, for sigmoid and tanh (V6, B4).
// Promises nearest-even of numerator / denominator as given: their own errors move the result only where the
// quotient lies that near a tie. The quotient must not be a tie itself. Not a division for exact operands.
// #import math/limbs

// 1 / (1 + z) in units of 2^-32 for 0 <= z < 1 in units of 2^-30, low by 2^-28 at most and never high by 2^-28.
//   y, in units of 2^-16: a polynomial of degree 4 through the Chebyshev nodes, made low by 2^-11.3, so that
//   0 < d = 1 - (1 + z) y < 2^-10; then y (1 + d + d^2), whose error is y d^3 < 2^-30.
fn reciprocal_word(z: u32) -> u32 {
  let e = z >> 14u;
  let y3 = 34907u - ((e * 9974u) >> 16u);
  let y2 = 56725u - ((e * y3) >> 16u);
  let y1 = 64516u - ((e * y2) >> 16u);
  let y = 65490u - ((e * y1) >> 16u);
  // (1 + z) in units of 2^-31, as two halves times y.
  let one_z = (z << 1u) + 0x80000000u;
  let d = 0x80000000u - ((one_z >> 16u) * y + (((one_z & 0xffffu) * y) >> 16u));
  let h = (d + (((d >> 6u) * (d >> 6u)) >> 19u)) << 10u;
  return (y << 16u) + (((h >> 16u) * y + (((h & 0xffffu) * y) >> 16u)) >> 9u);
}

// The f32 word nearest to (numerator / denominator) 2^(field - 127), for numerator and denominator in units of
// 2^-62 and in [1, 2), and a field for which the result is normal. 2^62 is the smallest of both.
fn round_ratio(numerator: U64, denominator: U64, field: u32) -> u32 {
  let less = u64_lt(numerator, denominator);
  let dividend = u64_shl_near(numerator, select(0u, 1u, less));
  // The quotient q is now in [1, 2). s <= 2^23 q < s + 1.2, so that one comparison of the remainder, exact in
  // 64 bits although its parts wrap, finds the nearest integer. The word estimate is within 2^-26 of q.
  let estimate = mul_hi(dividend.hi, reciprocal_word(denominator.hi - 0x40000000u)) - 16u;
  let s = estimate >> 7u;
  let product = mul_wide(s, denominator.lo);
  let remainder = u64_sub(u64_shl_near(dividend, 23u), U64(product.lo, product.hi + s * denominator.hi));
  let nearest = s + select(1u, 0u, u64_lt(remainder, u64_shr_near(denominator, 1u)));
  return ((field - select(1u, 2u, less)) << 23u) + nearest;
}
