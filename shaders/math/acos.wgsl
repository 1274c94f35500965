// acos, correctly rounded (V6), in u32 arithmetic only (B4).
// Total: NaN and |x| > 1 -> NaN 0x7fc00000, 1 -> +0, magnitudes under 2^-120 read as 0 -> pi/2 (V2). Common subset, see
// math/limbs.
// #import math/arcsine

// Under 1/2 acos x = pi/2 -+ asin |x|; from 1/2 on it is acos |x|, or pi - acos |x|. All but acos |x| are over 1 and over
// twice the angle in them: relative error under 2^-59.6, like that of acos |x|.
fn acos_f32(x: u32) -> u32 {
  let magnitude = x & 0x7fffffffu;
  let y = arcsine_core(min(magnitude, 0x3f800000u));
  let is_large = magnitude >= 0x3f000000u;
  let is_minus = x > 0x7fffffffu;
  let base = U64(select(0x10b4611au, 0x2168c235u, is_large), select(0x6487ed51u, 0xc90fdaa2u, is_large));
  let less = u64_sub(base, y.fixed);
  let more = u64_add(base, y.fixed);
  let is_more = is_minus && !is_large;
  let is_angle = is_large && !is_minus;
  let value = select(select(less.hi, more.hi, is_more), y.significand.hi, is_angle);
  let word = arcsine_round(value, select(127u, y.field, is_angle));
  let finite = select(word, 0u, x == 0x3f800000u);
  return select(finite, 0x7fc00000u, magnitude > 0x3f800000u);
}
