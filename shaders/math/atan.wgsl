// atan, correctly rounded (V6), in u32 arithmetic only (B4).
// Total: NaN -> NaN 0x7fc00000, +-inf -> +-pi/2 rounded, magnitudes under 2^-120 -> +0 (V2). Common subset, see math/limbs;
// scripts/math_constants.mjs makes the constants.
// #import math/ratio

// 1 / d in units of 2^-64 for d in [1, 2) in units of 2^-31: low by 3 units at most, never high, so under 2^64.
//   r is low by less than 2^-26.8 and never high, so 0 < h = 1 - d r < 2^-25.8, exact; 1 / d = r (1 + h + h^2) within 2^-77.
fn atan_reciprocal(d: u32) -> U64 {
  let r = reciprocal_word((d & 0x7fffffffu) >> 1u) - 20u;
  let product = mul_wide(d, r);
  let h = u64_shl_near(u64_sub(U64(0u, 0x80000000u), product), 24u); // units of 2^-87
  let square = u64_shl_near(U64(mul_hi(h.hi, h.hi), 0u), 9u);
  let more = u64_shr_near(u64_mul_u32(u64_add(h, square), r), 23u);
  return u64_add(U64(0u, r), more);
}

// atan q / q in units of 2^-64, under 2^64 although it may be 1, for u = q^2 < 0.1717 in units of 2^-64.
//   1 - u (b0 - u (b1 - ... u b12)) of degree 13 through the Chebyshev nodes: error under 2^-66. Each b in units of 2^-65; the
//   truncations are weighed by powers of u: 3 units of 2^-65 together.
fn atan_polynomial(u: U64) -> U64 {
  let b11 = u64_sub(U64(0x2f7226f6u, 0x0faec9a8u), mul_wide(u.hi, 0x071f962fu));
  let b10 = u64_sub(U64(0x1cdf652bu, 0x15037772u), u64_mul_hi_48(u, b11));
  let b9 = u64_sub(U64(0x795bd6fcu, 0x1829bb2eu), u64_mul_hi_48(u, b10));
  let b8 = u64_sub(U64(0xf3cdb102u, 0x1aebceffu), u64_mul_hi_48(u, b9));
  let b7 = u64_sub(U64(0x50cc2588u, 0x1e1d8e4du), u64_mul_hi_48(u, b8));
  let b6 = u64_sub(U64(0x9a20ec30u, 0x222219d7u), u64_mul_hi_short(u, b7));
  let b5 = u64_sub(U64(0xfeae7e7eu, 0x276275d4u), u64_mul_hi_short(u, b6));
  let b4 = u64_sub(U64(0xaadbdacfu, 0x2e8ba2e6u), u64_mul_hi_short(u, b5));
  let b3 = u64_sub(U64(0xdbb05b4bu, 0x38e38e38u), u64_mul_hi_short(u, b4));
  let b2 = u64_sub(U64(0x2482a483u, 0x49249249u), u64_mul_hi_short(u, b3));
  let b1 = u64_sub(U64(0x66665a28u, 0x66666666u), u64_mul_hi_short(u, b2));
  let b0 = u64_sub(U64(0xaaaaaaa9u, 0xaaaaaaaau), u64_mul_hi_short(u, b1));
  let w = u64_shr_near(u64_mul_hi(u, b0), 1u);
  return U64(~w.lo, ~w.hi);
}

// |x| < tan(pi/8): x atan x / x, relative error under 2^-61.
// |x| >= cot(pi/8): pi/2 - atan(1 / |x|). Between: pi/4 + atan((|x| - 1) / (|x| + 1)). |q| < 0.4143, and the result, over
// 0.41, has an absolute error under 2^-61.
fn atan_f32(x: u32) -> u32 {
  let magnitude = x & 0x7fffffffu;
  let e = magnitude >> 23u;
  let m = (magnitude & 0x7fffffu) | 0x800000u;
  let is_near = magnitude < 0x3ed413cdu;
  let is_far = magnitude >= 0x401a827au;

  // |x| and 1 in units of 2^-25, exactly; numerator and denominator then moved up alike.
  let fixed = m << (clamp(e, 125u, 128u) - 125u);
  let is_below = fixed < 0x2000000u;
  let sum = fixed + 0x2000000u;
  let scale = countLeadingZeros(sum);
  let numerator = select(fixed - 0x2000000u, 0x2000000u - fixed, is_below) << (scale + 1u);
  let reciprocal = atan_reciprocal(select(sum << scale, m << 8u, is_far));
  let quotient = u64_mul_u32(reciprocal, numerator);
  let inverse = u64_shr(reciprocal, clamp(e, 127u, 190u) - 127u);
  let q = U64(
    select(select(quotient.lo, inverse.lo, is_far), 0u, is_near),
    select(select(quotient.hi, inverse.hi, is_far), m << 8u, is_near),
  );
  // Near 0 q is |x| 2^(126 - e).
  let shift = select(0u, 126u - clamp(e, 95u, 126u), is_near);
  let angle = u64_mul_hi(atan_polynomial(u64_shr(u64_mul_hi(q, q), 2u * shift)), q);

  // Units of 2^-63.
  let half = u64_shr_near(angle, 1u);
  let base = U64(select(0x10b4611au, 0x2168c235u, is_far), select(0x6487ed51u, 0xc90fdaa2u, is_far));
  let is_minus = is_far || is_below;
  let less = u64_sub(base, half);
  let more = u64_add(base, half);
  let value = select(select(more.hi, less.hi, is_minus), angle.hi, is_near);
  let lost = countLeadingZeros(value | 1u);
  let top = value << lost;
  let word = ((select(126u, e - 1u, is_near) - lost) << 23u) + (top >> 8u) + ((top >> 7u) & 1u);

  let finite = select(word | (x & 0x80000000u), 0u, magnitude < 0x03800000u);
  return select(finite, 0x7fc00000u, magnitude > 0x7f800000u);
}
