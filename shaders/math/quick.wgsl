// Steps of a chain as most words need them: fewer tests than in math/arith, for canonical operands. What they cannot do,
// which is large, infinite or NaN, they say in `doubts`: then the caller computes all steps by math/arith. Promises the words of math/arith where nothing was in doubt.
// #import math/arith

var<private> doubts: bool;

// A sum under the limit is exact or subnormal, a product there may be anything the device makes of it: +0 in any case.
fn stored(word: u32) -> u32 {
  return select(word, 0u, (word & MAGNITUDE_BITS) < CANONICAL_LIMIT);
}

// Operands under 2^125: the sum is under 2^126.
fn quick_add_f32(a: u32, b: u32) -> u32 {
  doubts = doubts || max(a & MAGNITUDE_BITS, b & MAGNITUDE_BITS) >= 0x7e000000u;
  return stored(add_rounded(a, b));
}

fn quick_sub_f32(a: u32, b: u32) -> u32 {
  return quick_add_f32(a, b ^ SIGN_BIT);
}

// Operands under 2^63: the product is under 2^126.
fn quick_mul_f32(a: u32, b: u32) -> u32 {
  doubts = doubts || max(a & MAGNITUDE_BITS, b & MAGNITUDE_BITS) >= 0x5f000000u;
  return stored(mul_rounded(a, b));
}

fn quick_prelu_f32(a: u32, slope: u32) -> u32 {
  return select(a, quick_mul_f32(a, slope), a >= SIGN_BIT);
}

fn quick_relu_f32(a: u32) -> u32 {
  return select(a, 0u, a >= SIGN_BIT);
}

// Between 2^23 and 2^24 a unit in the last place is 1: 1.5 · 2^23 + n has the bits of its float and n, and the difference is exact.
fn quick_i32_to_f32(n: u32) -> u32 {
  doubts = doubts || n + 0x400000u >= 0x800000u;
  return add_rounded(n + 0x4b400000u, 0xcb400000u);
}
