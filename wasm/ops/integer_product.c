// Y[batch][m][n] = sum over k of A[batch][m][k] * B[batch][k][n] on i32, both packed by integer_pack or
// integer_unfold: two terms a word, A by rows, B in panels of 8 columns. Rule V8: exact, and modulo 2^32
// where it does not fit, so no order matters. Then the chain, whose seed is the i32 word. A unit is a block
// of rows by a block of columns of one matrix, columns innermost. Scratch: 4 * (row_block * column_block +
// 16) bytes.
#include "../chain.h"
#include "../integer.h"

typedef struct {
  u32 m, n, pairs; // pairs: words a line
  u32 batch_rank;
  u32 row_block, column_block; // multiples of 4 and 16 where they do not cover everything
  u32 images;                  // matrices
  u32 pad0;
  u32 batch_dims[8];              // innermost first
  u32 a_strides[8], b_strides[8]; // of packed A and packed B, in words
  Chain chain;
} IntegerProductParams;

#define UNROLL _Pragma("clang loop unroll(full)")

// `rows` rows from `a`, `pairs` words apart, by 4 * `vectors` columns from panel `b` on.
static inline __attribute__((always_inline)) void tile(u32 rows, u32 vectors, const u32 *a, const u32 *b,
                                                       u32 pairs, u32 *to, u32 pitch, u32 width) {
  v128_t s[8];
  UNROLL for (u32 i = 0; i < rows * vectors; i++) s[i] = wasm_i32x4_splat(0);
  const u32 panel = pairs * INTEGER_PANEL;
  _Pragma("clang loop unroll(disable)") for (u32 k = 0; k < pairs; k++, b += INTEGER_PANEL) {
    v128_t x[4];
    UNROLL for (u32 v = 0; v < vectors; v++) x[v] = wasm_v128_load(b + v / 2 * panel + v % 2 * 4);
    UNROLL for (u32 r = 0; r < rows; r++) {
      const v128_t w = wasm_v128_load32_splat(a + r * pairs + k);
      UNROLL for (u32 v = 0; v < vectors; v++) s[r * vectors + v] =
          wasm_i32x4_add(s[r * vectors + v], wasm_i32x4_dot_i16x8(w, x[v]));
    }
  }
  if (width >= 4 * vectors) {
    UNROLL for (u32 r = 0; r < rows; r++) UNROLL for (u32 v = 0; v < vectors; v++)
        wasm_v128_store(to + r * pitch + 4 * v, s[r * vectors + v]);
    return;
  }
  u32 whole[32];
  UNROLL for (u32 i = 0; i < rows * vectors; i++) wasm_v128_store(whole + 4 * i, s[i]);
  for (u32 r = 0; r < rows; r++)
    for (u32 c = 0; c < width; c++) to[r * pitch + c] = whole[r * 4 * vectors + c];
}

// One panel for up to four rows; two panels for a single row, whose sums would wait for each other.
static void tiles(u32 rows, const u32 *a, const u32 *b, u32 pairs, u32 *to, u32 pitch, u32 columns) {
  const u32 panel = pairs * INTEGER_PANEL;
  for (u32 c = 0; c < columns; c += INTEGER_PANEL, b += panel, to += INTEGER_PANEL) {
    const u32 width = columns - c;
    switch (rows) {
    case 4: tile(4, 2, a, b, pairs, to, pitch, width); break;
    case 3: tile(3, 2, a, b, pairs, to, pitch, width); break;
    case 2: tile(2, 2, a, b, pairs, to, pitch, width); break;
    default:
      if (width > INTEGER_PANEL) {
        tile(1, 4, a, b, pairs, to, pitch, width);
        c += INTEGER_PANEL, b += panel, to += INTEGER_PANEL;
      } else {
        tile(1, 2, a, b, pairs, to, pitch, width);
      }
    }
  }
}

KERNEL(integer_product) {
  const IntegerProductParams *p = params;
  const u32 row_blocks = (p->m + p->row_block - 1) / p->row_block;
  const u32 column_blocks = (p->n + p->column_block - 1) / p->column_block;
  const int in_place = p->chain.n_steps == 0 || p->chain.output_bytes == 4;
  ChainPlan chain;
  if (p->chain.n_steps != 0) chain_plan(&p->chain, &chain);
  for (u32 unit = begin; unit < end; unit++) {
    const u32 row = unit / column_blocks % row_blocks * p->row_block;
    const u32 column = unit % column_blocks * p->column_block;
    const u32 matrix = unit / column_blocks / row_blocks;
    const u32 rows = p->m - row < p->row_block ? p->m - row : p->row_block;
    const u32 columns = p->n - column < p->column_block ? p->n - column : p->column_block;
    const u32 *a = (const u32 *)in[0] + row * p->pairs, *b = (const u32 *)in[1] + column * p->pairs;
    for (u32 axis = 0, rest = matrix; axis < p->batch_rank; axis++) {
      const u32 index = rest % p->batch_dims[axis];
      a += index * p->a_strides[axis];
      b += index * p->b_strides[axis];
      rest /= p->batch_dims[axis];
    }
    const u32 first = (matrix * p->m + row) * p->n + column;
    u32 *to = in_place ? (u32 *)out[0] + first : (u32 *)scratch;
    const u32 pitch = in_place ? p->n : columns;
    // A panel of a few KiB stays in the first-level cache while all rows pass.
    const u32 step = rows > 4 ? INTEGER_PANEL : columns;
    for (u32 c = 0; c < columns; c += step)
      for (u32 r = 0; r < rows; r += 4)
        tiles(rows - r < 4 ? rows - r : 4, a + r * p->pairs, b + c * p->pairs, p->pairs, to + r * pitch + c,
              pitch, columns - c < step ? columns - c : step);
    if (p->chain.n_steps == 0) continue;
    const f32 *seed = (const f32 *)to; // words: the chain's first step says what they are
    if (columns == p->n) {
      chain_run_plan(&chain, in, out, first, first + rows * columns, seed);
    } else {
      for (u32 r = 0; r < rows; r++)
        chain_run_plan(&chain, in, out, first + r * p->n, first + r * p->n + columns, seed + r * pitch);
    }
  }
}
