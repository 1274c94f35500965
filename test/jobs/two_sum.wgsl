// The rounding error of a sum by Knuth's two-sum, through each of the three barriers. It is exact where every operation
// is rounded as it stands, and wrong where a compiler takes (x + y) - x for y. For the tests of the barrier: no kernel.
// #import math/rounded
// #import math/arith

// Exponents that differ by at most 15: nothing overflows, no error is subnormal.
fn moderate(x: u32) -> f32 {
  return bitcast<f32>((x & 0x807fffffu) | ((120u + ((x >> 23u) & 15u)) << 23u));
}

fn two_sum_bar(x: u32, y: u32) -> u32 {
  let a = moderate(x);
  let b = moderate(y);
  let s = bar(a + b);
  let bb = bar(s - a);
  return bitcast<u32>(bar(bar(a - bar(s - bb)) + bar(b - bb)));
}

fn two_sum_bar_bits(x: u32, y: u32) -> u32 {
  let a = moderate(x);
  let b = moderate(y);
  let s = bitcast<f32>(bar_bits(a + b));
  let bb = bitcast<f32>(bar_bits(s - a));
  let error_a = bitcast<f32>(bar_bits(a - bitcast<f32>(bar_bits(s - bb))));
  return bar_bits(error_a + bitcast<f32>(bar_bits(b - bb)));
}

fn two_sum_bar4(x: u32, y: u32) -> u32 {
  let a = vec4<f32>(moderate(x));
  let b = vec4<f32>(moderate(y));
  let s = bar4(a + b);
  let bb = bar4(s - a);
  return bitcast<u32>(bar4(bar4(a - bar4(s - bb)) + bar4(b - bb)).z);
}
