// softplus(x) = ln(1 + e^x), correctly rounded as one function (V6), in u32 arithmetic only (B4).
// Total: NaN -> NaN 0x7fc00000, -inf and results under 2^-120 -> +0, +inf -> inf (V2). Irrational.
// Common subset, see math/limbs.
// #import math/exp
// #import math/log_wide

fn softplus_f32(x: u32) -> u32 {
  let magnitude = x & 0x7fffffffu;
  let negative = x >> 31u;
  let m = (magnitude & 0x7fffffu) | 0x800000u;
  // Under 2^-26 x does not count: ln 2 is 0.47 last places from a tie, x / 2 under 0.25.
  let e = clamp(magnitude >> 23u, 101u, 133u);

  // t = e^-|x| = fraction 2^(-62 - n), n >= 1, relative error 2^-56.3; ln(1 + t) has no larger one.
  let core = exp_core(m, e, 1u);
  let carry = core.fraction.hi >> 31u;
  let sum = u64_add(U64(0u, 0x80000000u), u64_shr(core.fraction, min(core.exponent - 1u, 63u)));
  let near = u64_shl_near(core.fraction, 1u - carry);
  let log = log2_wide(sum, 0u, near, core.exponent - 1u - carry);
  let p = u64_mul_hi_short(log.significand, U64(0xd1cf79acu, 0xb17217f7u));

  // x > 0: x + ln(1 + t) in units of 2^-60, 0.69 to 16, within 2^-56.8 of it.
  let whole = u64_shl(U64(m, 0u), min(e, 130u) - 90u);
  let total = u64_add(whole, u64_shr(p, min(log.shift - 4u, 63u)));
  let q = U64(select(total.lo, p.lo, negative > 0u), select(total.hi, p.hi, negative > 0u));
  let word = log_word(q, select(4u, log.shift, negative > 0u));

  let flushed = select(word, 0u, word < 0x03800000u);
  let below = select(flushed, 0u, magnitude >= 0x42a80000u); // x <= -84
  let above = select(word, x, magnitude >= 0x41800000u); // x >= 16: e^-x is under a quarter of a last place
  let finite = select(above, below, negative > 0u); // and +-inf
  return select(finite, 0x7fc00000u, magnitude > 0x7f800000u);
}
