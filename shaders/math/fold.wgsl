// The fixed tree of V4 above the groups of 64 terms, for sums, products, maxima and minima on u32 words.
// The host text folds a group of at most 64 terms left to right and pushes its result; groups come in index order.
// Level j holds the fold of up to 64 results of level j - 1: a counter of base 64. Same order as wasm/fold.h.
// The host defines fold_join(a, b) (one rounded step behind the barrier, or exact) and fold_start().
// One fold an invocation at a time. Not here: terms, flags, the canonical store of the total.
// #import math/arith

const RADIX: u32 = 64u;
const FOLD_LEVELS: u32 = 6u;

var<private> fold_level: array<u32, 6>;
var<private> fold_groups: u32;
var<private> fold_top: u32;

fn fold_begin() {
  fold_groups = 0u;
  fold_top = 0u;
  fold_level[0] = fold_start();
}

fn fold_push(value: u32) {
  var full = fold_groups;
  fold_groups = full + 1u;
  if (full < 1u) {
    fold_level[0] = value;
    return;
  }
  // Level j is full where 64^(j + 1) divides the number of groups pushed so far.
  var j = 0u;
  while ((full & 63u) < 1u) {
    let carried = fold_level[j];
    fold_level[j] = fold_start();
    if (j == fold_top) {
      fold_level[j + 1u] = carried;
      fold_top = j + 1u;
      break;
    }
    fold_level[j + 1u] = fold_join(fold_level[j + 1u], carried);
    full = full >> 6u;
    j++;
  }
  fold_level[0] = fold_join(fold_level[0], value);
}

fn fold_total() -> u32 {
  var total = fold_level[0];
  for (var j = 1u; j <= fold_top; j++) {
    total = fold_join(fold_level[j], total);
  }
  return total;
}
