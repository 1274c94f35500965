// Pad, and Resize by nearest: out[i, j, ...] = in[t0[i] + t1[j] + ...] with one table of input offsets for each
// axis; a negative entry stands for the fill value (V1). A unit is 1, 2 or 4 bytes; one invocation writes four
// words, one of narrow units. What the overrides rule out is not compiled; there is no loop over the axes.
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

override RANK: u32 = 8u; // params.rank
override UNIT_SHIFT: u32 = 2u; // params.unit_shift
override IS_SHORT: u32 = 1u; // 1 if the last axis has fewer than 3 units, so that four may lie in more than two rows

fn dim(axis: u32) -> u32 {
  return params.dims[axis >> 2u][axis & 3u];
}
fn entry(axis: u32, index: u32) -> u32 {
  return in1[params.starts[axis >> 2u][axis & 3u] + index];
}

// An offset and the table entry of one more axis; both may be outside.
fn join(at: u32, more: u32) -> u32 {
  return select(at + more, OUTSIDE, max(at, more) >= 0x80000000u);
}

// What an index over axes 0 to `axis` has left above `axis`, and the offset with that axis' share.
struct Walk {
  rest: u32,
  at: u32,
}
fn step_over(walk: Walk, axis: u32) -> Walk {
  let above = div_u32(walk.rest, dim(axis));
  return Walk(above, join(walk.at, entry(axis, walk.rest - above * dim(axis))));
}

// The input unit where a row of the last axis starts, or OUTSIDE.
fn row_source(row: u32) -> u32 {
  var walk = Walk(row, 0u);
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
    walk.at = join(walk.at, entry(0u, walk.rest));
  }
  return walk.at;
}

fn source(unit: u32) -> u32 {
  let row = div_u32(unit, dim(RANK - 1u));
  return join(row_source(row), entry(RANK - 1u, unit - row * dim(RANK - 1u)));
}

// The input units of four neighbours, of which at least the first exists.
fn sources(first: u32) -> vec4<u32> {
  if (IS_SHORT > 0u) {
    return vec4<u32>(source(first), source(first + 1u), source(first + 2u), source(first + 3u));
  }
  let length = dim(RANK - 1u);
  let row = div_u32(first, length);
  let beyond = vec4<u32>(first - row * length) + vec4<u32>(0u, 1u, 2u, 3u);
  let is_next = beyond >= vec4<u32>(length);
  let start = select(vec4<u32>(row_source(row)), vec4<u32>(row_source(row + 1u)), is_next);
  let column = beyond - select(vec4<u32>(0u), vec4<u32>(length), is_next);
  return vec4<u32>(
    join(start.x, entry(RANK - 1u, column.x)),
    join(start.y, entry(RANK - 1u, column.y)),
    join(start.z, entry(RANK - 1u, column.z)),
    join(start.w, entry(RANK - 1u, column.w)),
  );
}

fn word_or_fill(at: u32, fill: u32) -> u32 {
  let outside = at == OUTSIDE;
  return select(in0[select(at, 0u, outside)], fill, outside);
}

fn copy_words(first: u32) {
  let at = sources(first);
  out0[first] = word_or_fill(at.x, params.fill_low);
  if (first + 1u < params.n) {
    out0[first + 1u] = word_or_fill(at.y, params.fill_high);
  }
  if (first + 2u < params.n) {
    out0[first + 2u] = word_or_fill(at.z, params.fill_low);
  }
  if (first + 3u < params.n) {
    out0[first + 3u] = word_or_fill(at.w, params.fill_high);
  }
}

fn copy_units(word: u32) {
  let log2_count = 2u - params.unit_shift; // units a word
  let bits = 8u << params.unit_shift;
  let mask = (1u << bits) - 1u;
  let first = word << log2_count;
  let last = min(first + (1u << log2_count), params.n);
  let fill = select(params.fill_low, params.fill_high, (word & 1u) > 0u);
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
