// int64 and uint64 arithmetic on pairs of words (V8): what wasm/ops/elementwise_i64.c does with 64-bit registers. Total:
// x / 0 = 0, x mod 0 = 0, the least integer by -1 is itself, a shift by 64 and more gives 0. Conversions from f32 truncate and
// saturate, NaN gives 0; to f32 they round once to nearest even.
// #import math/arith
// #import math/index
// #import math/integers
// #import math/limbs

const ALL_ONES: u32 = 0xffffffffu;

struct Division {
  quotient: U64,
  remainder: U64,
}

fn i64_negative(a: U64) -> bool {
  return a.hi >= SIGN_BIT;
}
fn i64_zero(a: U64) -> bool {
  return (a.lo | a.hi) < 1u;
}
fn i64_neg(a: U64) -> U64 {
  return u64_sub(U64(0u, 0u), a);
}
fn i64_select(no: U64, yes: U64, condition: bool) -> U64 {
  return U64(select(no.lo, yes.lo, condition), select(no.hi, yes.hi, condition));
}
fn i64_abs(a: U64) -> U64 {
  return i64_select(a, i64_neg(a), i64_negative(a));
}
fn i64_flag(condition: bool) -> U64 {
  return U64(select(0u, 1u, condition), 0u);
}
// Signed order is the unsigned order with the sign bits flipped.
fn i64_less(a: U64, b: U64, unsigned: bool) -> bool {
  let flip = select(SIGN_BIT, 0u, unsigned);
  return u64_lt(U64(a.lo, a.hi ^ flip), U64(b.lo, b.hi ^ flip));
}
fn u64_mul(a: U64, b: U64) -> U64 {
  let low = mul_wide(a.lo, b.lo);
  return U64(low.lo, low.hi + a.lo * b.hi + a.hi * b.lo);
}

// Bit by bit, but for operands of one word. The remainder may have 65 bits between the shift and the subtraction.
fn u64_divide(a: U64, b: U64) -> Division {
  if (i64_zero(b)) {
    return Division(U64(0u, 0u), U64(0u, 0u));
  }
  if ((a.hi | b.hi) < 1u) {
    let q = div_u32(a.lo, b.lo);
    return Division(U64(q, 0u), U64(a.lo - q * b.lo, 0u));
  }
  var quotient = U64(0u, 0u);
  var rest = U64(0u, 0u);
  for (var k = 0u; k < 64u; k++) {
    let bit = u64_shr(a, 63u - k).lo & 1u;
    let carries = rest.hi >= SIGN_BIT;
    rest = u64_shl(rest, 1u);
    rest.lo |= bit;
    let fits = carries || !u64_lt(rest, b);
    rest = i64_select(rest, u64_sub(rest, b), fits);
    quotient = u64_shl(quotient, 1u);
    quotient.lo |= select(0u, 1u, fits);
  }
  return Division(quotient, rest);
}
fn i64_quotient(a: U64, b: U64, unsigned: bool) -> U64 {
  if (unsigned) {
    return u64_divide(a, b).quotient;
  }
  let q = u64_divide(i64_abs(a), i64_abs(b)).quotient;
  return i64_select(q, i64_neg(q), (a.hi ^ b.hi) >= SIGN_BIT);
}
// With the sign of the dividend.
fn i64_remainder(a: U64, b: U64, unsigned: bool) -> U64 {
  if (unsigned) {
    return u64_divide(a, b).remainder;
  }
  let r = u64_divide(i64_abs(a), i64_abs(b)).remainder;
  return i64_select(r, i64_neg(r), i64_negative(a));
}
// With the sign of the divisor.
fn i64_modulo(a: U64, b: U64, unsigned: bool) -> U64 {
  let r = i64_remainder(a, b, unsigned);
  let moves = !unsigned && !i64_zero(r) && (r.hi ^ b.hi) >= SIGN_BIT;
  return i64_select(r, u64_add(r, b), moves);
}
fn u64_power(a: U64, b: U64) -> U64 {
  var result = U64(1u, 0u);
  var base = a;
  var rest = b;
  for (var k = 0u; k < 64u && (rest.lo | rest.hi) > 0u; k++) {
    result = i64_select(result, u64_mul(result, base), (rest.lo & 1u) > 0u);
    base = u64_mul(base, base);
    rest = u64_shr(rest, 1u);
  }
  return result;
}
// b signed: below 0 the truncated 1 / a^-b, which is 0 but for a = 1 and -1.
fn i64_power(a: U64, b: U64) -> U64 {
  let one = a.lo == 1u && a.hi < 1u;
  let minus_one = a.lo == ALL_ONES && a.hi == ALL_ONES;
  let base = i64_select(a, U64(0u, 0u), i64_negative(b) && !one && !minus_one);
  return u64_power(base, i64_abs(b));
}

fn f32_to_i64(word: u32) -> U64 {
  let x = canonical(word);
  let magnitude = x & MAGNITUDE_BITS;
  let negative = x >= SIGN_BIT;
  if (magnitude > INFINITY_BITS) {
    return U64(0u, 0u);
  }
  if (magnitude >= 0x5f000000u) { // 2^63
    return i64_select(U64(ALL_ONES, MAGNITUDE_BITS), U64(0u, SIGN_BIT), negative);
  }
  let whole = f32_whole(magnitude);
  return i64_select(whole, i64_neg(whole), negative);
}
fn f32_to_u64(word: u32) -> U64 {
  let x = canonical(word);
  let magnitude = x & MAGNITUDE_BITS;
  if (magnitude > INFINITY_BITS || x >= SIGN_BIT) {
    return U64(0u, 0u);
  }
  if (magnitude >= 0x5f800000u) { // 2^64
    return U64(ALL_ONES, ALL_ONES);
  }
  return f32_whole(magnitude);
}
// The integer part of a magnitude under 2^64.
fn f32_whole(magnitude: u32) -> U64 {
  if (magnitude < ONE_BITS) {
    return U64(0u, 0u);
  }
  let exponent = (magnitude >> 23u) - 127u;
  let significand = U64((magnitude & FRACTION_BITS) | IMPLICIT_BIT, 0u);
  if (exponent < 23u) {
    return u64_shr(significand, 23u - exponent);
  }
  return u64_shl(significand, exponent - 23u);
}
fn i64_to_f32(a: U64, unsigned: bool) -> u32 {
  if (i64_zero(a)) {
    return 0u;
  }
  let negative = !unsigned && i64_negative(a);
  let m = i64_select(a, i64_neg(a), negative);
  let zeros = select(countLeadingZeros(m.hi), 32u + countLeadingZeros(m.lo), m.hi < 1u);
  let top = u64_shl(m, zeros);
  let kept = top.hi >> 8u;
  let dropped = top.hi & 0xffu;
  let up = dropped > 128u || (dropped == 128u && (top.lo > 0u || (kept & 1u) > 0u));
  // kept carries the implicit bit, which adds the last 1 to the exponent 190 - zeros.
  return select(0u, SIGN_BIT, negative) | (((189u - zeros) << 23u) + kept + select(0u, 1u, up));
}
