// ReduceSum, ReduceMean, ReduceProd, ReduceMax … over any axes of an f32 tensor: out[i] = fold of the terms whose
// kept index is i, in row-major order of the reduced axes (rules V3, V4). Then the epilogue.
// Groups of 64 terms are folded by different invocations and joined in group order through workgroup memory, so
// neither the workgroup's size nor the number of lanes that share an output can move a bit.
// Flag (B6): a summand that is not finite or reaches 2^100, a squared one that reaches 2^50.
// #import math/arith
// #import math/fold
// #import math/index
// #import math/chain
struct Params {
  n: u32,
  count: u32,
  block: u32,
  op: u32,
  kept_rank: u32,
  reduced_rank: u32,
  lane_bits: u32, // 2^lane_bits invocations share an output
  pad0: u32,
  kept_dims: array<vec4<u32>, 2>,
  kept_strides: array<vec4<u32>, 2>,
  reduced_dims: array<vec4<u32>, 2>,
  reduced_strides: array<vec4<u32>, 2>,
  chain: Chain,
}
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(3) var<storage, read> in0: array<u32>;

override WORKGROUP_SIZE: u32 = 64u; // at most 128
override OP: u32 = 0u; // params.op

const FOLD_SUM = 0u;
const FOLD_SUM_SQUARE = 1u;
const FOLD_PROD = 2u;
const FOLD_MAX = 3u;
const FOLD_MIN = 4u;

var<workgroup> sh_groups: array<u32, 128>;

fn fold_start() -> u32 {
  if (OP == FOLD_PROD) {
    return ONE_BITS;
  }
  if (OP == FOLD_MAX) {
    return SIGN_BIT | INFINITY_BITS;
  }
  return select(0u, INFINITY_BITS, OP == FOLD_MIN);
}

fn fold_join(a: u32, b: u32) -> u32 {
  if (OP == FOLD_PROD) {
    return mul_f32(a, b);
  }
  if (OP == FOLD_MAX) {
    return max_f32(a, b);
  }
  if (OP == FOLD_MIN) {
    return min_f32(a, b);
  }
  return bar_bits(bitcast<f32>(a) + bitcast<f32>(b));
}

fn fold_term(x: u32) -> u32 {
  if (OP == FOLD_SUM_SQUARE) {
    let a = bitcast<f32>(flush_below(x, CANONICAL_LIMIT));
    return flush_below(bar_bits(a * a), SUMMAND_LIMIT);
  }
  if (OP == FOLD_SUM) {
    return flush_below(x, SUMMAND_LIMIT);
  }
  return x; // the V2 operations above read canonically
}

fn kept_offset(output: u32) -> u32 {
  var rest = output;
  var offset = 0u;
  for (var axis = params.kept_rank; axis > 1u; axis--) {
    let k = axis - 1u;
    let dim = params.kept_dims[k >> 2u][k & 3u];
    let quotient = div_u32(rest, dim);
    offset += (rest - quotient * dim) * params.kept_strides[k >> 2u][k & 3u];
    rest = quotient;
  }
  return offset + rest * params.kept_strides[0].x;
}

fn reduced_offset(term: u32) -> u32 {
  var rest = term;
  var offset = 0u;
  for (var axis = params.reduced_rank; axis > 1u; axis--) {
    let k = axis - 1u;
    let dim = params.reduced_dims[k >> 2u][k & 3u];
    let quotient = div_u32(rest, dim);
    offset += (rest - quotient * dim) * params.reduced_strides[k >> 2u][k & 3u];
    rest = quotient;
  }
  return offset + rest * params.reduced_strides[0].x;
}

fn fold_group(base: u32, group: u32) -> u32 {
  let first = group * RADIX;
  let last = min(first + RADIX, params.count);
  let stride = params.reduced_strides[0].x;
  var result = fold_start();
  var largest = 0u;
  for (var k = first; k < last; k++) {
    var offset = k * stride;
    if (params.reduced_rank > 1u) {
      offset = reduced_offset(k);
    }
    let x = in0[base + offset];
    largest = max(largest, x & MAGNITUDE_BITS);
    result = fold_join(result, fold_term(x));
  }
  if (OP < FOLD_PROD && largest >= select(0x71800000u, 0x58800000u, OP == FOLD_SUM_SQUARE)) {
    raise_flag();
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
  let lanes = 1u << params.lane_bits;
  let lane = local & (lanes - 1u);
  let output = (group.y * groups.x + group.x) * (WORKGROUP_SIZE >> params.lane_bits) + (local >> params.lane_bits);
  let is_output = output < params.n;
  let base = kept_offset(min(output, params.n - 1u));
  let n_groups = (params.count + RADIX - 1u) >> 6u;
  fold_begin();
  for (var first = 0u; first < n_groups; first += lanes) {
    var value = 0u;
    if (is_output && first + lane < n_groups) {
      value = fold_group(base, first + lane);
    }
    if (lanes < 2u) {
      fold_push(value);
    } else {
      sh_groups[local] = value;
      workgroupBarrier();
      if (lane < 1u) {
        let ready = min(lanes, n_groups - first);
        for (var i = 0u; i < ready; i++) {
          fold_push(sh_groups[local + i]);
        }
      }
      workgroupBarrier();
    }
  }
  if (is_output && lane < 1u) {
    out0[output] = epilogue(canonical(fold_total()), output);
  }
}
