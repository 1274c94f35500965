// Packing of right operands (panels.h). Rule V3: magnitudes under 2^-51 become +0, so that who multiplies
// need not test them; a flushed operand flushed again is the same.
#include "panels.h"

// `count` whole panels side by side: several at once read each line of B once, where one reads half of it.
ALWAYS_INLINE void pack_whole(u32 count, const f32 *b, u32 row_stride, u32 terms, f32 *to) {
  for (u32 k = 0; k < terms; k++, b += row_stride, to += PANEL)
    UNROLL for (u32 v = 0; v < 2 * count; v++) wasm_v128_store(
        to + v / 2 * terms * PANEL + 4 * (v % 2), flush_small_x4(wasm_v128_load(b + 4 * v), PRODUCT_LIMIT));
}

void pack_panels(const f32 *b, u32 row_stride, u32 column_stride, u32 terms, u32 columns, f32 *to) {
  while (columns > 0) {
    const u32 width = columns < PANEL ? columns : PANEL;
    u32 panels = 1, k = 0;
    if (column_stride == 1 && columns >= 4 * PANEL) {
      panels = 4;
      pack_whole(4, b, row_stride, terms, to);
      k = terms;
    } else if (column_stride == 1 && width == PANEL) {
      pack_whole(1, b, row_stride, terms, to);
      k = terms;
    } else if (row_stride == 1 && width == PANEL) {
      for (; k + 4 <= terms; k += 4)
        for (u32 c = 0; c < PANEL; c += 4)
          transpose_flushed(b + k + c * column_stride, column_stride, to + k * PANEL + c, PANEL);
    }
    for (; k < terms; k++)
      for (u32 c = 0; c < PANEL; c++)
        to[k * PANEL + c] = c < width ? flush_product(b[k * row_stride + c * column_stride]) : 0.0f;
    if (columns <= panels * PANEL) return;
    columns -= panels * PANEL;
    b += panels * PANEL * column_stride;
    to += panels * PANEL * terms;
  }
}
