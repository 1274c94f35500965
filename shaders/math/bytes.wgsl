// 8-bit operands of exact integer products, four signed bytes a word (V8): elements that are unsigned have their sign bit turned,
// which is 128 less, and so have their zero points: differences of the two stay what they were.

// What turns the elements of a word.
fn flips_of(is_signed: u32) -> u32 {
  return select(0x80808080u, 0u, is_signed > 0u);
}

// The lowest byte, turned or signed, as a two's complement word.
fn signed_byte(word: u32) -> u32 {
  return ((word & 255u) ^ 128u) - 128u;
}
