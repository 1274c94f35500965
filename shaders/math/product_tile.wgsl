// A tile of dot products in workgroup memory: 64 invocations, four rows by four columns each (V4).
// The tile is 4 * 2^row_bits rows by 4 * 2^column_bits columns, the bits adding to 6; its shape moves no bit. Vector q
// of a side holds rows (columns) q, q + n, q + 2n and q + 3n, n vectors a side, so that neighbouring invocations load
// and store neighbouring words. The host text fills STEP terms of `sh_tile` with tile_left and tile_right (terms past
// the end as +0), calls tile_multiply between barriers, and at last tile_finish.
// #import math/product

override ROW_BITS: u32 = 3u;
override COLUMN_BITS: u32 = 3u;

const STEP: u32 = 16u; // terms at once; divides 64

// Term t of the left side starts at t * (vectors + 1): the odd pitch spreads the terms over the memory banks.
// 16 * (2 + 1) + 16 * (32 + 1) vectors at most; the sums of 64 invocations need 256.
var<workgroup> sh_tile: array<vec4<f32>, 576>;

var<private> sum0: vec4<f32>;
var<private> sum1: vec4<f32>;
var<private> sum2: vec4<f32>;
var<private> sum3: vec4<f32>;
var<private> one0: vec4<f32>;
var<private> one1: vec4<f32>;
var<private> one2: vec4<f32>;
var<private> one3: vec4<f32>;
var<private> two0: vec4<f32>;
var<private> two1: vec4<f32>;
var<private> two2: vec4<f32>;
var<private> two3: vec4<f32>;

fn tile_left(term: u32, vector: u32) -> u32 {
  return term * ((1u << ROW_BITS) + 1u) + vector;
}

fn tile_right(term: u32, vector: u32) -> u32 {
  return STEP * ((1u << ROW_BITS) + 1u) + term * ((1u << COLUMN_BITS) + 1u) + vector;
}

fn tile_multiply(local: u32) {
  let left_pitch = (1u << ROW_BITS) + 1u;
  let right_pitch = (1u << COLUMN_BITS) + 1u;
  var left = tile_left(0u, local >> COLUMN_BITS);
  var right = tile_right(0u, local & ((1u << COLUMN_BITS) - 1u));
  for (var term = 0u; term < STEP; term++) {
    let a = sh_tile[left];
    let b = sh_tile[right];
    sum0 = multiply_add(sum0, b, a.x);
    sum1 = multiply_add(sum1, b, a.y);
    sum2 = multiply_add(sum2, b, a.z);
    sum3 = multiply_add(sum3, b, a.w);
    left += left_pitch;
    right += right_pitch;
  }
}

// After 64 terms, `terms` of them so far.
fn tile_close_group(terms: u32) {
  one0 = add4(one0, sum0);
  one1 = add4(one1, sum1);
  one2 = add4(one2, sum2);
  one3 = add4(one3, sum3);
  sum0 = vec4<f32>();
  sum1 = vec4<f32>();
  sum2 = vec4<f32>();
  sum3 = vec4<f32>();
  if ((terms & 4095u) < 1u) {
    two0 = add4(two0, one0);
    two1 = add4(two1, one1);
    two2 = add4(two2, one2);
    two3 = add4(two3, one3);
    one0 = vec4<f32>();
    one1 = vec4<f32>();
    one2 = vec4<f32>();
    one3 = vec4<f32>();
  }
}

// Leaves row i of the invocation's sums in sh_tile[4 * local + i]. The last tile_multiply lies behind a barrier.
fn tile_finish(local: u32) {
  sh_tile[4u * local] = add4(two0, add4(one0, sum0));
  sh_tile[4u * local + 1u] = add4(two1, add4(one1, sum1));
  sh_tile[4u * local + 2u] = add4(two2, add4(one2, sum2));
  sh_tile[4u * local + 3u] = add4(two3, add4(one3, sum3));
}
