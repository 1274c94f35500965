// erfc(x) = 1 - erf(x), correctly rounded as one function (V6), in u32 arithmetic only (B4).
// Total: NaN -> NaN 0x7fc00000, +inf and results under 2^-120 -> +0, -inf -> 2 (V2). Common subset, see math/limbs.
// erfc x = e^(-x^2) y Q(y), y = 1 / (1 + x/4): one polynomial for all x >= 0, without cancellation; x^2 is exact.
// scripts/math_constants_exp.mjs makes the coefficients.
// #import math/hyperbolic
// #import math/ratio

// c + a g, where a and c stand for signed numbers under 1 in magnitude, in units of 2^-63 and biased by 2^63, and g is in
// units of 2^-64, half = g / 2: the bias of a adds g / 2 to the product. Low by 8 units at most; the exact one by 2.
fn erfc_step(a: U64, g: U64, half: U64, c: U64) -> U64 {
  return u64_sub(u64_add(c, u64_mul_hi_short(g, a)), half);
}
fn erfc_step_exact(a: U64, g: U64, half: U64, c: U64) -> U64 {
  return u64_sub(u64_add(c, u64_mul_hi(g, a)), half);
}

// The biased coefficient of an odd power where t is negative (mask all ones): ~c is -c less one unit.
fn erfc_flip(c: U64, mask: u32) -> U64 {
  return U64(c.lo ^ mask, c.hi ^ mask);
}

// Q(y) in units of 2^-63, 0.2 < Q < 1, y = 21/32 + t: degree 21 in 2 t through the Chebyshev nodes of |t| <= 45/128, relative
// error 2^-61.6; g = |2 t| < 0.7032 in units of 2^-64, mask all ones for t < 0. A step's loss is weighed by its power of g:
// together under 11 units, that is 2^-57.2 of Q.
fn erfc_polynomial(g: U64, mask: u32) -> U64 {
  let half = u64_shr_near(g, 1u);
  let a21 = erfc_flip(U64(0x9274cba7u, 0x80000001u), mask);
  let a20 = erfc_step(a21, g, half, U64(0xaa45a87bu, 0x80000004u));
  let a19 = erfc_step(a20, g, half, erfc_flip(U64(0xe7364c69u, 0x7fffffedu), mask));
  let a18 = erfc_step(a19, g, half, U64(0xbb00e548u, 0x7fffffd2u));
  let a17 = erfc_step(a18, g, half, erfc_flip(U64(0x79841106u, 0x8000009bu), mask));
  let a16 = erfc_step(a17, g, half, U64(0xa94faa68u, 0x80000181u));
  let a15 = erfc_step(a16, g, half, erfc_flip(U64(0x2d994300u, 0x7ffffb3eu), mask));
  let a14 = erfc_step(a15, g, half, U64(0x8c7abc8fu, 0x7ffff0c1u));
  let a13 = erfc_step(a14, g, half, erfc_flip(U64(0x275017e1u, 0x80001f2au), mask));
  let a12 = erfc_step(a13, g, half, U64(0x29a4ffdeu, 0x8000af50u));
  let a11 = erfc_step(a12, g, half, erfc_flip(U64(0x13a1eca0u, 0x7fffd15au), mask));
  let a10 = erfc_step(a11, g, half, U64(0xfd720aabu, 0x7ff8ab08u));
  let a9 = erfc_step(a10, g, half, erfc_flip(U64(0x715efb41u, 0x7fefe17du), mask));
  let a8 = erfc_step(a9, g, half, U64(0x18bec300u, 0x802165f5u));
  let a7 = erfc_step(a8, g, half, erfc_flip(U64(0x067798bbu, 0x814b493fu), mask));
  let a6 = erfc_step(a7, g, half, U64(0x04e867f7u, 0x84cfadc6u));
  let a5 = erfc_step_exact(a6, g, half, erfc_flip(U64(0x48f526fcu, 0x8c36a8c0u), mask));
  let a4 = erfc_step_exact(a5, g, half, U64(0x05a1bfd7u, 0x97e66a74u));
  let a3 = erfc_step_exact(a4, g, half, erfc_flip(U64(0xdb348214u, 0xa5c91489u), mask));
  let a2 = erfc_step_exact(a3, g, half, U64(0x55d8d6aeu, 0xb14756fau));
  let a1 = erfc_step_exact(a2, g, half, erfc_flip(U64(0x56d88193u, 0xb5644dc7u), mask));
  let a0 = erfc_step_exact(a1, g, half, U64(0x46f137e3u, 0xafe6e34eu));
  return U64(a0.lo, a0.hi ^ 0x80000000u);
}

// y = 1 / (1 + x/4) in units of 2^-64, low by less than 5 units, for 2^-5 <= x < 9.13, x = m 2^(e - 150).
fn erfc_reciprocal(m: u32, e: u32) -> U64 {
  // 1 + x/4 = a 2^j, 1 <= a < 2, exact in units of 2^-63.
  let j = select(0u, 1u, e > 128u);
  let x_part = u64_shl(U64(m, 0u), e - 89u - j);
  let a = U64(x_part.lo, x_part.hi + (0x80000000u >> j));
  // w is low by 2^-30 to 2^-26.7, so that 0 < d = 1 - a w < 2^-25.6; 1 / a = w (1 + d + d^2 + ...), the rest is under 2^-76.
  let w = reciprocal_word((a.hi - 0x80000000u) >> 1u) - 24u;
  let d = u64_shl_near(u64_sub(U64(0u, 0x80000000u), u64_mul_u32(a, w)), 1u); // 2^-64
  let d_word = (d.lo >> 7u) | (d.hi << 25u); // 2^-57
  let correction = u64_mul_u32(u64_add_u32(d, mul_hi(d_word, d_word) >> 18u), w);
  let y = U64(correction.lo, correction.hi + w);
  return U64((y.lo >> j) | ((y.hi << 31u) & (0u - j)), y.hi >> j);
}

// erfc x for 2^-26 <= |x| < 2^-5: 1 - erf x, erf x by its series to x^9, the next term is under 2^-65; within 2^-62.
fn erfc_near_zero(m: u32, e: u32, negative: u32) -> u32 {
  let x = u64_shl(U64(m, 0u), e - 86u);
  let u = u64_shr(mul_wide(m << 8u, m << 8u), 252u - 2u * e); // x^2: 2^-64, < 2^-10
  let h3 = 0xdc167189u - (mul_hi(u.hi, 0xab2de687u) >> 2u); // 2^-37
  let h2 = u64_sub(U64(0x10af86d8u, 0x738bc868u), u64_shr_near(mul_wide(u.hi, h3), 3u)); // 2^-66
  let h1 = u64_sub(U64(0x1bcf3612u, 0xc093a358u), u64_shr_near(u64_mul_hi_short(u, h2), 1u)); // 2^-65
  let h0 = u64_sub(U64(0x14db688du, 0x906eba82u), u64_shr_near(u64_mul_hi_short(u, h1), 2u)); // 2^-63
  let erf_x = u64_mul_hi(x, h0);
  let below = u64_sub(U64(0u, 0x80000000u), erf_x).hi;
  let above = erf_x.hi + 0x80000000u;
  return select(0x3e800000u + ((below + 64u) >> 7u), 0x3f000000u + ((above + 128u) >> 8u), negative > 0u);
}

fn erfc_f32(x: u32) -> u32 {
  let magnitude = x & 0x7fffffffu;
  let negative = x >> 31u;
  let m = (magnitude & 0x7fffffu) | 0x800000u;
  let near = erfc_near_zero(m, clamp(magnitude >> 23u, 101u, 121u), negative);

  // 2^-5 <= |x| < 9.13. x^2 has 48 bits: exact mod 1 in units of 2^-64. n as in exp_core: e^(-x^2) = v 2^-n, within 2^-56.3.
  let e = clamp(magnitude >> 23u, 122u, 130u);
  let square = mul_wide(m << 8u, m << 8u); // x^2 2^(316 - 2 e)
  let steps = (square.hi >> (275u - 2u * e)) * 47274u;
  let n = ((steps + 0x20000u) >> 24u) + 1u;
  let left = u64_shl_near(square, 2u * (max(e, 126u) - 126u));
  let fraction = u64_shr(left, 2u * (126u - min(e, 126u)));
  let v = exp_reduced(u64_sub(times_ln2(n), fraction));

  let y = erfc_reciprocal(m, e);
  // 2 t = 2 y - 21/16
  let difference = u64_sub(y, U64(0u, 0xa8000000u));
  let mask = 0u - (difference.hi >> 31u);
  let q = erfc_polynomial(u64_shl_near(U64(difference.lo ^ mask, difference.hi ^ mask), 1u), mask);
  let scaled = u64_mul_hi(y, q); // e^(x^2) erfc x: 2^-63, 0.06 to 0.97
  let lead = min(countLeadingZeros(scaled.hi), 5u);
  // |erfc| = p 2^(-61 - lead - n), p over 2^61: with the errors of v and q together 2^-55.6.
  let p = u64_mul_hi(v, u64_shl_near(scaled, lead));
  let positive_word = round_scaled(p, 1u - lead - n);
  let rest = u64_sub(U64(0u, 0x80000000u), u64_shr(p, min(lead + n - 1u, 63u)));
  let far = select(positive_word, round_scaled(rest, 0u), negative > 0u);

  let flushed = select(far, 0u, far < 0x03800000u);
  let ends = select(0u, 0x40000000u, negative > 0u);
  let large = select(flushed, ends, magnitude >= 0x41100000u); // |x| >= 9
  // |x| < 2^-26: nearer to 1 than half the step under 1.
  let small = select(near, 0x3f800000u, magnitude < 0x32800000u);
  let finite = select(large, small, magnitude < 0x3d000000u);
  return select(finite, 0x7fc00000u, magnitude > 0x7f800000u);
}
