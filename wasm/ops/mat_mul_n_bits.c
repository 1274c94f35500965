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

// Eight weights in a row, in order. Without `small` none but 0 is as small as V3 flushes; the sign of a 0 is
// nothing to sums that begin with +0.
ALWAYS_INLINE void eight(const u8 *q, u32 bits, v128_t zero, v128_t scale, int small, v128_t *w) {
  v128_t x;
  if (bits == 8) {
    x = wasm_v128_load64_zero(q);
  } else {
    const v128_t two = wasm_v128_load32_zero(q);
    x = wasm_v128_and(wasm_i8x16_shuffle(two, wasm_u16x8_shr(two, 4), 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5,
                                         21, 6, 22, 7, 23),
                      wasm_i8x16_splat(15));
  }
  const v128_t a = wasm_i16x8_sub(wasm_u16x8_extend_low_u8x16(x), zero);
  w[0] = wasm_f32x4_mul(wasm_f32x4_convert_i32x4(wasm_i32x4_extend_low_i16x8(a)), scale);
  w[1] = wasm_f32x4_mul(wasm_f32x4_convert_i32x4(wasm_i32x4_extend_high_i16x8(a)), scale);
  if (small) UNROLL for (u32 i = 0; i < 2; i++) w[i] = flush_small_x4(w[i], PRODUCT_LIMIT);
}

// `length` weights, a multiple of 8, of four columns side by side.
ALWAYS_INLINE void eights(const u8 *const *q, u32 bits, const v128_t *zero, const v128_t *scale, int small,
                          u32 length, f32 *to) {
  const u8 *q0 = q[0], *q1 = q[1], *q2 = q[2], *q3 = q[3];
  for (u32 at = 0; at < length; at += 8, to += 8 * PANEL) {
    v128_t a[2], b[2], c[2], d[2];
    eight(q0, bits, zero[0], scale[0], small, a);
    eight(q1, bits, zero[1], scale[1], small, b);
    eight(q2, bits, zero[2], scale[2], small, c);
    eight(q3, bits, zero[3], scale[3], small, d);
    q0 += bits, q1 += bits, q2 += bits, q3 += bits;
    UNROLL for (u32 k = 0; k < 2; k++) {
      const v128_t l0 = wasm_i32x4_shuffle(a[k], b[k], 0, 4, 1, 5);
      const v128_t h0 = wasm_i32x4_shuffle(a[k], b[k], 2, 6, 3, 7);
      const v128_t l1 = wasm_i32x4_shuffle(c[k], d[k], 0, 4, 1, 5);
      const v128_t h1 = wasm_i32x4_shuffle(c[k], d[k], 2, 6, 3, 7);
      wasm_v128_store(to + (4 * k) * PANEL, wasm_i64x2_shuffle(l0, l1, 0, 2));
      wasm_v128_store(to + (4 * k + 1) * PANEL, wasm_i64x2_shuffle(l0, l1, 1, 3));
      wasm_v128_store(to + (4 * k + 2) * PANEL, wasm_i64x2_shuffle(h0, h1, 0, 2));
      wasm_v128_store(to + (4 * k + 3) * PANEL, wasm_i64x2_shuffle(h0, h1, 1, 3));
    }
  }
}

// One block of four columns from its first weight on, as far as eights go; returns where the rest begins.
ALWAYS_INLINE u32 block_of(const MatMulNBitsParams *p, const Column *c, u32 bits, u32 block, u32 length,
                           f32 *to) {
  int small = 0;
  v128_t zero[4], scale[4];
  const u8 *q[4];
  for (u32 i = 0; i < 4; i++) {
    const f32 one = canonical(c[i].scales[block]);
    small |= (bits_of(one) & 0x7fffffffu) < PRODUCT_LIMIT;
    zero[i] = wasm_i16x8_splat((i16)zero_of(p, c + i, block));
    scale[i] = wasm_f32x4_splat(one);
    q[i] = c[i].q + block * (p->block * bits / 8);
  }
  const u32 whole = length & ~7u;
  if (small)
    eights(q, bits, zero, scale, 1, whole, to);
  else
    eights(q, bits, zero, scale, 0, whole, to);
  return whole;
}

// The panel of eight columns.
static void panel_of(const MatMulNBitsParams *p, const Column *columns, f32 *to) {
  for (u32 block = 0; block < p->blocks; block++) {
    const u32 first = block * p->block, left = p->k - first, length = left < p->block ? left : p->block;
    for (u32 c = 0; c < PANEL; c += 4) {
      u32 done = 0;
      if (p->bits == 4) done = block_of(p, columns + c, 4, block, length, to + first * PANEL + c);
      if (p->bits == 8) done = block_of(p, columns + c, 8, block, length, to + first * PANEL + c);
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
