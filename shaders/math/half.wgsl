// f32 to and from the 16-bit floats, f16 (binary16) and bf16, in u32 arithmetic only (V9, B4): rounded once to nearest,
// ties to even. No builtin: pack2x16float rounds towards zero on some devices, unpack2x16float may flush.
// Total: NaN -> the type's one NaN (0x7fc00000, 0x7e00, 0x7fc0), both zeros -> +0, infinities stay, what is too large
// becomes one. f16 subnormals are kept, both ways; bf16, whose range is that of f32, has the threshold T = 2^-120.
// Common subset, see math/limbs.
// #import math/limbs

fn f32_to_f16(x: u32) -> u32 {
  let m = x & 0x7fffffffu;
  let sign = (x >> 16u) & 0x8000u;
  // Normal results, 2^-14 and up: the exponent moves by 112, 13 bits are dropped; a carry is the next binade.
  let normal = (m - 0x38000000u + 0xfffu + ((m >> 13u) & 1u)) >> 13u;
  // Subnormal ones, in units of 2^-24: m = significand 2^(e - 150), e in 102..112, so 14 to 24 bits are dropped.
  let shift = clamp(126u - min(m >> 23u, 125u), 1u, 25u);
  let significand = (m & 0x7fffffu) | 0x800000u;
  let kept = significand >> shift;
  let half = 1u << (shift - 1u);
  let dropped = significand & (half + half - 1u);
  let up = dropped > half || (dropped > half - 1u && (kept & 1u) > 0u);
  let subnormal = kept + select(0u, 1u, up);
  var magnitude: u32 = select(subnormal, normal, m >= 0x38800000u);
  magnitude = select(magnitude, 0u, m < 0x33000000u); // under 2^-25
  magnitude = select(magnitude, 0x7c00u, m >= 0x477ff000u); // from 65520 on
  magnitude = select(magnitude, 0x7e00u, m > 0x7f800000u);
  let plain = magnitude < 1u || magnitude > 0x7c00u;
  return select(magnitude | sign, magnitude, plain);
}

fn f16_to_f32(h: u32) -> u32 {
  let sign = (h & 0x8000u) << 16u;
  let e = (h >> 10u) & 31u;
  let f = h & 0x3ffu;
  let normal = ((e + 112u) << 23u) | (f << 13u);
  // f 2^-24: its leading bit moves to bit 10.
  let shift = countLeadingZeros(f | 1u) - 21u;
  let subnormal = ((113u - shift) << 23u) | (((f << shift) & 0x3ffu) << 13u);
  var magnitude: u32 = select(normal, subnormal, e < 1u);
  magnitude = select(magnitude, 0x7f800000u, e > 30u);
  let number = select(magnitude | sign, 0u, (h & 0x7fffu) < 1u);
  return select(number, 0x7fc00000u, (h & 0x7fffu) > 0x7c00u);
}

fn f32_to_bf16(x: u32) -> u32 {
  let m = x & 0x7fffffffu;
  let rounded = (m + 0x7fffu + ((m >> 16u) & 1u)) >> 16u;
  let number = select(rounded | ((x >> 16u) & 0x8000u), 0u, m < 0x03800000u);
  return select(number, 0x7fc0u, m > 0x7f800000u);
}

fn bf16_to_f32(h: u32) -> u32 {
  let m = (h & 0x7fffu) << 16u;
  let number = select(m | ((h & 0x8000u) << 16u), 0u, m < 0x03800000u);
  return select(number, 0x7fc00000u, m > 0x7f800000u);
}
