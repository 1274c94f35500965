// Concat: each input has `widths[k]` consecutive units in every row of the output (V1). A unit is 1, 2 or 4 bytes.
// Words: one invocation copies four neighbours of input group.z to their places. Narrow units: one invocation writes
// one word. Inputs past `inputs` are bound but not read.
// #import math/barrier
// #import math/index
struct Params {
  n: u32,
  inputs: u32,
  unit_shift: u32,
  row: u32,
  parts: u32,
  pad0: u32,
  pad1: u32,
  pad2: u32,
  widths: array<vec4<u32>, 8>,
}
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(3) var<storage, read> in0: array<u32>;
@group(0) @binding(4) var<storage, read> in1: array<u32>;
@group(0) @binding(5) var<storage, read> in2: array<u32>;
@group(0) @binding(6) var<storage, read> in3: array<u32>;
@group(0) @binding(7) var<storage, read> in4: array<u32>;
@group(0) @binding(8) var<storage, read> in5: array<u32>;
@group(0) @binding(9) var<storage, read_write> out0: array<u32>;

const WORKGROUP_SIZE = 64u;

override INPUTS: u32 = 6u; // params.inputs
override UNIT_SHIFT: u32 = 2u; // params.unit_shift

fn width_of(input: u32) -> u32 {
  return params.widths[input >> 2u][input & 3u];
}

// Where input `input` starts in a row.
fn start_of(input: u32) -> u32 {
  let w = params.widths[0];
  let from1 = select(0u, w.x, input > 0u);
  let from2 = from1 + select(0u, w.y, input > 1u);
  let from3 = from2 + select(0u, w.z, input > 2u);
  let from4 = from3 + select(0u, w.w, input > 3u);
  return from4 + select(0u, params.widths[1].x, input > 4u);
}

fn load_four(input: u32, at: u32) -> vec4<u32> {
  var words = vec4<u32>(in0[at], in0[at + 1u], in0[at + 2u], in0[at + 3u]);
  if (INPUTS > 1u && input == 1u) {
    words = vec4<u32>(in1[at], in1[at + 1u], in1[at + 2u], in1[at + 3u]);
  }
  if (INPUTS > 2u && input == 2u) {
    words = vec4<u32>(in2[at], in2[at + 1u], in2[at + 2u], in2[at + 3u]);
  }
  if (INPUTS > 3u && input == 3u) {
    words = vec4<u32>(in3[at], in3[at + 1u], in3[at + 2u], in3[at + 3u]);
  }
  if (INPUTS > 4u && input == 4u) {
    words = vec4<u32>(in4[at], in4[at + 1u], in4[at + 2u], in4[at + 3u]);
  }
  if (INPUTS > 5u && input == 5u) {
    words = vec4<u32>(in5[at], in5[at + 1u], in5[at + 2u], in5[at + 3u]);
  }
  return words;
}

fn copy_words(input: u32, first: u32) {
  let width = width_of(input);
  let start = start_of(input);
  let rows = div_u32(params.n, params.row);
  let words = load_four(input, first);
  let row0 = div_u32(first, width);
  let column0 = first - row0 * width;
  let wraps1 = column0 + 1u >= width;
  let row1 = row0 + select(0u, 1u, wraps1);
  let column1 = select(column0 + 1u, 0u, wraps1);
  let wraps2 = column1 + 1u >= width;
  let row2 = row1 + select(0u, 1u, wraps2);
  let column2 = select(column1 + 1u, 0u, wraps2);
  let wraps3 = column2 + 1u >= width;
  let row3 = row2 + select(0u, 1u, wraps3);
  let column3 = select(column2 + 1u, 0u, wraps3);
  if (row0 < rows) {
    out0[row0 * params.row + start + column0] = words.x;
  }
  if (row1 < rows) {
    out0[row1 * params.row + start + column1] = words.y;
  }
  if (row2 < rows) {
    out0[row2 * params.row + start + column2] = words.z;
  }
  if (row3 < rows) {
    out0[row3 * params.row + start + column3] = words.w;
  }
}

fn load_word(input: u32, at: u32) -> u32 {
  switch (input) {
    case 0u: { return in0[at]; }
    case 1u: { return in1[at]; }
    case 2u: { return in2[at]; }
    case 3u: { return in3[at]; }
    case 4u: { return in4[at]; }
    default: { return in5[at]; }
  }
}

// The unit in the low bits; what is above them belongs to its neighbours.
fn load_unit(unit: u32) -> u32 {
  let row = div_u32(unit, params.row);
  var column = unit - row * params.row;
  var input = 0u;
  var width = width_of(0u);
  while (column >= width) {
    column -= width;
    input += 1u;
    width = width_of(input);
  }
  let at = row * width + column;
  let log2_count = 2u - params.unit_shift; // units a word
  let part = (at & ((1u << log2_count) - 1u)) * (8u << params.unit_shift);
  return load_word(input, at >> log2_count) >> part;
}

fn copy_units(word: u32) {
  let log2_count = 2u - params.unit_shift;
  let first = word << log2_count;
  let bits = 8u << params.unit_shift;
  let last = min(first + (1u << log2_count), params.n);
  var packed = 0u;
  for (var unit = first; unit < last; unit++) {
    packed |= (load_unit(unit) & ((1u << bits) - 1u)) << ((unit - first) * bits);
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
    copy_words(group.z, 4u * invocation);
  }
}
