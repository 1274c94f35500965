// The text of `softmax` for few long rows: 2^lane_bits invocations share a row. Order and special rows as in
// softmax.wgsl. Each invocation takes every lanes-th term, then whole groups of 64, which are joined in group order:
// neither the workgroup's size nor the number of lanes can move a bit. Its own text because a barrier costs some
// implementations far more than a short row, even where it is never reached. e waits in the output's own memory.
// #import math/arith
// #import math/exp
// #import math/fold
// #import math/index
// #import math/order
struct Params {
  outer: u32,
  count: u32,
  inner: u32,
  block: u32,
  lane_bits: u32,
  pad0: u32,
  pad1: u32,
  pad2: u32,
}
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(3) var<storage, read> in0: array<u32>;
@group(0) @binding(4) var<storage, read_write> out0: array<u32>;

override WORKGROUP_SIZE: u32 = 64u; // at most 128

var<workgroup> sh_lanes: array<u32, 128>;
var<workgroup> sh_rows: array<u32, 128>;

fn fold_start() -> u32 {
  return 0u;
}
fn fold_join(a: u32, b: u32) -> u32 {
  return add_rounded(a, b);
}

fn sum_group(base: u32, group: u32) -> u32 {
  let first = group * RADIX;
  let last = min(first + RADIX, params.count);
  var sum = 0u;
  for (var k = first; k < last; k++) {
    sum = fold_join(sum, flush_below(out0[base + k * params.inner], SUMMAND_LIMIT));
  }
  return sum;
}

@compute @workgroup_size(WORKGROUP_SIZE)
fn main(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(num_workgroups) groups: vec3<u32>,
  @builtin(local_invocation_index) local: u32,
) {
  begin();
  let lanes = 1u << params.lane_bits;
  let lane = local & (lanes - 1u);
  let leader = local - lane;
  let row = (group.y * groups.x + group.x) * (WORKGROUP_SIZE >> params.lane_bits) + (local >> params.lane_bits);
  let is_row = row < params.outer * params.inner;
  let outer = div_u32(row, params.inner);
  let base = outer * params.count * params.inner + (row - outer * params.inner);
  // Past the last row nothing is read or written.
  let count = select(0u, params.count, is_row);

  var key = 0u;
  for (var k = lane; k < count; k += lanes) {
    key = max(key, max_key(in0[base + k * params.inner]));
  }
  sh_lanes[local] = key;
  workgroupBarrier();
  if (lane < 1u) {
    for (var i = 1u; i < lanes; i++) {
      key = max(key, sh_lanes[local + i]);
    }
    sh_rows[local] = max_of_key(key);
  }
  workgroupBarrier();
  let m = sh_rows[leader];
  let is_odd = (m & MAGNITUDE_BITS) >= INFINITY_BITS;

  for (var k = lane; k < count; k += lanes) {
    let at = base + k * params.inner;
    out0[at] = select(exp_f32(sub_f32(in0[at], m)), CANONICAL_NAN, is_odd);
  }
  storageBarrier();

  let n_groups = (params.count + RADIX - 1u) >> 6u;
  fold_begin();
  for (var first = 0u; first < n_groups; first += lanes) {
    var value = 0u;
    if (is_row && !is_odd && first + lane < n_groups) {
      value = sum_group(base, first + lane);
    }
    sh_lanes[local] = value;
    workgroupBarrier();
    if (lane < 1u) {
      let ready = min(lanes, n_groups - first);
      for (var i = 0u; i < ready; i++) {
        fold_push(sh_lanes[local + i]);
      }
    }
    workgroupBarrier();
  }
  if (lane < 1u) {
    sh_rows[local] = canonical(fold_total());
  }
  workgroupBarrier();
  let sum = sh_rows[leader];
  for (var k = lane; k < count; k += lanes) {
    let at = base + k * params.inner;
    if (!is_odd) {
      out0[at] = div_f32(out0[at], sum);
    }
  }
}
