// Y[image][filter][z][y][x] = tree over k of W[filter][k] * X[k] (V3, V4, V5): the operands of a product block whose rows
// are filters and whose columns are output positions (math/product_8x8 or product_4x8, which is composed in
// src/ops/conv_taps.ts). Term k = (input channel, kernel depth, row, column) lies at in2[k].x elements from the
// window's corner; in2[k].y holds its z, y and x, dilation included, so that no term needs a division. A tap outside
// the input is +0 by position. An image is one group of one image. The twin of wasm/ops/conv_taps.c.
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
@group(0) @binding(5) var<storage, read> in2: array<vec2<u32>>;

// The innermost axes along which a window may leave the input; 0 without padding.
override AXES: u32 = 3u;
// What W is stored as (the Params say it too; math/halves), 0 for words. Halves are read in pairs: terms are even in number, so that
// 2i and 2i + 1 lie in one word.
override W_STORED: u32 = 0u;

// Offsets of the invocation's filters in W, and the words of it that were read last; corners of its windows: offset in X, z, y and x, wrapped where negative.
var<private> left_low: vec4<u32>;
var<private> left_high: vec4<u32>;
var<private> pairs_low: vec4<u32>;
var<private> pairs_high: vec4<u32>;
var<private> corner_low: vec4<u32>;
var<private> corner_high: vec4<u32>;
var<private> z_low: vec4<u32>;
var<private> z_high: vec4<u32>;
var<private> y_low: vec4<u32>;
var<private> y_high: vec4<u32>;
var<private> x_low: vec4<u32>;
var<private> x_high: vec4<u32>;

fn block_extent() -> Extent {
  return Extent(params.images, params.filters, params.out_depth * params.out_height * params.out_width, params.terms, params.row_bits);
}

// z, y and x of the corner of the window at an output position.
fn corner(position: u32) -> vec3<u32> {
  let line = div_u32(position, params.out_width);
  let plane = div_u32(line, params.out_height);
  return vec3<u32>(
    plane * params.stride_depth - params.pad_front,
    (line - plane * params.out_height) * params.stride_height - params.pad_top,
    (position - line * params.out_width) * params.stride_width - params.pad_left,
  );
}

fn block_column(lane: u32, lanes: u32, i: u32) -> u32 {
  return lane + i * lanes;
}

fn block_begin(image: u32, row: u32, lane: u32, lanes: u32) {
  let four = vec4<u32>(0u, 1u, 2u, 3u);
  let filter0 = (image - div_u32(image, params.groups) * params.groups) * params.filters;
  let last_row = vec4<u32>(params.filters - 1u);
  left_low = (vec4<u32>(filter0) + min(vec4<u32>(row) + four, last_row)) * params.terms;
  left_high = (vec4<u32>(filter0) + min(vec4<u32>(row + 4u) + four, last_row)) * params.terms;

  let last = params.out_depth * params.out_height * params.out_width - 1u;
  let a = corner(min(lane, last));
  let b = corner(min(lane + lanes, last));
  let c = corner(min(lane + 2u * lanes, last));
  let d = corner(min(lane + 3u * lanes, last));
  z_low = vec4<u32>(a.x, b.x, c.x, d.x);
  y_low = vec4<u32>(a.y, b.y, c.y, d.y);
  x_low = vec4<u32>(a.z, b.z, c.z, d.z);
  let e = corner(min(lane + 4u * lanes, last));
  let f = corner(min(lane + 5u * lanes, last));
  let g = corner(min(lane + 6u * lanes, last));
  let h = corner(min(lane + 7u * lanes, last));
  z_high = vec4<u32>(e.x, f.x, g.x, h.x);
  y_high = vec4<u32>(e.y, f.y, g.y, h.y);
  x_high = vec4<u32>(e.z, f.z, g.z, h.z);
  let first = vec4<u32>(image * params.channels * params.depth * params.height * params.width);
  corner_low = first + (z_low * params.height + y_low) * params.width + x_low;
  corner_high = first + (z_high * params.height + y_high) * params.width + x_high;
}

fn left_words(at: vec4<u32>) -> vec4<u32> {
  return vec4<u32>(in1[at.x], in1[at.y], in1[at.z], in1[at.w]);
}

fn block_left(k: u32) -> Eight {
  let low = left_low + vec4<u32>(k);
  let high = left_high + vec4<u32>(k);
  if (W_STORED < 1u) {
    return Eight(operand4(left_words(low)), operand4(left_words(high)));
  }
  pairs_low = left_words(low >> vec4<u32>(1u));
  pairs_high = left_words(high >> vec4<u32>(1u));
  note8(pairs_low, pairs_high, W_STORED);
  return Eight(half4(pairs_low << vec4<u32>(16u), W_STORED), half4(pairs_high << vec4<u32>(16u), W_STORED));
}

fn block_left_odd(k: u32) -> Eight {
  if (W_STORED < 1u) {
    return block_left(k);
  }
  return Eight(half4(pairs_low, W_STORED), half4(pairs_high, W_STORED));
}

fn block_left_low(k: u32) -> Float4 {
  let low = left_low + vec4<u32>(k);
  if (W_STORED < 1u) {
    return operand4(left_words(low));
  }
  pairs_low = left_words(low >> vec4<u32>(1u));
  note4(pairs_low, W_STORED);
  return half4(pairs_low << vec4<u32>(16u), W_STORED);
}

fn block_left_low_odd(k: u32) -> Float4 {
  if (W_STORED < 1u) {
    return block_left_low(k);
  }
  return half4(pairs_low, W_STORED);
}

fn right4(at: vec4<u32>) -> vec4<u32> {
  return vec4<u32>(in0[at.x], in0[at.y], in0[at.z], in0[at.w]);
}

// Taps at `at` where z, y and x lie in the input, else +0.
fn taps4(at: vec4<u32>, z: vec4<u32>, y: vec4<u32>, x: vec4<u32>) -> Float4 {
  if (AXES < 1u) {
    return operand4(right4(at));
  }
  var inside = x < vec4<u32>(params.width);
  if (AXES > 1u) {
    inside = inside & (y < vec4<u32>(params.height));
  }
  if (AXES > 2u) {
    inside = inside & (z < vec4<u32>(params.depth));
  }
  return operand4(select(vec4<u32>(), right4(select(vec4<u32>(), at, inside)), inside));
}

fn block_right(k: u32) -> Eight {
  let tap = in2[k];
  let offset = vec4<u32>(tap.x);
  let z = vec4<u32>(tap.y >> params.z_shift);
  let y = vec4<u32>((tap.y >> params.y_shift) & ((1u << (params.z_shift - params.y_shift)) - 1u));
  let x = vec4<u32>(tap.y & ((1u << params.y_shift) - 1u));
  return Eight(
    taps4(corner_low + offset, z_low + z, y_low + y, x_low + x),
    taps4(corner_high + offset, z_high + z, y_high + y, x_high + x),
  );
}
