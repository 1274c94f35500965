// Quotient and remainder of u32 indices by a run-time divisor d >= 1, for every u32 n. The host supplies nothing.
// u32 / and % are exact by the specification, but some shipped compilers get them wrong when they know something
// about the operands; the opaque zero hides what they know, and the remainder proves the quotient: a wrong one
// is replaced by long division. Where the divisor is a constant or a shift will do, use that instead.
// #import math/barrier

fn div_u32(n: u32, d: u32) -> u32 {
  let quotient = (n | opaque_zero) / d;
  // Only the true quotient leaves a remainder in [0, d), among those nearer to it than 2^32 / d.
  if (n - quotient * d >= d) {
    return long_division(n, d);
  }
  return quotient;
}

fn mod_u32(n: u32, d: u32) -> u32 {
  return n - div_u32(n, d) * d;
}

// Restoring division, a bit at a time.
fn long_division(n: u32, d: u32) -> u32 {
  var quotient = 0u;
  var remainder = 0u;
  for (var i = 0u; i < 32u; i++) {
    let carry = remainder >> 31u;
    remainder = (remainder << 1u) | ((n >> (31u - i)) & 1u);
    let taken = (remainder >= d) || carry > 0u;
    remainder -= select(0u, d, taken);
    quotient = (quotient << 1u) | select(0u, 1u, taken);
  }
  return quotient;
}
