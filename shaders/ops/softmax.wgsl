// Softmax over one axis of [outer, count, inner]: y = e / sum of e, e = exp(x - m), m the maximum (rule V7).
// Order: m exact; d = x - m canonical; e = exp(d) correctly rounded; the sum of the e by the V4 tree, terms under
// 2^-102 as +0 (V3); each quotient correctly rounded (V6). A row that holds a NaN or +inf, or only -inf, is NaN
// throughout. One invocation a row; few long rows go to softmax_lanes.wgsl. No flag: the terms are in [0, 1].
// e waits in the output's own memory.
// #import math/arith
// #import math/exp
// #import math/fold
// #import math/index
// #import math/order
struct Params {
  outer: u32,
  count: u32,
  inner: u32,
  block: u32,
  lane_bits: u32,
  pad0: u32,
  pad1: u32,
  pad2: u32,
}
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(3) var<storage, read> in0: array<u32>;
@group(0) @binding(4) var<storage, read_write> out0: array<u32>;

const WORKGROUP_SIZE = 64u;

fn fold_start() -> u32 {
  return 0u;
}
fn fold_join(a: u32, b: u32) -> u32 {
  return add_rounded(a, b);
}

// Two terms: the larger one's d is m - m, 0 where m is finite, and exp(0) = 1: one exp is enough.
fn row_of_two(base: u32) {
  let left = canonical(in0[base]);
  let right = canonical(in0[base + params.inner]);
  let left_key = max_key(left);
  let right_key = max_key(right);
  let m = select(right, left, left_key > right_key);
  let is_odd = (m & MAGNITUDE_BITS) >= INFINITY_BITS;
  let low = exp_f32(sub_f32(select(left, right, left_key > right_key), m));
  let sum = canonical(fold_join(ONE_BITS, flush_below(select(low, 0u, is_odd), SUMMAND_LIMIT)));
  let y_low = select(div_f32(low, sum), CANONICAL_NAN, is_odd);
  let y_high = select(div_f32(ONE_BITS, sum), CANONICAL_NAN, is_odd);
  out0[base] = select(y_high, y_low, left_key < right_key);
  out0[base + params.inner] = select(y_high, y_low, right_key < left_key);
}

fn row_of_many(base: u32) {
  var key = 0u;
  var at = base;
  for (var k = 0u; k < params.count; k++) {
    key = max(key, max_key(in0[at]));
    at += params.inner;
  }
  let m = max_of_key(key);
  if ((m & MAGNITUDE_BITS) >= INFINITY_BITS) {
    at = base;
    for (var k = 0u; k < params.count; k++) {
      out0[at] = CANONICAL_NAN;
      at += params.inner;
    }
    return;
  }
  let is_long = params.count > RADIX;
  if (is_long) {
    fold_begin();
  }
  var sum = 0u;
  at = base;
  for (var k = 0u; k < params.count; k++) {
    if (is_long && k > 0u && (k & 63u) < 1u) {
      fold_push(sum);
      sum = 0u;
    }
    let e = exp_f32(sub_f32(in0[at], m));
    out0[at] = e;
    sum = fold_join(sum, flush_below(e, SUMMAND_LIMIT));
    at += params.inner;
  }
  if (is_long) {
    fold_push(sum);
    sum = fold_total();
  }
  sum = canonical(sum);
  at = base;
  for (var k = 0u; k < params.count; k++) {
    out0[at] = div_f32(out0[at], sum);
    at += params.inner;
  }
}

@compute @workgroup_size(WORKGROUP_SIZE)
fn main(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(num_workgroups) groups: vec3<u32>,
  @builtin(local_invocation_index) local: u32,
) {
  begin();
  let row = (group.y * groups.x + group.x) * WORKGROUP_SIZE + local;
  if (row >= params.outer * params.inner) {
    return;
  }
  let outer = div_u32(row, params.inner);
  let base = outer * params.count * params.inner + (row - outer * params.inner);
  if (params.count == 2u) {
    row_of_two(base);
  } else {
    row_of_many(base);
  }
}
