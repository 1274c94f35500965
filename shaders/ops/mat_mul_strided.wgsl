// Y[batch][m][n] = tree over k of A[batch][m][k] * B[batch][k][n], both operands where they lie (V3, V4).
// A workgroup computes one tile (math/product_tile) of one matrix: group.x counts column tiles, group.y row tiles,
// group.z matrices. Every operand is flushed once, on its way into workgroup memory; terms past the end are +0; rows
// and columns past the end repeat the last one and are not stored. The twin of wasm/ops/mat_mul_strided.c.
// #import math/index
// #import math/product_tile
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
  chain: Chain,
}
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(3) var<storage, read> in0: array<u32>;
@group(0) @binding(4) var<storage, read> in1: array<u32>;

// Term and vector of an element of a side; neighbouring invocations take neighbouring words of the tensor.
fn place(i: u32, bits: u32, terms_first: bool) -> vec2<u32> {
  return select(vec2<u32>(i >> bits, i & ((1u << bits) - 1u)), vec2<u32>(i & (STEP - 1u), i / STEP), terms_first);
}

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) local: u32) {
  begin();
  var a_offset = 0u;
  var b_offset = 0u;
  var matrix = group.z;
  for (var axis = 0u; axis < params.batch_rank; axis++) {
    let dim = params.batch_dims[axis >> 2u][axis & 3u];
    let rest = div_u32(matrix, dim);
    let at = matrix - rest * dim;
    a_offset += at * params.a_strides[axis >> 2u][axis & 3u];
    b_offset += at * params.b_strides[axis >> 2u][axis & 3u];
    matrix = rest;
  }
  let rows = 1u << ROW_BITS;
  let columns = 1u << COLUMN_BITS;
  let first_row = group.y * 4u * rows;
  let first_column = group.x * 4u * columns;
  let a_terms_first = params.a_column_stride <= params.a_row_stride;
  let b_terms_first = params.b_row_stride < params.b_column_stride;
  let last_row = params.m - 1u;
  let last_column = params.n - 1u;

  for (var start = 0u; start < params.k; start += STEP) {
    for (var i = local; i < STEP * rows; i += 64u) {
      let at = place(i, ROW_BITS, a_terms_first);
      let k = start + at.x;
      let row = first_row + at.y;
      var vector = vec4<f32>();
      if (k < params.k) {
        let base = a_offset + k * params.a_column_stride;
        vector = vec4<f32>(
          operand(in0[base + min(row, last_row) * params.a_row_stride]),
          operand(in0[base + min(row + rows, last_row) * params.a_row_stride]),
          operand(in0[base + min(row + 2u * rows, last_row) * params.a_row_stride]),
          operand(in0[base + min(row + 3u * rows, last_row) * params.a_row_stride]),
        );
      }
      sh_tile[tile_left(at.x, at.y)] = vector;
    }
    for (var i = local; i < STEP * columns; i += 64u) {
      let at = place(i, COLUMN_BITS, b_terms_first);
      let k = start + at.x;
      let column = first_column + at.y;
      var vector = vec4<f32>();
      if (k < params.k) {
        let base = b_offset + k * params.b_row_stride;
        vector = vec4<f32>(
          operand(in1[base + min(column, last_column) * params.b_column_stride]),
          operand(in1[base + min(column + columns, last_column) * params.b_column_stride]),
          operand(in1[base + min(column + 2u * columns, last_column) * params.b_column_stride]),
          operand(in1[base + min(column + 3u * columns, last_column) * params.b_column_stride]),
        );
      }
      sh_tile[tile_right(at.x, at.y)] = vector;
    }
    workgroupBarrier();
    tile_multiply(local);
    workgroupBarrier();
    if (((start + STEP) & 63u) < 1u) {
      tile_close_group(start + STEP);
    }
  }
  check_operands(params.k);
  tile_finish(local);

  let row = first_row + (local >> COLUMN_BITS);
  let column = first_column + (local & (columns - 1u));
  let first = group.z * params.m * params.n;
  for (var i = 0u; i < 16u; i++) {
    let y = row + (i >> 2u) * rows;
    let x = column + (i & 3u) * columns;
    if (y < params.m && x < params.n) {
      let at = first + y * params.n + x;
      out0[at] = epilogue(stored(sh_tile[4u * local + (i >> 2u)][i & 3u]), at);
    }
  }
}
