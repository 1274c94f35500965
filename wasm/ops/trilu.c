// Trilu: element [i, j] of each matrix is kept where j - i >= k (upper) or j - i <= k (lower), else it is
// zero bits (V1). A work unit is one row.
#include "../copy.h"

typedef struct {
  u32 n; // units of the output
  u32 rows;
  u32 columns;     // in elements
  u32 per_element; // units an element: 1, or 2 for 8 bytes
  u32 unit_shift;  // log2 of the bytes of a unit
  u32 upper;
  u32 k; // two's complement
  u32 pad0;
} TriluParams;

KERNEL(trilu) {
  const TriluParams *p = params;
  UNUSED(scratch);
  const u32 width = p->columns * p->per_element;
  for (u32 row = begin; row < end; row++) {
    // The first column that is kept (upper), or the first that is not (lower).
    i64 cut = (i64)(row % p->rows) + (i32)p->k + (p->upper ? 0 : 1);
    cut = cut < 0 ? 0 : cut > p->columns ? p->columns : cut;
    const u32 split = (u32)cut * p->per_element;
    const u32 from = p->upper ? split : 0;
    const u32 to = p->upper ? width : split;
    const u32 at = row * width;
    fill_bytes((u8 *)out[0] + ((u64)at << p->unit_shift), 0, 0, from << p->unit_shift);
    copy_run(out[0], at + from, in[0], at + from, 1, to - from, p->unit_shift);
    fill_bytes((u8 *)out[0] + ((u64)(at + to) << p->unit_shift), 0, 0, (width - to) << p->unit_shift);
  }
}
