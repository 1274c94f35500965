// cosh, correctly rounded (V6), in u32 arithmetic only (B4).
// Total: NaN -> NaN 0x7fc00000, overflow and +-inf -> inf; never under 1 (V2). Common subset, see math/limbs.
// #import math/hyperbolic

fn cosh_f32(x: u32) -> u32 {
  let magnitude = x & 0x7fffffffu;
  let m = (magnitude & 0x7fffffu) | 0x800000u;
  // (e^|x| + e^-|x|) / 2, in units of e^|x|'s: the error is theirs, 2^-56.3.
  let e = clamp(magnitude >> 23u, 115u, 133u);
  let plus = exp_core(m, e, 0u);
  let minus = exp_core(m, e, 1u);
  let sum = u64_add(plus.fraction, u64_shr(minus.fraction, min(plus.exponent + minus.exponent, 63u)));
  let word = round_scaled(sum, plus.exponent - 1u);
  let near = select(word, 0x3f800000u, magnitude < 0x39800000u); // |x| < 2^-12: x^2 / 2 is under half a step
  let finite = select(near, 0x7f800000u, magnitude >= 0x42b40000u); // |x| >= 90
  return select(finite, 0x7fc00000u, magnitude > 0x7f800000u);
}
