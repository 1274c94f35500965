// Operands of products and convolutions that lie as 16-bit floats, two a word, the lower half first: element e is in word e >> 1 (V9). They are
// widened to what math/half makes of them, so that products read them like words that were widened before;
// but that zeros keep their sign, which no product sees (V3), and that infinities and NaNs of float16 are other numbers: the words
// read are noted, so that the flag is raised (B6). Noting words, not elements, saves a convolution on SwiftShader a quarter of its time.
// Integers only, but for one step: a subnormal float16 is f 2^-24 = (2^-14 + f 2^-24) - 2^-14, a sum of V4 that is exact and
// never subnormal, on every rung. Counting leading zeros takes a product three times as long on SwiftShader.
// #import math/product

// What an operand is stored as: overrides of the kernels.
const IS_FLOAT16: u32 = 1u;
const IS_BFLOAT16: u32 = 2u;

// A carry out of each exponent that is all ones.
fn carries(words: vec4<u32>) -> vec4<u32> {
  return (words & vec4<u32>(0x7c007c00u)) + vec4<u32>(0x04000400u);
}

// Words that were read; both elements of each count, whichever is used.
fn note4(words: vec4<u32>, stored: u32) {
  if (stored < IS_BFLOAT16) {
    special_halves |= carries(words);
  }
}

fn note8(low: vec4<u32>, high: vec4<u32>, stored: u32) {
  if (stored < IS_BFLOAT16) {
    special_halves |= carries(low) | carries(high);
  }
}

// The elements of two words, each in the upper half of one.
fn raised_pairs(x: u32, z: u32) -> vec4<u32> {
  return vec4<u32>(x << 16u, x, z << 16u, z);
}

// The elements `at`, each in the upper half of one, from the words that they lie in.
fn raised4(pairs: vec4<u32>, at: vec4<u32>) -> vec4<u32> {
  return select(pairs, pairs << vec4<u32>(16u), (at & vec4<u32>(1u)) < vec4<u32>(1u));
}

// Operands from the upper halves of words that were noted, whatever the lower ones are.
fn half4(raised: vec4<u32>, stored: u32) -> Float4 {
  if (stored > IS_FLOAT16) {
    return operand4(raised & vec4<u32>(0xffff0000u));
  }
  // Exponent and significand where those of f32 end.
  let magnitude = (raised >> vec4<u32>(3u)) & vec4<u32>(0x0fffe000u);
  // The exponent moves by 112; that of subnormal numbers and zero by one more, as if there were a leading bit.
  let is_small = magnitude < vec4<u32>(0x00800000u);
  let rebased = magnitude + select(vec4<u32>(0x38000000u), vec4<u32>(0x38800000u), is_small);
  let leading = select(vec4<u32>(), vec4<u32>(0xb8800000u), is_small);
  let words = words4_of(add4(float4_of(rebased), float4_of(leading)));
  return float4_of(words | (raised & vec4<u32>(0x80000000u)));
}

// The same of one, from the word in which it is element `at`, which is noted.
fn half1(word: u32, at: u32, stored: u32) -> Float {
  let raised = select(word, word << 16u, (at & 1u) < 1u);
  if (stored > IS_FLOAT16) {
    return operand(raised & 0xffff0000u);
  }
  special_halves.x |= (word & 0x7c007c00u) + 0x04000400u;
  let magnitude = (raised >> 3u) & 0x0fffe000u;
  let is_small = magnitude < 0x00800000u;
  let rebased = magnitude + select(0x38000000u, 0x38800000u, is_small);
  let sum = add_rounded(rebased, select(0u, 0xb8800000u, is_small));
  return float_of(sum | (raised & 0x80000000u));
}
