// conv_taps without a tile: for few filters a group (depthwise) and few positions. One invocation adds the terms of
// four outputs of one row, a quarter of the row apart, so that neighbouring invocations read neighbouring words.
// Same sums, same inputs, same Params as conv_taps.
// #import math/index
// #import math/product
struct Params {
  groups: u32,
  channels: u32,
  filters: u32,
  terms: u32,
  depth: u32,
  height: u32,
  width: u32,
  out_depth: u32,
  out_height: u32,
  out_width: u32,
  stride_depth: u32,
  stride_height: u32,
  stride_width: u32,
  pad_front: u32,
  pad_top: u32,
  pad_left: u32,
  images: u32, // of all groups
  y_shift: u32,
  z_shift: u32,
  pad0: u32,
  chain: Chain,
}
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(3) var<storage, read> in0: array<u32>;
@group(0) @binding(4) var<storage, read> in1: array<u32>;
@group(0) @binding(5) var<storage, read> in2: array<vec2<u32>>;

fn tap(at: u32, x: u32, inside: bool) -> f32 {
  if (inside && x < params.width) {
    return operand(in0[at]);
  }
  return 0.0;
}

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(num_workgroups) groups: vec3<u32>,
  @builtin(local_invocation_index) local: u32,
) {
  begin();
  // index = (((image * filters + filter) * out_depth + z) * out_height + y) * quarter + x
  let index = (group.y * groups.x + group.x) * 64u + local;
  let quarter = (params.out_width + 3u) >> 2u;
  let row = div_u32(index, quarter);
  let x = index - row * quarter;
  let slice = div_u32(row, params.out_height);
  let channel = div_u32(slice, params.out_depth);
  let image = div_u32(channel, params.filters);
  if (image >= params.images) {
    return;
  }
  let z = (slice - channel * params.out_depth) * params.stride_depth - params.pad_front;
  let y = (row - slice * params.out_height) * params.stride_height - params.pad_top;
  let left = x * params.stride_width - params.pad_left;
  let step = quarter * params.stride_width;
  let plane = params.channels * params.depth * params.height * params.width;
  let corner = image * plane + (z * params.height + y) * params.width + left;
  let first_filter = channel - div_u32(image, params.groups) * params.groups * params.filters;
  let weights = first_filter * params.terms;

  var sum = vec4<f32>();
  var one = vec4<f32>();
  var two = vec4<f32>();
  for (var k = 0u; k < params.terms; k++) {
    let term = in2[k];
    let term_y = (term.y >> params.y_shift) & ((1u << (params.z_shift - params.y_shift)) - 1u);
    let inside = z + (term.y >> params.z_shift) < params.depth && y + term_y < params.height;
    let at = corner + term.x;
    let column = left + (term.y & ((1u << params.y_shift) - 1u));
    let taps = vec4<f32>(
      tap(at, column, inside),
      tap(at + step, column + step, inside),
      tap(at + 2u * step, column + 2u * step, inside),
      tap(at + 3u * step, column + 3u * step, inside && x + 3u * quarter < params.out_width),
    );
    sum = multiply_add(sum, taps, operand(in1[weights + k]));
    if ((k & 63u) > 62u) {
      one = add4(one, sum);
      sum = vec4<f32>();
      if ((k & 4095u) > 4094u) {
        two = add4(two, one);
        one = vec4<f32>();
      }
    }
  }
  check_operands(params.terms);
  sum = add4(two, add4(one, sum));
  let first = row * params.out_width;
  for (var i = 0u; i < 4u; i++) {
    let column = x + i * quarter;
    if (column < params.out_width) {
      out0[first + column] = epilogue(stored(sum[i]), first + column);
    }
  }
}
