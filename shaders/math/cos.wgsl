// cos, correctly rounded (V6), in u32 arithmetic only (B4).
// Total: NaN and +-inf -> NaN 0x7fc00000, magnitudes under 2^-120 read as 0 -> 1 (V2). Common subset, see math/limbs.
// #import math/trig

fn cos_f32(x: u32) -> u32 {
  let magnitude = x & 0x7fffffffu;
  // Under 2^-62 r^2 is taken as 0: the result is 1, as it is from 2^-12.5 down.
  let word = trig_sin_cos(trig_reduce(magnitude), 1u, 0u);
  return select(word, 0x7fc00000u, magnitude >= 0x7f800000u);
}
