// The binary logarithm of a number of 64 bits, for log1p, asinh, acosh, atanh and softplus (V6, B4): they take the
// logarithm of y = 1 + u, where y has more bits than a word and u, near 0, more than is left of it in y.
// Table, polynomial and sum are those of math/log. Common subset of WGSL and C, see math/limbs.
// #import math/log

// log2 y for y = v 2^(e - 63), v of 64 bits with the top bit set, e in two's complement, and u = y - 1 =
// +-near 2^(-64 - near_shift), near with the top bit set, which counts only where |u| is under 1/32 or so.
// Relative error under 2^-58.5, beside what an error of v, relative 2^-59 where |u| > 1/40, or of near does:
//   as log2_core, but z = v r - 1 in units of 2^-68, low by less than one, and a w of 64 bits; i and r are the same.
//   The products from k = 3 on truncate at 2^-46: 2^-61 in all, beside the 2^-62.4 of the polynomial.
//   Where i = 0, e = 0 or i = 16, e = -1: log2 y is near G; else it is over 0.044, and the sum, whose product is low by 9
//   units of 2^-67, is off by less than 2^-59.3 of it.
fn log2_wide(v: U64, e: u32, near: U64, near_shift: u32) -> Log2 {
  let i = ((v.hi & 0x7fffffffu) + 0x04000000u) >> 27u;
  let top = i >> 4u;
  let entry = log2_entry(i & 15u);
  let r = ((entry.c2 & 255u) + 1u) >> top;
  // v r is 1 + z in units of 2^-71; z in units of 2^-68, two's complement.
  let v_low = mul_wide(v.lo, r);
  let v_high = u64_add_u32(mul_wide(v.hi, r), v_low.hi);
  let z = U64((v_low.lo >> 3u) | (v_high.lo << 29u), (v_high.lo >> 3u) | (v_high.hi << 29u));
  let z_negative = z.hi >> 31u;
  let z_mask = 0u - z_negative;
  let w = U64(z.lo, z.hi ^ 0x80000000u);

  let d8 = 0x336bcce2u - (mul_hi_short(w.hi, 0x24a7ec55u) >> 4u);
  let d7 = u64_sub(U64(0x9af3b35fu, 0x39bbc03eu), u64_shr_near(mul_wide(w.hi, d8), 4u));
  let d6 = u64_sub(U64(0x7fe1e53cu, 0x40141621u), u64_shr_near(u64_mul_hi_48(d7, w), 4u));
  let d5 = u64_sub(U64(0xb7f01643u, 0x48781ca6u), u64_shr_near(u64_mul_hi_48(d6, w), 4u));
  let d4 = u64_sub(U64(0x62a1597cu, 0x544f1bcfu), u64_shr_near(u64_mul_hi_48(d5, w), 4u));
  let d3 = u64_sub(U64(0x68a08f5au, 0x66335f0fu), u64_shr_near(u64_mul_hi_48(d4, w), 4u));
  let d2 = u64_sub(U64(0x643c44cbu, 0x8437f148u), u64_shr_near(u64_mul_hi_short(d3, w), 4u));
  let d1 = u64_sub(U64(0x0a2f7a1du, 0xc0a3a044u), u64_shr_near(u64_mul_hi_short(d2, w), 4u));
  let g = u64_sub(U64(0xcac6aad1u, 0xbb9ca64eu), u64_shr_near(u64_mul_hi_short(d1, w), 5u));

  let is_near = ((i & 15u) | (e + top)) < 1u;
  // |z|, or one unit less.
  let factor = U64(select(z.lo ^ z_mask, near.lo, is_near), select(z.hi ^ z_mask, near.hi, is_near));
  let p = u64_mul_hi_short(factor, g); // units of 2^-67, or of 2^(-63 - near_shift)
  let rest = U64(p.lo << 21u, (p.lo >> 11u) | (p.hi << 21u));
  let sum = log2_sum(entry, (e + top) << 24u, p.hi >> 11u, rest, z_negative);
  let lost = 1u - (p.hi >> 31u);
  let exact = u64_shl_near(p, lost);
  return Log2(
    U64(select(sum.significand.lo, exact.lo, is_near), select(sum.significand.hi, exact.hi, is_near)),
    select(sum.shift, 7u + near_shift + lost, is_near),
    select(sum.negative, z_negative, is_near),
  );
}

// ln 2 log2 y by log_word, y as described.
fn ln_word(log: Log2) -> u32 {
  return log_word(u64_mul_hi_short(log.significand, U64(0xd1cf79acu, 0xb17217f7u)), log.shift);
}
