// The least and the greatest element of each block of an f32 tensor, in one pass: out0[block] and out1[block], stored
// canonically; NaN where the block has one (ReduceMin and ReduceMax, V3). Keys of math/order are integers, so neither the
// blocks nor the lanes move a bit. One workgroup a block. Not here: the extrema of the blocks (quantise_range).
// The twin of wasm/ops/extrema.c.
// #import math/barrier
// #import math/index
// #import math/order
// #import ops/extrema_lanes
struct Params {
  n: u32,
  block: u32,
  pad0: u32,
  pad1: u32,
}
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(3) var<storage, read> in0: array<u32>;
@group(0) @binding(4) var<storage, read_write> out0: array<u32>;
@group(0) @binding(5) var<storage, read_write> out1: array<u32>;

@compute @workgroup_size(LANES)
fn main(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(num_workgroups) groups: vec3<u32>,
  @builtin(local_invocation_index) local: u32,
) {
  begin();
  let block = group.y * groups.x + group.x;
  // A grid of two dimensions may have more workgroups than there are blocks: they fold the last one, and store nothing.
  let blocks = div_u32(params.n + params.block - 1u, params.block);
  let first = min(block, blocks - 1u) * params.block;
  let last = min(first + params.block, params.n);
  var least = 0u;
  var most = 0u;
  for (var i = first + local; i < last; i += LANES) {
    let x = in0[i];
    least = max(least, min_key(x));
    most = max(most, max_key(x));
  }
  join_lanes(local, least, most);
  if (local < 1u && block < blocks) {
    out0[block] = min_of_key(sh_least[0]);
    out1[block] = max_of_key(sh_most[0]);
  }
}
