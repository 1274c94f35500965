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

fn select_word(c: u32, a: u32, b: u32) -> u32 {
  return select(a, b, c < 1u);
}
// x where x is not negative (NaN included), else the product x * slope.
fn prelu_f32(x: u32, slope: u32) -> u32 {
  let a = canonical(x);
  return select(a, mul_f32(a, slope), a > 0x80000000u && a <= 0xff800000u);
}
// 1 with the sign of x; zero and NaN stay.
fn sign_f32(x: u32) -> u32 {
  let a = canonical(x);
  let one = (a & 0x80000000u) | 0x3f800000u;
  return select(one, a, a < 1u || (a & 0x7fffffffu) > 0x7f800000u);
}
fn is_nan_f32(x: u32) -> u32 {
  return select(0u, 1u, (x & 0x7fffffffu) > 0x7f800000u);
}
fn word_to_bool(x: u32) -> u32 {
  return select(1u, 0u, x < 1u);
}
fn not_bool(x: u32) -> u32 {
  return select(0u, 1u, x < 1u);
}
fn and_bool(x: u32, y: u32) -> u32 {
  return x & y;
}
fn or_bool(x: u32, y: u32) -> u32 {
  return x | y;
}
fn xor_bool(x: u32, y: u32) -> u32 {
  return x ^ y;
}
fn equal_word(x: u32, y: u32) -> u32 {
  return select(0u, 1u, (x ^ y) < 1u);
}
fn add_i32(x: u32, y: u32) -> u32 {
  return x + y;
}
fn sub_i32(x: u32, y: u32) -> u32 {
  return x - y;
}
fn mul_i32(x: u32, y: u32) -> u32 {
  return x * y;
}
fn neg_i32(x: u32) -> u32 {
  return 0u - x;
}
fn abs_i32(x: u32) -> u32 {
  return select(x, 0u - x, x > 0x7fffffffu);
}
// Signed order is the unsigned order of the words with the sign bit flipped.
fn less_i32(x: u32, y: u32) -> u32 {
  return select(0u, 1u, (x ^ 0x80000000u) < (y ^ 0x80000000u));
}
fn clamp_i32(x: u32, least: i32, most: i32) -> u32 {
  return bitcast<u32>(min(max(bitcast<i32>(x), least), most));
}
// The nearest integer, ties to even, within 2^20 of 0, which is beyond every quantised type and its zero points: a sum
// with one cannot wrap. NaN is 0.
fn round_i32(x: u32) -> u32 {
  return clamp_i32(f32_to_i32(round_f32(x)), -0x100000, 0x100000);
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
