// Transpose, Slice, Expand, Split, Tile, DepthToSpace, SpaceToDepth: out[i, j, ...] = in[offset + i * s0 + j * s1 ...]
// over a dense output (V1). A unit is 1, 2 or 4 bytes; one invocation writes one word. Strides are two's complement.
// #import math/barrier
// #import math/index
struct Params {
  n: u32,
  rank: u32,
  unit_shift: u32,
  offset: u32,
  chunk: u32,
  tile_axis: u32,
  pad0: u32,
  pad1: u32,
  dims: array<vec4<u32>, 2>,
  strides: array<vec4<u32>, 2>,
}
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(3) var<storage, read> in0: array<u32>;
@group(0) @binding(4) var<storage, read_write> out0: array<u32>;

const WORKGROUP_SIZE = 64u;

fn source(unit: u32) -> u32 {
  var at = params.offset;
  var rest = unit;
  for (var axis = params.rank - 1u; axis > 0u; axis--) {
    let dim = params.dims[axis >> 2u][axis & 3u];
    let above = div_u32(rest, dim);
    at += (rest - above * dim) * params.strides[axis >> 2u][axis & 3u];
    rest = above;
  }
  return at + rest * params.strides[0][0];
}

@compute @workgroup_size(WORKGROUP_SIZE)
fn main(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(num_workgroups) groups: vec3<u32>,
  @builtin(local_invocation_index) local: u32,
) {
  begin();
  let word = (group.y * groups.x + group.x) * WORKGROUP_SIZE + local;
  if (params.unit_shift > 1u) {
    if (word < params.n) {
      out0[word] = in0[source(word)];
    }
    return;
  }
  let log2_count = 2u - params.unit_shift; // units a word
  let bits = 8u << params.unit_shift;
  let first = word << log2_count;
  if (first >= params.n) {
    return;
  }
  let last = min(first + (1u << log2_count), params.n);
  var packed = 0u;
  for (var unit = first; unit < last; unit++) {
    let at = source(unit);
    let part = (at & ((1u << log2_count) - 1u)) * bits;
    packed |= ((in0[at >> log2_count] >> part) & ((1u << bits) - 1u)) << ((unit - first) * bits);
  }
  out0[word] = packed;
}
