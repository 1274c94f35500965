// mat_mul_strided for few rows: the same sums, four outputs of one row of Y an invocation.
// 2^LANE_BITS invocations share their outputs; each adds one group of 64 terms at a time (V4 fixes the order inside a
// group and of the groups, not who adds which), the first of them adds the groups' sums in order. A workgroup's columns
// are neighbours, and neighbouring invocations take neighbouring ones. group.x counts columns, group.y rows, group.z
// matrices.
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
// What A is stored as.
override A_STORED: u32 = 0u;
override LANE_BITS: u32 = 0u;

// Sums of group `lane` of the pass for the columns of `place`, at lane * places + place.
var<workgroup> sh_groups: array<Float4, 64>;

fn left(offset: u32, k: u32) -> Float {
  let at = offset + k * params.a_column_stride;
  if (A_STORED < 1u) {
    return operand(in0[at]);
  }
  return half1(in0[at >> 1u], at, A_STORED);
}

fn right(offsets: vec4<u32>, k: u32) -> Float4 {
  let at = offsets + vec4<u32>(k * params.b_row_stride);
  if (B_STORED < 1u) {
    return operand4(vec4<u32>(in1[at.x], in1[at.y], in1[at.z], in1[at.w]));
  }
  let word = at >> vec4<u32>(1u);
  if (B_PAIRS) {
    let pairs = vec2<u32>(in1[word.x], in1[word.z]);
    note4(pairs.xxyy, B_STORED);
    return half4(raised_pairs(pairs.x, pairs.y), B_STORED);
  }
  let words = vec4<u32>(in1[word.x], in1[word.y], in1[word.z], in1[word.w]);
  note4(words, B_STORED);
  return half4(raised4(words, at), B_STORED);
}

fn group_sum(a: u32, b: vec4<u32>, first: u32, last: u32) -> Float4 {
  var sum = Float4();
  for (var k = first; k + 1u < last; k += 2u) {
    sum = multiply_add(multiply_add(sum, right(b, k), left(a, k)), right(b, k + 1u), left(a, k + 1u));
  }
  if (first < last && ((last - first) & 1u) > 0u) {
    sum = multiply_add(sum, right(b, last - 1u), left(a, last - 1u));
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
  let places = 64u >> LANE_BITS;
  let lane = local >> (6u - LANE_BITS);
  let place = local & (places - 1u);
  var columns = vec4<u32>(group.x * 4u * places + place) + vec4<u32>(0u, 1u, 2u, 3u) * places;
  var last_column = vec4<u32>(params.n - 1u);
  if (B_PAIRS) {
    // n is even: a pair is inside or outside.
    columns = vec4<u32>(group.x * 4u * places + 2u * place) + vec4<u32>(0u, 1u, 2u * places, 2u * places + 1u);
    last_column -= vec4<u32>(1u, 0u, 1u, 0u);
  }
  let b_offsets = vec4<u32>(b_offset) + min(columns, last_column) * params.b_column_stride;

  var one = Float4();
  var two = Float4();
  for (var start = 0u; start < params.k; start += lanes * 64u) {
    let first = start + lane * 64u;
    sh_groups[local] = group_sum(a_offset, b_offsets, first, min(first + 64u, params.k));
    workgroupBarrier();
    if (lane < 1u) {
      for (var i = 0u; i < lanes && start + i * 64u < params.k; i++) {
        one = add4(one, sh_groups[i * places + place]);
        if (((start + i * 64u + 64u) & 4095u) < 1u) {
          two = add4(two, one);
          one = Float4();
        }
      }
    }
    workgroupBarrier();
  }
  check_operands(params.k);
  if (lane > 0u) {
    return;
  }
  let totals = stored4(add4(two, one));
  let row = (group.z * params.m + group.y) * params.n;
  epilogue_row(row);
  for (var i = 0u; i < 4u; i++) {
    let column = columns[i];
    if (column < params.n) {
      out0[row + column] = epilogue(totals[i], row + column);
    }
  }
}
