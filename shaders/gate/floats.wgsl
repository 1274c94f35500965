// What the device gate asks of floats behind the barrier (docs/NUMERICS.md, B1, B7): operations that come out otherwise if
// a compiler fuses, reorders or distributes across it. Each is exact or rounded as it stands where none does.
// Knuth's two-sum gives the rounding error of a sum; a compiler that takes (x + y) - x for y makes it zero.
// No kernel uses it; a rung without floats is not asked.
// #import math/rounded

// Exponents from 2^-7 to 2^8: nothing here overflows or is subnormal.
fn moderate(x: u32) -> u32 {
  return (x & 0x807fffffu) | ((120u + ((x >> 23u) & 15u)) << 23u);
}

fn two_sum_bar_bits(x: u32, y: u32) -> u32 {
  let a = bitcast<f32>(moderate(x));
  let b = bitcast<f32>(moderate(y));
  let s = bitcast<f32>(bar_bits(a + b));
  let bb = bitcast<f32>(bar_bits(s - a));
  let error_a = bitcast<f32>(bar_bits(a - bitcast<f32>(bar_bits(s - bb))));
  return bar_bits(error_a + bitcast<f32>(bar_bits(b - bb)));
}

fn two_sum_bar4(x: u32, y: u32) -> u32 {
  let a = vec4<f32>(bitcast<f32>(moderate(x)));
  let b = vec4<f32>(bitcast<f32>(moderate(y)));
  let s = bar4(a + b);
  let bb = bar4(s - a);
  return bitcast<u32>(bar4(bar4(a - bar4(s - bb)) + bar4(b - bb)).z);
}

// (x + C) - C with a constant that the compiler knows: x to a multiple of 1.
fn there_and_back(x: u32) -> u32 {
  let a = vec4<f32>(bitcast<f32>(moderate(x)));
  let c = vec4<f32>(bitcast<f32>(0x4b400000u)); // 1.5 2^23
  return bitcast<u32>(bar4(bar4(a + c) - c).x);
}

// (x C) D with constants whose product no f32 is.
fn scaled_twice(x: u32) -> u32 {
  let a = vec4<f32>(bitcast<f32>(moderate(x)));
  let c = vec4<f32>(bitcast<f32>(0x3f8ccccdu)); // about 1.1
  let d = vec4<f32>(bitcast<f32>(0x3faaaaabu)); // about 4/3
  return bitcast<u32>(bar4(bar4(a * c) * d).y);
}

// x y + x z: distributing it saves a rounding.
fn common_factor(x: u32, y: u32, z: u32) -> u32 {
  let a = vec4<f32>(bitcast<f32>(moderate(x)));
  let b = bitcast<f32>(moderate(y));
  let c = bitcast<f32>(moderate(z));
  return bitcast<u32>(bar4(bar4(a * b) + bar4(a * c)).w);
}
