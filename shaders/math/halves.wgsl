// Operands of products that lie as 16-bit floats, two a word, the lower half first: element e is in word e >> 1 (V9).
// They are widened by integers only, as math/half does it, and read by operand4 (math/product) like words that were widened
// before. A zero keeps its sign, infinities and NaNs their significand: no product sees either (V3, B6).
// The common numbers take six operations; where one of four is a subnormal float16, all four take those of math/half.
// #import math/half

// What an operand is stored as: overrides of the kernels, and fields of their Params.
const IS_FLOAT16: u32 = 1u;
const IS_BFLOAT16: u32 = 2u;

fn f16_words(h: vec4<u32>) -> vec4<u32> {
  let magnitude = h & vec4<u32>(0x7fffu);
  let sign = (h & vec4<u32>(0x8000u)) << vec4<u32>(16u);
  // 1 to 0x3ff are the subnormal ones.
  if (any(magnitude - vec4<u32>(1u) < vec4<u32>(0x3ffu))) {
    return vec4<u32>(f16_to_f32(h.x), f16_to_f32(h.y), f16_to_f32(h.z), f16_to_f32(h.w));
  }
  // The exponent moves by 112, that of infinities and NaNs by as much again.
  let offset = select(vec4<u32>(0x38000000u), vec4<u32>(0x70000000u), magnitude > vec4<u32>(0x7bffu));
  let words = (magnitude << vec4<u32>(13u)) + offset;
  return sign | select(words, vec4<u32>(), magnitude < vec4<u32>(1u));
}

// The elements `at`, from the words that they lie in.
fn widened4(pairs: vec4<u32>, at: vec4<u32>, stored: u32) -> vec4<u32> {
  let low = pairs << vec4<u32>(16u);
  let is_low = (at & vec4<u32>(1u)) < vec4<u32>(1u);
  if (stored > IS_FLOAT16) {
    return select(pairs & vec4<u32>(0xffff0000u), low, is_low);
  }
  return f16_words(select(pairs, low, is_low) >> vec4<u32>(16u));
}

fn widened(pair: u32, at: u32, stored: u32) -> u32 {
  return widened4(vec4<u32>(pair), vec4<u32>(at), stored).x;
}
