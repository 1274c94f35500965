// conv_taps where a group has one filter (depthwise): nothing is shared between filters. One invocation adds the terms
// of four outputs that are neighbours in a row, in the order of the kernel, so that the list of taps (the third
// input) is not read; where the windows overlap (SLIDES: stride and dilation 1) a tap's row is read once.
// Same sums and same Params as conv_taps. The twin of wasm/ops/conv_taps.c.
// #import math/halves
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
  dilation_depth: u32,
  dilation_height: u32,
  dilation_width: u32,
  kernel_depth: u32,
  kernel_height: u32,
  kernel_width: u32,
  images: u32, // of all groups
  y_shift: u32,
  z_shift: u32,
  row_bits: u32,
  w_stored: u32,
  pad0: u32,
  chain: Chain,
}
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(3) var<storage, read> in0: array<u32>;
@group(0) @binding(4) var<storage, read> in1: array<u32>;

// Chosen in src/ops/conv_taps.ts. WIDE: eight outputs an invocation instead of four; SLIDES: stride and dilation along
// rows are 1; UNROLLED: the kernel's width if it is 3 or 5, else 0; LEVELS as in math/product_8x8.
override WIDE: bool = false;
override SLIDES: bool = false;
override UNROLLED: u32 = 0u;
override LEVELS: u32 = 3u;
// What W is stored as (the Params say it too; math/halves), 0 for words.
override W_STORED: u32 = 0u;

var<private> sum_low: Float4;
var<private> sum_high: Float4;
var<private> one_low: Float4;
var<private> one_high: Float4;
var<private> two_low: Float4;
var<private> two_high: Float4;
var<private> terms: u32;

// The taps of the outputs, where they lie along their row, the row's offset, and its width or 0 if it is padding.
var<private> window_low: Float4;
var<private> window_high: Float4;
var<private> x_low: vec4<u32>;
var<private> x_high: vec4<u32>;
var<private> line: u32;
var<private> limit: u32;

fn taps4(x: vec4<u32>) -> Float4 {
  let is_inside = x < vec4<u32>(limit);
  let at = select(vec4<u32>(), vec4<u32>(line) + x, is_inside);
  let words = vec4<u32>(in0[at.x], in0[at.y], in0[at.z], in0[at.w]);
  return operand4(select(vec4<u32>(), words, is_inside));
}

fn load_taps() {
  window_low = taps4(x_low);
  if (WIDE) {
    window_high = taps4(x_high);
  }
}

// Along the row by one tap.
fn next_taps() {
  x_low += vec4<u32>(params.dilation_width);
  x_high += vec4<u32>(params.dilation_width);
  if (!SLIDES) {
    load_taps();
    return;
  }
  // All but the last are known from the tap before.
  let x = select(x_low.w, x_high.w, WIDE);
  let is_inside = x < limit;
  let word = in0[select(0u, line + x, is_inside)];
  let last = operand(select(0u, word, is_inside));
  if (WIDE) {
    window_low = Float4(window_low.yzw, window_high.x);
    window_high = Float4(window_high.yzw, last);
  } else {
    window_low = Float4(window_low.yzw, last);
  }
}

fn weight_of(at: u32) -> Float {
  if (W_STORED < 1u) {
    return operand(in1[at]);
  }
  return half1(in1[at >> 1u], at, W_STORED);
}

fn add_term(weight: u32) {
  let w = weight_of(weight);
  sum_low = multiply_add(sum_low, window_low, w);
  if (WIDE) {
    sum_high = multiply_add(sum_high, window_high, w);
  }
  if (LEVELS < 2u) {
    return;
  }
  terms += 1u;
  if ((terms & 63u) > 0u) {
    return;
  }
  one_low = add4(one_low, sum_low);
  one_high = add4(one_high, sum_high);
  sum_low = Float4();
  sum_high = Float4();
  if (LEVELS < 3u || (terms & 4095u) > 0u) {
    return;
  }
  two_low = add4(two_low, one_low);
  two_high = add4(two_high, one_high);
  one_low = Float4();
  one_high = Float4();
}

fn add_row(weight: u32) {
  load_taps();
  add_term(weight);
  if (UNROLLED > 0u) {
    next_taps();
    add_term(weight + 1u);
    next_taps();
    add_term(weight + 2u);
    if (UNROLLED > 3u) {
      next_taps();
      add_term(weight + 3u);
      next_taps();
      add_term(weight + 4u);
    }
    return;
  }
  for (var k = 1u; k < params.kernel_width; k++) {
    next_taps();
    add_term(weight + k);
  }
}

fn total(sum: Float4, one: Float4, two: Float4) -> vec4<u32> {
  if (LEVELS < 2u) {
    return stored4(sum);
  }
  return stored4(add4(two, add4(one, sum)));
}

var<private> totals: array<vec4<u32>, 2>;

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(num_workgroups) groups: vec3<u32>,
  @builtin(local_invocation_index) local: u32,
) {
  begin();
  // index = (((image * filters + filter) * out_depth + z) * out_height + y) * runs + run
  let index = (group.y * groups.x + group.x) * 64u + local;
  let length = select(4u, 8u, WIDE);
  let runs = (params.out_width + length - 1u) >> select(2u, 3u, WIDE);
  let row = div_u32(index, runs);
  let slice = div_u32(row, params.out_height);
  let channel = div_u32(slice, params.out_depth);
  let image = div_u32(channel, params.filters);
  if (image >= params.images) {
    return;
  }
  let column = length * (index - row * runs);
  let z0 = (slice - channel * params.out_depth) * params.stride_depth - params.pad_front;
  let y0 = (row - slice * params.out_height) * params.stride_height - params.pad_top;
  let first = vec4<u32>(column * params.stride_width - params.pad_left) + vec4<u32>(0u, 1u, 2u, 3u) * params.stride_width;
  var weight = (channel - div_u32(image, params.groups) * params.groups * params.filters) * params.terms;
  var plane = image * params.channels * params.depth;
  for (var c = 0u; c < params.channels; c++) {
    var z = z0;
    for (var kz = 0u; kz < params.kernel_depth; kz++) {
      var y = y0;
      for (var ky = 0u; ky < params.kernel_height; ky++) {
        line = ((plane + z) * params.height + y) * params.width;
        limit = select(0u, params.width, z < params.depth && y < params.height);
        x_low = first;
        x_high = first + vec4<u32>(4u * params.stride_width);
        add_row(weight);
        weight += params.kernel_width;
        y += params.dilation_height;
      }
      z += params.dilation_depth;
    }
    plane += params.depth;
  }
  check_operands(params.terms);

  totals[0] = total(sum_low, one_low, two_low);
  if (WIDE) {
    totals[1] = total(sum_high, one_high, two_high);
  }
  let start = row * params.out_width + column;
  epilogue_row(channel * params.out_depth * params.out_height * params.out_width);
  for (var i = 0u; i < min(length, params.out_width - column); i++) {
    out0[start + i] = epilogue(totals[i >> 2u][i & 3u], start + i);
  }
}
