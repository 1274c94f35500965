// acosh(x) = ln(x + sqrt(x^2 - 1)), correctly rounded (V6), in u32 arithmetic only (B4). Total: NaN and x < 1 -> NaN
// 0x7fc00000, 1 -> +0, +inf -> inf (V2). Irrational for x != 1. Common subset, see math/limbs.
// #import math/log_wide
// #import math/root

fn acosh_f32(x: u32) -> u32 {
  let m = (x & 0x7fffffu) | 0x800000u;
  // 2^(k - 1) <= x < 2^k. (x^2 - 1) over 4^k in units of 2^-62: exact, under 1, at least 2^38 units. From k = 32 on 1
  // does not count: it is under 2^-62 of x^2.
  let k = max(x >> 23u, 127u) - 126u;
  let one = u64_shr(U64(0u, 0x40000000u), 2u * min(k, 31u));
  let radicand = u64_sub(u64_shl_near(mul_wide(m, m), 14u), one);
  let pairs = min(countLeadingZeros(radicand.hi), 31u) >> 1u;
  let root = root_wide(u64_shl_near(radicand, 2u * pairs)); // units of 2^(-63 - pairs)

  // y = x + root over 2^k, in units of 2^-63, in [1/2, 2).
  let y = u64_add(u64_shl(U64(m, 0u), 39u), u64_shr(root, pairs));
  let lead = 1u - (y.hi >> 31u);
  // u = y - 1 for k = 1, in units of 2^(-62 - pairs), where it is small: root, and x - 1, which is under u / 64.
  let excess = u64_shl(U64(m - 0x800000u, 0u), 39u + min(pairs, 15u));
  let u = u64_add(root, excess);
  let carry = select(0u, 1u, u64_lt(u, root));
  let near = U64((u.lo >> carry) | ((u.hi << 31u) & (0u - carry)), (u.hi >> carry) | (carry << 31u));
  let log = log2_wide(u64_shl_near(y, lead), k - lead, near, pairs - 2u - carry);

  let finite = select(ln_word(log), x, x == 0x7f800000u);
  let least = select(finite, 0u, x == 0x3f800000u);
  return select(least, 0x7fc00000u, x < 0x3f800000u || x > 0x7f800000u);
}
