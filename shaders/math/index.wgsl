// Quotient and remainder of u32 indices by a run-time divisor d >= 1, for every u32 n. The host supplies nothing.
// u32 / and % are exact by the specification, but shipped compilers got them wrong (off by one where they knew
// something about the operands). The opaque zero hides what they know, the remainder corrects a quotient that is
// off by one, and what is still wrong raises the flag: the node is then recomputed.
// Where the divisor is a constant or a power of two, use a shift or a multiplication instead.
// #import math/barrier

fn div_u32(n: u32, d: u32) -> u32 {
  var quotient = (n | opaque_zero) / d;
  var remainder = n - quotient * d;
  let above = remainder > n; // quotient is one too large: the remainder wrapped
  quotient -= select(0u, 1u, above);
  remainder += select(0u, d, above);
  let below = remainder >= d;
  quotient += select(0u, 1u, below);
  remainder -= select(0u, d, below);
  if (remainder >= d) {
    raise_flag();
  }
  return quotient;
}

fn mod_u32(n: u32, d: u32) -> u32 {
  return n - div_u32(n, d) * d;
}
