// Y[batch][m][n] = sum over k of (A[batch][m][k] - its zero point) * (B[batch][k][n] - its zero point) on
// i32, both packed by integer_dot_pack: four terms a word, A in strips of 4 rows (of 1 where there is but
// one), B in panels of 8 columns. The products of bytes are summed, and with sums of lines made what the
// differences give. Rule V8: exact, and modulo 2^32, so no order matters. Then the chain, whose seed is the
// i32 word. A unit is a block of rows by a block of columns of one matrix, columns innermost. Scratch: 4 *
// (row_block * column_block
// + 16) bytes. It checks WebGPU: the reference's own kernel is integer_product.
#include "../chain.h"

#define PANEL 8u

typedef struct {
  u32 m, n, terms;
  u32 batch_rank;
  u32 row_block, column_block;
  u32 images;                     // matrices
  u32 strip;                      // lines of a strip of A: 4, or 1
  u32 batch_dims[8];              // innermost first
  u32 a_strides[8], b_strides[8]; // of packed A and packed B, in words
  Chain chain;
} IntegerDotParams;

// Adds the products of the first four columns from `b` on with the line at `a`.
static v128_t dots(const u32 *a, u32 strip, const u32 *b, u32 words) {
  v128_t low = wasm_i32x4_splat(0), high = low;
  for (u32 k = 0; k < words; k++, a += strip, b += PANEL) {
    const v128_t x = wasm_i16x8_extend_low_i8x16(wasm_v128_load32_splat(a)), y = wasm_v128_load(b);
    low = wasm_i32x4_add(low, wasm_i32x4_dot_i16x8(x, wasm_i16x8_extend_low_i8x16(y)));
    high = wasm_i32x4_add(high, wasm_i32x4_dot_i16x8(x, wasm_i16x8_extend_high_i8x16(y)));
  }
  return wasm_i32x4_add(wasm_i32x4_shuffle(low, high, 0, 2, 4, 6), wasm_i32x4_shuffle(low, high, 1, 3, 5, 7));
}

KERNEL(integer_dot) {
  const IntegerDotParams *p = params;
  const u32 row_blocks = (p->m + p->row_block - 1) / p->row_block;
  const u32 column_blocks = (p->n + p->column_block - 1) / p->column_block;
  const u32 words = (p->terms + 3) / 4;
  ChainPlan chain;
  if (p->chain.n_steps != 0) chain_plan(&p->chain, in, &chain);
  for (u32 unit = begin; unit < end; unit++) {
    const u32 row = unit / column_blocks % row_blocks * p->row_block;
    const u32 column = unit % column_blocks * p->column_block;
    const u32 matrix = unit / column_blocks / row_blocks;
    const u32 rows = p->m - row < p->row_block ? p->m - row : p->row_block;
    const u32 columns = p->n - column < p->column_block ? p->n - column : p->column_block;
    const u32 *a = in[0], *b = in[1];
    for (u32 axis = 0, rest = matrix; axis < p->batch_rank; axis++) {
      const u32 index = rest % p->batch_dims[axis];
      a += index * p->a_strides[axis];
      b += index * p->b_strides[axis];
      rest /= p->batch_dims[axis];
    }
    const u32 first = (matrix * p->m + row) * p->n + column;
    u32 *sums = scratch;
    for (u32 r = 0; r < rows; r++) {
      const u32 *left = a + (row + r) / p->strip * p->strip * (words + 2) + (row + r) % p->strip;
      const u32 left_sum = left[words * p->strip], left_zero = left[(words + 1) * p->strip];
      for (u32 c = 0; c < columns; c += 4) {
        const u32 *right = b + (column + c) / PANEL * PANEL * (words + 2) + (column + c) % PANEL;
        const v128_t sum = wasm_v128_load(right + words * PANEL),
                     zero = wasm_v128_load(right + (words + 1) * PANEL);
        const v128_t less =
            wasm_i32x4_sub(wasm_i32x4_mul(wasm_i32x4_splat((i32)(p->terms * left_zero - left_sum)), zero),
                           wasm_i32x4_mul(wasm_i32x4_splat((i32)left_zero), sum));
        wasm_v128_store(sums + r * columns + c, wasm_i32x4_add(dots(left, p->strip, right, words), less));
      }
      const f32 *seed = (const f32 *)(sums + r * columns); // words: the chain's first step says what they are
      if (p->chain.n_steps != 0) {
        chain_run_plan(&chain, in, out, first + r * p->n, first + r * p->n + columns, seed);
      } else {
        for (u32 c = 0; c < columns; c++) ((u32 *)out[0])[first + r * p->n + c] = sums[r * columns + c];
      }
    }
  }
}
