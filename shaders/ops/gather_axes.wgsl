// Pad, and Resize by nearest: out[i, j, ...] = in[t0[i] + t1[j] + ...] with one table of input offsets for each
// axis; a negative entry stands for the fill value (V1). A unit is 1, 2 or 4 bytes; one invocation writes one word.
// #import math/barrier
// #import math/index
struct Params {
  n: u32,
  rank: u32,
  unit_shift: u32,
  run_begin: u32,
  run_end: u32,
  fill_low: u32,
  fill_high: u32,
  pad0: u32,
  dims: array<vec4<u32>, 2>,
  starts: array<vec4<u32>, 2>,
}
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(3) var<storage, read> in0: array<u32>;
@group(0) @binding(4) var<storage, read> in1: array<u32>;
@group(0) @binding(5) var<storage, read_write> out0: array<u32>;

const WORKGROUP_SIZE = 64u;
const OUTSIDE = 0xffffffffu;

// The input unit, or OUTSIDE.
fn source(unit: u32) -> u32 {
  var at = 0u;
  var rest = unit;
  var outside = false;
  for (var axis = params.rank; axis > 0u; axis--) {
    let k = axis - 1u;
    let dim = params.dims[k >> 2u][k & 3u];
    var index = rest;
    if (k > 0u) {
      let above = div_u32(rest, dim);
      index = rest - above * dim;
      rest = above;
    }
    let entry = in1[params.starts[k >> 2u][k & 3u] + index];
    outside = outside || entry >= 0x80000000u;
    at += entry;
  }
  return select(at, OUTSIDE, outside);
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
  let fill = select(params.fill_low, params.fill_high, (word & 1u) > 0u);
  if (params.unit_shift > 1u) {
    let at = source(first);
    if (at == OUTSIDE) {
      out0[word] = fill;
    } else {
      out0[word] = in0[at];
    }
    return;
  }
  let bits = 8u << params.unit_shift;
  let mask = (1u << bits) - 1u;
  let last = min(first + (1u << log2_count), params.n);
  var packed = 0u;
  for (var unit = first; unit < last; unit++) {
    let place = (unit - first) * bits;
    let at = source(unit);
    if (at == OUTSIDE) {
      packed |= fill & (mask << place);
    } else {
      let part = (at & ((1u << log2_count) - 1u)) * bits;
      packed |= ((in0[at >> log2_count] >> part) & mask) << place;
    }
  }
  out0[word] = packed;
}
