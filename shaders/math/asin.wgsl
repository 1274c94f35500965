// asin, correctly rounded (V6), in u32 arithmetic only (B4).
// Total: NaN and |x| > 1 -> NaN 0x7fc00000, magnitudes under 2^-120 -> +0 (V2). Common subset, see math/limbs.
// #import math/arcsine

// From 1/2 on asin |x| = pi/2 - acos |x|, which is over 0.52 and half of acos |x|: relative error under 2^-58.5.
fn asin_f32(x: u32) -> u32 {
  let magnitude = x & 0x7fffffffu;
  let y = arcsine_core(min(magnitude, 0x3f800000u));
  let rest = u64_sub(U64(0x10b4611au, 0x6487ed51u), y.fixed).hi;
  let is_large = magnitude >= 0x3f000000u;
  let word = arcsine_round(select(y.significand.hi, rest, is_large), select(y.field, 127u, is_large));
  let finite = select(word | (x & 0x80000000u), 0u, magnitude < 0x03800000u);
  return select(finite, 0x7fc00000u, magnitude > 0x3f800000u);
}
