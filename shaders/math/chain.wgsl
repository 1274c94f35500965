// The packed element-wise program as WGSL sees it: dims and strides only; the steps are calls in a generated
// function (src/ops/chain_wgsl.ts), as are the positions of the loads. Same words as struct Chain of wasm/chain.h; a test compares the fields.
// Also the steps that no other text defines: words that are copied (V1), bools and 32-bit integers (V8).
// #import math/arith
// #import math/index
// #import math/integers
struct Chain {
  n_steps: u32,
  rank: u32,
  first_input: u32,
  output_bytes: u32,
  dims: array<vec4<u32>, 2>,
  strides: array<vec4<u32>, 16>, // two vectors a load
  steps: array<vec4<u32>, 8>,
}
fn clamp_i8(x: u32) -> u32 {
  return clamp_i32(x, -128, 127);
}
fn clamp_u8(x: u32) -> u32 {
  return clamp_i32(x, 0, 255);
}
fn less_equal_i32(x: u32, y: u32) -> u32 {
  return select(0u, 1u, (x ^ 0x80000000u) <= (y ^ 0x80000000u));
}
fn greater_i32(x: u32, y: u32) -> u32 {
  return less_i32(y, x);
}
fn greater_equal_i32(x: u32, y: u32) -> u32 {
  return less_equal_i32(y, x);
}
fn max_i32(x: u32, y: u32) -> u32 {
  return select(x, y, (x ^ 0x80000000u) < (y ^ 0x80000000u));
}
fn min_i32(x: u32, y: u32) -> u32 {
  return select(x, y, (x ^ 0x80000000u) > (y ^ 0x80000000u));
}
