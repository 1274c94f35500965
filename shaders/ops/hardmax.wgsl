// Hardmax over one axis of [outer, count, inner]: 1 at the largest term of a row, 0 elsewhere.
// Terms are compared as canonical reads (V2); the first of equals is taken, and NaN counts as larger than +inf.
// One invocation a row.
// #import math/index
// #import math/order
struct Params {
  outer: u32,
  count: u32,
  inner: u32,
  pad0: u32,
}
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(3) var<storage, read> in0: array<u32>;
@group(0) @binding(4) var<storage, read_write> out0: array<u32>;

const WORKGROUP_SIZE = 64u;

@compute @workgroup_size(WORKGROUP_SIZE)
fn main(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(num_workgroups) groups: vec3<u32>,
  @builtin(local_invocation_index) local: u32,
) {
  begin();
  let row = (group.y * groups.x + group.x) * WORKGROUP_SIZE + local;
  if (row >= params.outer * params.inner) {
    return;
  }
  let outer = div_u32(row, params.inner);
  let base = outer * params.count * params.inner + (row - outer * params.inner);
  var best = 0u;
  var best_key = 0u;
  for (var k = 0u; k < params.count; k++) {
    let key = order_key_f32(in0[base + k * params.inner]);
    out0[base + k * params.inner] = 0u;
    if (k < 1u || key > best_key) {
      best = k;
      best_key = key;
    }
  }
  out0[base + best * params.inner] = ONE_BITS;
}
