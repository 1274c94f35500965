// Operands and rounded steps of summed products (V3, V4, B6), four dot products at once.
// operand4(x) reads f32 words for a product: magnitudes under 2^-51 are +0. It remembers the largest magnitude; at
// the end check_operands() raises the flag if one was 2^50 or more, infinite or NaN: below that, and with at most
// 2^27 terms, no product or sum can overflow, and none but zero is subnormal.
// multiply_add (math/rounded) is one step of V4. Kernels add groups of 64 terms into a first level and 64 of those into
// a second. Adding to +0 instead of starting with the first term, and adding an empty level, change at most the sign
// of a zero, which the canonical store removes.
// #import math/arith

const OPERAND_LIMIT: u32 = 0x58800000u; // 2^50, exponent field 177
const MOST_TERMS: u32 = 262144u; // 64^3: three levels

// Operands of one term: 8 rows, or 8 columns.
struct Eight {
  low: Float4,
  high: Float4,
}

// The sizes of a product: matrices or images, rows (filters), columns (positions) and terms of each.
struct Extent {
  images: u32,
  rows: u32,
  columns: u32,
  terms: u32,
  row_bits: u32, // log2 of the row blocks side by side in a workgroup
}

var<private> largest: vec4<u32>;
// Operands that lie as float16 (math/halves) leave bits 15 and 31 clear, but for infinities and NaNs.
var<private> special_halves: vec4<u32>;

fn operand4(x: vec4<u32>) -> Float4 {
  let magnitude = x & vec4<u32>(MAGNITUDE_BITS);
  largest = max(largest, magnitude);
  return float4_of(select(x, vec4<u32>(), magnitude < vec4<u32>(PRODUCT_LIMIT)));
}

fn operand(x: u32) -> Float {
  let magnitude = x & MAGNITUDE_BITS;
  largest.x = max(largest.x, magnitude);
  return float_of(select(x, 0u, magnitude < PRODUCT_LIMIT));
}

fn check_operands(terms: u32) {
  let special = (special_halves.x | special_halves.y | special_halves.z | special_halves.w) & 0x80008000u;
  if (max(max(largest.x, largest.y), max(largest.z, largest.w)) >= OPERAND_LIMIT || special > 0u || terms > MOST_TERMS) {
    raise_flag();
  }
}

// Finished sums, canonical.
fn stored4(sum: Float4) -> vec4<u32> {
  let bits = words4_of(sum);
  return select(bits, vec4<u32>(), (bits & vec4<u32>(MAGNITUDE_BITS)) < vec4<u32>(CANONICAL_LIMIT));
}
