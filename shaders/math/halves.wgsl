// Operands of products that lie as 16-bit floats, two a word, the lower half first: element e is in word e >> 1 (V9). They are
// widened by integers only, to what math/half makes of them, so that products read them like words that were widened before;
// but that zeros keep their sign and infinities and NaNs are other large numbers, which no product sees (V3, B6).
// Subnormal numbers are normalised in four steps for all: counting leading zeros takes twice as long on SwiftShader, where a branch
// that is rarely taken takes longer still.
// #import math/product

// What an operand is stored as: overrides of the kernels.
const IS_FLOAT16: u32 = 1u;
const IS_BFLOAT16: u32 = 2u;

// The elements of two words, each in the upper half of one.
fn raised_pairs(x: u32, z: u32) -> vec4<u32> {
  return vec4<u32>(x << 16u, x, z << 16u, z);
}

// The elements `at`, each in the upper half of one, from the words that they lie in.
fn raised4(pairs: vec4<u32>, at: vec4<u32>) -> vec4<u32> {
  return select(pairs, pairs << vec4<u32>(16u), (at & vec4<u32>(1u)) < vec4<u32>(1u));
}

// Operands from the upper halves of words, whatever the lower ones are.
fn half4(raised: vec4<u32>, stored: u32) -> Float4 {
  if (stored > IS_FLOAT16) {
    return operand4(raised & vec4<u32>(0xffff0000u));
  }
  // Exponent and significand where those of f32 end; infinities and NaNs from 0x0f800000 on become 2^50 and more.
  let magnitude = (raised >> vec4<u32>(3u)) & vec4<u32>(0x0fffe000u);
  largest = max(largest, magnitude + vec4<u32>(OPERAND_LIMIT - 0x0f800000u));
  // Exponents move by 112, and those of subnormal numbers by as many again as their leading bit lies below bit 23.
  var significand = bitcast<vec4<i32>>(magnitude);
  let by8 = significand < vec4<i32>(0x10000);
  significand = select(significand, significand << vec4<u32>(8u), by8);
  let by4 = significand < vec4<i32>(0x100000);
  significand = select(significand, significand << vec4<u32>(4u), by4);
  let by2 = significand < vec4<i32>(0x400000);
  significand = select(significand, significand << vec4<u32>(2u), by2);
  let by1 = significand < vec4<i32>(0x800000);
  significand = select(significand, significand << vec4<u32>(1u), by1);
  let none = vec4<i32>();
  let less = select(none, vec4<i32>(0x04000000), by8) + select(none, vec4<i32>(0x02000000), by4) +
    select(none, vec4<i32>(0x01000000), by2) + select(none, vec4<i32>(0x00800000), by1);
  let words = bitcast<vec4<u32>>(select(significand + (vec4<i32>(0x38000000) - less), none, significand < vec4<i32>(1)));
  return float4_of(words | (raised & vec4<u32>(0x80000000u)));
}
