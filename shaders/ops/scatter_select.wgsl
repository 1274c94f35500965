// The second half of ScatterND and ScatterElements: out = the data, or the update that scatter_order chose for
// the slot (V1). A slot is `inner` units of 1, 2 or 4 bytes; one invocation writes one word.
// #import math/barrier
// #import math/index
struct Params {
  n: u32,
  inner: u32,
  unit_shift: u32,
  pad0: u32,
}
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(3) var<storage, read> in0: array<u32>;
@group(0) @binding(4) var<storage, read> in1: array<u32>;
@group(0) @binding(5) var<storage, read> in2: array<u32>;
@group(0) @binding(6) var<storage, read_write> out0: array<u32>;

const WORKGROUP_SIZE = 64u;

// The unit in the low bits; what is above them belongs to its neighbours.
fn load_unit(unit: u32) -> u32 {
  let slot = div_u32(unit, params.inner);
  let update = in1[slot];
  let log2_count = 2u - params.unit_shift; // units a word
  let mask = (1u << log2_count) - 1u;
  let bits = 8u << params.unit_shift;
  if (update < 1u) {
    return in0[unit >> log2_count] >> ((unit & mask) * bits);
  }
  let at = (update - 1u) * params.inner + (unit - slot * params.inner);
  return in2[at >> log2_count] >> ((at & mask) * bits);
}

@compute @workgroup_size(WORKGROUP_SIZE)
fn main(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(num_workgroups) groups: vec3<u32>,
  @builtin(local_invocation_index) local: u32,
) {
  begin();
  let word = (group.y * groups.x + group.x) * WORKGROUP_SIZE + local;
  let log2_count = 2u - params.unit_shift;
  let first = word << log2_count;
  if (first >= params.n) {
    return;
  }
  if (params.unit_shift > 1u) {
    out0[word] = load_unit(first);
    return;
  }
  let bits = 8u << params.unit_shift;
  let last = min(first + (1u << log2_count), params.n);
  var packed = 0u;
  for (var unit = first; unit < last; unit++) {
    packed |= (load_unit(unit) & ((1u << bits) - 1u)) << ((unit - first) * bits);
  }
  out0[word] = packed;
}
