// The barrier, and the rounded operations on words behind it: what the rungs 'full' and 'light' of the ladder share
// (docs/NUMERICS.md, B1, B7). Floats exist in this text and in theirs only.
// bar_bits(v) is v, but its bits pass through an integer operation whose other operand no compiler can know, so no
// float operation feeds another and nothing can be fused, reordered or distributed.
// Promises each result rounded once to nearest even for operands that are finite and zero or at least 2^-126, if the
// device rounds so. A result under 2^-126, one over the range, and those of infinities and NaN are not used by anyone.
// Not here: reading operands, canonical stores, special values (math/arith, math/product).
// #import math/barrier

alias Float = f32;
alias Float4 = vec4<f32>;

// The barrier, for results that go on as bits.
fn bar_bits(v: f32) -> u32 {
  return bitcast<u32>(v) | opaque_zero;
}

fn bar4(v: vec4<f32>) -> vec4<f32> {
  return bitcast<vec4<f32>>(bitcast<vec4<u32>>(v) | vec4<u32>(opaque_zero));
}

// ---- words

fn add_rounded(a: u32, b: u32) -> u32 {
  return bar_bits(bitcast<f32>(a) + bitcast<f32>(b));
}

fn mul_rounded(a: u32, b: u32) -> u32 {
  return bar_bits(bitcast<f32>(a) * bitcast<f32>(b));
}

// Within 2.5 ulp of a / b for a and b in [1, 4), by the WGSL specification. Kept alone so that tests can
// replace it by one that is off by any error under 4 ulp.
fn approximate_quotient(a: f32, b: f32) -> f32 {
  return a / b;
}

fn quotient_estimate(a: u32, b: u32) -> u32 {
  return bar_bits(approximate_quotient(bitcast<f32>(a), bitcast<f32>(b)));
}

// Within 8 ulp of the root of x in [1, 4): WGSL inherits its accuracy from 1 / inverseSqrt(x), under 5 ulp.
fn approximate_root(x: f32) -> f32 {
  return sqrt(x);
}

fn root_estimate(x: u32) -> u32 {
  return bar_bits(approximate_root(bitcast<f32>(x)));
}

// ---- four at once, for summed products (V4)

fn float_of(x: u32) -> Float {
  return bitcast<f32>(x);
}

fn float4_of(x: vec4<u32>) -> Float4 {
  return bitcast<vec4<f32>>(x);
}

fn words4_of(v: Float4) -> vec4<u32> {
  return bitcast<vec4<u32>>(v);
}
