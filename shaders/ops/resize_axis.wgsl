// Resize, linear and cubic, along one axis: y[o] = the sum over taps t in order of x[index[t, o]] * weight[t, o],
// every product and sum a V2 operation; a tap of weight 0 is left out (infinity by 0 never arises).
// One invocation computes one element.
// #import math/arith
// #import math/index
struct Params {
  n: u32,
  in_size: u32,
  out_size: u32,
  inner: u32,
  taps: u32,
  outer: u32,
  canonical: u32,
  pad0: u32,
}
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(3) var<storage, read> in0: array<u32>;
@group(0) @binding(4) var<storage, read> in1: array<u32>;
@group(0) @binding(5) var<storage, read> in2: array<u32>;
@group(0) @binding(6) var<storage, read_write> out0: array<u32>;

const WORKGROUP_SIZE = 64u;

@compute @workgroup_size(WORKGROUP_SIZE)
fn main(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(num_workgroups) groups: vec3<u32>,
  @builtin(local_invocation_index) local: u32,
) {
  begin();
  let element = (group.y * groups.x + group.x) * WORKGROUP_SIZE + local;
  if (element >= params.n) {
    return;
  }
  let row = div_u32(element, params.inner);
  let outer = div_u32(row, params.out_size);
  let o = row - outer * params.out_size;
  let base = outer * params.in_size * params.inner + (element - row * params.inner);
  var sum = 0u;
  for (var t = 0u; t < params.taps; t++) {
    let weight = in2[t * params.out_size + o];
    if (weight >= 1u) {
      sum = add_f32(sum, mul_f32(in0[base + in1[t * params.out_size + o] * params.inner], weight));
    }
  }
  out0[element] = sum;
}
