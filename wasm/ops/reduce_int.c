// ReduceSum, ReduceProd, ReduceMax, ReduceMin and ReduceSumSquare over any axes of an integer or bool
// tensor. Two's complement wrap-around (V8): the low bits of a 64-bit accumulator are the result, whatever
// the width, so no order exists to fix. Not tuned: integers are reduced in shape arithmetic, which is folded.
#include "../fold.h"

typedef struct {
  u32 n, count, block, op; // as in reduce.c
  u32 kept_rank, reduced_rank, lane_bits;
  u32 type_code; // log2 of the bytes an element, + 4 if unsigned
  u32 kept_dims[8], kept_strides[8], reduced_dims[8], reduced_strides[8];
} ReduceIntParams;

// Sign- or zero-extended; uint64 stays a pattern.
static inline u64 load_int(const void *x, u32 type, u32 i) {
  switch (type) {
  case 0: return (u64)(i64)((const i8 *)x)[i];
  case 1: return (u64)(i64)((const i16 *)x)[i];
  case 2: return (u64)(i64)((const i32 *)x)[i];
  case 4: return ((const u8 *)x)[i];
  case 5: return ((const u16 *)x)[i];
  case 6: return ((const u32 *)x)[i];
  default: return ((const u64 *)x)[i];
  }
}
static inline void store_int(void *x, u32 type, u32 i, u64 value) {
  switch (type & 3) {
  case 0: ((u8 *)x)[i] = (u8)value; break;
  case 1: ((u16 *)x)[i] = (u16)value; break;
  case 2: ((u32 *)x)[i] = (u32)value; break;
  default: ((u64 *)x)[i] = value;
  }
}

static u64 fold_int(const ReduceIntParams *p, const void *x, u32 base) {
  // Adding the sign bit maps signed order to unsigned order; zero-extended types have it clear, but for
  // uint64.
  const u64 bias = p->type_code == 7 ? 0 : (u64)1 << 63;
  Walk terms = walk_from(p->reduced_dims, p->reduced_strides, p->reduced_rank, 0);
  u64 sum = p->op == FOLD_PROD ? 1 : 0;
  for (u32 k = 0; k < p->count; k++) {
    const u64 term = load_int(x, p->type_code, base + terms.offset);
    switch (p->op) {
    case FOLD_SUM: sum += term; break;
    case FOLD_SUM_SQUARE: sum += term * term; break;
    case FOLD_PROD: sum *= term; break;
    case FOLD_MAX: sum = k == 0 || term + bias > sum + bias ? term : sum; break;
    case FOLD_MIN: sum = k == 0 || term + bias < sum + bias ? term : sum; break;
    }
    walk_next(&terms);
  }
  return sum;
}

KERNEL(reduce_int) {
  const ReduceIntParams *p = params;
  UNUSED(scratch);
  const u32 first = begin * p->block, last = end * p->block < p->n ? end * p->block : p->n;
  if (first >= last) return;
  Walk kept = walk_from(p->kept_dims, p->kept_strides, p->kept_rank, first);
  for (u32 i = first; i < last; i++) {
    store_int(out[0], p->type_code, i, fold_int(p, in[0], kept.offset));
    walk_next(&kept);
  }
}
