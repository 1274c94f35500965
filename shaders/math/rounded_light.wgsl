// Sums and products of four: the rung 'light' of the ladder (docs/NUMERICS.md, B7). The barrier stands on products only,
// so nothing can be fused; sums can be taken apart, which WGSL permits a compiler. Off unless it is measured faster on
// a device whose gate and audit hold: today nowhere (docs/NUMERICS.md says what was measured).
// #import math/rounded_words

fn add4(a: Float4, b: Float4) -> Float4 {
  return a + b;
}

fn multiply_add(sum: Float4, a: Float4, b: Float) -> Float4 {
  return sum + bar4(a * b);
}
