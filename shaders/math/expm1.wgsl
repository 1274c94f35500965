// expm1(x) = e^x - 1, correctly rounded as one function (V6), in u32 arithmetic only (B4).
// Total: NaN -> NaN 0x7fc00000, overflow and +inf -> inf, -inf -> -1, magnitudes under 2^-120 -> +0 (V2). Common subset,
// see math/limbs.
// #import math/hyperbolic

// |e^x - 1| for 2^-25 <= |x| < 1/2: |x| (1 + sinh_series + x cosh_series), the bracket in [0.78, 1.30) within 18 units of
// 2^-64, that is 2^-59.5 of it. |x| = m 2^(e - 150) is exact in units of 2^-64.
fn expm1_near_zero(m: u32, e: u32, negative: u32) -> u32 {
  let u = square_near_zero(m, e);
  let odd = u64_shr_near(sinh_series(u), 2u);
  let even = u64_mul_hi_short(u64_shl(U64(m, 0u), e - 86u), cosh_series(u));
  // The bracket in units of 2^-63; the part that x < 0 takes away is larger than the other.
  let mask = 0u - negative;
  let sum = u64_add(odd, U64(even.lo ^ mask, even.hi ^ mask));
  let bracket = U64((sum.lo >> 1u) | (sum.hi << 31u), ((sum.hi >> 1u) | (negative << 31u)) + 0x80000000u);
  let product = u64_mul_u32(bracket, m << 8u).hi; // [2^29, 2^32)
  let lead = min(countLeadingZeros(product | 1u), 2u);
  let shift = 8u - lead;
  return ((e - lead) << 23u) + ((product + ((1u << shift) >> 1u)) >> shift);
}

fn expm1_f32(x: u32) -> u32 {
  let magnitude = x & 0x7fffffffu;
  let negative = x >> 31u;
  let m = (magnitude & 0x7fffffu) | 0x800000u;
  let e = magnitude >> 23u;
  let near = expm1_near_zero(m, clamp(e, 102u, 125u), negative);

  // |x| >= 1/2: e^x = v 2^n or v 2^-n. The difference to 1 is at least 0.39, and at least 0.39 e^x: the error of e^x, 2^-56.3,
  // becomes 2^-54.9.
  let core = exp_core(m, clamp(e, 126u, 133u), negative);
  let shifted_one = u64_shr(U64(0u, 0x40000000u), min(core.exponent, 63u));
  let above = u64_sub(core.fraction, shifted_one);
  let below = u64_sub(U64(0u, 0x40000000u), u64_shr(core.fraction, min(core.exponent, 63u)));
  let is_negative = negative > 0u;
  let d = U64(select(above.lo, below.lo, is_negative), select(above.hi, below.hi, is_negative));
  let far = round_scaled(d, select(core.exponent, 0u, is_negative));
  let far_end = select(far, 0x7f800000u, magnitude >= 0x42b20000u && negative < 1u); // x >= 89

  // |x| < 2^-25: x^2 / 2 is under half a step, also below a power of two.
  let small = select(near, select(magnitude, 0u, magnitude < 0x03800000u), magnitude < 0x33000000u);
  let finite = select(far_end, small, magnitude < 0x3f000000u);
  let sign = select(x & 0x80000000u, 0u, magnitude < 0x03800000u);
  return select(sign | finite, 0x7fc00000u, magnitude > 0x7f800000u);
}
