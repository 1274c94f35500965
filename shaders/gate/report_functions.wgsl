// The entry point of the device gate for functions of V6: quotient and root of any words, exp and tanh of hard cases.
// The order of the results is that of FUNCTIONS in src/backends/webgpu/gate_vectors.ts.
// #import math/arith
// #import math/exp
// #import math/tanh

@group(0) @binding(3) var<storage, read> in0: array<vec4<u32>>;
@group(0) @binding(4) var<storage, read_write> out0: array<u32>;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
  begin();
  let v = in0[id.x];
  let step = arrayLength(&in0);
  out0[id.x] = div_f32(v.x, v.y);
  out0[id.x + step] = sqrt_f32(v.x);
  out0[id.x + 2u * step] = exp_f32(v.z);
  out0[id.x + 3u * step] = tanh_f32(v.w);
}
