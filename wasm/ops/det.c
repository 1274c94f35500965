// Det: Gaussian elimination with partial pivoting. Column by column the pivot is the first of the largest
// magnitudes from the diagonal down, NaN above all; its row changes places with the diagonal's; each row
// below loses factor * pivot row, factor = its element / pivot, product and difference V2 operations. Where
// the pivot is 0 there is nothing to subtract. The result is the product of the pivots from left to right,
// negated for an odd number of exchanges. Reference only. A work unit is one matrix.
#include "../canonical.h"

typedef struct {
  u32 size;
  u32 pad0, pad1, pad2;
} DetParams;

static u32 magnitude(f32 x) { return bits_of(x) & 0x7fffffffu; }

KERNEL(det) {
  const DetParams *p = params;
  const u32 n = p->size;
  f32 *a = scratch;
  for (u32 unit = begin; unit < end; unit++) {
    const f32 *x = (const f32 *)in[0] + unit * n * n;
    for (u32 i = 0; i < n * n; i++) a[i] = canonical(x[i]);
    f32 result = 1.0f;
    u32 odd = 0;
    for (u32 k = 0; k < n; k++) {
      u32 best = k;
      for (u32 i = k + 1; i < n; i++)
        if (magnitude(a[i * n + k]) > magnitude(a[best * n + k])) best = i;
      if (best != k) {
        odd ^= 1;
        for (u32 j = k; j < n; j++) {
          const f32 kept = a[k * n + j];
          a[k * n + j] = a[best * n + j];
          a[best * n + j] = kept;
        }
      }
      const f32 pivot = a[k * n + k];
      result = k == 0 ? pivot : canonical(result * pivot);
      if (pivot == 0.0f) continue;
      for (u32 i = k + 1; i < n; i++) {
        const f32 factor = canonical(a[i * n + k] / pivot);
        for (u32 j = k + 1; j < n; j++)
          a[i * n + j] = canonical(a[i * n + j] - canonical(factor * a[k * n + j]));
      }
    }
    ((f32 *)out[0])[unit] = odd ? canonical(-result) : result;
  }
}
