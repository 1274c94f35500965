// tanh, correctly rounded (V6), in u32 arithmetic only (B4).
// Total: NaN -> NaN 0x7fc00000, +-inf -> +-1, magnitudes under 2^-120 -> +0 (V2). Common subset, see math/limbs.
// #import math/exp
// #import math/ratio

// tanh |x| for 2^-12 <= |x| < 2^-4, |x| = m 2^(e - 150). tanh x = x (1 - u B(u)), u = x^2 < 2^-8, B by a polynomial of
// degree 4 through the Chebyshev nodes of v = 2^8 u in [0, 1): error of u B under 2^-65, evaluated within 2^-60.
fn tanh_near_zero(m: u32, e: u32) -> u32 {
  let normalised = m << 8u;
  // m^2 2^16 is x^2 in units of 2^(2 e - 316); v in units of 2^-64 is 2^72 x^2.
  let v = u64_shr(mul_wide(normalised, normalised), 244u - 2u * e);
  let w3 = 0xb327641au - (mul_hi_short(v.hi, 0x90a45930u) >> 9u);
  let w2 = 0xdd0dd0d2u - (mul_hi_short(v.hi, w3) >> 9u);
  let a1 = u64_sub(U64(0x882cef5bu, 0x88888888u), u64_shr_near(mul_wide(v.hi, w2), 10u));
  let a0 = u64_sub(U64(0xaaaaa9c0u, 0xaaaaaaaau), u64_shr_near(u64_mul_hi_48(v, a1), 9u));
  let p = u64_shr_near(u64_mul_hi_short(v, a0), 9u);
  let product = u64_mul_u32(u64_sub(U64(0u, 0u), p), normalised).hi;
  // The product may have lost its leading bit; it is at most (2^24 - 1) 2^8 (1 - 2^-25.6), so that no carry is lost.
  let lost = 1u - (product >> 31u);
  return ((e - 1u - lost) << 23u) + ((product + (128u >> lost)) >> (8u - lost));
}

fn tanh_f32(x: u32) -> u32 {
  let magnitude = x & 0x7fffffffu;
  let m = (magnitude & 0x7fffffu) | 0x800000u;
  let e = magnitude >> 23u;
  let near_zero = tanh_near_zero(m, clamp(e, 115u, 122u));

  // |x| >= 2^-4: (1 - t) / (1 + t), t = e^-2|x| < 0.883, so that 1 - t >= 0.117 has a relative error under 2^-53.3.
  let core = exp_core(m, clamp(e + 1u, 124u, 133u), 1u);
  let t = u64_shr(core.fraction, min(core.exponent, 63u));
  let one = U64(0u, 0x40000000u);
  let difference = u64_sub(one, t);
  let lost = countLeadingZeros(difference.hi | 1u) - 1u;
  let ratio = round_ratio(u64_shl_near(difference, min(lost, 31u)), u64_add(one, t), 127u - lost);

  // |x| < 2^-12: x^3/3 is under half a step below x, also below a power of two. Over 9.02, 1 - tanh x < 2^-25.
  let middle = select(ratio, near_zero, magnitude < 0x3d800000u);
  let small = select(middle, select(magnitude, 0u, magnitude < 0x03800000u), magnitude < 0x39800000u);
  let large = select(small, 0x3f800000u, magnitude >= 0x41110000u); // 9.0625
  let sign = select(x & 0x80000000u, 0u, magnitude < 0x03800000u);
  return select(sign | large, 0x7fc00000u, magnitude > 0x7f800000u);
}
