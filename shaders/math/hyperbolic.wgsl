// What expm1, sinh and cosh share: the exponential's even and odd parts near 0, and the rounding of a sum of exponentials
// (V6, B4). Promises the bounds stated; no function of the contract. Common subset of WGSL and C, see math/limbs.
// scripts/math_constants_exp.mjs makes the coefficients.
// #import math/exp

// x^2 in units of 2^-64, truncated, for |x| = m 2^(e - 150) < 1/2, m in [2^23, 2^24), 95 <= e <= 125.
fn square_near_zero(m: u32, e: u32) -> U64 {
  return u64_shr(mul_wide(m << 8u, m << 8u), 252u - 2u * e);
}

// sinh |x| / |x| - 1 in units of 2^-66 for u = x^2 < 1/4 in units of 2^-64: u S(u), S of degree 5 through the Chebyshev nodes
// of [0, 1/4], error of u S under 2^-65. All terms are positive; a step is low by 9 units of its last place at most, so that
// the result is low by less than 8 + 12 / 4 + 1, that is 2^-62.4.
fn sinh_series(u: U64) -> U64 {
  let a5 = U64(0xc4cf9e87u, 0x00000002u);
  let a4 = u64_add(U64(0x63a0777au, 0x000001aeu), u64_mul_hi_short(u, a5));
  let a3 = u64_add(U64(0x1d425086u, 0x0000b8efu), u64_mul_hi_short(u, a4));
  let a2 = u64_add(U64(0x3401de1du, 0x00340340u), u64_mul_hi_short(u, a3));
  let a1 = u64_add(U64(0x8888901fu, 0x08888888u), u64_mul_hi_short(u, a2));
  let a0 = u64_add(U64(0xaaaaaaa4u, 0xaaaaaaaau), u64_mul_hi_short(u, a1));
  return u64_mul_hi_short(u, a0);
}

// (cosh x - 1) / x^2 in units of 2^-64 for u = x^2 < 1/4 in units of 2^-64, C of degree 6 as above: error under 2^-70; low by
// less than 12 units, 2^-60.4.
fn cosh_series(u: U64) -> U64 {
  let a6 = U64(0x0ca8850cu, 0x00000000u);
  let a5 = u64_add(U64(0xf76869b7u, 0x00000008u), u64_mul_hi_short(u, a6));
  let a4 = u64_add(U64(0x93ee8f2fu, 0x0000049fu), u64_mul_hi_short(u, a5));
  let a3 = u64_add(U64(0x01a00a84u, 0x0001a01au), u64_mul_hi_short(u, a4));
  let a2 = u64_add(U64(0x5b05b100u, 0x005b05b0u), u64_mul_hi_short(u, a3));
  let a1 = u64_add(U64(0xaaaaaaa8u, 0x0aaaaaaau), u64_mul_hi_short(u, a2));
  let a0 = u64_add(U64(0x00000000u, 0x80000000u), u64_mul_hi_short(u, a1));
  return a0;
}

// The f32 word nearest to d 2^(n - 62), d under 2^64 and with its highest bit in one of bits 60 to 63; no tie. n is such that
// the result is normal or the word runs on into the exponent field 255, from which on it is inf.
fn round_scaled(d: U64, n: u32) -> u32 {
  let lead = min(countLeadingZeros(d.hi | 1u), 3u);
  let shift = 8u - lead;
  return min(((n + 127u - lead) << 23u) + ((d.hi + ((1u << shift) >> 1u)) >> shift), 0x7f800000u);
}
