// ReduceSum, ReduceMean, ReduceProd, ReduceMax … over any axes of an f32 tensor: out[i] = fold of the terms whose
// kept index is i, in row-major order of the reduced axes (rules V3, V4). Then the epilogue.
// One invocation an output. Few outputs of many terms go to reduce_lanes.wgsl; terms and flags: reduce_terms.wgsl.
// #import math/chain
// #import ops/reduce_terms
struct Params {
  n: u32,
  count: u32,
  block: u32,
  op: u32,
  kept_rank: u32,
  reduced_rank: u32,
  lane_bits: u32, // 2^lane_bits invocations share an output
  pad0: u32,
  kept_dims: array<vec4<u32>, 2>,
  kept_strides: array<vec4<u32>, 2>,
  reduced_dims: array<vec4<u32>, 2>,
  reduced_strides: array<vec4<u32>, 2>,
  chain: Chain,
}
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(3) var<storage, read> in0: array<u32>;

const WORKGROUP_SIZE = 64u;

@compute @workgroup_size(WORKGROUP_SIZE)
fn main(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(num_workgroups) groups: vec3<u32>,
  @builtin(local_invocation_index) local: u32,
) {
  begin();
  let output = (group.y * groups.x + group.x) * WORKGROUP_SIZE + local;
  if (output >= params.n) {
    return;
  }
  let base = kept_offset(output);
  var total = fold_group(base, 0u);
  if (params.count > RADIX) {
    let n_groups = (params.count + RADIX - 1u) >> 6u;
    fold_begin();
    fold_push(total);
    for (var i = 1u; i < n_groups; i++) {
      fold_push(fold_group(base, i));
    }
    total = fold_total();
  }
  out0[output] = epilogue(fold_value(total), output);
}
