// What a device and its compiler do where no barrier stops them: for information. The library never relies on any of it;
// no kernel imports this text, and the lint does not read it.
// #import gate/floats

fn plain_multiply_add(x: u32, y: u32, z: u32) -> u32 {
  let product = bitcast<f32>(moderate(x)) * bitcast<f32>(moderate(y));
  return bitcast<u32>(product + bitcast<f32>(moderate(z)));
}

fn plain_sum_less_term(x: u32, y: u32) -> u32 {
  let a = bitcast<f32>(moderate(x));
  let b = bitcast<f32>(moderate(y));
  return bitcast<u32>((a + b) - a);
}

// A normal number whose half is subnormal.
fn subnormal_result(x: u32) -> u32 {
  return bar_bits(bitcast<f32>((x & 0x7fffffu) | 0x800000u) * bitcast<f32>(0x3f000000u | opaque_zero));
}

// A subnormal number times 2^24.
fn subnormal_operand(x: u32) -> u32 {
  return bar_bits(bitcast<f32>((x & 0x7fffffu) | 1u) * bitcast<f32>(0x4b800000u | opaque_zero));
}

fn sum_of_minus_zeros() -> u32 {
  let zero = bitcast<f32>(0x80000000u | opaque_zero);
  return bar_bits(zero + zero);
}

fn modulo_three(x: u32) -> u32 {
  return x % 3u;
}

fn is_zero_by_equality(x: u32, y: u32) -> u32 {
  return select(7u, 9u, (x & y & 15u) == 0u);
}
