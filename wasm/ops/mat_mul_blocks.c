// Y[m][n] = sum over blocks b of k of f32(exact sum over the block of A * W) * (scale of A[m][b] * scale of
// W[b][n]), for operands of 8 bits packed as integer_product reads them: A in strips of 4 rows (of 1 where
// there is but one), W in panels of 8 columns. Rules: the integer sums V8, modulo 2^32, both products V2, the
// sum over the blocks V3 and V4, result canonical (V2). The bits are those of the product, the scaling and
// the reduction one after the other, whose sums of each block never exist in memory here. A unit is a block
// of rows by a block of columns, columns innermost. Scratch: 4 * (16 * blocks + 16) bytes.
#include "../integer_tile.h"
#include "../tree.h"

typedef struct {
  u32 m, n, pairs, blocks; // pairs: words of a line in a block
  u32 row_block, column_block;
  u32 strip, pad0;      // lines of a strip of A: 4, or 1
  u32 a_strip, a_block; // words from one strip of A to the next, and from one block to the next
  u32 b_panel, b_block; // the same of W
} MatMulBlocksParams;

#define TILES 8u // vectors of a tile
// Keeps the sums over blocks in memory: all registers are the integer sums'.
#define IN_MEMORY() __asm__ volatile("" ::: "memory")

// The scales of a panel to [block][8], canonical, 0 past the end.
static void pack_scales(const MatMulBlocksParams *p, const f32 *from, u32 columns, f32 *to) {
  for (u32 b = 0; b < p->blocks; b++, from += p->n, to += INTEGER_PANEL)
    for (u32 c = 0; c < INTEGER_PANEL; c++) to[c] = c < columns ? canonical(from[c]) : 0.0f;
}

// The least magnitude of `n` canonical words but 0; infinity if there is none.
static f32 least_of(const f32 *x, u32 n) {
  f32 least = f32_of(0x7f800000u);
  for (u32 i = 0; i < n; i++) {
    const f32 magnitude = f32_of(bits_of(x[i]) & 0x7fffffffu);
    if (magnitude != 0.0f && magnitude < least) least = magnitude;
  }
  return least;
}

// Adds the terms of blocks [first, last) to `sum`. With `plain` no term but 0 is as small as V3 flushes.
ALWAYS_INLINE void group_of(const MatMulBlocksParams *p, u32 rows, u32 strip, u32 vectors, int plain,
                            const u32 *a, const u32 *b, const f32 *scales_a, const f32 *scales_b, u32 first,
                            u32 last, v128_t *sum) {
  for (u32 block = first; block < last; block++) {
    v128_t s[TILES];
    integer_sums(rows, strip, vectors, a + block * p->a_block, b + block * p->b_block, p->pairs, p->b_panel,
                 s);
    UNROLL for (u32 r = 0; r < rows; r++) {
      IN_MEMORY();
      const v128_t one = wasm_v128_load32_splat(scales_a + r * p->blocks + block);
      UNROLL for (u32 v = 0; v < vectors; v++) {
        const v128_t other =
            wasm_v128_load(scales_b + (v / 2 * p->blocks + block) * INTEGER_PANEL + v % 2 * 4);
        v128_t scale = wasm_f32x4_mul(one, other);
        if (!plain) scale = flush_small_x4(scale, CANONICAL_LIMIT);
        v128_t term = wasm_f32x4_mul(wasm_f32x4_convert_i32x4(s[r * vectors + v]), scale);
        if (!plain) term = flush_small_x4(term, SUMMAND_LIMIT);
        sum[r * vectors + v] = wasm_f32x4_add(sum[r * vectors + v], term);
      }
    }
  }
}

ALWAYS_INLINE void blocks_tile(const MatMulBlocksParams *p, u32 rows, u32 strip, u32 vectors, int plain,
                               const u32 *a, const u32 *b, const f32 *scales_a, const f32 *scales_b, f32 *to,
                               u32 width) {
  const u32 n = rows * vectors;
  v128_t level[(TREE_LEVELS + 1) * TILES], sum[TILES];
  u32 top = 0;
  for (u32 block = 0; block < p->blocks; block += RADIX) {
    const u32 left = p->blocks - block;
    UNROLL for (u32 i = 0; i < n; i++) sum[i] = wasm_f32x4_splat(0.0f);
    group_of(p, rows, strip, vectors, plain, a, b, scales_a, scales_b, block,
             block + (left < RADIX ? left : RADIX), sum);
    if (block == 0) {
      UNROLL for (u32 i = 0; i < n; i++) level[i] = sum[i];
      continue;
    }
    const u32 group = block / RADIX;
    if (group % RADIX == 0) top = tree_carry_x4(level, n, top, group);
    UNROLL for (u32 i = 0; i < n; i++) level[i] = wasm_f32x4_add(level[i], sum[i]);
  }
  UNROLL for (u32 i = 0; i < n; i++) sum[i] = level[i];
  for (u32 j = 1; j <= top; j++)
    UNROLL for (u32 i = 0; i < n; i++) sum[i] = wasm_f32x4_add(level[j * n + i], sum[i]);
  UNROLL for (u32 i = 0; i < n; i++) sum[i] = canonical_x4(sum[i]);
  integer_store(rows, vectors, sum, (u32 *)to, p->n, width);
}

// One function for each height of a tile: engines compile function by function.
#define TILE_FUNCTION(name, rows, strip, vectors)                                                            \
  static void name(const MatMulBlocksParams *p, int plain, const u32 *a, const u32 *b, const f32 *scales_a,  \
                   const f32 *scales_b, f32 *to, u32 width) {                                                \
    if (plain)                                                                                               \
      blocks_tile(p, rows, strip, vectors, 1, a, b, scales_a, scales_b, to, width);                          \
    else                                                                                                     \
      blocks_tile(p, rows, strip, vectors, 0, a, b, scales_a, scales_b, to, width);                          \
  }
TILE_FUNCTION(tile_1, 1, 4, 2)
TILE_FUNCTION(tile_2, 2, 4, 2)
TILE_FUNCTION(tile_3, 3, 4, 2)
TILE_FUNCTION(tile_4, 4, 4, 2)
TILE_FUNCTION(tile_line, 1, 1, 2)
TILE_FUNCTION(tile_wide, 1, 1, 4) // two panels, whose sums wait less for each other

KERNEL(mat_mul_blocks) {
  static void (*const tiles[4])(const MatMulBlocksParams *, int, const u32 *, const u32 *, const f32 *,
                                const f32 *, f32 *, u32) = {tile_1, tile_2, tile_3, tile_4};
  const MatMulBlocksParams *p = params;
  const u32 column_blocks = (p->n + p->column_block - 1) / p->column_block;
  f32 *scales = scratch;
  for (u32 unit = begin; unit < end; unit++) {
    const u32 row = unit / column_blocks * p->row_block, column = unit % column_blocks * p->column_block;
    const u32 rows = p->m - row < p->row_block ? p->m - row : p->row_block;
    const u32 columns = p->n - column < p->column_block ? p->n - column : p->column_block;
    const f32 *scales_a = (const f32 *)in[2] + row * p->blocks;
    const f32 least = least_of(scales_a, rows * p->blocks);
    for (u32 c = 0; c < columns;) {
      const u32 left = columns - c, wide = p->strip == 1 && left > INTEGER_PANEL;
      const f32 *from = (const f32 *)in[3] + column + c;
      const u32 panels = 1 + wide;
      for (u32 k = 0; k < panels; k++)
        pack_scales(p, from + k * INTEGER_PANEL, left - k * INTEGER_PANEL,
                    scales + k * p->blocks * INTEGER_PANEL);
      const f32 other = least_of(scales, panels * p->blocks * INTEGER_PANEL);
      const int plain = least * other >= f32_of(SUMMAND_LIMIT);
      const u32 *b = (const u32 *)in[1] + (column + c) / INTEGER_PANEL * p->b_panel;
      f32 *to = (f32 *)out[0] + row * p->n + column + c;
      for (u32 r = 0; r < rows; r += p->strip) {
        const u32 *a = (const u32 *)in[0] + (row + r) / p->strip * p->a_strip;
        const f32 *of_rows = scales_a + r * p->blocks;
        if (wide)
          tile_wide(p, plain, a, b, of_rows, scales, to + r * p->n, left);
        else if (p->strip == 1)
          tile_line(p, plain, a, b, of_rows, scales, to + r * p->n, left);
        else
          tiles[(rows - r < 4 ? rows - r : 4) - 1](p, plain, a, b, of_rows, scales, to + r * p->n, left);
      }
      c += panels * INTEGER_PANEL;
    }
  }
}
