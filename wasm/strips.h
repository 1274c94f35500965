// Left operands of products of floats as tile.h reads them: strips of four rows, [k][4], flushed (V3); the
// last strip is as narrow as the rows that are left. Not here: right operands (panels.h).
#ifndef ISOBIT_STRIPS_H
#define ISOBIT_STRIPS_H
#include "tile.h"

// Four terms of each of four lines in memory, `stride` apart, to four lines of one term, `pitch` apart.
static inline void transpose_flushed(const f32 *from, u32 stride, f32 *to, u32 pitch) {
  const v128_t r0 = flush_small_x4(wasm_v128_load(from), PRODUCT_LIMIT);
  const v128_t r1 = flush_small_x4(wasm_v128_load(from + stride), PRODUCT_LIMIT);
  const v128_t r2 = flush_small_x4(wasm_v128_load(from + 2 * stride), PRODUCT_LIMIT);
  const v128_t r3 = flush_small_x4(wasm_v128_load(from + 3 * stride), PRODUCT_LIMIT);
  const v128_t l0 = wasm_i32x4_shuffle(r0, r1, 0, 4, 1, 5), h0 = wasm_i32x4_shuffle(r0, r1, 2, 6, 3, 7);
  const v128_t l1 = wasm_i32x4_shuffle(r2, r3, 0, 4, 1, 5), h1 = wasm_i32x4_shuffle(r2, r3, 2, 6, 3, 7);
  wasm_v128_store(to, wasm_i64x2_shuffle(l0, l1, 0, 2));
  wasm_v128_store(to + pitch, wasm_i64x2_shuffle(l0, l1, 1, 3));
  wasm_v128_store(to + 2 * pitch, wasm_i64x2_shuffle(h0, h1, 0, 2));
  wasm_v128_store(to + 3 * pitch, wasm_i64x2_shuffle(h0, h1, 1, 3));
}

// Rows [0, rows) from `a`, k terms each; strides in elements.
static inline void pack_strips(const f32 *a, u32 row_stride, u32 column_stride, u32 rows, u32 k, f32 *to) {
  for (u32 row = 0; row < rows; row += STRIP, a += STRIP * row_stride) {
    const u32 height = rows - row < STRIP ? rows - row : STRIP;
    if (height == 1 && column_stride == 1) {
      flush_products(to, a, k);
      to += k;
      continue;
    }
    u32 i = 0;
    if (height == STRIP && column_stride == 1) {
      for (; i + 4 <= k; i += 4, to += 16) {
        transpose_flushed(a + i, row_stride, to, STRIP);
      }
    }
    for (; i < k; i++)
      for (u32 r = 0; r < height; r++) *to++ = flush_product(a[r * row_stride + i * column_stride]);
  }
}
#endif
