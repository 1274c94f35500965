// Trilu: element [i, j] of each matrix is kept where j - i >= k (upper) or j - i <= k (lower), else it is zero
// bits (V1). A unit is 1, 2 or 4 bytes; one invocation writes one word. k is two's complement.
// #import math/barrier
// #import math/index
struct Params {
  n: u32,
  rows: u32,
  columns: u32,
  per_element: u32,
  unit_shift: u32,
  upper: u32,
  k: u32,
  pad0: u32,
}
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(3) var<storage, read> in0: array<u32>;
@group(0) @binding(4) var<storage, read_write> out0: array<u32>;

const WORKGROUP_SIZE = 64u;

fn is_kept(unit: u32) -> bool {
  let element = unit >> (params.per_element - 1u);
  let row = div_u32(element, params.columns);
  let column = bitcast<i32>(element - row * params.columns);
  let bound = bitcast<i32>(mod_u32(row, params.rows) + params.k);
  if (params.upper > 0u) {
    return column >= bound;
  }
  return column <= bound;
}

@compute @workgroup_size(WORKGROUP_SIZE)
fn main(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(num_workgroups) groups: vec3<u32>,
  @builtin(local_invocation_index) local: u32,
) {
  begin();
  let word = (group.y * groups.x + group.x) * WORKGROUP_SIZE + local;
  let log2_count = 2u - params.unit_shift; // units a word
  let first = word << log2_count;
  if (first >= params.n) {
    return;
  }
  // The units of a word stay in their places: only a mask is made.
  let full = 0xffffffffu >> (32u - (8u << params.unit_shift));
  let last = min(first + (1u << log2_count), params.n);
  var mask = 0u;
  for (var unit = first; unit < last; unit++) {
    if (is_kept(unit)) {
      mask |= full << ((unit - first) * (8u << params.unit_shift));
    }
  }
  out0[word] = in0[word] & mask;
}
