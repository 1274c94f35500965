// What the two texts of `reduce` share: where terms lie, how a group of 64 is folded, and how groups are joined (V3, V4).
// Maxima and minima are folded as keys (math/order), one integer step a term; fold_value gives the number back.
// Flag (B6): a summand that is not finite or reaches 2^100, a squared one that reaches 2^50.
// The host declares `params` (struct Params of `reduce`) and in0.
// #import math/arith
// #import math/fold
// #import math/index
// #import math/order
override OP: u32 = 0u; // params.op

const FOLD_SUM = 0u;
const FOLD_SUM_SQUARE = 1u;
const FOLD_PROD = 2u;
const FOLD_MAX = 3u;
const FOLD_MIN = 4u;

fn fold_start() -> u32 {
  return select(0u, ONE_BITS, OP == FOLD_PROD);
}

fn fold_join(a: u32, b: u32) -> u32 {
  if (OP == FOLD_PROD) {
    return mul_f32(a, b);
  }
  if (OP > FOLD_PROD) {
    return max(a, b);
  }
  return add_rounded(a, b);
}

fn fold_term(x: u32) -> u32 {
  if (OP == FOLD_SUM) {
    return flush_below(x, SUMMAND_LIMIT);
  }
  if (OP == FOLD_SUM_SQUARE) {
    let a = flush_below(x, CANONICAL_LIMIT);
    return flush_below(mul_rounded(a, a), SUMMAND_LIMIT);
  }
  if (OP == FOLD_PROD) {
    return x; // the V2 product reads canonically
  }
  if (OP == FOLD_MAX) {
    return max_key(x);
  }
  return min_key(x);
}

fn fold_value(total: u32) -> u32 {
  if (OP == FOLD_MAX) {
    return max_of_key(total);
  }
  if (OP == FOLD_MIN) {
    return min_of_key(total);
  }
  return canonical(total);
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
  var result = fold_start();
  var largest = 0u;
  if (params.reduced_rank < 2u) {
    let stride = params.reduced_strides[0].x;
    var at = base + first * stride;
    for (var k = first; k < last; k++) {
      let x = in0[at];
      at += stride;
      largest = max(largest, x & MAGNITUDE_BITS);
      result = fold_join(result, fold_term(x));
    }
  } else {
    for (var k = first; k < last; k++) {
      let x = in0[base + reduced_offset(k)];
      largest = max(largest, x & MAGNITUDE_BITS);
      result = fold_join(result, fold_term(x));
    }
  }
  if (OP < FOLD_PROD && largest >= select(0x71800000u, 0x58800000u, OP == FOLD_SUM_SQUARE)) {
    raise_flag();
  }
  return result;
}
