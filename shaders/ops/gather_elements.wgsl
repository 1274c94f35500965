// GatherElements: each output element is read where its own index says along one axis, and at its own position
// along the others (V1). An index outside the tensor gives zero bits. One invocation writes one word: a part of an
// element of 8 bytes, one of 4, or several smaller ones.
// #import math/barrier
// #import math/index
// #import math/indices
struct Params {
  n: u32,
  rank: u32,
  bytes_shift: u32,
  index_bytes: u32,
  axis_dim: u32,
  axis_stride: u32,
  pad0: u32,
  pad1: u32,
  dims: array<vec4<u32>, 2>,
  strides: array<vec4<u32>, 2>,
}
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(3) var<storage, read> in0: array<u32>;
@group(0) @binding(4) var<storage, read> in1: array<u32>;
@group(0) @binding(5) var<storage, read_write> out0: array<u32>;

const WORKGROUP_SIZE = 64u;
const OUTSIDE = 0xffffffffu;

// The data element for an output element, or OUTSIDE.
fn source(element: u32) -> u32 {
  var at = 0u;
  var rest = element;
  for (var axis = params.rank - 1u; axis > 0u; axis--) {
    let dim = params.dims[axis >> 2u][axis & 3u];
    let above = div_u32(rest, dim);
    at += (rest - above * dim) * params.strides[axis >> 2u][axis & 3u];
    rest = above;
  }
  at += rest * params.strides[0][0];
  var index = 0u;
  if (params.index_bytes > 4u) {
    index = wrapped_index(in1[2u * element], in1[2u * element + 1u], params.axis_dim);
  } else {
    index = wrapped_index(in1[element], sign_word(in1[element]), params.axis_dim);
  }
  return select(at + index * params.axis_stride, OUTSIDE, index >= params.axis_dim);
}

@compute @workgroup_size(WORKGROUP_SIZE)
fn main(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(num_workgroups) groups: vec3<u32>,
  @builtin(local_invocation_index) local: u32,
) {
  begin();
  let word = (group.y * groups.x + group.x) * WORKGROUP_SIZE + local;
  if (params.bytes_shift > 1u) {
    let halves = params.bytes_shift - 2u; // log2 of the words an element
    let element = word >> halves;
    if (element >= params.n) {
      return;
    }
    let at = source(element);
    if (at == OUTSIDE) {
      out0[word] = 0u;
    } else {
      out0[word] = in0[(at << halves) + (word & halves)];
    }
    return;
  }
  let log2_count = 2u - params.bytes_shift; // elements a word
  let bits = 8u << params.bytes_shift;
  let first = word << log2_count;
  if (first >= params.n) {
    return;
  }
  let last = min(first + (1u << log2_count), params.n);
  var packed = 0u;
  for (var element = first; element < last; element++) {
    let at = source(element);
    if (at != OUTSIDE) {
      let part = (at & ((1u << log2_count) - 1u)) * bits;
      packed |= ((in0[at >> log2_count] >> part) & ((1u << bits) - 1u)) << ((element - first) * bits);
    }
  }
  out0[word] = packed;
}
