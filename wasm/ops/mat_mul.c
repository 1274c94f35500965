// MatMul and Gemm: Y[batch][m][n] = tree over k of A[batch][m][k] * B[batch][k][n], B packed by mat_mul_pack.
// Rules: V3 (A is flushed here, B in packing), V4 (tile.h), result canonical (V2), then the chain.
// A unit is a block of rows by a block of columns of one matrix, columns innermost; its rows of A are flushed
// into scratch as strips [k][4] (the last strip narrower), kept while the next unit has the same rows.
// Scratch: 4 * (row_block * k + row_block * column_block + 16) bytes.
#include "../chain.h"
#include "../tile.h"

typedef struct {
  u32 m, n, k;
  u32 batch_rank;
  u32 row_block, column_block;    // multiples of 4 and 8 where they do not cover everything
  u32 row_stride, column_stride;  // of A, in elements
  u32 batch_dims[8];              // innermost first
  u32 a_strides[8], b_strides[8]; // of A and of packed B, in elements
  Chain chain;
} MatMulParams;

// Strips of flushed A: rows [0, rows) from `a`.
static void pack_rows(const MatMulParams *p, const f32 *a, u32 rows, f32 *to) {
  for (u32 row = 0; row < rows; row += STRIP, a += STRIP * p->row_stride) {
    const u32 height = rows - row < STRIP ? rows - row : STRIP;
    if (height == 1 && p->column_stride == 1) {
      flush_products(to, a, p->k);
      to += p->k;
      continue;
    }
    u32 k = 0;
    if (height == STRIP && p->column_stride == 1) {
      for (; k + 4 <= p->k; k += 4, to += 16) {
        v128_t r0 = flush_small_x4(wasm_v128_load(a + k), PRODUCT_LIMIT);
        v128_t r1 = flush_small_x4(wasm_v128_load(a + p->row_stride + k), PRODUCT_LIMIT);
        v128_t r2 = flush_small_x4(wasm_v128_load(a + 2 * p->row_stride + k), PRODUCT_LIMIT);
        v128_t r3 = flush_small_x4(wasm_v128_load(a + 3 * p->row_stride + k), PRODUCT_LIMIT);
        v128_t l0 = wasm_i32x4_shuffle(r0, r1, 0, 4, 1, 5), h0 = wasm_i32x4_shuffle(r0, r1, 2, 6, 3, 7);
        v128_t l1 = wasm_i32x4_shuffle(r2, r3, 0, 4, 1, 5), h1 = wasm_i32x4_shuffle(r2, r3, 2, 6, 3, 7);
        wasm_v128_store(to, wasm_i64x2_shuffle(l0, l1, 0, 2));
        wasm_v128_store(to + 4, wasm_i64x2_shuffle(l0, l1, 1, 3));
        wasm_v128_store(to + 8, wasm_i64x2_shuffle(h0, h1, 0, 2));
        wasm_v128_store(to + 12, wasm_i64x2_shuffle(h0, h1, 1, 3));
      }
    }
    for (; k < p->k; k++)
      for (u32 r = 0; r < height; r++) *to++ = flush_product(a[r * p->row_stride + k * p->column_stride]);
  }
}

KERNEL(mat_mul) {
  const MatMulParams *p = params;
  const u32 row_blocks = (p->m + p->row_block - 1) / p->row_block;
  const u32 column_blocks = (p->n + p->column_block - 1) / p->column_block;
  const u32 panel = p->k * PANEL;
  f32 *strips = scratch, *seed = strips + ((p->row_block * p->k + 3) & ~3u);
  ChainPlan chain;
  if (p->chain.n_steps != 0) chain_plan(&p->chain, &chain);
  u32 packed = ~0u;
  for (u32 unit = begin; unit < end; unit++) {
    const u32 row = unit / column_blocks % row_blocks * p->row_block;
    const u32 column = unit % column_blocks * p->column_block;
    const u32 matrix = unit / column_blocks / row_blocks;
    const u32 rows = p->m - row < p->row_block ? p->m - row : p->row_block;
    const u32 columns = p->n - column < p->column_block ? p->n - column : p->column_block;
    const f32 *a = (const f32 *)in[0] + row * p->row_stride, *b = (const f32 *)in[1] + column * p->k;
    for (u32 axis = 0, rest = matrix; axis < p->batch_rank; axis++) {
      const u32 index = rest % p->batch_dims[axis];
      a += index * p->a_strides[axis];
      b += index * p->b_strides[axis];
      rest /= p->batch_dims[axis];
    }
    if (unit / column_blocks != packed) {
      pack_rows(p, a, rows, strips);
      packed = unit / column_blocks;
    }
    const u32 first = (matrix * p->m + row) * p->n + column;
    const int in_place = p->chain.n_steps == 0 || p->chain.output_bytes == 4;
    f32 *to = in_place ? (f32 *)out[0] + first : seed;
    const u32 pitch = in_place ? p->n : columns;
    // Panels of a few KiB stay in the first-level cache while all strips pass.
    const u32 step = rows > STRIP ? PANEL : columns;
    for (u32 c = 0; c < columns; c += step)
      for (u32 r = 0; r < rows; r += STRIP)
        tile_panels(rows - r < STRIP ? rows - r : STRIP, strips + r * p->k, b + c * p->k, panel, p->k, 0,
                    to + r * pitch + c, pitch, columns - c < step ? columns - c : step);
    if (p->chain.n_steps == 0) continue;
    if (columns == p->n) {
      chain_run_plan(&chain, in, out, first, first + rows * columns, to);
    } else {
      for (u32 r = 0; r < rows; r++)
        chain_run_plan(&chain, in, out, first + r * p->n, first + r * p->n + columns, to + r * pitch);
    }
  }
}
