// Y[batch][m][n] = tree over k of A[batch][m][k] * B[batch][k][n] in float64 (V4, V9): each product rounded,
// then the tree of radix 64, nothing flushed. Reference only: WGSL has no f64. Not tuned. A work unit is one
// row of one matrix.
#include "../math/f64.h"
#include "../tree_f64.h"

typedef struct {
  u32 m, n, k;
  u32 batch_rank;
  u32 a_row_stride, a_column_stride; // in elements
  u32 b_row_stride, b_column_stride;
  u32 batch_dims[8]; // innermost first
  u32 a_strides[8], b_strides[8];
} MatMulF64Params;

KERNEL(mat_mul_f64) {
  const MatMulF64Params *p = params;
  UNUSED(scratch);
  for (u32 row = begin; row < end; row++) {
    u32 rest = row / p->m;
    const f64 *a = (const f64 *)in[0] + row % p->m * p->a_row_stride, *b = in[1];
    for (u32 axis = 0; axis < p->batch_rank; axis++) {
      const u32 at = rest % p->batch_dims[axis];
      a += at * p->a_strides[axis];
      b += at * p->b_strides[axis];
      rest /= p->batch_dims[axis];
    }
    for (u32 j = 0; j < p->n; j++) {
      const f64 *column = b + j * p->b_column_stride;
      TreeF64 tree;
      tree_f64_start(&tree, 0);
      for (u32 k = 0; k < p->k; k++) {
        const f64 left = canonical_f64(a[k * p->a_column_stride]);
        tree_f64_add(&tree, left * canonical_f64(column[k * p->b_row_stride]));
      }
      ((f64 *)out[0])[row * p->n + j] = canonical_f64(tree_f64_total(&tree));
    }
  }
}
