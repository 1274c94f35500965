// Y[m][n] = tree over k of A[m][k] * W[n][k], where W = (q - zero point) * scale and q are integers of 2, 4
// or 8 bits, the lowest bits first, with a scale and a zero point for each block of k. Rules: the difference
// exact, its product with the scale V2, then V3, V4 (tile.h), result canonical (V2). Weights are made anew
// for each block of rows, in panels of 8 columns, so that they never exist as floats altogether. A unit is a
// block of rows by a block of columns, columns innermost; its rows of A are flushed into strips, kept while
// the next unit has the same rows. Scratch: 4 * (row_block * k + column_block * k + 16) bytes.
#include "../strips.h"

typedef struct {
  u32 m, n, k, bits;
  u32 block, blocks, row_block, zeros; // zeros: 1 if there is one for all, else n * blocks
  u32 column_block, pad0, pad1, pad2;  // a multiple of 8
} MatMulNBitsParams;

// A column: where its quanta, scales and zero points are.
typedef struct {
  const u8 *q;
  const f32 *scales;
  const u8 *zeros;
} Column;

static Column column_at(const MatMulNBitsParams *p, const void *const *in, u32 n) {
  return (Column){(const u8 *)in[1] + n * p->blocks * (p->block * p->bits / 8),
                  (const f32 *)in[2] + n * p->blocks,
                  (const u8 *)in[3] + (p->zeros == 1 ? 0 : n * p->blocks)};
}
static i32 zero_of(const MatMulNBitsParams *p, const Column *c, u32 block) {
  return c->zeros[p->zeros == 1 ? 0 : block];
}

// The weights [first, last) of a column, all of one block, to to[k][8].
static void weights_of(const MatMulNBitsParams *p, const Column *c, u32 block, u32 first, u32 last, f32 *to) {
  const u8 *q = c->q + block * (p->block * p->bits / 8);
  const u32 mask = (1u << p->bits) - 1;
  const i32 zero = zero_of(p, c, block);
  const f32 scale = canonical(c->scales[block]);
  for (u32 k = first; k < last; k++) {
    const u32 place = (k - block * p->block) * p->bits;
    const u32 value = q[place >> 3] >> (place & 7) & mask;
    to[k * PANEL] = flush_product((f32)((i32)value - zero) * scale);
  }
}

// Sixteen weights in a row, in order. Without `small` none but 0 is as small as V3 flushes; the sign of a 0
// is nothing to sums that begin with +0.
ALWAYS_INLINE void sixteen(const u8 *q, u32 bits, i32 zero, f32 scale, int small, v128_t *w) {
  v128_t x;
  if (bits == 8) {
    x = wasm_v128_load(q);
  } else {
    const v128_t two = wasm_v128_load64_zero(q);
    const v128_t low = wasm_v128_and(two, wasm_i8x16_splat(15)), high = wasm_u8x16_shr(two, 4);
    x = wasm_i8x16_shuffle(low, high, 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23);
  }
  const v128_t z = wasm_i16x8_splat((i16)zero), s = wasm_f32x4_splat(scale);
  const v128_t a = wasm_i16x8_sub(wasm_u16x8_extend_low_u8x16(x), z);
  const v128_t b = wasm_i16x8_sub(wasm_u16x8_extend_high_u8x16(x), z);
  w[0] = wasm_f32x4_mul(wasm_f32x4_convert_i32x4(wasm_i32x4_extend_low_i16x8(a)), s);
  w[1] = wasm_f32x4_mul(wasm_f32x4_convert_i32x4(wasm_i32x4_extend_high_i16x8(a)), s);
  w[2] = wasm_f32x4_mul(wasm_f32x4_convert_i32x4(wasm_i32x4_extend_low_i16x8(b)), s);
  w[3] = wasm_f32x4_mul(wasm_f32x4_convert_i32x4(wasm_i32x4_extend_high_i16x8(b)), s);
  if (small) UNROLL for (u32 i = 0; i < 4; i++) w[i] = flush_small_x4(w[i], PRODUCT_LIMIT);
}

// Sixteen weights of four columns side by side.
ALWAYS_INLINE void four_columns(const MatMulNBitsParams *p, const Column *c, u32 bits, u32 block, u32 at,
                                int small, f32 *to) {
  v128_t w[4][4];
  UNROLL for (u32 i = 0; i < 4; i++)
      sixteen(c[i].q + (block * p->block + at) * bits / 8, bits, zero_of(p, c + i, block),
              canonical(c[i].scales[block]), small, w[i]);
  UNROLL for (u32 k = 0; k < 4; k++) {
    const v128_t l0 = wasm_i32x4_shuffle(w[0][k], w[1][k], 0, 4, 1, 5);
    const v128_t h0 = wasm_i32x4_shuffle(w[0][k], w[1][k], 2, 6, 3, 7);
    const v128_t l1 = wasm_i32x4_shuffle(w[2][k], w[3][k], 0, 4, 1, 5);
    const v128_t h1 = wasm_i32x4_shuffle(w[2][k], w[3][k], 2, 6, 3, 7);
    wasm_v128_store(to + (4 * k) * PANEL, wasm_i64x2_shuffle(l0, l1, 0, 2));
    wasm_v128_store(to + (4 * k + 1) * PANEL, wasm_i64x2_shuffle(l0, l1, 1, 3));
    wasm_v128_store(to + (4 * k + 2) * PANEL, wasm_i64x2_shuffle(h0, h1, 0, 2));
    wasm_v128_store(to + (4 * k + 3) * PANEL, wasm_i64x2_shuffle(h0, h1, 1, 3));
  }
}

// One block of four columns from its first weight on, as far as sixteens go; returns where the rest begins.
ALWAYS_INLINE u32 sixteens(const MatMulNBitsParams *p, const Column *c, u32 bits, u32 block, u32 length,
                           f32 *to) {
  int small = 0;
  for (u32 i = 0; i < 4; i++) small |= (bits_of(c[i].scales[block]) & 0x7fffffffu) < PRODUCT_LIMIT;
  u32 at = 0;
  for (; at + 16 <= length; at += 16) {
    if (small)
      four_columns(p, c, bits, block, at, 1, to + at * PANEL);
    else
      four_columns(p, c, bits, block, at, 0, to + at * PANEL);
  }
  return at;
}

// The panel of eight columns.
static void panel_of(const MatMulNBitsParams *p, const Column *columns, f32 *to) {
  for (u32 block = 0; block < p->blocks; block++) {
    const u32 first = block * p->block, left = p->k - first, length = left < p->block ? left : p->block;
    for (u32 c = 0; c < PANEL; c += 4) {
      u32 done = 0;
      if (p->bits == 4) done = sixteens(p, columns + c, 4, block, length, to + first * PANEL + c);
      if (p->bits == 8) done = sixteens(p, columns + c, 8, block, length, to + first * PANEL + c);
      if (done == length) continue;
      for (u32 i = c; i < c + 4; i++) weights_of(p, columns + i, block, first + done, first + length, to + i);
    }
  }
}

KERNEL(mat_mul_n_bits) {
  const MatMulNBitsParams *p = params;
  const u32 column_blocks = (p->n + p->column_block - 1) / p->column_block, panel = p->k * PANEL;
  f32 *panels = scratch, *strips = panels + p->k * p->column_block;
  u32 packed = ~0u;
  for (u32 unit = begin; unit < end; unit++) {
    const u32 row = unit / column_blocks * p->row_block, column = unit % column_blocks * p->column_block;
    const u32 rows = p->m - row < p->row_block ? p->m - row : p->row_block;
    const u32 n = p->n - column < p->column_block ? p->n - column : p->column_block;
    if (row != packed) {
      pack_strips((const f32 *)in[0] + row * p->k, p->k, 1, rows, p->k, strips);
      packed = row;
    }
    // A panel stays in the first-level cache while all strips pass; a single strip passes all panels.
    const u32 step = rows > STRIP ? PANEL : p->column_block;
    f32 *to = (f32 *)out[0] + row * p->n + column;
    for (u32 c = 0; c < n; c += step) {
      const u32 width = n - c < step ? n - c : step;
      for (u32 first = 0; first < width; first += PANEL) {
        Column columns[PANEL];
        for (u32 i = 0; i < PANEL; i++) { // past the end anything: it is not stored
          const u32 at = c + first + i;
          columns[i] = column_at(p, in, column + (at < n ? at : n - 1));
        }
        panel_of(p, columns, panels + first * p->k);
      }
      for (u32 r = 0; r < rows; r += STRIP)
        tile_panels(rows - r < STRIP ? rows - r : STRIP, strips + r * p->k, panels, panel, p->k, 0,
                    to + r * p->n + c, p->n, width);
    }
  }
}
