// Y[batch][m][n] = sum over k of A[batch][m][k] * B[batch][k][n] on i32, both packed by integer_pack:
// two terms a word, A in strips of 4 rows (of 1 where there is but one), B in panels of 8
// columns. Rule V8: exact, and modulo 2^32 where it does not fit, so no order matters. Then the chain, whose
// seed is the i32 word. A unit is a block of rows by a block of columns of one matrix, columns innermost.
// Scratch: 4 * (row_block * column_block + 16) bytes.
#include "../chain.h"
#include "../integer_tile.h"

typedef struct {
  u32 m, n, pairs; // pairs: words a line
  u32 batch_rank;
  u32 row_block, column_block;    // multiples of 4 and 16 where they do not cover everything
  u32 images;                     // matrices
  u32 strip;                      // lines of a strip of A: 4, or 1
  u32 batch_dims[8];              // innermost first
  u32 a_strides[8], b_strides[8]; // of packed A and packed B, in words
  Chain chain;
} IntegerProductParams;

KERNEL(integer_product) {
  const IntegerProductParams *p = params;
  const u32 row_blocks = (p->m + p->row_block - 1) / p->row_block;
  const u32 column_blocks = (p->n + p->column_block - 1) / p->column_block;
  const int in_place = p->chain.n_steps == 0 || p->chain.output_bytes == 4;
  ChainPlan chain;
  if (p->chain.n_steps != 0) chain_plan(&p->chain, in, &chain);
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
        integer_tiles(rows - r < 4 ? rows - r : 4, p->strip, a + r * p->pairs, b + c * p->pairs, p->pairs,
                      to + r * pitch + c, pitch, columns - c < step ? columns - c : step);
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
