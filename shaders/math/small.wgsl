// f32 to and from the floats of 8 and 4 bits (V9), in u32 arithmetic only (B4): rounded once to nearest, ties to even.
// A type is one word: bits 0..1 the fraction's, 4..7 the place of the sign, 8..12 the bias, 16..23 the largest finite
// magnitude, bits 24 to 26 what is above it: 1 infinity, then NaN (e5m2); 2 NaN (e4m3fn); 4 nothing, and the NaN is the
// sign alone (fnuz); 0 nothing, and there is no NaN (e2m1). Bit 28: what is too large, infinities included, becomes the
// largest finite number. Total; a zero is +0; a NaN without a pattern is +0. e8m0 is the exponent field of an f32 alone.
// Common subset, see math/limbs.
// #import math/limbs

fn small_to_f32(x: u32, format: u32) -> u32 {
  let place = (format >> 4u) & 15u;
  let fraction_bits = format & 3u;
  let bias = (format >> 8u) & 31u;
  let most = (format >> 16u) & 0xffu;
  let kind = (format >> 24u) & 7u;
  let m = x & ((1u << place) - 1u);
  let sign = ((x >> place) & 1u) << 31u;
  let e = m >> fraction_bits;
  let f = m & ((1u << fraction_bits) - 1u);
  let normal = ((e + 127u - bias) << 23u) | (f << (23u - fraction_bits));
  // f 2^(1 - bias - fraction_bits): its leading bit becomes the implicit one.
  let zeros = countLeadingZeros(f | 1u);
  let subnormal = ((159u - zeros - bias - fraction_bits) << 23u) + (((f << zeros) & 0x7fffffffu) >> 8u);
  let number = select(normal, subnormal, e < 1u) | sign;
  let finite = select(number, 0u, m < 1u);
  let infinite = kind == 1u && m == most + 1u;
  let above = select(0x7fc00000u, sign | 0x7f800000u, infinite);
  let nan = kind == 4u && m < 1u && sign > 0u;
  return select(select(finite, 0x7fc00000u, nan), above, m > most);
}

fn f32_to_small(x: u32, format: u32) -> u32 {
  let place = (format >> 4u) & 15u;
  let fraction_bits = format & 3u;
  let bias = (format >> 8u) & 31u;
  let most = (format >> 16u) & 0xffu;
  let kind = (format >> 24u) & 7u;
  let saturates = ((format >> 28u) & 1u) > 0u;
  let m = x & 0x7fffffffu;
  let sign = (x >> 31u) << place;
  let significand = (m & 0x7fffffu) | 0x800000u;
  // Bits to drop of the significand: 23 - fraction_bits, and more where the result is subnormal.
  let e = m >> 23u;
  let least = 128u - bias; // the f32 exponent field of the least normal number
  let deficit = least - min(e, least);
  let drop = (23u - fraction_bits) + min(deficit, 8u);
  let kept = significand >> drop;
  let half = 1u << (drop - 1u);
  let dropped = significand & (half + half - 1u);
  let up = dropped > half || (dropped == half && (kept & 1u) > 0u);
  let rounded = kept + select(0u, 1u, up);
  // kept carries the implicit bit of a normal number, which adds the last 1 to its exponent.
  let field = select(0u, e - least, e > least);
  let magnitude = select(rounded + (field << fraction_bits), 0u, deficit > 8u);
  // The NaN, and what is too large: the infinity, or else the NaN, or else the largest number.
  let nan = select(select(select(most + 3u, most + 1u, kind == 2u), 1u << place, kind == 4u), 0u, kind < 1u);
  let large = select(select(nan, most + 1u, kind == 1u), most, saturates || kind < 1u);
  let number = select(magnitude, large, e > 254u || magnitude > most);
  let plain = number < 1u || number == nan;
  return select(select(number | sign, number, plain), nan, m > 0x7f800000u);
}

// 2^(x - 127), x = 255 a NaN; what is under 2^-120 is +0.
fn e8m0_to_f32(x: u32) -> u32 {
  return select(select(x << 23u, 0u, x < 7u), 0x7fc00000u, x > 254u);
}

// The exponent field of a canonical f32, rounded by mode: 0 down, 1 to nearest (halves up), 2 up; mode + 4 stays at 254 where
// that would be 255. The sign is dropped; NaN and infinities are 255, 0 is 0.
fn f32_to_e8m0(x: u32, mode: u32) -> u32 {
  let m = x & 0x7fffffffu;
  let e = m >> 23u;
  let f = m & 0x7fffffu;
  let way = mode & 3u;
  let up = (way == 1u && f > 0x3fffffu) || (way == 2u && f > 0u);
  let rounded = e + select(0u, 1u, up);
  let kept = select(rounded, 254u, rounded == 255u && mode > 3u);
  return select(kept, 255u, e > 254u);
}
