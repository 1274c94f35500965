// Y[batch][m][n] = sum over k of (A[batch][m][k] - its zero point) * (B[batch][k][n] - its zero point) on i32, both packed by
// integer_dot_pack: four terms a word, A in strips of 4 rows (of 1 where there is but one), B in panels of 8 columns. The products of
// bytes are summed, and with sums of lines made what the differences give. Rule V8: exact, modulo 2^32, so no order
// matters. Then the chain, whose seed is the word. One invocation computes 4 rows by 4 columns, half a panel.
// The twin of wasm/ops/integer_dot.c.
// #import math/barrier
// #import math/index
// #import math/dot
struct Params {
  m: u32,
  n: u32,
  terms: u32,
  batch_rank: u32,
  row_block: u32,
  column_block: u32,
  images: u32,
  strip: u32,
  batch_dims: array<vec4<u32>, 2>,
  a_strides: array<vec4<u32>, 2>,
  b_strides: array<vec4<u32>, 2>,
  chain: Chain,
}
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(3) var<storage, read> in0: array<u32>;
@group(0) @binding(4) var<storage, read> in1: array<vec4<u32>>;

const WORKGROUP_SIZE = 64u;

// 1 where a matrix has one row: the other three are not computed.
override ROWS: u32 = 4u;

var<private> sums: array<vec4<u32>, 4>;

// Of one row, which is raised (math/dot): the sum of products less those with zero points, left + right, and their product as often
// as there are terms.
fn differences(row: u32, at: u32, right_sum: vec4<u32>, right_zero: vec4<u32>) {
  let left_sum = vec4<u32>(in0[at] + params.terms * RAISED);
  let left_zero = vec4<u32>(in0[at + params.strip] + RAISED);
  sums[row] += (vec4<u32>(params.terms) * left_zero - left_sum) * right_zero - left_zero * right_sum;
}

@compute @workgroup_size(WORKGROUP_SIZE)
fn main(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(num_workgroups) groups: vec3<u32>,
  @builtin(local_invocation_index) local: u32,
) {
  begin();
  // index = (image * strips + strip) * quads + quad
  let index = (group.y * groups.x + group.x) * WORKGROUP_SIZE + local;
  let quads = (params.n + 3u) >> 2u;
  let strips = (params.m + 3u) >> 2u;
  let place = div_u32(index, quads);
  let quad = index - place * quads;
  let image = div_u32(place, strips);
  if (image >= params.images) {
    return;
  }
  let row = 4u * (place - image * strips);
  var a = 0u;
  var b = 0u;
  var rest = image;
  for (var axis = 0u; axis < params.batch_rank; axis++) {
    let dim = params.batch_dims[axis >> 2u][axis & 3u];
    let above = div_u32(rest, dim);
    let at = rest - above * dim;
    a += at * params.a_strides[axis >> 2u][axis & 3u];
    b += at * params.b_strides[axis >> 2u][axis & 3u];
    rest = above;
  }
  // Rows past the end are zeros and not stored. A line is as many words, its sum and its zero point.
  let words = (params.terms + 3u) >> 2u;
  a += row * (words + 2u);
  var at = (b >> 2u) + 2u * (quad >> 1u) * (words + 2u) + (quad & 1u);
  for (var k = 0u; k < words; k++) {
    let right = signed_bytes4(in1[at]);
    sums[0] += dots4(raised_bytes(in0[a] ^ RAISES), right, 4u);
    if (ROWS > 1u) {
      sums[1] += dots4(raised_bytes(in0[a + 1u] ^ RAISES), right, 4u);
      sums[2] += dots4(raised_bytes(in0[a + 2u] ^ RAISES), right, 4u);
      sums[3] += dots4(raised_bytes(in0[a + 3u] ^ RAISES), right, 4u);
    }
    a += params.strip;
    at += 2u;
  }
  differences(0u, a, in1[at], in1[at + 2u]);
  if (ROWS > 1u) {
    differences(1u, a + 1u, in1[at], in1[at + 2u]);
    differences(2u, a + 2u, in1[at], in1[at + 2u]);
    differences(3u, a + 3u, in1[at], in1[at + 2u]);
  }
  for (var y = 0u; y < min(ROWS, params.m - row); y++) {
    let first = (image * params.m + row + y) * params.n;
    epilogue_row(first);
    for (var i = 0u; i < min(4u, params.n - 4u * quad); i++) {
      let column = 4u * quad + i;
      out0[first + column] = epilogue(sums[y][i], first + column);
    }
  }
}
