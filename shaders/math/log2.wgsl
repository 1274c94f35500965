// log2, correctly rounded (V6), in u32 arithmetic only (B4). Total: NaN -> NaN 0x7fc00000, a negative number -> NaN,
// 0 (any magnitude under 2^-120) -> -inf, +inf -> inf, 1 -> +0 (V2). Relative error under 2^-61, from log2_core. Powers of
// two are exact: the sum is off by 3 units of 2^-88 there, and rounds to the integer; of no other x is log2 rational, so
// that no tie occurs. Common subset, see math/limbs.
// #import math/log

fn log2_f32(x: u32) -> u32 {
  let core = log2_core(x);
  return log_special(x, log_word(core.significand, core.shift) | (core.negative << 31u));
}
