// The entry point of the device gate for floats: each invocation takes one vector of words through every function of
// gate/floats and gate/habits. The order of the results is that of FLOATS in src/backends/webgpu/gate_vectors.ts.
// #import gate/habits

@group(0) @binding(3) var<storage, read> in0: array<vec4<u32>>;
@group(0) @binding(4) var<storage, read_write> out0: array<u32>;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
  begin();
  let v = in0[id.x];
  var at = id.x;
  let step = arrayLength(&in0);
  out0[at] = two_sum_bar_bits(v.x, v.y);
  at += step;
  out0[at] = two_sum_bar4(v.x, v.y);
  at += step;
  out0[at] = there_and_back(v.x);
  at += step;
  out0[at] = scaled_twice(v.x);
  at += step;
  out0[at] = common_factor(v.x, v.y, v.z);
  at += step;
  out0[at] = plain_multiply_add(v.x, v.y, v.z);
  at += step;
  out0[at] = plain_sum_less_term(v.x, v.y);
  at += step;
  out0[at] = subnormal_result(v.x);
  at += step;
  out0[at] = subnormal_operand(v.x);
  at += step;
  out0[at] = sum_of_minus_zeros();
  at += step;
  out0[at] = modulo_three(v.x);
  at += step;
  out0[at] = is_zero_by_equality(v.x, v.y);
}
