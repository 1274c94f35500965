// Packs the right operand of mat_mul: out[batch][panel][k][8] = flushed B[batch][k][8 panel + column], with
// +0 in columns past n. A unit is one panel of one matrix. Rule V3: magnitudes under 2^-51 become +0, so that
// mat_mul need not test them; a flushed operand flushed again is the same.
#include "../strips.h"

typedef struct {
  u32 k, n;
  u32 row_stride, column_stride; // of B, in elements: any transposition
  u32 batch_dims[8];             // innermost first, 1 where unused
  u32 batch_strides[8];          // of B, in elements
} MatMulPackParams;

// `count` whole panels side by side: several at once read each line of B once, where one reads half of it.
ALWAYS_INLINE void pack_whole(u32 count, const f32 *b, u32 row_stride, u32 terms, f32 *to) {
  for (u32 k = 0; k < terms; k++, b += row_stride, to += PANEL)
    UNROLL for (u32 v = 0; v < 2 * count; v++) wasm_v128_store(
        to + v / 2 * terms * PANEL + 4 * (v % 2), flush_small_x4(wasm_v128_load(b + 4 * v), PRODUCT_LIMIT));
}

KERNEL(mat_mul_pack) {
  const MatMulPackParams *p = params;
  UNUSED(scratch);
  const u32 panels = (p->n + PANEL - 1) / PANEL;
  for (u32 unit = begin; unit < end; unit++) {
    const f32 *b = in[0];
    for (u32 axis = 0, rest = unit / panels; axis < 8 && rest > 0; axis++) {
      b += (rest % p->batch_dims[axis]) * p->batch_strides[axis];
      rest /= p->batch_dims[axis];
    }
    const u32 column = unit % panels * PANEL, width = p->n - column < PANEL ? p->n - column : PANEL;
    b += column * p->column_stride;
    f32 *to = (f32 *)out[0] + unit * p->k * PANEL;
    if (p->column_stride == 1 && column + 4 * PANEL <= p->n && unit + 4 <= end) {
      pack_whole(4, b, p->row_stride, p->k, to);
      unit += 3;
      continue;
    }
    if (p->column_stride == 1 && width == PANEL) {
      pack_whole(1, b, p->row_stride, p->k, to);
      continue;
    }
    u32 k = 0;
    if (p->row_stride == 1 && width == PANEL)
      for (; k + 4 <= p->k; k += 4, b += 4, to += 4 * PANEL)
        for (u32 c = 0; c < PANEL; c += 4)
          transpose_flushed(b + c * p->column_stride, p->column_stride, to + c, PANEL);
    for (; k < p->k; k++, b += p->row_stride, to += PANEL)
      for (u32 c = 0; c < PANEL; c++) to[c] = c < width ? flush_product(b[c * p->column_stride]) : 0.0f;
  }
}
