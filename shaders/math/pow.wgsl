// pow, correctly rounded (V6): the special values stand in math/power. What math/power cannot decide raises the
// flag, and the node is recomputed. Exponents whose power is one rounded operation take it: they are what models use.
// #import math/arith
// #import math/power

fn pow_f32(x: u32, y: u32) -> u32 {
  if (y == 0x40000000u) {
    return mul_f32(x, x); // x^2
  }
  if (y == 0x3f000000u && x < SIGN_BIT) {
    return sqrt_f32(x); // x^(1/2); of negative numbers sqrt and pow differ at -inf
  }
  if (y == 0xbf800000u) {
    let r = reciprocal_f32(x); // x^-1
    return r;
  }
  let result = power(x, y);
  if (result.undecided > 0u) {
    raise_flag();
  }
  return result.word;
}
