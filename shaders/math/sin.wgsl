// sin, correctly rounded (V6), in u32 arithmetic only (B4).
// Total: NaN and +-inf -> NaN 0x7fc00000, magnitudes under 2^-120 -> +0 (V2). Common subset, see math/limbs.
// #import math/trig

fn sin_f32(x: u32) -> u32 {
  let magnitude = x & 0x7fffffffu;
  let word = trig_sin_cos(trig_reduce(magnitude), 0u, x & 0x80000000u);
  let finite = select(word, 0u, magnitude < 0x03800000u);
  return select(finite, 0x7fc00000u, magnitude >= 0x7f800000u);
}
