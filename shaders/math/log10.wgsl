// log10, correctly rounded (V6), in u32 arithmetic only (B4). Total: NaN -> NaN 0x7fc00000, a negative number -> NaN,
// 0 (any magnitude under 2^-120) -> -inf, +inf -> inf, 1 -> +0 (V2). Relative error under 2^-60: log2_core 2^-61, the
// factor and the product 2^-61. The powers of ten among f32 are 1 to 10^10: their logarithms, integers, come out within
// 2^-56 and round to themselves; of no other x is log10 rational. Common subset, see math/limbs.
// #import math/log

fn log10_f32(x: u32) -> u32 {
  let core = log2_core(x);
  // log10 2 in units of 2^-65.
  let p = u64_mul_hi_short(core.significand, U64(0xfbcff799u, 0x9a209a84u));
  return log_special(x, log_word(p, core.shift + 1u) | (core.negative << 31u));
}
