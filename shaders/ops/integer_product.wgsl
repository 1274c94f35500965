// Y[batch][m][n] = sum over k of A[batch][m][k] * B[batch][k][n] on i32, both packed by integer_pack:
// two terms a word, A in strips of 4 rows (of 1 where there is but one), B in panels of 8 columns. Rule V8: exact, modulo 2^32, so no order matters.
// Then the chain, whose seed is the word. One invocation computes 4 rows by 4 columns, half a panel.
// The twin of wasm/ops/integer_product.c.
// #import math/barrier
// #import math/index
// #import math/integer
struct Params {
  m: u32,
  n: u32,
  pairs: u32,
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

fn add_terms(row: u32, pair: u32, low: vec4<u32>, high: vec4<u32>) {
  let left = vec4<u32>(pair);
  sums[row] += low4(left) * low + high4(left) * high;
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
  // Rows past the end are zeros and not stored.
  a += row * params.pairs;
  var at = (b >> 2u) + 2u * (quad >> 1u) * params.pairs + (quad & 1u);
  for (var k = 0u; k < params.pairs; k++) {
    let right = in1[at];
    let low = low4(right);
    let high = high4(right);
    add_terms(0u, in0[a], low, high);
    if (ROWS > 1u) {
      add_terms(1u, in0[a + 1u], low, high);
      add_terms(2u, in0[a + 2u], low, high);
      add_terms(3u, in0[a + 3u], low, high);
    }
    a += params.strip;
    at += 2u;
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
