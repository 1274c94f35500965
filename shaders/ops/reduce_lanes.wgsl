// The text of `reduce` for few outputs of many terms: 2^lane_bits invocations share an output.
// Groups of 64 terms are folded by different invocations and joined in group order through workgroup memory, so
// neither the workgroup's size nor the number of lanes can move a bit. Its own text because a barrier costs some
// implementations far more than the terms of a short row, even where it is never reached.
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

override WORKGROUP_SIZE: u32 = 64u; // at most 128

var<workgroup> sh_groups: array<u32, 128>;

@compute @workgroup_size(WORKGROUP_SIZE)
fn main(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(num_workgroups) groups: vec3<u32>,
  @builtin(local_invocation_index) local: u32,
) {
  begin();
  let lanes = 1u << params.lane_bits;
  let lane = local & (lanes - 1u);
  let output = (group.y * groups.x + group.x) * (WORKGROUP_SIZE >> params.lane_bits) + (local >> params.lane_bits);
  let is_output = output < params.n;
  let base = kept_offset(min(output, params.n - 1u));
  let n_groups = (params.count + RADIX - 1u) >> 6u;
  fold_begin();
  for (var first = 0u; first < n_groups; first += lanes) {
    var value = 0u;
    if (is_output && first + lane < n_groups) {
      value = fold_group(base, first + lane);
    }
    sh_groups[local] = value;
    workgroupBarrier();
    if (lane < 1u) {
      let ready = min(lanes, n_groups - first);
      for (var i = 0u; i < ready; i++) {
        fold_push(sh_groups[local + i]);
      }
    }
    workgroupBarrier();
  }
  if (is_output && lane < 1u) {
    out0[output] = epilogue(fold_value(fold_total()), output);
  }
}
