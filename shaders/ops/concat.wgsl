// Concat: each input has `widths[k]` consecutive units in every row of the output (V1). A unit is 1, 2 or 4 bytes;
// one invocation writes one word. Inputs past `inputs` are bound but not read.
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
  var width = params.widths[0][0];
  while (column >= width) {
    column -= width;
    input += 1u;
    width = params.widths[input >> 2u][input & 3u];
  }
  let at = row * width + column;
  let log2_count = 2u - params.unit_shift; // units a word
  let part = (at & ((1u << log2_count) - 1u)) * (8u << params.unit_shift);
  return load_word(input, at >> log2_count) >> part;
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
