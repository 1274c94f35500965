// What asin and acos share (V6), in u32 arithmetic only (B4): asin |x| up to 1/2, acos |x| from there on. Common subset of
// WGSL and C, see math/limbs; scripts/math_constants.mjs makes the constants. Not here: |x| > 1, NaN, quadrants.
// #import math/rsqrt

// A value with its leading bit or the next one set: significand 2^(field - 190), and its fixed-point form, in units of 2^-62.
struct Arcsine {
  significand: U64,
  field: u32,
  fixed: U64,
}

// sqrt(r / 2^23) in units of 2^-63 for r = m 2^odd, m in [2^23, 2^24), odd 0 or 1: relative error under 2^-61.5.
//   y is low by under 26 units of 2^-32 and never high: 0 < h = 1 - z y^2 < 2^-25.2, exact to 2^-62, and
//   sqrt z = z y (1 + h / 2 + 3 h^2 / 8) within 2^-77; z y is exact.
fn arcsine_root(m: u32, odd: u32) -> U64 {
  let y = rsqrt_estimate(m, odd);
  let z = m << (7u + odd); // units of 2^-30
  let square = u64_mul_u32(mul_wide(y, y), z);
  let h = u64_sub(U64(0u, 0x40000000u), square); // units of 2^-62
  let h_word = u64_shr_near(h, 21u).lo; // units of 2^-41, under 2^15.8
  let more = u64_add(u64_shl_near(h, 23u), mul_wide(h_word * h_word, 6u)); // units of 2^-86
  let low = mul_wide(z, y);
  return u64_add(u64_shl_near(low, 1u), u64_shr_near(u64_mul_hi_short(low, more), 21u));
}

// asin(sqrt v) / sqrt v in units of 2^-63 for v <= 1/4 in units of 2^-64.
//   g0 + v (g1 + v (g2 + ...)) of degree 15 through the Chebyshev nodes: relative error under 2^-66. g12 and g14 are
//   negative: they stand with 1/16, which v / 16 takes off again. The truncations, weighed by powers of v, are under 6 units.
fn arcsine_polynomial(v: U64) -> U64 {
  let bias = u64_shr_near(v, 5u);
  let g14 = u64_add(U64(0xe1c604cbu, 0x03f324eau), mul_wide(v.hi, 0x04764788u));
  let g13 = u64_sub(u64_add(U64(0x1bc3c62du, 0x03b18e68u), u64_mul_hi_48(v, g14)), bias);
  let g12 = u64_add(U64(0x2d54a87eu, 0x07a72943u), u64_mul_hi_48(v, g13));
  let g11 = u64_sub(u64_add(U64(0x5d942917u, 0x0140ffe6u), u64_mul_hi_48(v, g12)), bias);
  let g10 = u64_add(U64(0xaa40757bu, 0x010337a8u), u64_mul_hi_48(v, g11));
  let g9 = u64_add(U64(0xe100c324u, 0x014211e6u), u64_mul_hi_48(v, g10));
  let g8 = u64_add(U64(0x7762786bu, 0x017a4e05u), u64_mul_hi_short(v, g9));
  let g7 = u64_add(U64(0x80e16689u, 0x01c99dd8u), u64_mul_hi_short(v, g8));
  let g6 = u64_add(U64(0xd3bc8661u, 0x02389d50u), u64_mul_hi_short(v, g7));
  let g5 = u64_add(U64(0xe0a7a0adu, 0x02dd1747u), u64_mul_hi_short(v, g6));
  let g4 = u64_add(U64(0xd717f573u, 0x03e38e38u), u64_mul_hi_short(v, g5));
  let g3 = u64_add(U64(0xb708ea94u, 0x05b6db6du), u64_mul_hi_short(v, g4));
  let g2 = u64_add(U64(0x99994298u, 0x09999999u), u64_mul_hi_short(v, g3));
  let g1 = u64_add(U64(0x55555597u, 0x15555555u), u64_mul_hi_short(v, g2));
  return u64_add(U64(0x00000000u, 0x80000000u), u64_mul_hi(v, g1));
}

// The word of |x| <= 1. Under 1/2: asin |x| = |x| g(x^2). From 1/2 on: acos |x| = 2 sqrt v g(v), v = (1 - |x|) / 2, exact.
// Relative error under 2^-59.6; at |x| = 1 root and significand are 0.
fn arcsine_core(magnitude: u32) -> Arcsine {
  let e = magnitude >> 23u;
  let m = (magnitude & 0x7fffffu) | 0x800000u;
  let is_large = e > 125u;
  // v = n 2^-25, n <= 2^23.
  let n = 0x1000000u - (m << (clamp(e, 126u, 127u) - 126u));
  let leading = clamp(countLeadingZeros(n), 8u, 31u);
  let odd = leading & 1u;
  let root = arcsine_root(n << (leading - 8u), odd);
  // sqrt v = root 2^-((leading - 6 - even) / 2), root in [1, 2).
  let root_field = 131u - ((leading + odd) >> 1u);
  let near = u64_shr(mul_wide(m << 8u, m << 8u), 2u * (126u - clamp(e, 95u, 126u)));
  let v = U64(select(near.lo, 0u, is_large), select(near.hi, n << 7u, is_large));
  let factor = U64(select(0u, root.lo, is_large), select(m << 8u, root.hi, is_large));
  let significand = u64_mul_hi(arcsine_polynomial(v), factor);
  let field = select(e, root_field, is_large);
  return Arcsine(significand, field, u64_shr(significand, min(127u - min(field, 127u), 63u)));
}

// The f32 word of value 2^(field - 158), where value is at least 2^29 and truncated: nearest, and no tie.
fn arcsine_round(value: u32, field: u32) -> u32 {
  let lost = countLeadingZeros(value | 1u);
  let top = value << lost;
  return ((field - lost) << 23u) + (top >> 8u) + ((top >> 7u) & 1u);
}
