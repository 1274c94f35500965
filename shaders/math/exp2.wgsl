// exp2, correctly rounded (V6), in u32 arithmetic only (B4).
// Total: NaN -> NaN 0x7fc00000, overflow and +inf -> inf, results under 2^-120 and -inf -> +0 (V2). Common subset, see
// math/limbs. Whole numbers have exact results; 2^x is irrational for every other f32, so no tie occurs.
// #import math/exp

// 2^x for 2^-26 <= |x| < 2^-12, f = |x| in units of 2^-64. z = |x| ln 2 < 2^-12.5, and the sum of z^k / k! to k = 4, odd
// terms with the sign of x: the next is under 2^-69. In units of 2^-64 z is low by less than 1.5, the square by 8, cube and
// fourth power by 10 before the division: together under 2^-61. One word needs it: 2^-0x1.5a3f34p-21 is 2^-58 from a tie.
fn exp2_near_zero(f: U64, negative: u32) -> u32 {
  let z = u64_mul_hi(f, U64(0xd1cf79acu, 0xb17217f7u));
  let square = u64_mul_hi_short(z, z); // < 2^39
  let cube = u64_mul_hi_short(square, z).lo; // < 2^27
  let fourth = u64_mul_hi_short(square, square).lo; // < 2^14
  let odd = u64_add_u32(z, mul_hi(cube, 0x2aaaaaabu));
  let even = u64_add_u32(u64_shr_near(square, 1u), mul_hi(fourth, 0x0aaaaaabu));
  let above = u64_add(even, odd).hi;
  let below = u64_sub(even, odd).hi; // with the 1: mod 2^64
  return select(0x3f800000u + ((above + 256u) >> 9u), 0x3e800000u + ((below >> 8u) + ((below >> 7u) & 1u)), negative > 0u);
}

fn exp2_f32(x: u32) -> u32 {
  let magnitude = x & 0x7fffffffu;
  let negative = x >> 31u;
  // 2^-26 <= |x| < 128: |x| = m 2^(e - 150), its fraction f exactly in units of 2^-64, its whole part.
  let e = clamp(magnitude >> 23u, 101u, 133u);
  let m = (magnitude & 0x7fffffu) | 0x800000u;
  let f = u64_shl(U64(m, 0u), e - 86u);
  let whole = m >> min(150u - e, 31u);
  // x = n + g, 0 <= g < 1: for x < 0 with a fraction g = 1 - f, n = -whole - 1.
  let borrow = select(0u, negative, (f.lo | f.hi) > 0u);
  let mask = 0u - borrow;
  let g = u64_add_u32(U64(f.lo ^ mask, f.hi ^ mask), borrow);
  let n = select(whole, 0u - whole - borrow, negative > 0u);

  // 2^g = e^(g ln 2). The product is low by under 9 units of 2^-64 (the constant 1/2 of one): relative 2^-60.8; with
  // exp_reduced 2^-56.3. Whole numbers are exact: exp_reduced gives 2^62 and less than 2^-50 of it.
  let fraction = exp_reduced(u64_mul_hi_short(g, U64(0xd1cf79acu, 0xb17217f7u)));
  let carry = fraction.hi >> 31u;
  let significand = (fraction.hi + (64u << carry)) >> (7u + carry);
  let word = ((n + carry + 126u) << 23u) + significand;
  let high = select(word, 0x7f800000u, magnitude >= 0x43000000u); // x >= 128
  let low = select(word, 0u, magnitude > 0x42f00000u); // x < -120
  let middle = select(select(high, low, negative > 0u), exp2_near_zero(f, negative), magnitude < 0x39800000u);
  let tiny = magnitude < 0x32800000u; // |x| < 2^-26: nearer to 1 than half the step under 1
  let finite = select(middle, 0x3f800000u, tiny);
  return select(finite, 0x7fc00000u, magnitude > 0x7f800000u);
}
