// tan, correctly rounded (V6), in u32 arithmetic only (B4).
// Total: NaN and +-inf -> NaN 0x7fc00000, magnitudes under 2^-120 -> +0 (V2). Common subset, see math/limbs.
// #import math/ratio
// #import math/trig

// tan r = sin r / cos r, and -cos r / sin r in odd quadrants, each known to a relative 2^-60. No f32 comes near enough to a
// pole to overflow: the largest |tan x| is under 2^31.
fn tan_f32(x: u32) -> u32 {
  let magnitude = x & 0x7fffffffu;
  let r = trig_reduce(magnitude);
  let u = trig_square(r);
  let c = trig_polynomial(u, true);
  let s = u64_mul_hi_short(trig_polynomial(u, false), r.significand);
  let s_lost = 1u - (s.hi >> 31u);
  // Both in [1, 2) in units of 2^-62; cos r >= 0.7 has its top bit set.
  let cosine = u64_shr_near(c, 1u);
  let sine = u64_shr_near(u64_shl_near(s, s_lost), 1u);
  let shift = r.shift + s_lost;
  let is_odd = (r.quadrant & 1u) > 0u;
  let numerator = U64(select(sine.lo, cosine.lo, is_odd), select(sine.hi, cosine.hi, is_odd));
  let denominator = U64(select(cosine.lo, sine.lo, is_odd), select(cosine.hi, sine.hi, is_odd));
  let field = select(127u - shift, 127u + shift, is_odd);
  let sign = (x & 0x80000000u) ^ (((r.quadrant ^ r.negative) & 1u) << 31u);
  let finite = select(round_ratio(numerator, denominator, field) | sign, 0u, magnitude < 0x03800000u);
  return select(finite, 0x7fc00000u, magnitude >= 0x7f800000u);
}
