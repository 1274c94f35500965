// atanh(x) = (ln(1 + x) - ln(1 - x)) / 2, correctly rounded (V6), in u32 arithmetic only (B4). Total: NaN and |x| > 1 ->
// NaN 0x7fc00000, +-1 -> +-inf, magnitudes under 2^-120 -> +0 (V2). 1 + |x| and 1 - |x| are exact and their logarithms are
// added, both in magnitude: no cancellation, and the error is that of log2_wide, of the sum and of the product with ln 2,
// under 2^-58; the result is irrational for x != 0. Common subset, see math/limbs.
// #import math/log_wide

fn atanh_f32(x: u32) -> u32 {
  let magnitude = x & 0x7fffffffu;
  let m = (magnitude & 0x7fffffu) | 0x800000u;
  let e = clamp(magnitude >> 23u, 115u, 126u);
  let near = U64(0u, m << 8u);

  // In units of 2^-63 and 2^-64.
  let scaled = u64_shl(U64(m, 0u), e - 87u);
  let sum = u64_add(U64(0u, 0x80000000u), scaled);
  let difference = u64_sub(U64(0u, 0u), u64_shl(scaled, 1u));
  let lead = min(countLeadingZeros(difference.hi), 31u);
  let plus = log2_wide(sum, 0u, near, 126u - e);
  let minus = log2_wide(u64_shl_near(difference, lead), 0u - lead - 1u, near, 126u - e);

  // |log2(1 - |x|)| is the larger of the two; the sum is taken in units of 2^(-55 - its shift), and halved.
  let lesser = u64_shr(plus.significand, min(plus.shift - minus.shift, 62u) + 1u);
  let total = u64_add(u64_shr_near(minus.significand, 1u), lesser);
  let word = ln_word(Log2(total, minus.shift, 0u));

  // |x| < 2^-12: x^3 / 3 is under half a step above x.
  let small = select(word, magnitude, magnitude < 0x39800000u);
  let finite = select(small, 0x7f800000u, magnitude >= 0x3f800000u) | (x & 0x80000000u);
  return select(select(finite, 0u, magnitude < 0x03800000u), 0x7fc00000u, magnitude > 0x3f800000u);
}
