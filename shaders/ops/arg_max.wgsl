// ArgMax and ArgMin over one axis of [outer, count, inner] of 32-bit elements: the index, int64, of the first largest
// or smallest term of each row, or of the last one. Terms are compared as canonical reads (V2); a NaN is taken before
// every number, by both. One invocation a row.
// #import math/index
// #import math/order
struct Params {
  outer: u32,
  count: u32,
  inner: u32,
  type_code: u32,
  smallest: u32,
  last: u32,
  pad0: u32,
  pad1: u32,
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
  let is_float = params.type_code > 7u;
  var best = 0u;
  var best_key = 0u;
  for (var k = 0u; k < params.count; k++) {
    let word = in0[base + k * params.inner];
    var key = order_key(word, params.type_code);
    if (params.smallest > 0u) {
      key = select(~key, MAGNITUDE_BITS | SIGN_BIT, is_float && is_nan(word));
    }
    if (k < 1u || key > best_key || (params.last > 0u && key == best_key)) {
      best = k;
      best_key = key;
    }
  }
  out0[2u * row] = best;
  out0[2u * row + 1u] = 0u;
}
