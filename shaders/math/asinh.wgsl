// asinh(x) = ln(|x| + sqrt(x^2 + 1)) with the sign of x, correctly rounded (V6), in u32 arithmetic only (B4).
// Total: NaN -> NaN 0x7fc00000, +-inf -> +-inf, magnitudes under 2^-120 -> +0 (V2). Irrational for x != 0.
// Common subset, see math/limbs; scripts/math_constants.mjs makes the coefficients.
// #import math/log_wide
// #import math/root

// asinh |x| for 2^-12 <= |x| < 2^-4, |x| = m 2^(e - 150). asinh x = x (1 - u B(u)), u = x^2 < 2^-8, B by a polynomial of
// degree 4 through the Chebyshev nodes of v = 2^8 u in [0, 1): error of u B under 2^-62, evaluated within 2^-60.
fn asinh_near_zero(m: u32, e: u32) -> u32 {
  let normalised = m << 8u;
  // m^2 2^16 is x^2 in units of 2^(2 e - 316); v in units of 2^-64 is 2^72 x^2.
  let v = u64_shr(mul_wide(normalised, normalised), 244u - 2u * e);
  let w3 = 0xf8e25958u - (mul_hi_short(v.hi, 0xb5e43dbbu) >> 8u);
  let w2 = 0xb6db6d80u - (mul_hi_short(v.hi, w3) >> 9u);
  let a1 = u64_sub(U64(0x9628076bu, 0x99999999u), u64_shr_near(mul_wide(v.hi, w2), 9u));
  let a0 = u64_sub(U64(0xaaaaa1dau, 0xaaaaaaaau), u64_shr_near(u64_mul_hi_48(v, a1), 9u));
  let p = u64_shr_near(u64_mul_hi_short(v, a0), 10u);
  let product = u64_mul_u32(u64_sub(U64(0u, 0u), p), normalised).hi;
  // The product may have lost its leading bit; it is at most (2^24 - 1) 2^8 (1 - 2^-26.6), so that no carry is lost.
  let lost = 1u - (product >> 31u);
  return ((e - 1u - lost) << 23u) + ((product + (128u >> lost)) >> (8u - lost));
}

fn asinh_f32(x: u32) -> u32 {
  let magnitude = x & 0x7fffffffu;
  let m = (magnitude & 0x7fffffu) | 0x800000u;
  let field = magnitude >> 23u;
  let near_zero = asinh_near_zero(m, clamp(field, 115u, 122u));

  // |x| >= 2^-4: y = |x| + sqrt(x^2 + 1) over 2^k, where k = 0 for |x| < 1, else 2^(k - 1) <= |x| < 2^k, so that
  // x^2 + 1 over 4^k, in units of 2^-62, is in (1/4, 2). From k = 32 on 1 does not count: it is under 2^-62 of x^2.
  let e = max(field, 122u);
  let k = max(e, 126u) - 126u;
  let j = 126u - min(e, 126u);
  let one = u64_shr(U64(0u, 0x40000000u), 2u * min(k, 31u));
  let radicand = u64_add(u64_shl(mul_wide(m, m), 14u - 2u * j), one);
  let pairs = countLeadingZeros(radicand.hi) >> 1u; // 0 or 1
  let root = u64_shr_near(root_wide(u64_shl_near(radicand, 2u * pairs)), pairs + 1u);
  // In units of 2^-62: 1 < y 2^-k < 2.5; its error, relative 2^-60, and that of log2_wide, over ln 1.064, make 2^-56.
  let y = u64_add(u64_shl(U64(m, 0u), 38u - j), root);
  let carry = y.hi >> 31u;
  let log = log2_wide(u64_shl_near(y, 1u - carry), k + carry, U64(0u, 0u), 0u);

  let finite = select(ln_word(log), near_zero, magnitude < 0x3d800000u);
  // |x| < 2^-12: x^3 / 6 is under half the step below x.
  let small = select(finite, magnitude, magnitude < 0x39800000u || magnitude >= 0x7f800000u) | (x & 0x80000000u);
  return select(select(small, 0u, magnitude < 0x03800000u), 0x7fc00000u, magnitude > 0x7f800000u);
}
