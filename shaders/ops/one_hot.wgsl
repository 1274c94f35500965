// OneHot: out[o, d, i] = values[1] where index [o, i] is d, else values[0] (V1). A negative index counts from the
// end; an index outside -depth..depth-1 matches nothing. f32 indices are truncated by their bits, NaN is 0.
// One invocation writes one word: a part of an element of 8 bytes, one of 4, or several smaller ones.
// #import math/barrier
// #import math/index
// #import math/indices
struct Params {
  n: u32,
  depth: u32,
  inner: u32,
  bytes_shift: u32,
  index_kind: u32,
  pad0: u32,
  pad1: u32,
  pad2: u32,
}
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(3) var<storage, read> in0: array<u32>;
@group(0) @binding(4) var<storage, read> in1: array<u32>;
@group(0) @binding(5) var<storage, read_write> out0: array<u32>;

const WORKGROUP_SIZE = 64u;
const INDEX_I64 = 1u;
const INDEX_F32 = 2u;

// Truncated towards zero, in two's complement; beyond 2^30 in magnitude it stays beyond every depth.
fn truncated(bits: u32) -> u32 {
  let magnitude = bits & 0x7fffffffu;
  if (magnitude < 0x3f800000u || magnitude > 0x7f800000u) {
    return 0u;
  }
  let exponent = (magnitude >> 23u) - 127u;
  let fraction = (magnitude & 0x7fffffu) | 0x800000u;
  var value = 0x7fffffffu;
  if (exponent <= 23u) {
    value = fraction >> (23u - exponent);
  } else if (exponent <= 30u) {
    value = fraction << (exponent - 23u);
  }
  return select(value, 0u - value, bits >= 0x80000000u);
}

// 1 if the element is marked.
fn is_on(element: u32) -> u32 {
  let position = div_u32(element, params.inner);
  let outer = div_u32(position, params.depth);
  let at = outer * params.inner + (element - position * params.inner);
  var index = 0u;
  if (params.index_kind == INDEX_I64) {
    index = wrapped_index(in0[2u * at], in0[2u * at + 1u], params.depth);
  } else {
    var value = in0[at];
    if (params.index_kind == INDEX_F32) {
      value = truncated(value);
    }
    index = wrapped_index(value, sign_word(value), params.depth);
  }
  return select(0u, 1u, index == position - outer * params.depth);
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
    if (element < params.n) {
      out0[word] = in1[(is_on(element) << halves) + (word & halves)];
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
    let value = (in1[0] >> (is_on(element) * bits)) & ((1u << bits) - 1u); // both values lie in the first word
    packed |= value << ((element - first) * bits);
  }
  out0[word] = packed;
}
