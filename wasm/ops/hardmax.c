// Hardmax over one axis of [outer, count, inner]: 1 at the largest term of a row, 0 elsewhere.
// Terms are compared as canonical reads (V2); the first of equals is taken, and NaN counts as larger than
// +inf. A work unit is one row.
#include "../order.h"

typedef struct {
  u32 outer, count, inner, pad0;
} HardmaxParams;

KERNEL(hardmax) {
  const HardmaxParams *p = params;
  const u32 *x = in[0];
  u32 *y = out[0];
  UNUSED(scratch);
  for (u32 row = begin; row < end; row++) {
    const u32 base = row / p->inner * p->count * p->inner + row % p->inner;
    u32 best = 0, best_key = 0;
    for (u32 k = 0; k < p->count; k++) {
      const u32 key = order_key_f32(x[base + k * p->inner]);
      y[base + k * p->inner] = 0;
      if (k == 0 || key > best_key) {
        best = k;
        best_key = key;
      }
    }
    y[base + best * p->inner] = 0x3f800000; // 1
  }
}
