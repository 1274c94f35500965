// CumSum over one axis of [outer, count, inner]: s = 0; then for each term, in index order or from the end: s
// = s + x. For f32 every sum is a V2 operation, so a partial sum is the canonical sum of the one before it
// and its term (no tree: V4 is for one sum, not for all prefixes). Integers wrap around (V8). `exclusive`
// stores the sum before the term. A work unit is one row.
#include "../canonical.h"

typedef struct {
  u32 outer, count, inner;
  u32 type_code; // order.h: 8 f32, else log2 of the bytes an element (+ 4 if unsigned)
  u32 exclusive, reverse;
  u32 pad0, pad1;
} CumSumParams;

KERNEL(cum_sum) {
  const CumSumParams *p = params;
  UNUSED(scratch);
  for (u32 row = begin; row < end; row++) {
    const u32 base = row / p->inner * p->count * p->inner + row % p->inner;
    f32 sum = 0.0f;
    u64 wrapped = 0;
    for (u32 i = 0; i < p->count; i++) {
      const u32 at = base + (p->reverse ? p->count - 1 - i : i) * p->inner;
      if (p->type_code == 8) {
        const f32 next = canonical(sum + canonical(((const f32 *)in[0])[at]));
        ((f32 *)out[0])[at] = p->exclusive ? sum : next;
        sum = next;
      } else if ((p->type_code & 3) == 2) {
        const u64 next = wrapped + ((const u32 *)in[0])[at];
        ((u32 *)out[0])[at] = (u32)(p->exclusive ? wrapped : next);
        wrapped = next;
      } else {
        const u64 next = wrapped + ((const u64 *)in[0])[at];
        ((u64 *)out[0])[at] = p->exclusive ? wrapped : next;
        wrapped = next;
      }
    }
  }
}
