// Y[image][filter][z][y][x] = tree over k of W[filter][k] * X[k], by tiles of filters and output positions (V3, V4, V5).
// Term k = (input channel, kernel depth, row, column) lies at in2[k] = (offset, z, y, x) from the window's corner,
// dilation included, so that no term needs a division. A tap outside the input is +0 by position. group.x counts
// tiles of positions, group.y of filters, group.z one group of one image. The twin of wasm/ops/conv_taps.c.
// #import math/index
// #import math/product_tile
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
  pad0: u32,
  pad1: u32,
  pad2: u32,
  chain: Chain,
}
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(3) var<storage, read> in0: array<u32>;
@group(0) @binding(4) var<storage, read> in1: array<u32>;
@group(0) @binding(5) var<storage, read> in2: array<vec4<u32>>;

// The window's corner of an output position, which wraps where it lies in the padding; w is its flat offset.
fn corner(position: u32) -> vec4<u32> {
  let line = div_u32(position, params.out_width);
  let plane = div_u32(line, params.out_height);
  let z = plane * params.stride_depth - params.pad_front;
  let y = (line - plane * params.out_height) * params.stride_height - params.pad_top;
  let x = (position - line * params.out_width) * params.stride_width - params.pad_left;
  return vec4<u32>((z * params.height + y) * params.width + x, z, y, x);
}

fn tap(image: u32, window: vec4<u32>, term: vec4<u32>) -> f32 {
  let at = window + term;
  if (at.y < params.depth && at.z < params.height && at.w < params.width) {
    return operand(in0[image + at.x]);
  }
  return 0.0;
}

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) local: u32) {
  begin();
  let rows = 1u << ROW_BITS;
  let columns = 1u << COLUMN_BITS;
  let positions = params.out_depth * params.out_height * params.out_width;
  let image = group.z * params.channels * params.depth * params.height * params.width;
  let filter0 = (group.z - div_u32(group.z, params.groups) * params.groups) * params.filters;
  let first_row = group.y * 4u * rows;
  let column = group.x * 4u * columns + (local & (columns - 1u));
  let last_row = params.filters - 1u;
  let window0 = corner(min(column, positions - 1u));
  let window1 = corner(min(column + columns, positions - 1u));
  let window2 = corner(min(column + 2u * columns, positions - 1u));
  let window3 = corner(min(column + 3u * columns, positions - 1u));

  for (var start = 0u; start < params.terms; start += STEP) {
    for (var i = local; i < STEP * rows; i += 64u) {
      let k = start + (i & (STEP - 1u));
      let row = first_row + i / STEP;
      var vector = vec4<f32>();
      if (k < params.terms) {
        let base = filter0 * params.terms + k;
        vector = vec4<f32>(
          operand(in1[base + min(row, last_row) * params.terms]),
          operand(in1[base + min(row + rows, last_row) * params.terms]),
          operand(in1[base + min(row + 2u * rows, last_row) * params.terms]),
          operand(in1[base + min(row + 3u * rows, last_row) * params.terms]),
        );
      }
      sh_tile[tile_left(i & (STEP - 1u), i / STEP)] = vector;
    }
    for (var t = local >> COLUMN_BITS; t < STEP; t += rows) {
      let k = start + t;
      var vector = vec4<f32>();
      if (k < params.terms) {
        let term = in2[k];
        vector = vec4<f32>(tap(image, window0, term), tap(image, window1, term), tap(image, window2, term), tap(image, window3, term));
      }
      sh_tile[tile_right(t, local & (columns - 1u))] = vector;
    }
    workgroupBarrier();
    tile_multiply(local);
    workgroupBarrier();
    if (((start + STEP) & 63u) < 1u) {
      tile_close_group(start + STEP);
    }
  }
  check_operands(params.terms);
  tile_finish(local);

  let row = first_row + (local >> COLUMN_BITS);
  for (var i = 0u; i < 16u; i++) {
    let channel = row + (i >> 2u) * rows;
    let position = column + (i & 3u) * columns;
    if (channel < params.filters && position < positions) {
      let at = (group.z * params.filters + channel) * positions + position;
      out0[at] = epilogue(stored(sh_tile[4u * local + (i >> 2u)][i & 3u]), at);
    }
  }
}
