// Packs the right operand of mat_mul: out[batch][panel][k][8] = flushed B[batch][k][8 panel + column], with
// +0 in columns past n (panels.h). A unit is one panel of one matrix. Rule V3.
#include "../panels.h"

typedef struct {
  u32 k, n;
  u32 row_stride, column_stride; // of B, in elements: any transposition
  u32 batch_dims[8];             // innermost first, 1 where unused
  u32 batch_strides[8];          // of B, in elements
} MatMulPackParams;

KERNEL(mat_mul_pack) {
  const MatMulPackParams *p = params;
  UNUSED(scratch);
  const u32 panels = (p->n + PANEL - 1) / PANEL;
  for (u32 unit = begin; unit < end;) {
    const f32 *b = in[0];
    for (u32 axis = 0, rest = unit / panels; axis < 8 && rest > 0; axis++) {
      b += (rest % p->batch_dims[axis]) * p->batch_strides[axis];
      rest /= p->batch_dims[axis];
    }
    // All panels of the matrix that are asked for.
    const u32 first = unit % panels, left = panels - first;
    const u32 count = left < end - unit ? left : end - unit, column = first * PANEL;
    const u32 columns = p->n - column < count * PANEL ? p->n - column : count * PANEL;
    pack_panels(b + column * p->column_stride, p->row_stride, p->column_stride, p->k, columns,
                (f32 *)out[0] + unit * p->k * PANEL);
    unit += count;
  }
}
