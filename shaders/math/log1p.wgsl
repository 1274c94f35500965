// log1p(x) = ln(1 + x), correctly rounded (V6), in u32 arithmetic only (B4). Total: NaN and x < -1 -> NaN 0x7fc00000,
// -1 -> -inf, +inf -> inf, magnitudes under 2^-120 -> +0 (V2). 1 + x is exact up to 2^63, so that the error is that of
// log2_wide and of the product with ln 2: under 2^-58; it is irrational for x != 0. Common subset, see math/limbs.
// #import math/log_wide

fn log1p_f32(x: u32) -> u32 {
  let magnitude = x & 0x7fffffffu;
  let negative = x >> 31u;
  let m = (magnitude & 0x7fffffu) | 0x800000u;
  let e = max(magnitude >> 23u, 101u);

  // 1 + |x| in units of 2^(exponent - 63), where exponent = 0 for |x| < 1.
  let scale = max(e, 127u) - 127u;
  let shift = min(e, 127u) - 87u;
  let scaled = u64_shl(U64(m, 0u), shift);
  let sum = u64_add(scaled, u64_shr(U64(0u, 0x80000000u), min(scale, 63u)));
  let carry = select(0u, 1u, u64_lt(sum, scaled));
  let above = U64((sum.lo >> carry) | ((sum.hi << 31u) & (0u - carry)), (sum.hi >> carry) | (carry << 31u));
  // 1 - |x| for |x| < 1, at least 2^-24, in units of 2^-64.
  let below = u64_sub(U64(0u, 0u), u64_shl(scaled, 1u));
  let lead = min(countLeadingZeros(below.hi), 31u);
  let difference = u64_shl_near(below, lead);

  let v = U64(
    select(above.lo, difference.lo, negative > 0u),
    select(above.hi, difference.hi, negative > 0u),
  );
  let exponent = select(scale + carry, 0u - lead - 1u, negative > 0u);
  let log = log2_wide(v, exponent, U64(0u, m << 8u), 126u - min(e, 126u));

  // |x| < 2^-26: x^2 / 2 is under a quarter of the step below x.
  let finite = select(ln_word(log) | (negative << 31u), x, magnitude < 0x32800000u);
  let small = select(finite, 0u, magnitude < 0x03800000u);
  let large = select(small, x, x == 0x7f800000u);
  let least = select(large, 0xff800000u, x == 0xbf800000u);
  let ordered = select(least, 0x7fc00000u, magnitude > 0x7f800000u);
  return select(ordered, 0x7fc00000u, x > 0xbf800000u); // under -1
}
