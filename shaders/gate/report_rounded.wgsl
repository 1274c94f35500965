// The entry point of the device gate for the rounded operations of the rung at hand, quotient and root among them: each
// invocation takes one vector of words through functions that kernels are made of. The order of the results is that of
// ROUNDED in src/backends/webgpu/gate_vectors.ts. A pipeline of its own, since browsers compile pipelines side by side.
// #import math/arith
// #import math/product

@group(0) @binding(3) var<storage, read> in0: array<vec4<u32>>;
@group(0) @binding(4) var<storage, read_write> out0: array<u32>;

var<private> at: u32;
var<private> step: u32;

fn put(word: u32) {
  out0[at] = word;
  at += step;
}

// Exponents from 2^-7 to 2^8.
fn moderate(x: u32) -> u32 {
  return (x & 0x807fffffu) | ((120u + ((x >> 23u) & 15u)) << 23u);
}

fn minus(x: u32) -> u32 {
  return x ^ SIGN_BIT;
}

// The rounding error of a sum, by Knuth's two-sum on words.
fn two_sum(a: u32, b: u32) -> u32 {
  let s = add_rounded(a, b);
  let bb = add_rounded(s, minus(a));
  let error_a = add_rounded(a, minus(add_rounded(s, minus(bb))));
  return add_rounded(error_a, add_rounded(b, minus(bb)));
}

// Sixteen sums in a row, a loop that compilers unroll.
fn chain_of_sums(first: u32) -> u32 {
  var sum = 0u;
  for (var k = 0u; k < 16u; k++) {
    sum = add_rounded(sum, moderate(in0[(first + k) & (step - 1u)].x));
  }
  return sum;
}

// Eight steps of V4 in a row.
fn chain_of_products(first: u32) -> vec4<u32> {
  var sum = Float4();
  for (var k = 0u; k < 8u; k++) {
    let v = in0[(first + k) & (step - 1u)];
    let a = vec4<u32>(moderate(v.x), moderate(v.y), moderate(v.z), moderate(v.w));
    sum = multiply_add(sum, float4_of(a), float_of(moderate(v.y + k)));
  }
  return words4_of(sum);
}

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
  begin();
  at = id.x;
  step = arrayLength(&in0);
  let v = in0[id.x];
  put(canonical(v.x));
  put(floor_f32(v.x));
  put(words4_of(operand4(v & vec4<u32>(0xbfffffffu))).z);
  put(stored4(float4_of(vec4<u32>(minus(0u), moderate(v.x), 0u, minus(0u)))).w);
  // Rounded operations: the whole range through V2, then what reordering or fusing would change.
  put(add_f32(v.x, v.y));
  put(mul_f32(v.x, v.y));
  let a = moderate(v.x);
  let b = moderate(v.y);
  let c = moderate(v.z);
  put(add_rounded(a, b));
  put(mul_rounded(a, b));
  put(two_sum(a, b));
  put(add_rounded(mul_rounded(a, b), c));
  put(add_rounded(mul_rounded(a, b), mul_rounded(a, c)));
  put(chain_of_sums(id.x));
  let chain = chain_of_products(id.x);
  put(chain.x);
  put(chain.y);
  put(chain.z);
  put(chain.w);
  put(div_f32(v.x, v.y));
  put(sqrt_f32(v.x));
}
