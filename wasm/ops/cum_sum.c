// CumSum and CumProd over one axis of [outer, count, inner]: s = 0; then for each term, in index order or
// from the end: s = s + x. For f32 every sum is a V2 operation, so a partial sum is the canonical sum of the
// one before it and its term (no tree: V4 is for one sum, not for all prefixes). Integers wrap around (V8).
// CumProd: s = 1, then s · x, alike. `exclusive` stores the sum before the term. A work unit is one row.
#include "../canonical.h"
#include "../math/f64.h"

typedef struct {
  u32 outer, count, inner;
  u32 type_code; // order.h: 8 f32, 9 f64, else log2 of the bytes an element (+ 4 if unsigned)
  u32 exclusive, reverse;
  u32 product; // 1: CumProd
  u32 pad0;
} CumSumParams;

KERNEL(cum_sum) {
  const CumSumParams *p = params;
  UNUSED(scratch);
  for (u32 row = begin; row < end; row++) {
    const u32 base = row / p->inner * p->count * p->inner + row % p->inner;
    f32 sum = p->product ? 1 : 0;
    f64 wide = sum;
    u64 wrapped = p->product;
    for (u32 i = 0; i < p->count; i++) {
      const u32 at = base + (p->reverse ? p->count - 1 - i : i) * p->inner;
      if (p->type_code == 8) {
        const f32 x = canonical(((const f32 *)in[0])[at]);
        const f32 next = canonical(p->product ? sum * x : sum + x);
        ((f32 *)out[0])[at] = p->exclusive ? sum : next;
        sum = next;
      } else if (p->type_code == 9) {
        const f64 x = canonical_f64(((const f64 *)in[0])[at]);
        const f64 next = canonical_f64(p->product ? wide * x : wide + x);
        ((f64 *)out[0])[at] = p->exclusive ? wide : next;
        wide = next;
      } else if ((p->type_code & 3) == 2) {
        const u64 x = ((const u32 *)in[0])[at];
        const u64 next = p->product ? wrapped * x : wrapped + x;
        ((u32 *)out[0])[at] = (u32)(p->exclusive ? wrapped : next);
        wrapped = next;
      } else {
        const u64 x = ((const u64 *)in[0])[at];
        const u64 next = p->product ? wrapped * x : wrapped + x;
        ((u64 *)out[0])[at] = p->exclusive ? wrapped : next;
        wrapped = next;
      }
    }
  }
}
