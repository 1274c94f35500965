// sinh, correctly rounded (V6), in u32 arithmetic only (B4).
// Total: NaN -> NaN 0x7fc00000, overflow and +-inf -> +-inf, magnitudes under 2^-120 -> +0 (V2). Common subset, see math/limbs.
// #import math/hyperbolic

// sinh |x| for 2^-12 <= |x| < 1/2, |x| = m 2^(e - 150): |x| (1 + sinh_series), within a relative 2^-62.
fn sinh_near_zero(m: u32, e: u32) -> u32 {
  let p = u64_shr_near(sinh_series(square_near_zero(m, e)), 3u);
  let product = u64_mul_u32(U64(p.lo, p.hi + 0x80000000u), m << 8u).hi; // [2^30, 2^32)
  let carry = product >> 31u;
  return ((e - 1u + carry) << 23u) + ((product + (64u << carry)) >> (7u + carry));
}

fn sinh_f32(x: u32) -> u32 {
  let magnitude = x & 0x7fffffffu;
  let m = (magnitude & 0x7fffffu) | 0x800000u;
  let e = magnitude >> 23u;
  let near = sinh_near_zero(m, clamp(e, 115u, 125u));

  // |x| >= 1/2: (e^|x| - e^-|x|) / 2, the difference in units of e^|x|'s: their errors, 2^-56.3, become 2^-55.1.
  let far_e = clamp(e, 126u, 133u);
  let plus = exp_core(m, far_e, 0u);
  let minus = exp_core(m, far_e, 1u);
  let difference = u64_sub(plus.fraction, u64_shr(minus.fraction, min(plus.exponent + minus.exponent, 63u)));
  let far = round_scaled(difference, plus.exponent - 1u);
  let far_end = select(far, 0x7f800000u, magnitude >= 0x42b40000u); // |x| >= 90

  // |x| < 2^-12: x^3 / 6 is under half a step.
  let small = select(near, select(magnitude, 0u, magnitude < 0x03800000u), magnitude < 0x39800000u);
  let finite = select(far_end, small, magnitude < 0x3f000000u);
  let sign = select(x & 0x80000000u, 0u, magnitude < 0x03800000u);
  return select(sign | finite, 0x7fc00000u, magnitude > 0x7f800000u);
}
