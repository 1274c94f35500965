// 8-bit operands of exact integer products (V8), as wasm/integer.h has them: the difference of an element and its zero
// point is held as 16 bits, two neighbouring terms of a line share a word, the earlier one low. Integers only: products
// and sums are u32, whose arithmetic wraps and is exact by the specification.

// Byte `at` of a word's four, as a 32-bit two's complement word.
fn byte_of(word: u32, at: u32, is_signed: u32) -> u32 {
  let byte = (word >> (8u * (at & 3u))) & 255u;
  return select(byte, (byte ^ 128u) - 128u, is_signed > 0u);
}

fn pair_of(low: u32, high: u32) -> u32 {
  return (low & 0xffffu) | (high << 16u);
}

// The earlier term of a pair.
fn low_of(pair: u32) -> u32 {
  return ((pair & 0xffffu) ^ 0x8000u) - 0x8000u;
}

// The two terms of four lines.
fn low4(pairs: vec4<u32>) -> vec4<u32> {
  return ((pairs & vec4<u32>(0xffffu)) ^ vec4<u32>(0x8000u)) - vec4<u32>(0x8000u);
}
fn high4(pairs: vec4<u32>) -> vec4<u32> {
  return ((pairs >> vec4<u32>(16u)) ^ vec4<u32>(0x8000u)) - vec4<u32>(0x8000u);
}
