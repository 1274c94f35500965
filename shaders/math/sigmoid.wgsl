// sigmoid(x) = 1 / (1 + e^-x), correctly rounded as one function (V6), in u32 arithmetic only (B4).
// Total: NaN -> NaN 0x7fc00000, -inf and results under 2^-120 -> +0, +inf -> 1. Common subset, see math/limbs.
// #import math/exp
// #import math/ratio

fn sigmoid_f32(x: u32) -> u32 {
  let magnitude = x & 0x7fffffffu;
  let negative = x >> 31u;
  let m = (magnitude & 0x7fffffu) | 0x800000u;

  // |x| < 2^-11: 1/2 + x/4 - x^3/48 + ... For |x| in [2^-k-1, 2^-k), k >= 11, x/4 is a multiple of 2^-k-26, as are
  // the ties, and the rest is under 2^-3k-5.5, less than one such step: only its sign counts, one unit stands for
  // it. Units of 2^-64; under 2^-26 the result is 1/2, with x/4 taken as it would be at 2^-26.
  let offset = u64_sub(u64_shl(U64(m, 0u), clamp(magnitude >> 23u, 101u, 116u) - 88u), U64(1u, 0u));
  let above = (offset.hi + 0x80000080u) >> 8u;
  let below = (u64_sub(U64(0u, 0x80000000u), offset).hi + 64u) >> 7u;
  let near_half = select(0x3e800000u + above, 0x3e000000u + below, negative > 0u);
  let half = select(near_half, 0x3f000000u, magnitude < 0x32800000u);

  // e = e^-|x| = v 2^-n with n >= 1; x > 0: 1 / (1 + e); x < 0: v / (1 + e) 2^-n. The rest is the error of e, 2^-56.3.
  let core = exp_core(m, clamp(magnitude >> 23u, 101u, 133u), 1u);
  let carry = core.fraction.hi >> 31u;
  let v = U64(
    (core.fraction.lo >> carry) | ((core.fraction.hi << 31u) & (0u - carry)),
    core.fraction.hi >> carry,
  );
  let n = core.exponent - carry;
  let denominator = u64_add(U64(0u, 0x40000000u), u64_shr(v, min(n, 63u)));
  let numerator = U64(select(0u, v.lo, negative > 0u), select(0x40000000u, v.hi, negative > 0u));
  let ratio = round_ratio(numerator, denominator, select(127u, 127u - min(n, 124u), negative > 0u));

  let ends = select(0x3f800000u, 0u, negative > 0u);
  let flushed = select(ratio, 0u, ratio < 0x03800000u);
  let finite = select(select(flushed, half, magnitude < 0x3a000000u), ends, magnitude >= 0x42a80000u); // |x| >= 84
  return select(finite, 0x7fc00000u, magnitude > 0x7f800000u);
}
