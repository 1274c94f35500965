// log1p(x) = ln(1 + x), correctly rounded (V6), in u32 arithmetic only (B4). Total: NaN and x < -1 -> NaN 0x7fc00000,
// -1 -> -inf, +inf -> inf, magnitudes under 2^-120 -> +0 (V2). Irrational for x != 0. 1 + x is exact up to 2^63, so that
// the error is that of log2_wide and of the product with ln 2: under 2^-58. Near 0 that is not enough: there x - x^2 / 2 can
// be a tie, which x^3 / 3 decides, and results lie within a relative 2^-66 of one. Common subset, see math/limbs.
// #import math/log_wide

// log1p x for 2^-26 <= |x| < 2^-16, |x| = m 2^(e - 150), to a relative 2^-77: |x| (1 - w), w = x/2 - x^2/3 + x^3/4 - x^4/5,
// or |x| (1 + w) with every sign a plus, in units of 2^-80; x/2 is exact, what is left out is under 2^-82, and the others lose
// less than four units.
fn log1p_near_zero(m: u32, e: u32, negative: u32) -> u32 {
  let half = u64_shl(U64(m, 0u), e - 71u);
  let square = u64_shr(mul_wide(m, m), 220u - 2u * e);
  let square_word = (square.hi << 16u) | (square.lo >> 16u); // 2^-64
  let x_word = (m << 8u) >> (110u - e); // 2^-48
  let cube = mul_hi(square_word, x_word);
  let fourth = ((square_word >> 16u) * (square_word >> 16u)) >> 16u;
  let even = u64_add_u32(u64_mul_hi(square, U64(0x55555555u, 0x55555555u)), (fourth * 13107u) >> 16u);
  let odd = u64_add_u32(half, cube >> 2u);
  let less = u64_sub(odd, even);
  let more = u64_add(odd, even);
  let w = U64(select(less.lo, more.lo, negative > 0u), select(less.hi, more.hi, negative > 0u));
  // m w in units of 2^-56, under 2^63, then m (1 -+ w) in units of 2^-32, rounded down: no tie is passed.
  let product = u64_shr_near(u64_mul_u32(w, m << 8u), 24u);
  let below = u64_sub(U64(0xffffffffu, m - 1u), product);
  let above = u64_add(U64(0u, m), product);
  return log_word(U64(select(below.lo, above.lo, negative > 0u), select(below.hi, above.hi, negative > 0u)), 126u - e);
}

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

  let near_zero = log1p_near_zero(m, min(e, 110u), negative);
  let regular = select(ln_word(log), near_zero, magnitude < 0x37800000u); // 2^-16
  // |x| < 2^-26: x^2 / 2 is under a quarter of the step below x.
  let finite = select(regular | (negative << 31u), x, magnitude < 0x32800000u);
  let small = select(finite, 0u, magnitude < 0x03800000u);
  let large = select(small, x, x == 0x7f800000u);
  let least = select(large, 0xff800000u, x == 0xbf800000u);
  let ordered = select(least, 0x7fc00000u, magnitude > 0x7f800000u);
  return select(ordered, 0x7fc00000u, x > 0xbf800000u); // under -1
}
