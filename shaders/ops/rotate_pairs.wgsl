// Rotary embedding: pairs (x1, x2) of a row's elements turned by angles whose cosines and sines are given:
// y1 = c x1 - s x2 and y2 = s x1 + c x2, every product, difference and sum a V2 operation. A pair is an element of the
// first half of the row and one of the second, or, interleaved, two neighbours. Rows are found by strides: those of x may be
// heads that lie side by side, those of the angles 0. One invocation turns two neighbouring pairs of a row.
// #import math/arith
// #import math/index
struct Params {
  rows: u32,
  half: u32,
  interleaved: u32,
  offset: u32,
  dims: array<vec4<u32>, 1>,
  strides: array<vec4<u32>, 1>,
  angle_strides: array<vec4<u32>, 1>,
}
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(3) var<storage, read> in0: array<u32>;
@group(0) @binding(4) var<storage, read> in1: array<u32>;
@group(0) @binding(5) var<storage, read> in2: array<u32>;
@group(0) @binding(6) var<storage, read_write> out0: array<u32>;

const WORKGROUP_SIZE = 64u;

// Pair i of the row that starts at `x`, `angle` and `y`.
fn rotate(x: u32, angle: u32, y: u32, i: u32) {
  let woven = params.interleaved > 0u;
  let first = select(i, 2u * i, woven);
  let second = select(i + params.half, 2u * i + 1u, woven);
  let x1 = in0[x + first];
  let x2 = in0[x + second];
  let c = in1[angle + i];
  let s = in2[angle + i];
  out0[y + first] = sub_f32(mul_f32(c, x1), mul_f32(s, x2));
  out0[y + second] = add_f32(mul_f32(s, x1), mul_f32(c, x2));
}

@compute @workgroup_size(WORKGROUP_SIZE)
fn main(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(num_workgroups) groups: vec3<u32>,
  @builtin(local_invocation_index) local: u32,
) {
  begin();
  let invocation = (group.y * groups.x + group.x) * WORKGROUP_SIZE + local;
  let share = (params.half + 1u) >> 1u; // invocations a row
  let row = div_u32(invocation, share);
  if (row >= params.rows) {
    return;
  }
  let dims = params.dims[0];
  let over = div_u32(row, dims.z);
  let outer = div_u32(over, dims.y);
  let index = vec3<u32>(outer, over - outer * dims.y, row - over * dims.z);
  let steps = index * params.strides[0].xyz;
  let turns = index * params.angle_strides[0].xyz;
  let x = params.offset + steps.x + steps.y + steps.z;
  let angle = turns.x + turns.y + turns.z;
  let y = row * 2u * params.half;
  let i = 2u * (invocation - row * share);
  rotate(x, angle, y, i);
  if (i + 1u < params.half) {
    rotate(x, angle, y, i + 1u);
  }
}
