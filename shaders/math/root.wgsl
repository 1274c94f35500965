// The square root of a 64-bit number, for asinh and acosh (V6, B4). Not the rounded root of an f32: that is sqrt_f32.
// Common subset of WGSL and C, see math/limbs; scripts/math_constants.mjs makes the polynomial.
// #import math/limbs

// sqrt(a) in units of 2^-63 for 1 <= a < 4 in units of 2^-62; low by a relative 2^-60 at most.
//   y0 = 1 / sqrt(a) in units of 2^-16: a polynomial of degree 4 and its truncations are within 2^-12.6; it is made low by
//   2^-12, so that 0 < d = 1 - a y0^2 < 2^-10.2; y1 = y0 (1 + d/2 + 3/8 d^2) is low by 2^-31.4 at most.
//   s = a y1, truncated to 31 bits, is low by 2^-29.5 at most, and its square and the rest a - s^2 are exact;
//   s + c with c = (a - s^2) y1 / 2 is low by c^2 / 2 s, which is added, and by 2^-29.5 2^-31.4.
fn root_wide(a: U64) -> U64 {
  let is_high = a.hi >> 31u; // a >= 2: the root of a / 2, times the root of 2
  let z = (a.hi << (2u - is_high)) >> 16u;
  let y4 = 12063u - ((z * 3256u) >> 16u);
  let y3 = 22104u - ((z * y4) >> 16u);
  let y2 = 32478u - ((z * y3) >> 16u);
  let y1_low = 65514u - ((z * y2) >> 16u);
  let y0 = select(y1_low, (y1_low * 46341u) >> 16u, is_high > 0u);
  let square = u64_mul_u32(a, y0 * y0); // a y0^2 in units of 2^-62
  let rest = u64_sub(U64(0u, 0x40000000u), square);
  let d = (rest.hi << 12u) | (rest.lo >> 20u); // units of 2^-42
  let h = d + (mul_hi(d, d) >> 12u) * 3u; // d/2 + 3/8 d^2 in units of 2^-43
  let y1 = (y0 << 16u) + (mul_hi(y0 << 16u, h) >> 11u); // 2^-32

  let s = u64_mul_u32(a, y1).hi; // 2^-30
  let difference = u64_sub(a, u64_shl_near(mul_wide(s, s), 2u)); // 2^-62
  let c = u64_mul_u32(difference, y1); // 2^-63
  let c_word = (c.hi << 13u) | (c.lo >> 19u); // 2^-44
  let tail = u64_add_u32(c, mul_hi(c_word * c_word, y1) >> 26u);
  return u64_add(U64(0u, s << 1u), tail);
}
