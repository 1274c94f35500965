// MatMul and Gemm: Y[batch][m][n] = tree over k of A[batch][m][k] * B[batch][k][n], B packed by mat_mul_pack
// or, where its own strides are given and m is at most a strip's, here: then each operand is read once.
// Rules: V3 (A is flushed here, B in packing), V4 (tile.h), result canonical (V2), then the chain.
// A unit is a block of rows by a block of columns of one matrix, columns innermost; its rows of A are flushed
// into scratch as strips [k][4] (the last strip narrower), kept while the next unit has the same rows.
// Scratch: 4 * (row_block * k + row_block * column_block + 16) bytes, and 4 * k * column_block to pack in.
#include "../chain.h"
#include "../panels.h"

typedef struct {
  u32 m, n, k;
  u32 batch_rank;
  u32 row_block, column_block;       // multiples of 4 and 8 where they do not cover everything
  u32 row_stride, column_stride;     // of A, in elements
  u32 batch_dims[8];                 // innermost first
  u32 a_strides[8], b_strides[8];    // of A and of B, in elements
  u32 b_row_stride, b_column_stride; // of B where it lies, in elements; 0 and 0 if it is packed
  u32 pad0, pad1;
  Chain chain;
} MatMulParams;

KERNEL(mat_mul) {
  const MatMulParams *p = params;
  const u32 row_blocks = (p->m + p->row_block - 1) / p->row_block;
  const u32 column_blocks = (p->n + p->column_block - 1) / p->column_block;
  const u32 panel = p->k * PANEL, is_packed = p->b_row_stride + p->b_column_stride == 0;
  f32 *strips = scratch, *seed = strips + ((p->row_block * p->k + 3) & ~3u);
  f32 *const panels = seed + p->row_block * p->column_block;
  ChainPlan chain;
  if (p->chain.n_steps != 0) chain_plan(&p->chain, in, &chain);
  u32 packed = ~0u;
  for (u32 unit = begin; unit < end; unit++) {
    const u32 row = unit / column_blocks % row_blocks * p->row_block;
    const u32 column = unit % column_blocks * p->column_block;
    const u32 matrix = unit / column_blocks / row_blocks;
    const u32 rows = p->m - row < p->row_block ? p->m - row : p->row_block;
    const int in_place = p->chain.n_steps == 0 || p->chain.output_bytes == 4;
    // One row reads as far as it may at once (tile.c).
    u32 blocks = 1;
    if (rows == 1 && in_place && is_packed)
      while (unit + blocks < end && (unit + blocks) % column_blocks != 0) blocks++;
    const u32 width = blocks * p->column_block, columns = p->n - column < width ? p->n - column : width;
    const f32 *a = (const f32 *)in[0] + row * p->row_stride;
    const f32 *b = (const f32 *)in[1] + column * (is_packed ? p->k : p->b_column_stride);
    for (u32 axis = 0, rest = matrix; axis < p->batch_rank; axis++) {
      const u32 index = rest % p->batch_dims[axis];
      a += index * p->a_strides[axis];
      b += index * p->b_strides[axis];
      rest /= p->batch_dims[axis];
    }
    if (unit / column_blocks != packed) {
      pack_strips(a, p->row_stride, p->column_stride, rows, p->k, strips);
      packed = unit / column_blocks;
    }
    if (!is_packed) {
      pack_panels(b, p->b_row_stride, p->b_column_stride, p->k, columns, panels);
      b = panels;
    }
    const u32 first = (matrix * p->m + row) * p->n + column;
    f32 *to = in_place ? (f32 *)out[0] + first : seed;
    const u32 pitch = in_place ? p->n : columns;
    // Panels of a few KiB stay in the first-level cache while all strips pass.
    const u32 step = rows > STRIP ? PANEL : columns;
    for (u32 c = 0; c < columns; c += step)
      for (u32 r = 0; r < rows; r += STRIP)
        tile_panels(rows - r < STRIP ? rows - r : STRIP, strips + r * p->k, b + c * p->k, panel, p->k, 0,
                    to + r * pitch + c, pitch, columns - c < step ? columns - c : step);
    unit += blocks - 1;
    if (p->chain.n_steps == 0) continue;
    if (columns == p->n) {
      chain_run_plan(&chain, in, out, first, first + rows * columns, to);
    } else {
      for (u32 r = 0; r < rows; r++)
        chain_run_plan(&chain, in, out, first + r * p->n, first + r * p->n + columns, to + r * pitch);
    }
  }
}
