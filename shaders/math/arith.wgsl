// The f32 operations of the contract (V2) on u32 words: read operands canonically, compute the exact result,
// round once to nearest-even, store canonically. Total: every bit pattern in, one bit pattern out.
// A float exists only inside the rounded operations of math/rounded, whose operands here are finite, zero or at least
// 2^-120, and whose result cannot overflow: those are the operations WGSL rounds correctly. NaN, infinities and
// results near or over the top of the range are handled by bit tests, so + - x / and the square root never ask
// for recomputation. The quotient and the root are a device approximation and an exact integer correction;
// only a device further off than the WGSL bound raises the flag.
//
// Special results (zero has no sign; a zero operand is any magnitude under 2^-120; s = product of the signs)
//   NaN in any operand -> NaN 0x7fc00000           comparisons with NaN -> 0
//   inf + inf = inf   inf - inf = NaN              inf + finite = inf
//   inf * 0 = NaN     inf * other = s inf          overflow -> inf with the sign of the result
//   x / 0 = sign(x) inf   0 / 0 = NaN   inf / inf = NaN   inf / 0 = sign(x) inf   inf / finite = s inf   finite / inf = 0
//   sqrt(inf) = inf   sqrt(0) = 0   sqrt(negative) = NaN
//   floor, ceil, round, abs, neg, relu of an infinity: what the sign says; a zero result is +0
//   to integer: NaN -> 0, out of range -> the nearest representable
// #import math/rounded

const SIGN_BIT: u32 = 0x80000000u;
const MAGNITUDE_BITS: u32 = 0x7fffffffu;
const EXPONENT_BITS: u32 = 0x7f800000u;
const FRACTION_BITS: u32 = 0x007fffffu;
const IMPLICIT_BIT: u32 = 0x00800000u;
const INFINITY_BITS: u32 = 0x7f800000u;
const ONE_BITS: u32 = 0x3f800000u;
const CANONICAL_NAN: u32 = 0x7fc00000u;
const CANONICAL_LIMIT: u32 = 0x03800000u; // 2^-120, exponent field 7
const PRODUCT_LIMIT: u32 = 0x26000000u; // 2^-51, exponent field 76
const SUMMAND_LIMIT: u32 = 0x0c800000u; // 2^-102, exponent field 25

// A magnitude under the limit (and -0) becomes +0; NaN and infinity stay as they are.
fn flush_below(x: u32, limit: u32) -> u32 {
  return select(x, 0u, (x & MAGNITUDE_BITS) < limit);
}

fn flush_bits(x: u32, limit: u32) -> u32 {
  return select(flush_below(x, limit), CANONICAL_NAN, (x & MAGNITUDE_BITS) > INFINITY_BITS);
}

fn canonical(x: u32) -> u32 {
  return flush_bits(x, CANONICAL_LIMIT);
}

// Operands of summed products, and terms of plain sums (V3).
fn flush_product(x: u32) -> u32 {
  return flush_bits(x, PRODUCT_LIMIT);
}
fn flush_summand(x: u32) -> u32 {
  return flush_bits(x, SUMMAND_LIMIT);
}

fn is_nan(x: u32) -> bool {
  return (x & MAGNITUDE_BITS) > INFINITY_BITS;
}

// ---- sum, difference, product

// One path for all operands: a device that computes both sides of a branch pays for a second one.
// Magnitudes under 2^127 sum to at most the largest finite number. If one is larger, both are divided by 4, which is
// exact: a canonical number stays normal, and one that is not small next to the large one keeps its place in the
// rounding. A difference of canonical numbers may be subnormal, down to 2^-143; whether the device flushes it or
// not, it is stored as +0. With a large operand a difference is zero or at least 2^102, never near the threshold.
// The sum of an infinity or a NaN is whatever the device makes of it, and not used.
fn add_f32(x: u32, y: u32) -> u32 {
  let a = flush_below(x, CANONICAL_LIMIT);
  let b = flush_below(y, CANONICAL_LIMIT);
  let ma = a & MAGNITUDE_BITS;
  let mb = b & MAGNITUDE_BITS;
  let top = max(ma, mb);
  let quarter = select(0u, 0x01000000u, top >= 0x7f000000u);
  let scaled_a = select(a - quarter, 0u, ma < 1u);
  let scaled_b = select(b - quarter, 0u, mb < 1u);
  let sum = add_rounded(scaled_a, scaled_b);
  let magnitude = min((sum & MAGNITUDE_BITS) + quarter, INFINITY_BITS);
  let finite = select((sum & SIGN_BIT) | magnitude, 0u, magnitude < CANONICAL_LIMIT);
  let invalid = top > INFINITY_BITS || (ma == mb && a != b);
  return select(finite, select(select(b, a, ma >= INFINITY_BITS), CANONICAL_NAN, invalid), top >= INFINITY_BITS);
}

fn sub_f32(x: u32, y: u32) -> u32 {
  return add_f32(x, y ^ SIGN_BIT);
}

// Biased exponents that add to less than 380 make a product under 2^128. One under 2^-126 ends as +0 whatever the
// device flushes, one near 2^-120 is normal and rounded as such. Of two finite numbers whose exponents add to more,
// each is at least 2^-1; both are taken times 2^-96, which is exact and leaves a normal product under 2^65, and the
// exponent is put back in integers. The product of an infinity or a NaN is not used.
fn mul_f32(x: u32, y: u32) -> u32 {
  let a = flush_below(x, CANONICAL_LIMIT);
  let b = flush_below(y, CANONICAL_LIMIT);
  let ma = a & MAGNITUDE_BITS;
  let mb = b & MAGNITUDE_BITS;
  let sign = (a ^ b) & SIGN_BIT;
  let scale = select(0u, 0x30000000u, (a & EXPONENT_BITS) + (b & EXPONENT_BITS) >= 0xbe000000u);
  let product = mul_rounded(a - scale, b - scale);
  let magnitude = min((product & MAGNITUDE_BITS) + (scale << 1u), INFINITY_BITS);
  let finite = select(sign | magnitude, 0u, magnitude < CANONICAL_LIMIT);
  let top = max(ma, mb);
  let invalid = top > INFINITY_BITS || min(ma, mb) < 1u;
  return select(finite, select(sign | INFINITY_BITS, CANONICAL_NAN, invalid), top >= INFINITY_BITS);
}

// ---- quotient and square root

fn div_f32(x: u32, y: u32) -> u32 {
  let a = flush_below(x, CANONICAL_LIMIT);
  let b = flush_below(y, CANONICAL_LIMIT);
  let ea = (a & EXPONENT_BITS) >> 23u;
  let eb = (b & EXPONENT_BITS) >> 23u;
  // Significands m in [2^23, 2^24), the dividend doubled where it is the smaller: the quotient is in [1, 2).
  let mb = (b & FRACTION_BITS) | IMPLICIT_BIT;
  let single = (a & FRACTION_BITS) | IMPLICIT_BIT;
  let doubled = single < mb;
  let ma = select(single, single << 1u, doubled);
  let fb = mb + (ONE_BITS - IMPLICIT_BIT);
  let fa = single + select(ONE_BITS - IMPLICIT_BIT, ONE_BITS, doubled);
  let approximation = clamp(quotient_estimate(fa, fb), ONE_BITS, 0x40000000u);
  // q = floor(ma 2^23 / mb) lies in [start, start + 7] if the approximation is off by less than 4 units.
  // The remainder of start is then under 8 mb < 2^27, so that its low 32 bits are all of it.
  var q = approximation - (ONE_BITS - IMPLICIT_BIT) - 4u;
  var remainder = (ma << 23u) - q * mb;
  let four = remainder >= (mb << 2u);
  q += select(0u, 4u, four);
  remainder -= select(0u, mb << 2u, four);
  let two = remainder >= (mb << 1u);
  q += select(0u, 2u, two);
  remainder -= select(0u, mb << 1u, two);
  let one = remainder >= mb;
  q += select(0u, 1u, one);
  remainder -= select(0u, mb, one);
  if (remainder >= mb) {
    raise_flag();
  }
  // Nearest: a tie cannot occur, (2q + 1) mb = 2^24 ma asks an mb under 2^24 for 24 factors of two.
  let rounded = q + select(0u, 1u, remainder * 2u > mb);
  // biased is 128 more than the exponent field less the implicit bit; rounded may be 2^24 and carry.
  let biased = ea + 254u - eb - select(0u, 1u, doubled);
  let magnitude = ((biased - 128u) << 23u) + rounded;
  let sign = (a ^ b) & SIGN_BIT;
  let not_small = select(sign | magnitude, 0u, biased < 128u || magnitude < CANONICAL_LIMIT);
  let finite = select(not_small, sign | INFINITY_BITS, biased >= 382u);
  return select(finite, div_special(a, b), max(ea - 1u, eb - 1u) >= 254u);
}

// At least one operand is zero, infinite or NaN.
fn div_special(a: u32, b: u32) -> u32 {
  let ma = a & MAGNITUDE_BITS;
  let mb = b & MAGNITUDE_BITS;
  let infinity = ((a ^ select(b, 0u, mb < 1u)) & SIGN_BIT) | INFINITY_BITS;
  let invalid = max(ma, mb) > INFINITY_BITS || (ma == mb && (ma < 1u || ma >= INFINITY_BITS));
  return select(select(0u, infinity, mb < 1u || ma >= INFINITY_BITS), CANONICAL_NAN, invalid);
}

fn reciprocal_f32(x: u32) -> u32 {
  return div_f32(ONE_BITS, x);
}

fn sqrt_f32(x: u32) -> u32 {
  let a = flush_below(x, CANONICAL_LIMIT);
  // +0 and +infinity stay; everything else that is not positive and finite is negative or NaN.
  let special = select(CANONICAL_NAN, a, a < 1u || a == INFINITY_BITS);
  // x = m 2^(e - 150). With an odd e - 127 the significand is doubled, so that the radicand is in [1, 4).
  let odd = 1u - ((a >> 23u) & 1u);
  let m = (a & FRACTION_BITS) | IMPLICIT_BIT;
  let radicand = (a & FRACTION_BITS) | (ONE_BITS + (odd << 23u));
  let approximation = clamp(root_estimate(radicand), ONE_BITS, 0x3fffffffu);
  // s = floor(sqrt(m 2^(23 + odd))) lies in [start, start + 15] if the approximation is off by less than 8
  // units; the remainder of start is then under 2^29, so that its low 32 bits are all of it.
  var s = approximation - (ONE_BITS - IMPLICIT_BIT) - 8u;
  var remainder = (m << (23u + odd)) - s * s;
  // (s + t)^2 - s^2 = 2 s t + t^2 for t = 8, 4, 2, 1.
  let eight_more = (s << 4u) + 64u;
  let eight = remainder >= eight_more;
  s += select(0u, 8u, eight);
  remainder -= select(0u, eight_more, eight);
  let four_more = (s << 3u) + 16u;
  let four = remainder >= four_more;
  s += select(0u, 4u, four);
  remainder -= select(0u, four_more, four);
  let two_more = (s << 2u) + 4u;
  let two = remainder >= two_more;
  s += select(0u, 2u, two);
  remainder -= select(0u, two_more, two);
  let one_more = (s << 1u) + 1u;
  let one = remainder >= one_more;
  s += select(0u, 1u, one);
  remainder -= select(0u, one_more, one);
  if (remainder > 2u * s) {
    raise_flag();
  }
  // Nearest: (s + 1/2)^2 = s^2 + s + 1/4 is no integer, so a tie cannot occur.
  let rounded = s + select(0u, 1u, remainder > s);
  let root = ((((a >> 23u) + 125u) >> 1u) << 23u) + rounded;
  return select(root, special, a - 1u >= INFINITY_BITS - 1u);
}

// ---- sign, order, choice

fn neg_f32(x: u32) -> u32 {
  let a = canonical(x);
  return select(a ^ SIGN_BIT, a, a < 1u || a == CANONICAL_NAN);
}

fn abs_f32(x: u32) -> u32 {
  return canonical(x & MAGNITUDE_BITS);
}

fn relu_f32(x: u32) -> u32 {
  let a = canonical(x);
  return select(a, 0u, a >= SIGN_BIT);
}

// A signed integer in the order of the numbers, for canonical x that is not NaN.
fn order_of(x: u32) -> i32 {
  return bitcast<i32>(select(x, (x ^ MAGNITUDE_BITS) + 1u, x >= SIGN_BIT));
}

fn less_f32(x: u32, y: u32) -> u32 {
  let ordered = !is_nan(x) && !is_nan(y);
  return select(0u, 1u, ordered && order_of(canonical(x)) < order_of(canonical(y)));
}
fn less_equal_f32(x: u32, y: u32) -> u32 {
  let ordered = !is_nan(x) && !is_nan(y);
  return select(0u, 1u, ordered && order_of(canonical(x)) <= order_of(canonical(y)));
}
fn greater_f32(x: u32, y: u32) -> u32 {
  return less_f32(y, x);
}
fn greater_equal_f32(x: u32, y: u32) -> u32 {
  return less_equal_f32(y, x);
}
fn equal_f32(x: u32, y: u32) -> u32 {
  let a = canonical(x);
  return select(0u, 1u, a == canonical(y) && a != CANONICAL_NAN);
}

// NaN if either operand is NaN.
fn max_f32(x: u32, y: u32) -> u32 {
  let a = canonical(x);
  let b = canonical(y);
  return select(select(b, a, order_of(a) >= order_of(b)), CANONICAL_NAN, is_nan(a) || is_nan(b));
}
fn min_f32(x: u32, y: u32) -> u32 {
  let a = canonical(x);
  let b = canonical(y);
  return select(select(b, a, order_of(a) <= order_of(b)), CANONICAL_NAN, is_nan(a) || is_nan(b));
}

// ---- rounding to an integer

// The bits below one unit of a number with this magnitude in [1, 2^23).
fn fraction_mask(magnitude: u32) -> u32 {
  return FRACTION_BITS >> ((magnitude >> 23u) - 127u);
}

fn floor_f32(x: u32) -> u32 {
  let a = canonical(x);
  let magnitude = a & MAGNITUDE_BITS;
  if (magnitude >= 0x4b000000u) {
    return a; // 2^23 and more, infinite, NaN
  }
  if (magnitude < ONE_BITS) {
    // Not a select between 0 and the bits of -1.0: Mesa rewrites that as a float negation and gives -0.
    return (0u - (a >> 31u)) & (SIGN_BIT | ONE_BITS);
  }
  let mask = fraction_mask(magnitude);
  return (a + select(0u, mask, a >= SIGN_BIT)) & ~mask;
}

fn ceil_f32(x: u32) -> u32 {
  return neg_f32(floor_f32(neg_f32(x)));
}

// Ties to even.
fn round_f32(x: u32) -> u32 {
  let a = canonical(x);
  let magnitude = a & MAGNITUDE_BITS;
  if (magnitude >= 0x4b000000u) {
    return a;
  }
  if (magnitude < ONE_BITS) {
    return select(0u, (a & SIGN_BIT) | ONE_BITS, magnitude > 0x3f000000u);
  }
  let mask = fraction_mask(magnitude);
  // The lowest integer bit; for magnitudes in [1, 2) it is the low bit of the exponent field 127, which is 1.
  let lowest = select(0u, 1u, (a & (mask + 1u)) > 0u);
  return (a + (mask >> 1u) + lowest) & ~mask;
}

// ---- conversions; integer tensors hold two's complement words

fn u32_to_f32(n: u32) -> u32 {
  let zeros = countLeadingZeros(n | 1u);
  let normalised = n << zeros;
  let kept = normalised >> 8u;
  let up = select(0u, 1u, (normalised & 255u) + (kept & 1u) > 128u);
  // kept carries the implicit bit, which adds the last 1 to the exponent 158 - zeros.
  return select(((157u - zeros) << 23u) + kept + up, 0u, n < 1u);
}

fn i32_to_f32(n: u32) -> u32 {
  let negative = n >= SIGN_BIT;
  return select(0u, SIGN_BIT, negative) | u32_to_f32(select(n, 0u - n, negative));
}

// Truncates toward zero, saturates, NaN -> 0.
fn f32_to_i32(x: u32) -> u32 {
  let magnitude = x & MAGNITUDE_BITS;
  let negative = x >= SIGN_BIT;
  if (magnitude > INFINITY_BITS || magnitude < ONE_BITS) {
    return 0u;
  }
  if (magnitude >= 0x4f000000u) {
    return select(MAGNITUDE_BITS, SIGN_BIT, negative);
  }
  let exponent = (magnitude >> 23u) - 127u;
  let truncated = (((x & FRACTION_BITS) | IMPLICIT_BIT) << 8u) >> (31u - exponent);
  return select(truncated, 0u - truncated, negative);
}

// Everything but a canonical zero is true, NaN included.
fn f32_to_bool(x: u32) -> u32 {
  return select(1u, 0u, (x & MAGNITUDE_BITS) < CANONICAL_LIMIT);
}
