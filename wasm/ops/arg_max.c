// ArgMax and ArgMin over one axis of [outer, count, inner]: the index, int64, of the first largest or
// smallest term of each row, or of the last one. Terms are compared as canonical reads (V2); a NaN is taken
// before every number, by both, so that the term found is the one that ReduceMax or ReduceMin gives. A work
// unit is one row.
#include "../order.h"

typedef struct {
  u32 outer, count, inner;
  u32 type_code; // order.h
  u32 smallest;  // ArgMin
  u32 last;      // of equals
  u32 pad0, pad1;
} ArgMaxParams;

KERNEL(arg_max) {
  const ArgMaxParams *p = params;
  i64 *y = out[0];
  UNUSED(scratch);
  const u32 is_float = p->type_code > 7;
  const u64 nan_key = p->type_code == 8 ? order_key_f32(CANONICAL_NAN) : order_key_f64(0x7ff8000000000000u);
  for (u32 row = begin; row < end; row++) {
    const u32 base = row / p->inner * p->count * p->inner + row % p->inner;
    u32 best = 0;
    u64 best_key = 0;
    for (u32 k = 0; k < p->count; k++) {
      u64 key = order_key(in[0], p->type_code, base + k * p->inner);
      if (p->smallest) key = is_float && key == nan_key ? ~(u64)0 : ~key;
      // ~ of a 32-bit key sets the high half: all keys of a row are complemented, or none.
      if (k == 0 || key > best_key || (p->last && key == best_key)) {
        best = k;
        best_key = key;
      }
    }
    y[row] = best;
  }
}
