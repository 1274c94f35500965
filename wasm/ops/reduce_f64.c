// ReduceSum, ReduceProd, ReduceMax, ReduceMin and ReduceSumSquare over any axes of a float64 tensor (V4, V9):
// the tree of radix 64 in float64, terms read with one NaN and no -0, nothing flushed. Reference only: WGSL
// has no f64.
#include "../canonical.h"
#include "../fold.h"
#include "../math/f64.h"
#include "../tree_f64.h"

typedef struct {
  u32 n, count, block, op; // as in reduce.c
  u32 kept_rank, reduced_rank, lane_bits, pad0;
  u32 kept_dims[8], kept_strides[8], reduced_dims[8], reduced_strides[8];
} ReduceF64Params;

static f64 fold_f64(const ReduceF64Params *p, const f64 *x, u32 base) {
  Walk terms = walk_from(p->reduced_dims, p->reduced_strides, p->reduced_rank, 0);
  TreeF64 tree;
  tree_f64_start(&tree, p->op == FOLD_PROD);
  f64 most = 0;
  for (u32 k = 0; k < p->count; k++) {
    const f64 term = canonical_f64(x[base + terms.offset]);
    walk_next(&terms);
    if (p->op == FOLD_MAX || p->op == FOLD_MIN) {
      const int better = p->op == FOLD_MAX ? term > most : term < most;
      if (k == 0 || term != term || better) most = most != most ? most : term;
    } else {
      tree_f64_add(&tree, p->op == FOLD_SUM_SQUARE ? term * term : term);
    }
  }
  return canonical_f64(p->op == FOLD_MAX || p->op == FOLD_MIN ? most : tree_f64_total(&tree));
}

KERNEL(reduce_f64) {
  const ReduceF64Params *p = params;
  UNUSED(scratch);
  const u32 first = begin * p->block, last = end * p->block < p->n ? end * p->block : p->n;
  if (first >= last) return;
  Walk kept = walk_from(p->kept_dims, p->kept_strides, p->kept_rank, first);
  for (u32 i = first; i < last; i++) {
    ((f64 *)out[0])[i] = fold_f64(p, in[0], kept.offset);
    walk_next(&kept);
  }
}
