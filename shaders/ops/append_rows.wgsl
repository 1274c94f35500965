// New rows behind those that a cache holds (V1): out[g, p] is row p of past[g] where p < filled, else row p - filled of
// own[g], else zero bits, also where there is no such row of past. `filled` is filled[b] for the groups (heads) g of batch
// entry b. A unit is 1, 2 or 4 bytes. Words: one invocation copies up to four neighbours of a row. Narrow units: one
// invocation writes one word.
// #import math/barrier
// #import math/index
struct Params {
  n: u32,
  inner: u32,
  unit_shift: u32,
  groups: u32,
  past: u32,
  rows: u32,
  present: u32,
  pad0: u32,
}
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(3) var<storage, read> in0: array<u32>;
@group(0) @binding(4) var<storage, read> in1: array<u32>;
@group(0) @binding(5) var<storage, read> in2: array<u32>;
@group(0) @binding(6) var<storage, read_write> out0: array<u32>;

const WORKGROUP_SIZE = 64u;

override UNIT_SHIFT: u32 = 2u; // params.unit_shift

const ZERO = 0u;
const PAST = 1u;
const OWN = 2u;

// The unit where a row starts, and in which tensor.
struct Source {
  tensor: u32,
  at: u32,
}

fn source_of(row: u32) -> Source {
  let group = div_u32(row, params.present);
  let p = row - group * params.present;
  let filled = in2[div_u32(group, params.groups)];
  if (p < filled) {
    return Source(select(ZERO, PAST, p < params.past), (group * params.past + p) * params.inner);
  }
  return Source(
    select(ZERO, OWN, p - filled < params.rows),
    (group * params.rows + p - filled) * params.inner,
  );
}

fn word_of(tensor: u32, at: u32) -> u32 {
  if (tensor == PAST) {
    return in0[at];
  }
  if (tensor == OWN) {
    return in1[at];
  }
  return 0u;
}

fn copy_words(invocation: u32) {
  let share = (params.inner + 3u) >> 2u; // invocations a row
  let row = div_u32(invocation, share);
  let first = 4u * (invocation - row * share);
  let to = row * params.inner;
  if (to >= params.n) {
    return;
  }
  let source = source_of(row);
  let last = min(first + 4u, params.inner);
  for (var column = first; column < last; column++) {
    out0[to + column] = word_of(source.tensor, source.at + column);
  }
}

fn copy_units(word: u32) {
  let log2_count = 2u - params.unit_shift; // units a word
  let bits = 8u << params.unit_shift;
  let first = word << log2_count;
  let last = min(first + (1u << log2_count), params.n);
  var packed = 0u;
  for (var unit = first; unit < last; unit++) {
    let row = div_u32(unit, params.inner);
    let source = source_of(row);
    let at = source.at + (unit - row * params.inner);
    let part = (at & ((1u << log2_count) - 1u)) * bits;
    let found = word_of(source.tensor, at >> log2_count) >> part;
    packed |= (found & ((1u << bits) - 1u)) << ((unit - first) * bits);
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
  } else {
    copy_words(invocation);
  }
}
