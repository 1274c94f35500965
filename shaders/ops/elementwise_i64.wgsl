// Element-wise operators of int64 and uint64, and their conversions, as wasm/ops/elementwise_i64.c has them: 64-bit elements are
// pairs of words. One invocation stores one element, or the two or four that share a word.
// #import math/barrier
// #import math/int64
struct Params {
  n: u32,
  op: u32,
  rank: u32,
  inputs: u32,
  in_kind: u32, // of the operands (not of the condition)
  out_kind: u32,
  pad0: u32,
  pad1: u32,
  dims: array<vec4<u32>, 2>,
  strides0: array<vec4<u32>, 2>, // in elements; 0 where the input is broadcast
  strides1: array<vec4<u32>, 2>,
  strides2: array<vec4<u32>, 2>,
}
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(3) var<storage, read> in0: array<u32>;
@group(0) @binding(4) var<storage, read> in1: array<u32>; // in0 again where there is none
@group(0) @binding(5) var<storage, read> in2: array<u32>;
@group(0) @binding(6) var<storage, read_write> out0: array<u32>;

const WORKGROUP_SIZE = 64u;
const KIND_I64 = 0u;
const KIND_I32 = 1u;
const KIND_I16 = 3u;
const KIND_U16 = 4u;
const KIND_I8 = 5u;
const KIND_U8 = 6u;
const KIND_BOOL = 7u;
const KIND_F32 = 8u;
const KIND_U64 = 9u;

fn is_wide(kind: u32) -> bool {
  return kind == KIND_I64 || kind == KIND_U64;
}
fn word_of(input: u32, i: u32) -> u32 {
  if (input > 1u) {
    return in2[i];
  }
  if (input > 0u) {
    return in1[i];
  }
  return in0[i];
}
// Sign- or zero-extended; an f32 is its word.
fn load_kind(input: u32, at: u32, kind: u32) -> U64 {
  if (is_wide(kind)) {
    return U64(word_of(input, 2u * at), word_of(input, 2u * at + 1u));
  }
  var word = 0u;
  if (kind < KIND_I16 || kind == KIND_F32) {
    word = word_of(input, at);
  } else if (kind < KIND_I8) {
    word = (word_of(input, at >> 1u) >> (16u * (at & 1u))) & 0xffffu;
    word = select(word, sign_16(word), kind == KIND_I16);
  } else {
    word = (word_of(input, at >> 2u) >> (8u * (at & 3u))) & 0xffu;
    word = select(word, sign_8(word), kind == KIND_I8);
  }
  let signed = kind == KIND_I32 || kind == KIND_I16 || kind == KIND_I8;
  return U64(word, select(0u, 0u - (word >> 31u), signed));
}

// Where the three operands of output element i lie.
fn offsets(i: u32) -> vec3<u32> {
  var rest = i;
  var at = vec3<u32>(0u, 0u, 0u);
  for (var axis = params.rank; axis > 0u; axis--) {
    let k = axis - 1u;
    let dim = params.dims[k >> 2u][k & 3u];
    let above = div_u32(rest, dim);
    let index = rest - above * dim;
    at.x += index * params.strides0[k >> 2u][k & 3u];
    at.y += index * params.strides1[k >> 2u][k & 3u];
    at.z += index * params.strides2[k >> 2u][k & 3u];
    rest = above;
  }
  return at;
}

fn apply(a: U64, b: U64, unsigned: bool) -> U64 {
  switch (params.op) {
    case 0u: {
      return u64_add(a, b);
    }
    case 1u: {
      return u64_sub(a, b);
    }
    case 2u: {
      return u64_mul(a, b);
    }
    case 3u: {
      return i64_quotient(a, b, unsigned);
    }
    case 4u: {
      return i64_modulo(a, b, unsigned);
    }
    case 5u: {
      return i64_remainder(a, b, unsigned);
    }
    case 6u: {
      return i64_select(b, a, i64_less(a, b, unsigned));
    }
    case 7u: {
      return i64_select(b, a, i64_less(b, a, unsigned));
    }
    case 8u: {
      return i64_neg(a);
    }
    case 9u: {
      return i64_select(i64_abs(a), a, unsigned);
    }
    case 10u: {
      return i64_flag(((a.lo ^ b.lo) | (a.hi ^ b.hi)) < 1u);
    }
    case 11u: {
      return i64_flag(i64_less(a, b, unsigned));
    }
    case 12u: {
      return i64_flag(!i64_less(b, a, unsigned));
    }
    case 13u: {
      return i64_flag(i64_less(b, a, unsigned));
    }
    case 14u: {
      return i64_flag(!i64_less(a, b, unsigned));
    }
    case 17u: {
      let negative = !unsigned && i64_negative(a);
      return i64_select(i64_flag(!i64_zero(a)), U64(ALL_ONES, ALL_ONES), negative);
    }
    case 18u: {
      return U64(a.lo & b.lo, a.hi & b.hi);
    }
    case 19u: {
      return U64(a.lo | b.lo, a.hi | b.hi);
    }
    case 20u: {
      return U64(a.lo ^ b.lo, a.hi ^ b.hi);
    }
    case 21u: {
      return U64(~a.lo, ~a.hi);
    }
    case 22u: {
      let gone = b.hi > 0u || b.lo > 63u;
      return i64_select(u64_shl(a, b.lo & 63u), U64(0u, 0u), gone);
    }
    case 23u: {
      let gone = b.hi > 0u || b.lo > 63u;
      return i64_select(u64_shr(a, b.lo & 63u), U64(0u, 0u), gone);
    }
    case 24u: {
      return i64_power(a, b);
    }
    case 25u: {
      return u64_power(a, b);
    }
    default: { // cast, copy
      return a;
    }
  }
}

fn result_of(i: u32) -> U64 {
  let at = offsets(i);
  if (params.op == 15u) { // where
    let chosen = load_kind(0u, at.x, KIND_U8).lo > 0u;
    if (chosen) {
      return load_kind(1u, at.y, params.in_kind);
    }
    return load_kind(2u, at.z, params.in_kind);
  }
  let a = load_kind(0u, at.x, params.in_kind);
  if (params.in_kind == KIND_F32) {
    if (params.out_kind == KIND_U64) {
      return f32_to_u64(a.lo);
    }
    return f32_to_i64(a.lo);
  }
  var b = U64(0u, 0u);
  if (params.inputs > 1u) {
    b = load_kind(1u, at.y, params.in_kind);
  }
  let result = apply(a, b, params.in_kind == KIND_U64);
  if (params.out_kind == KIND_F32) {
    return U64(i64_to_f32(result, params.in_kind == KIND_U64), 0u);
  }
  return result;
}

@compute @workgroup_size(WORKGROUP_SIZE)
fn main(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(num_workgroups) groups: vec3<u32>,
  @builtin(local_invocation_index) local: u32,
) {
  begin();
  let invocation = (group.y * groups.x + group.x) * WORKGROUP_SIZE + local;
  let kind = params.out_kind;
  let is_byte = kind == KIND_I8 || kind == KIND_U8 || kind == KIND_BOOL;
  let is_half = kind == KIND_I16 || kind == KIND_U16;
  let bits = select(select(32u, 16u, is_half), 8u, is_byte);
  let log2_count = select(select(0u, 1u, is_half), 2u, is_byte); // elements a word
  let first = invocation << log2_count;
  if (first >= params.n) {
    return;
  }
  if (is_wide(kind)) {
    let result = result_of(first);
    out0[2u * first] = result.lo;
    out0[2u * first + 1u] = result.hi;
    return;
  }
  let last = min(first + (1u << log2_count), params.n);
  var word = 0u;
  for (var i = first; i < last; i++) {
    let result = result_of(i);
    let narrow = select(result.lo, select(1u, 0u, i64_zero(result)), kind == KIND_BOOL);
    word |= (narrow & (ALL_ONES >> (32u - bits))) << ((i - first) * bits);
  }
  out0[invocation] = word;
}
