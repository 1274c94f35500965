// The steps of 32-bit integers, narrower ones included, beyond + - · and signed order (V8): quotient, remainder, power,
// shifts, unsigned order, and the words of narrower types. A narrow integer lies in a word sign- or zero-extended; low_8 and
// low_16 give what is stored, sign_8 and sign_16 extend it again. Total: x / 0 = 0, x mod 0 = 0, a shift by 32 and more gives 0
// (arithmetic: the sign), the least integer by -1 is itself.
// #import math/arith
// #import math/index

fn max_u32(x: u32, y: u32) -> u32 {
  return select(x, y, x < y);
}
fn min_u32(x: u32, y: u32) -> u32 {
  return select(x, y, x > y);
}
fn less_u32(x: u32, y: u32) -> u32 {
  return select(0u, 1u, x < y);
}
fn less_equal_u32(x: u32, y: u32) -> u32 {
  return select(0u, 1u, x <= y);
}
fn greater_u32(x: u32, y: u32) -> u32 {
  return less_u32(y, x);
}
fn greater_equal_u32(x: u32, y: u32) -> u32 {
  return less_equal_u32(y, x);
}
fn quotient_u32(x: u32, y: u32) -> u32 {
  return select(div_u32(x, max(y, 1u)), 0u, y < 1u);
}
fn remainder_u32(x: u32, y: u32) -> u32 {
  return select(mod_u32(x, max(y, 1u)), 0u, y < 1u);
}
// Truncated: of the magnitudes, with the sign of the product. The least integer is its own magnitude, read as unsigned.
fn quotient_i32(x: u32, y: u32) -> u32 {
  let q = quotient_u32(select(x, 0u - x, x >= SIGN_BIT), select(y, 0u - y, y >= SIGN_BIT));
  return select(q, 0u - q, (x ^ y) >= SIGN_BIT);
}
// With the sign of the dividend.
fn remainder_i32(x: u32, y: u32) -> u32 {
  let r = remainder_u32(select(x, 0u - x, x >= SIGN_BIT), select(y, 0u - y, y >= SIGN_BIT));
  return select(r, 0u - r, x >= SIGN_BIT);
}
// With the sign of the divisor.
fn modulo_i32(x: u32, y: u32) -> u32 {
  let r = remainder_i32(x, y);
  return select(r, r + y, r > 0u && (r ^ y) >= SIGN_BIT);
}
fn shift_left(x: u32, y: u32) -> u32 {
  return select(x << (y & 31u), 0u, y > 31u);
}
fn shift_right(x: u32, y: u32) -> u32 {
  return select(x >> (y & 31u), 0u, y > 31u);
}
// The sign comes in from above: ~(~x >> s) for a negative x.
fn shift_right_i32(x: u32, y: u32) -> u32 {
  let flip = 0u - (x >> 31u);
  return shift_right(x ^ flip, y) ^ flip;
}
fn power_u32(x: u32, y: u32) -> u32 {
  var result = 1u;
  var base = x;
  var rest = y;
  for (var k = 0u; k < 32u && rest > 0u; k++) {
    result = select(result, result * base, (rest & 1u) > 0u);
    base *= base;
    rest = rest >> 1u;
  }
  return result;
}
// y signed: below 0 the truncated 1 / x^-y, which is 0 but for x = 1 and -1.
fn power_i32(x: u32, y: u32) -> u32 {
  let unit = x > 0u && x + 1u < 3u;
  let negative = y >= SIGN_BIT;
  return power_u32(select(x, 0u, negative && !unit), select(y, 0u - y, negative));
}
fn sign_i32(x: u32) -> u32 {
  return select(select(0xffffffffu, 1u, x < SIGN_BIT), 0u, x < 1u);
}
fn sign_8(x: u32) -> u32 {
  return ((x & 0xffu) ^ 0x80u) - 0x80u;
}
fn sign_16(x: u32) -> u32 {
  return ((x & 0xffffu) ^ 0x8000u) - 0x8000u;
}
fn low_8(x: u32) -> u32 {
  return x & 0xffu;
}
fn low_16(x: u32) -> u32 {
  return x & 0xffffu;
}
fn not_word(x: u32) -> u32 {
  return ~x;
}
// Truncates toward zero, saturates, NaN -> 0.
fn f32_to_u32(x: u32) -> u32 {
  let magnitude = x & MAGNITUDE_BITS;
  if (magnitude > INFINITY_BITS || magnitude < ONE_BITS || x >= SIGN_BIT) {
    return 0u;
  }
  if (magnitude >= 0x4f800000u) {
    return 0xffffffffu;
  }
  let exponent = (magnitude >> 23u) - 127u;
  return (((x & FRACTION_BITS) | IMPLICIT_BIT) << 8u) >> (31u - exponent);
}
// The exact remainder of the truncated quotient, with the sign of the dividend: a canonical number, or +0. By long division:
// one bit of the quotient a turn, at most 254 of them.
fn fmod_f32(x: u32, y: u32) -> u32 {
  let a = canonical(x);
  let b = canonical(y);
  let ma = a & MAGNITUDE_BITS;
  let mb = b & MAGNITUDE_BITS;
  if (ma >= INFINITY_BITS || mb > INFINITY_BITS || mb < 1u) {
    return CANONICAL_NAN;
  }
  if (ma < mb) {
    return a;
  }
  let eb = mb >> 23u;
  let divisor = (mb & FRACTION_BITS) | IMPLICIT_BIT;
  var rest = (ma & FRACTION_BITS) | IMPLICIT_BIT;
  rest -= select(0u, divisor, rest >= divisor);
  for (var e = ma >> 23u; e > eb; e--) {
    rest = rest << 1u;
    rest -= select(0u, divisor, rest >= divisor);
  }
  if (rest < 1u) {
    return 0u;
  }
  // rest 2^(eb - 150), normalised; what falls under 2^-120 is +0.
  let shift = countLeadingZeros(rest) - 8u;
  if (eb < shift + 7u) {
    return 0u;
  }
  return (a & SIGN_BIT) | (((eb - shift) << 23u) + ((rest << shift) - IMPLICIT_BIT));
}
