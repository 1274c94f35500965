// 1 / sqrt(x), correctly rounded (V6), in u32 arithmetic only (B4).
// Total: NaN and negative -> NaN 0x7fc00000, +inf -> +0, magnitudes under 2^-120 -> +inf (V2: they are 0, which has no
// sign). Common subset, see math/limbs. The rounding is decided by an exact integer remainder, so no bound of an
// approximation has to be near enough to a tie: the estimate is only asked for two candidates.
// #import math/limbs

// 2^32 / sqrt(r / 2^23) for r = m 2^odd, m in [2^23, 2^24): low by less than 26 units, never high.
//   y, in units of 2^-16: a polynomial of degree 3 made low, so that 0 < h = 1 - (r / 2^23) y^2 < 2^-8.8; then
//   y (1 + h / 2 + 3 h^2 / 8), which is low by 5 h^3 / 16 < 2^-28.1 and by the truncations.
fn rsqrt_estimate(m: u32, odd: u32) -> u32 {
  let u = (m & 0x7fffffu) >> 7u;
  let y2 = 18035u - ((u * 5554u) >> 16u);
  let y1 = 31659u - ((u * y2) >> 16u);
  let even = 65471u - ((u * y1) >> 16u);
  let y = select(even, (even * 46340u) >> 16u, odd > 0u); // 46340 = floor(2^16 / sqrt 2)
  // h in units of 2^-30, rounded up: that makes the result high by less than 2 units, which the end takes off.
  let h = 0x40000000u - mul_hi(m << (7u + odd), y * y);
  let h6 = h >> 6u;
  let more = (h >> 1u) + ((((h6 * h6) >> 2u) * 3u) >> 19u);
  return (y << 16u) + mul_hi(y << 16u, more << 2u) - 2u;
}

fn rsqrt_f32(x: u32) -> u32 {
  // x = m 2^(e - 150) = r / 2^23 times an even power of two, r in [2^23, 2^25).
  let e = x >> 23u;
  let odd = 1u - (e & 1u);
  let m = (x & 0x7fffffu) | 0x800000u;
  let r = m << odd;
  // 2^24 / sqrt(r / 2^23) lies in [s, s + 1.2).
  let s = rsqrt_estimate(m, odd) >> 8u;
  // Nearest is s + 1 where (2 s + 1)^2 r < 2^73. The two differ by less than 2^52 (2 s r < 2^49), so that the words of
  // 2^32 and up of the product mod 2^64 tell; they are equal for no s: an odd square is no factor of a power of two.
  let t = 2u * s + 1u;
  let square = mul_wide(t, t);
  let high = mul_wide(square.lo, r).hi + square.hi * r;
  let rounded = s + (high >> 31u);
  // rounded may be 2^24, for r = 2^23, and carry.
  let root = (((377u + odd - e) >> 1u) << 23u) + rounded;
  let magnitude = x & 0x7fffffffu;
  let positive = select(root, 0u, x >= 0x7f800000u);
  let number = select(positive, 0x7f800000u, magnitude < 0x03800000u);
  let invalid = magnitude > 0x7f800000u || (x >= 0x80000000u && magnitude >= 0x03800000u);
  return select(number, 0x7fc00000u, invalid);
}
