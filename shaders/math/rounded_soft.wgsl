// The rounded operations in u32 arithmetic only: rung 'soft' of the ladder (docs/NUMERICS.md, B7). The same names and
// the same words as math/rounded, and no float anywhere: a device's adders, multipliers and compiler passes for floats
// have no part in it. Slower; for pipelines whose floats were seen to differ.
// #import math/barrier
// #import math/soft

alias Float = u32;
alias Float4 = vec4<u32>;

fn add_rounded(a: u32, b: u32) -> u32 {
  return soft_add(a, b);
}

fn mul_rounded(a: u32, b: u32) -> u32 {
  return soft_mul(a, b);
}

fn quotient_estimate(a: u32, b: u32) -> u32 {
  return soft_quotient(a, b);
}

fn root_estimate(x: u32) -> u32 {
  return soft_root(x);
}

fn float_of(x: u32) -> Float {
  return x;
}

fn float4_of(x: vec4<u32>) -> Float4 {
  return x;
}

fn words4_of(v: Float4) -> vec4<u32> {
  return v;
}

// Loops, because a block of products has 128 of these: written out, one of them took a software adapter minutes to
// compile.
fn add4(a: Float4, b: Float4) -> Float4 {
  var result = a;
  for (var i = 0u; i < 4u; i++) {
    result[i] = soft_add(a[i], b[i]);
  }
  return result;
}

fn multiply_add(sum: Float4, a: Float4, b: Float) -> Float4 {
  var result = sum;
  for (var i = 0u; i < 4u; i++) {
    result[i] = soft_add(sum[i], soft_mul(a[i], b));
  }
  return result;
}
