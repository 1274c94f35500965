// mat_mul_strided for few rows: the same sums, one row of Y at a time, without a tile.
// 2^LANE_BITS invocations share an output; each adds one group of 64 terms at a time (V4 fixes the order inside a
// group and of the groups, not who adds which), the first of them adds the groups' sums in order. Neighbouring
// outputs lie in neighbouring invocations. group.x counts columns, group.y rows, group.z matrices.
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
  pad0: u32,
  pad1: u32,
  chain: Chain,
}
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(3) var<storage, read> in0: array<u32>;
@group(0) @binding(4) var<storage, read> in1: array<u32>;

override LANE_BITS: u32 = 0u;

// Sum of group `lane` of the pass for column `column`, at lane * columns + column.
var<workgroup> sh_groups: array<f32, 64>;

// Four terms from k on, +0 past the end.
fn left_terms(offset: u32, k: u32) -> vec4<f32> {
  let step = params.a_column_stride;
  let base = offset + k * step;
  return vec4<f32>(operand(in0[base]), operand(in0[base + step]), operand(in0[base + 2u * step]), operand(in0[base + 3u * step]));
}

fn right_terms(offset: u32, k: u32) -> vec4<f32> {
  let step = params.b_row_stride;
  let base = offset + k * step;
  return vec4<f32>(operand(in1[base]), operand(in1[base + step]), operand(in1[base + 2u * step]), operand(in1[base + 3u * step]));
}

fn group_sum(a: u32, b: u32, first: u32, last: u32) -> f32 {
  var sum = 0.0;
  var k = first;
  for (; k + 4u <= last; k += 4u) {
    let product = bar4(left_terms(a, k) * right_terms(b, k));
    sum = bar(bar(bar(bar(sum + product.x) + product.y) + product.z) + product.w);
  }
  for (; k < last; k++) {
    let x = operand(in0[a + k * params.a_column_stride]);
    let y = operand(in1[b + k * params.b_row_stride]);
    sum = bar(sum + bar(x * y));
  }
  return sum;
}

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) local: u32) {
  begin();
  var a_offset = group.y * params.a_row_stride;
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
  let lanes = 1u << LANE_BITS;
  let columns = 64u >> LANE_BITS;
  let lane = local / columns;
  let column = group.x * columns + (local & (columns - 1u));
  b_offset += min(column, params.n - 1u) * params.b_column_stride;

  var one = 0.0;
  var two = 0.0;
  for (var start = 0u; start < params.k; start += lanes * 64u) {
    let first = start + lane * 64u;
    sh_groups[local] = group_sum(a_offset, b_offset, first, min(first + 64u, params.k));
    workgroupBarrier();
    if (lane < 1u) {
      for (var i = 0u; i < lanes && start + i * 64u < params.k; i++) {
        one = bar(one + sh_groups[i * columns + local]);
        if (((start + i * 64u + 64u) & 4095u) < 1u) {
          two = bar(two + one);
          one = 0.0;
        }
      }
    }
    workgroupBarrier();
  }
  check_operands(params.k);
  if (lane < 1u && column < params.n) {
    let row = (group.z * params.m + group.y) * params.n;
    epilogue_row(row);
    let at = row + column;
    out0[at] = epilogue(stored(bar(two + one)), at);
  }
}
