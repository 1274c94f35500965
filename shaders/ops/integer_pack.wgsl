// Packs one operand of integer_product: out[matrix][block][pair of terms][line of the block], the differences of
// 8-bit elements and their zero points as pairs of 16 bits (math/integer); `block` lines side by side; lines past the end
// are zero. One invocation writes one word. Rule V8: exact. The twin of wasm/ops/integer_pack.c.
// #import math/barrier
// #import math/index
// #import math/integer
struct Params {
  terms: u32,
  lines: u32,
  block: u32,
  is_signed: u32,
  line_stride: u32,
  term_stride: u32,
  zero_stride: u32,
  matrices: u32,
  batch_dims: array<vec4<u32>, 2>,
  batch_strides: array<vec4<u32>, 2>,
  zero_strides: array<vec4<u32>, 2>,
}
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(3) var<storage, read> in0: array<u32>;
@group(0) @binding(4) var<storage, read> in1: array<u32>;
@group(0) @binding(5) var<storage, read_write> out0: array<u32>;

const WORKGROUP_SIZE = 64u;

fn element(at: u32) -> u32 {
  return byte_of(in0[at >> 2u], at, params.is_signed);
}

@compute @workgroup_size(WORKGROUP_SIZE)
fn main(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(num_workgroups) groups: vec3<u32>,
  @builtin(local_invocation_index) local: u32,
) {
  begin();
  // index = ((matrix * blocks + block) * pairs + pair) * lines a block + line
  let index = (group.y * groups.x + group.x) * WORKGROUP_SIZE + local;
  let pairs = (params.terms + 1u) >> 1u;
  let blocks = div_u32(params.lines + params.block - 1u, params.block);
  let row = div_u32(index, params.block);
  let unit = div_u32(row, pairs);
  let matrix = div_u32(unit, blocks);
  if (matrix >= params.matrices) {
    return;
  }
  let line = (unit - matrix * blocks) * params.block + (index - row * params.block);
  if (line >= params.lines) {
    out0[index] = 0u;
    return;
  }
  var at = line * params.line_stride;
  var zero_at = line * params.zero_stride;
  var rest = matrix;
  for (var axis = 0u; axis < 8u; axis++) {
    let dim = params.batch_dims[axis >> 2u][axis & 3u];
    let above = div_u32(rest, dim);
    let place = rest - above * dim;
    at += place * params.batch_strides[axis >> 2u][axis & 3u];
    zero_at += place * params.zero_strides[axis >> 2u][axis & 3u];
    rest = above;
  }
  let zero = byte_of(in1[zero_at >> 2u], zero_at, params.is_signed);
  let term = 2u * (row - unit * pairs);
  let low = element(at + term * params.term_stride) - zero;
  var high = 0u;
  if (term + 1u < params.terms) {
    high = element(at + (term + 1u) * params.term_stride) - zero;
  }
  out0[index] = pair_of(low, high);
}
