// ReduceSum, ReduceMean, ReduceProd, ReduceMax … over any axes of an f32 tensor: out[i] = fold of the terms
// whose kept index is i, in row-major order of the reduced axes (rules V3, V4; fold.h). Then the chain, which
// is where a mean divides and a norm takes its root. Adjacent kept axes and adjacent reduced axes are merged
// by src/ops/reduce.ts. Three ways through memory, one result: rows (terms adjacent), columns (outputs
// adjacent), neither.
#include "../chain.h"
#include "../fold.h"

typedef struct {
  u32 n;                       // outputs
  u32 count;                   // terms of an output, at least 1
  u32 block;                   // outputs of a work unit
  u32 op;                      // FOLD_*
  u32 kept_rank, reduced_rank; // at least 1
  u32 lane_bits;               // WebGPU: 2^lane_bits invocations share an output
  u32 pad0;
  u32 kept_dims[8], kept_strides[8], reduced_dims[8], reduced_strides[8];
  Chain chain;
} ReduceParams;

// The folds of outputs [first, last).
INLINE void reduce_range(u32 op, const ReduceParams *p, const f32 *x, u32 first, u32 last, f32 *out) {
  const u32 count = p->count;
  v128_t result[4];
  // Products are rare and gain nothing from vectors along a row.
  if (op != FOLD_PROD && p->reduced_rank == 1 && p->reduced_strides[0] == 1 && p->kept_rank == 1 &&
      (p->n == 1 || p->kept_strides[0] == count)) {
    u32 i = first;
    for (; i + 8 <= last; i += 8) {
      fold_rows(op, x + (u32)(i * count), count, 2, count, result);
      wasm_v128_store(out + (i - first), canonical_x4(result[0]));
      wasm_v128_store(out + (i - first) + 4, canonical_x4(result[1]));
    }
    for (; i < last; i++)
      wasm_v128_store32_lane(out + (i - first), canonical_x4(fold_row(op, x + (u32)(i * count), count)), 0);
    return;
  }
  Walk kept = walk_from(p->kept_dims, p->kept_strides, p->kept_rank, first);
  const Walk terms = walk_from(p->reduced_dims, p->reduced_strides, p->reduced_rank, 0);
  const u32 inner = p->kept_rank - 1;
  const int adjacent = p->kept_strides[inner] == 1;
  for (u32 i = first; i < last;) {
    u32 run = adjacent ? p->kept_dims[inner] - kept.index[inner] : 1;
    if (run > last - i) run = last - i;
    const f32 *at = x + kept.offset;
    f32 *to = out + (i - first);
    u32 j = 0;
    for (; j + 16 <= run; j += 16) {
      fold_columns(op, at + j, terms, count, 4, 4, result);
      for (u32 q = 0; q < 4; q++) wasm_v128_store(to + j + 4 * q, canonical_x4(result[q]));
    }
    for (; j + 4 <= run; j += 4) {
      fold_columns(op, at + j, terms, count, 1, 4, result);
      wasm_v128_store(to + j, canonical_x4(result[0]));
    }
    if (j < run) {
      fold_columns(op, at + j, terms, count, 1, run - j, result);
      store_lanes(to + j, canonical_x4(result[0]), run - j);
    }
    i += run;
    if (i < last) {
      // To the last of the run, then one step on, which carries into the outer axes.
      kept.index[inner] += run - 1;
      kept.offset += (run - 1) * p->kept_strides[inner];
      walk_next(&kept);
    }
  }
}

KERNEL(reduce) {
  const ReduceParams *p = params;
  const f32 *x = in[0];
  UNUSED(scratch);
  const u32 first = begin * p->block, last = end * p->block < p->n ? end * p->block : p->n;
  if (first >= last) return;
  f32 *to = (f32 *)out[0] + first;
  switch (p->op) {
  case FOLD_SUM: reduce_range(FOLD_SUM, p, x, first, last, to); break;
  case FOLD_SUM_SQUARE: reduce_range(FOLD_SUM_SQUARE, p, x, first, last, to); break;
  case FOLD_PROD: reduce_range(FOLD_PROD, p, x, first, last, to); break;
  case FOLD_MAX: reduce_range(FOLD_MAX, p, x, first, last, to); break;
  case FOLD_MIN: reduce_range(FOLD_MIN, p, x, first, last, to); break;
  }
  if (p->chain.n_steps != 0) chain_run(&p->chain, in, out, first, last, to);
}
