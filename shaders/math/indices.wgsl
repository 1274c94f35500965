// ONNX index values: int32 or int64 words to an index of an axis. A negative one counts from the end; what is
// outside -size..size-1 becomes `size`, which no axis has. `low` and `high` are the words of the value, for int32
// the value and its sign.

fn wrapped_index(low: u32, high: u32, size: u32) -> u32 {
  // In range: 0 <= low < size with high 0, or -size <= low < 0 with high -1.
  let forward = high < 1u && low < size;
  let from_end = low + size; // wraps into 0..size-1 for a negative value in range
  let backward = high == 0xffffffffu && from_end < size && low >= 0x80000000u;
  return select(select(size, from_end, backward), low, forward);
}

fn sign_word(value: u32) -> u32 {
  return 0u - (value >> 31u);
}
