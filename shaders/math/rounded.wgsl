// Sums and products of four: the rung 'full' of the ladder (docs/NUMERICS.md, B1, B7), which is what runs unless a gate
// finds a fault: the barrier stands on every rounded product and every rounded sum.
// A rung is another text of these same names: math/rounded_light, math/rounded_soft.
// #import math/rounded_words

fn add4(a: Float4, b: Float4) -> Float4 {
  return bar4(a + b);
}

// One step of V4: the product rounded, then the sum rounded.
fn multiply_add(sum: Float4, a: Float4, b: Float) -> Float4 {
  return bar4(sum + bar4(a * b));
}
