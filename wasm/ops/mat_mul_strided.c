// The reference twin of the WebGPU product of matrices: Y[batch][m][n] = tree over k of A[batch][m][k] *
// B[batch][k][n], both operands where they lie. Rules: V3 (flushed at every load), V4 (tree.h), result
// canonical (V2), then the chain. It recomputes what a GPU flagged and checks the packed kernel (mat_mul.c),
// with which it shares no loop; it is not fast. Either may be 16-bit floats, which are widened as they
// are read (V9). A unit is one row of one matrix.
#include "../chain.h"
#include "../stored.h"
#include "../tree.h"

typedef struct {
  u32 m, n, k;
  u32 batch_rank;
  u32 a_row_stride, a_column_stride; // in elements
  u32 b_row_stride, b_column_stride;
  u32 batch_dims[8]; // innermost first
  u32 a_strides[8], b_strides[8];
  u32 images;             // matrices
  u32 row_bits;           // WebGPU only
  u32 b_stored, a_stored; // enum stored
  Chain chain;
} MatMulStridedParams;

static f32 dot(const MatMulStridedParams *p, const void *a, u32 row, const void *b, u32 column) {
  Tree tree;
  f32 sum = 0.0f;
  if (p->k == 0) return 0.0f;
  for (u32 i = 0; i < p->k; i++) {
    const f32 x = stored_at(a, row + i * p->a_column_stride, p->a_stored);
    const f32 y = stored_at(b, column + i * p->b_row_stride, p->b_stored);
    sum += flush_product(x) * flush_product(y);
    if (i % RADIX == RADIX - 1 || i + 1 == p->k) {
      tree_add(&tree, i / RADIX, sum);
      sum = 0.0f;
    }
  }
  return canonical(tree_total(&tree));
}

KERNEL(mat_mul_strided) {
  const MatMulStridedParams *p = params;
  UNUSED(scratch);
  f32 *y = out[0];
  for (u32 row = begin; row < end; row++) {
    u32 rest = row / p->m;
    u32 a = row % p->m * p->a_row_stride, b = 0;
    for (u32 axis = 0; axis < p->batch_rank; axis++) {
      const u32 at = rest % p->batch_dims[axis];
      a += at * p->a_strides[axis];
      b += at * p->b_strides[axis];
      rest /= p->batch_dims[axis];
    }
    f32 *to = y + row * p->n;
    for (u32 j = 0; j < p->n; j++) to[j] = dot(p, in[0], a, in[1], b + j * p->b_column_stride);
    if (p->chain.n_steps != 0) chain_run(&p->chain, in, out, row * p->n, (row + 1) * p->n, to);
  }
}
