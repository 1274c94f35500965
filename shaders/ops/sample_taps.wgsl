// Sampling at computed positions (GridSample, DeformConv): one to three axes, done one after the other, the last first. On
// an axis the value is the sum over its taps in ascending order, V2 products of element and weight added left to right by V2
// sums from +0. A tap of weight 0, or outside the input where padding is zeros, is no term. With one tap an element's
// bits are copied (V1), zero bits from outside. One invocation computes one point of one channel.
// #import math/arith
// #import math/index
struct Params {
  n: u32,
  points: u32,
  channels: u32,
  rank: u32,
  taps: u32,
  padding: u32,
  align: u32,
  flip: u32,
  dims: array<vec4<u32>, 1>,
}
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(3) var<storage, read> in0: array<u32>;
@group(0) @binding(4) var<storage, read> in1: array<u32>;
@group(0) @binding(5) var<storage, read> in2: array<u32>;
@group(0) @binding(6) var<storage, read_write> out0: array<u32>;

const WORKGROUP_SIZE = 64u;
const PADDING_ZEROS = 0u;
const PADDING_BORDER = 1u;
const OUTSIDE = 0xffffffffu;

// Of tap t on axis a at 4 a + t.
var<private> places: array<u32, 12>;
var<private> weights: array<u32, 12>;

// The element that index i, within 16 of the axis, stands for.
fn place_of(i: i32, size: u32) -> u32 {
  let index = bitcast<u32>(i);
  if (index < size) {
    return index;
  }
  if (params.padding == PADDING_ZEROS) {
    return OUTSIDE;
  }
  if (params.padding == PADDING_BORDER) {
    return select(size - 1u, 0u, i < 0i);
  }
  if (size < 2u) {
    return 0u;
  }
  let period = 2u * (size - params.align);
  let turned = mod_u32(index + 16u * period, period);
  return select(period - turned - (1u - params.align), turned, turned < size);
}

// sum + value * weight: two V2 operations.
fn add_term(sum: u32, value: u32, weight: u32) -> u32 {
  return add_f32(sum, mul_f32(value, weight));
}

fn line_value(line: u32) -> u32 {
  var sum = 0u;
  for (var t = 8u; t < 8u + params.taps; t++) {
    if (weights[t] > 0u && places[t] < OUTSIDE) {
      sum = add_term(sum, in0[line + places[t]], weights[t]);
    }
  }
  return sum;
}

fn plane_value(plane: u32) -> u32 {
  if (params.rank < 2u) {
    return line_value(plane);
  }
  var sum = 0u;
  for (var t = 4u; t < 4u + params.taps; t++) {
    if (weights[t] > 0u && places[t] < OUTSIDE) {
      sum = add_term(sum, line_value(plane + places[t] * params.dims[0].z), weights[t]);
    }
  }
  return sum;
}

fn volume_value(volume: u32) -> u32 {
  if (params.rank < 3u) {
    return plane_value(volume);
  }
  var sum = 0u;
  for (var t = 0u; t < params.taps; t++) {
    if (weights[t] > 0u && places[t] < OUTSIDE) {
      sum = add_term(sum, plane_value(volume + places[t] * params.dims[0].y * params.dims[0].z), weights[t]);
    }
  }
  return sum;
}

@compute @workgroup_size(WORKGROUP_SIZE)
fn main(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(num_workgroups) groups: vec3<u32>,
  @builtin(local_invocation_index) local: u32,
) {
  begin();
  let element = (group.y * groups.x + group.x) * WORKGROUP_SIZE + local;
  if (element >= params.n * params.channels) {
    return;
  }
  let plane = div_u32(element, params.points);
  let point = element - plane * params.points;
  let batch = div_u32(plane, params.channels);
  let unit = batch * params.points + point;
  var at = plane * (params.dims[0].x * params.dims[0].y * params.dims[0].z);
  var inside = true;
  var offset = 0u;
  for (var axis = 3u - params.rank; axis < 3u; axis++) {
    let size = params.dims[0][axis];
    let component = unit * params.rank + select(axis + params.rank - 3u, 2u - axis, params.flip > 0u);
    // Limited so that its neighbours are numbers; what lies further out is as far outside.
    let base = clamp(bitcast<i32>(in1[component]), -8i, bitcast<i32>(size) + 8i);
    for (var t = 0u; t < params.taps; t++) {
      places[4u * axis + t] = place_of(base + bitcast<i32>(t), size);
      weights[4u * axis + t] = in2[t * params.n * params.rank + component];
    }
    inside = inside && places[4u * axis] < OUTSIDE;
    offset = offset * size + places[4u * axis];
  }
  if (params.taps > 1u) {
    out0[element] = volume_value(at);
  } else if (inside) {
    out0[element] = in0[at + offset];
  } else {
    out0[element] = 0u;
  }
}
