// Gather and GatherND: out[b, i] is the slice of `inner` units that the index tuple i (of batch b) names (V1).
// A tuple with an index outside the tensor gives zero bits. A unit is 1, 2 or 4 bytes; one invocation writes one word.
// #import math/barrier
// #import math/index
// #import math/indices
struct Params {
  n: u32,
  count: u32,
  tuple: u32,
  index_bytes: u32,
  index_batch: u32,
  data_batch: u32,
  inner: u32,
  unit_shift: u32,
  dims: array<vec4<u32>, 2>,
  strides: array<vec4<u32>, 2>,
}
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(3) var<storage, read> in0: array<u32>;
@group(0) @binding(4) var<storage, read> in1: array<u32>;
@group(0) @binding(5) var<storage, read_write> out0: array<u32>;

const WORKGROUP_SIZE = 64u;

fn index_at(at: u32, size: u32) -> u32 {
  if (params.index_bytes > 4u) {
    return wrapped_index(in1[2u * at], in1[2u * at + 1u], size);
  }
  return wrapped_index(in1[at], sign_word(in1[at]), size);
}

// The unit in the low bits; what is above them belongs to its neighbours.
fn load_unit(unit: u32) -> u32 {
  let slice = div_u32(unit, params.inner);
  let batch = div_u32(slice, params.count);
  let item = slice - batch * params.count;
  var at = batch * params.data_batch + (unit - slice * params.inner);
  for (var k = 0u; k < params.tuple; k++) {
    let size = params.dims[k >> 2u][k & 3u];
    let index = index_at(batch * params.index_batch + item * params.tuple + k, size);
    if (index >= size) {
      return 0u;
    }
    at += index * params.strides[k >> 2u][k & 3u];
  }
  let log2_count = 2u - params.unit_shift; // units a word
  let part = (at & ((1u << log2_count) - 1u)) * (8u << params.unit_shift);
  return in0[at >> log2_count] >> part;
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
