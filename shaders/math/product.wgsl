// Operands and rounded steps of summed products (V3, V4, B6): one dot product, or four at once.
// operand(x) reads an f32 word for a product: magnitudes under 2^-51 are +0. It remembers the largest magnitude; at
// the end check_operands() raises the flag if one was 2^50 or more, infinite or NaN: below that, and with at most
// 2^27 terms, no product or sum can overflow, and none but zero is subnormal.
// multiply_add is one step of V4: the product rounded, then the sum rounded. The tree has three levels of 64:
// `close_group` after every 64 terms (and once more if terms are left), `total` at the end. Adding to +0 instead of
// starting with the first term, and adding an empty level, change at most the sign of a zero, which the canonical
// store removes.
// #import math/arith

const OPERAND_LIMIT: u32 = 0x58800000u; // 2^50, exponent field 177
const MOST_TERMS: u32 = 262144u; // 64^3: three levels

var<private> largest: u32;

fn operand(x: u32) -> f32 {
  let magnitude = x & MAGNITUDE_BITS;
  largest = max(largest, magnitude);
  return bitcast<f32>(select(x, 0u, magnitude < PRODUCT_LIMIT));
}

fn check_operands(terms: u32) {
  if (largest >= OPERAND_LIMIT || terms > MOST_TERMS) {
    raise_flag();
  }
}

fn bar4(v: vec4<f32>) -> vec4<f32> {
  return bitcast<vec4<f32>>(bitcast<vec4<u32>>(v) | vec4<u32>(opaque_zero));
}

fn add4(a: vec4<f32>, b: vec4<f32>) -> vec4<f32> {
  return bar4(a + b);
}

fn multiply_add(sum: vec4<f32>, a: vec4<f32>, b: f32) -> vec4<f32> {
  return bar4(sum + bar4(a * b));
}

// The finished sum, canonical.
fn stored(sum: f32) -> u32 {
  return flush_below(bitcast<u32>(sum), CANONICAL_LIMIT);
}
