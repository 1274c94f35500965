// Transpose, Slice, Expand, Split, Tile, DepthToSpace, SpaceToDepth: out[i, j, ...] = in[offset + i * s0 + j * s1 ...]
// over a dense output (V1). A unit is 1, 2 or 4 bytes; one invocation writes four words, one of narrow units. Strides are
// two's complement. What the overrides rule out is not compiled; there is no loop over the axes.
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

override RANK: u32 = 8u; // params.rank
override UNIT_SHIFT: u32 = 2u; // params.unit_shift
override IS_SHORT: u32 = 1u; // 1 if the last axis has fewer than 3 units, so that four may lie in more than two rows

fn dim(axis: u32) -> u32 {
  return params.dims[axis >> 2u][axis & 3u];
}
fn stride(axis: u32) -> u32 {
  return params.strides[axis >> 2u][axis & 3u];
}

// What an index over axes 0 to `axis` has left above `axis`, and the offset with that axis' share.
struct Walk {
  rest: u32,
  at: u32,
}
fn step_over(walk: Walk, axis: u32) -> Walk {
  let above = div_u32(walk.rest, dim(axis));
  return Walk(above, walk.at + (walk.rest - above * dim(axis)) * stride(axis));
}

// The input unit where a row of the last axis starts.
fn row_source(row: u32) -> u32 {
  var walk = Walk(row, params.offset);
  if (RANK > 7u) {
    walk = step_over(walk, 6u);
  }
  if (RANK > 6u) {
    walk = step_over(walk, 5u);
  }
  if (RANK > 5u) {
    walk = step_over(walk, 4u);
  }
  if (RANK > 4u) {
    walk = step_over(walk, 3u);
  }
  if (RANK > 3u) {
    walk = step_over(walk, 2u);
  }
  if (RANK > 2u) {
    walk = step_over(walk, 1u);
  }
  if (RANK > 1u) {
    walk.at += walk.rest * stride(0u);
  }
  return walk.at;
}

fn source(unit: u32) -> u32 {
  let row = div_u32(unit, dim(RANK - 1u));
  return row_source(row) + (unit - row * dim(RANK - 1u)) * stride(RANK - 1u);
}

// The input units of four neighbours, of which at least the first exists.
fn sources(first: u32) -> vec4<u32> {
  if (IS_SHORT > 0u) {
    return vec4<u32>(source(first), source(first + 1u), source(first + 2u), source(first + 3u));
  }
  let length = dim(RANK - 1u);
  let row = div_u32(first, length);
  let column = vec4<u32>(first - row * length) + vec4<u32>(0u, 1u, 2u, 3u);
  let is_next = column >= vec4<u32>(length);
  let start = select(vec4<u32>(row_source(row)), vec4<u32>(row_source(row + 1u)), is_next);
  return start + (column - select(vec4<u32>(0u), vec4<u32>(length), is_next)) * stride(RANK - 1u);
}

fn copy_words(first: u32) {
  let at = sources(first);
  out0[first] = in0[at.x];
  if (first + 1u < params.n) {
    out0[first + 1u] = in0[at.y];
  }
  if (first + 2u < params.n) {
    out0[first + 2u] = in0[at.z];
  }
  if (first + 3u < params.n) {
    out0[first + 3u] = in0[at.w];
  }
}

fn copy_units(word: u32) {
  let log2_count = 2u - params.unit_shift; // units a word
  let bits = 8u << params.unit_shift;
  let first = word << log2_count;
  let last = min(first + (1u << log2_count), params.n);
  var packed = 0u;
  for (var unit = first; unit < last; unit++) {
    let at = source(unit);
    let part = (at & ((1u << log2_count) - 1u)) * bits;
    packed |= ((in0[at >> log2_count] >> part) & ((1u << bits) - 1u)) << ((unit - first) * bits);
  }
  if (first < params.n) {
    out0[word] = packed;
  }
}

@compute @workgroup_size(WORKGROUP_SIZE)
fn main(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(num_workgroups) groups: vec3<u32>,
  @builtin(local_invocation_index) local: u32,
) {
  begin();
  let invocation = (group.y * groups.x + group.x) * WORKGROUP_SIZE + local;
  if (UNIT_SHIFT < 2u) {
    copy_units(invocation);
  } else if (4u * invocation < params.n) {
    copy_words(4u * invocation);
  }
}
