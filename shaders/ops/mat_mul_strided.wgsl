// Y[batch][m][n] = tree over k of A[batch][m][k] * B[batch][k][n], both operands where they lie (V3, V4): the operands
// of a product block (math/product_8x8 or product_4x8, which is composed in src/ops/mat_mul_strided.ts). Rows and
// columns past the end repeat the last one and are not stored. The twin of wasm/ops/mat_mul_strided.c.
// #import math/halves
// #import math/index
// #import math/product
struct Params {
  m: u32,
  n: u32,
  k: u32,
  batch_rank: u32,
  a_row_stride: u32,
  a_column_stride: u32,
  b_row_stride: u32,
  b_column_stride: u32,
  batch_dims: array<vec4<u32>, 2>,
  a_strides: array<vec4<u32>, 2>,
  b_strides: array<vec4<u32>, 2>,
  images: u32,
  row_bits: u32,
  b_stored: u32,
  a_stored: u32,
  chain: Chain,
}
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(3) var<storage, read> in0: array<u32>;
@group(0) @binding(4) var<storage, read> in1: array<u32>;

// What B is stored as (the Params say it too; math/halves), 0 for words, and whether columns 2i and 2i + 1 lie in one word, which
// is then read once: n and all steps are even. Else parity decides.
override B_STORED: u32 = 0u;
override B_PAIRS: bool = false;
// The same of A, where it is terms 2i and 2i + 1 that may lie in one word.
override A_STORED: u32 = 0u;
override A_PAIRS: bool = false;

// Offsets of the invocation's rows of A and columns of B.
var<private> left_low: vec4<u32>;
var<private> left_high: vec4<u32>;
var<private> right_low: vec4<u32>;
var<private> right_high: vec4<u32>;
// Words of A that were read last.
var<private> pairs_low: vec4<u32>;
var<private> pairs_high: vec4<u32>;

fn block_extent() -> Extent {
  return Extent(params.images, params.m, params.n, params.k, params.row_bits);
}

// Neighbours for pairs along columns: n is even, so that a pair is inside or outside.
fn block_column(lane: u32, lanes: u32, i: u32) -> u32 {
  return select(lane + i * lanes, 2u * (lane + (i >> 1u) * lanes) + (i & 1u), B_PAIRS);
}

fn block_begin(image: u32, row: u32, lane: u32, lanes: u32) {
  var a_offset = 0u;
  var b_offset = 0u;
  var matrix = image;
  for (var axis = 0u; axis < params.batch_rank; axis++) {
    let dim = params.batch_dims[axis >> 2u][axis & 3u];
    let rest = div_u32(matrix, dim);
    let at = matrix - rest * dim;
    a_offset += at * params.a_strides[axis >> 2u][axis & 3u];
    b_offset += at * params.b_strides[axis >> 2u][axis & 3u];
    matrix = rest;
  }
  let four = vec4<u32>(0u, 1u, 2u, 3u);
  let last_row = vec4<u32>(params.m - 1u);
  left_low = vec4<u32>(a_offset) + min(vec4<u32>(row) + four, last_row) * params.a_row_stride;
  left_high = vec4<u32>(a_offset) + min(vec4<u32>(row + 4u) + four, last_row) * params.a_row_stride;
  let columns = vec4<u32>(block_column(lane, lanes, 0u), block_column(lane, lanes, 1u), block_column(lane, lanes, 2u), block_column(lane, lanes, 3u));
  let last_column = select(vec4<u32>(params.n - 1u), vec4<u32>(params.n) - vec4<u32>(2u, 1u, 2u, 1u), B_PAIRS);
  right_low = vec4<u32>(b_offset) + min(columns, last_column) * params.b_column_stride;
  right_high = vec4<u32>(b_offset) + min(columns + vec4<u32>(4u * lanes), last_column) * params.b_column_stride;
}

fn left_words(at: vec4<u32>) -> vec4<u32> {
  return vec4<u32>(in0[at.x], in0[at.y], in0[at.z], in0[at.w]);
}

fn right_words(at: vec4<u32>) -> vec4<u32> {
  return vec4<u32>(in1[at.x], in1[at.y], in1[at.z], in1[at.w]);
}

fn block_left(k: u32) -> Eight {
  let low = left_low + vec4<u32>(k * params.a_column_stride);
  let high = left_high + vec4<u32>(k * params.a_column_stride);
  if (A_STORED < 1u) {
    return Eight(operand4(left_words(low)), operand4(left_words(high)));
  }
  pairs_low = left_words(low >> vec4<u32>(1u));
  pairs_high = left_words(high >> vec4<u32>(1u));
  note8(pairs_low, pairs_high, A_STORED);
  if (A_PAIRS) {
    return Eight(half4(pairs_low << vec4<u32>(16u), A_STORED), half4(pairs_high << vec4<u32>(16u), A_STORED));
  }
  return Eight(half4(raised4(pairs_low, low), A_STORED), half4(raised4(pairs_high, high), A_STORED));
}

fn block_left_odd(k: u32) -> Eight {
  if (A_PAIRS) {
    return Eight(half4(pairs_low, A_STORED), half4(pairs_high, A_STORED));
  }
  return block_left(k);
}

fn block_left_low(k: u32) -> Float4 {
  let low = left_low + vec4<u32>(k * params.a_column_stride);
  if (A_STORED < 1u) {
    return operand4(left_words(low));
  }
  pairs_low = left_words(low >> vec4<u32>(1u));
  note4(pairs_low, A_STORED);
  if (A_PAIRS) {
    return half4(pairs_low << vec4<u32>(16u), A_STORED);
  }
  return half4(raised4(pairs_low, low), A_STORED);
}

fn block_left_low_odd(k: u32) -> Float4 {
  if (A_PAIRS) {
    return half4(pairs_low, A_STORED);
  }
  return block_left_low(k);
}

fn right4(at: vec4<u32>) -> Float4 {
  if (B_STORED < 1u) {
    return operand4(right_words(at));
  }
  let word = at >> vec4<u32>(1u);
  if (B_PAIRS) {
    let pairs = vec2<u32>(in1[word.x], in1[word.z]);
    note4(pairs.xxyy, B_STORED);
    return half4(raised_pairs(pairs.x, pairs.y), B_STORED);
  }
  let words = right_words(word);
  note4(words, B_STORED);
  return half4(raised4(words, at), B_STORED);
}

fn block_right(k: u32) -> Eight {
  let at = vec4<u32>(k * params.b_row_stride);
  return Eight(right4(right_low + at), right4(right_high + at));
}
