// Y[m][n] = tree over k of A[m][k] * W[n][k], where W = (q - zero point) * scale and q are integers of 2, 4
// or 8 bits, the lowest bits first, with a scale and a zero point for each block of k. Rules: the difference
// exact, its product with the scale V2, then V3, V4 (tile.h), result canonical (V2). Weights are made anew, a
// panel of 8 columns at a time, so that they never exist as floats altogether. A unit is a block of rows by
// one panel, panels innermost; its rows of A are flushed into strips, kept while the next unit has the same
// rows. Scratch: 4 * (row_block * k + 8 * k + 16) bytes.
#include "../tile.h"

typedef struct {
  u32 m, n, k, bits;
  u32 block, blocks, row_block, zeros; // zeros: 1 if there is one for all, else n * blocks
} MatMulNBitsParams;

// Strips of flushed A, [k][rows of the strip].
static void pack_strips(const f32 *a, u32 rows, u32 k, f32 *to) {
  for (u32 row = 0; row < rows; row += STRIP, a += STRIP * k) {
    const u32 height = rows - row < STRIP ? rows - row : STRIP;
    for (u32 i = 0; i < k; i++)
      for (u32 r = 0; r < height; r++) *to++ = flush_product(a[r * k + i]);
  }
}

// The weights of one column to to[k][8].
static void column_of(const MatMulNBitsParams *p, const u8 *q, const f32 *scales, const u8 *zeros, f32 *to) {
  const u32 bytes = p->block * p->bits / 8, mask = (1u << p->bits) - 1;
  for (u32 b = 0; b < p->blocks; b++, q += bytes) {
    const u32 first = b * p->block, last = first + p->block < p->k ? first + p->block : p->k;
    const i32 zero = zeros[p->zeros == 1 ? 0 : b];
    const f32 scale = canonical(scales[b]);
    f32 *at = to + first * PANEL;
    if (p->bits == 8) {
      for (u32 i = 0; i < last - first; i++) at[i * PANEL] = flush_product((f32)((i32)q[i] - zero) * scale);
      continue;
    }
    f32 weights[16]; // all that a block can hold
    for (u32 v = 0; v <= mask; v++) weights[v] = flush_product((f32)((i32)v - zero) * scale);
    for (u32 i = 0; i < last - first; i++) {
      const u32 place = i * p->bits;
      at[i * PANEL] = weights[q[place >> 3] >> (place & 7) & mask];
    }
  }
}

KERNEL(mat_mul_n_bits) {
  const MatMulNBitsParams *p = params;
  const u32 panels = (p->n + PANEL - 1) / PANEL;
  f32 *panel = scratch, *strips = panel + p->k * PANEL;
  u32 packed = ~0u;
  for (u32 unit = begin; unit < end; unit++) {
    const u32 row = unit / panels * p->row_block, column = unit % panels * PANEL;
    const u32 rows = p->m - row < p->row_block ? p->m - row : p->row_block;
    const u32 columns = p->n - column < PANEL ? p->n - column : PANEL;
    if (row != packed) {
      pack_strips((const f32 *)in[0] + row * p->k, rows, p->k, strips);
      packed = row;
    }
    for (u32 c = 0; c < PANEL; c++) {
      const u32 n =
          column + (c < columns ? c : columns - 1); // past the end: anything finite or not, not stored
      column_of(p, (const u8 *)in[1] + n * p->blocks * (p->block * p->bits / 8),
                (const f32 *)in[2] + n * p->blocks, (const u8 *)in[3] + (p->zeros == 1 ? 0 : n * p->blocks),
                panel + c);
    }
    f32 *to = (f32 *)out[0] + row * p->n + column;
    for (u32 r = 0; r < rows; r += STRIP)
      tile_panels(rows - r < STRIP ? rows - r : STRIP, strips + r * p->k, panel, p->k * PANEL, p->k, 0,
                  to + r * p->n, p->n, columns);
  }
}
