// TopK over one axis of [outer, count, inner]: the k largest or smallest terms of each row, best first, and
// their indices, int64. Compared as canonical reads (V2) in the total order of order.h: every NaN above
// +infinity. Of equals the lower index comes first. Values are copied as bits (V1). A work unit is one row.
// Scratch: k entries, a heap with the worst on top.
#include "../order.h"

typedef struct {
  u32 outer, count, inner;
  u32 type_code; // order.h
  u32 k;
  u32 smallest;
  u32 pad0, pad1;
} TopKParams;

typedef struct {
  u64 key; // larger is better
  u32 index, pad;
} Entry;

static inline int is_better(Entry a, Entry b) {
  return a.key > b.key || (a.key == b.key && a.index < b.index);
}

// Places `entry` at position `at` of a heap of n, above which all is well.
static void sift_down(Entry *heap, u32 n, u32 at, Entry entry) {
  for (;;) {
    u32 child = 2 * at + 1;
    if (child >= n) break;
    if (child + 1 < n && is_better(heap[child], heap[child + 1])) child++;
    if (!is_better(entry, heap[child])) break;
    heap[at] = heap[child];
    at = child;
  }
  heap[at] = entry;
}

static void copy_term(const void *x, u32 from, void *y, u32 to, u32 type_code) {
  switch (type_code > 7 ? type_code - 6 : type_code & 3) {
  case 0: ((u8 *)y)[to] = ((const u8 *)x)[from]; break;
  case 1: ((u16 *)y)[to] = ((const u16 *)x)[from]; break;
  case 2: ((u32 *)y)[to] = ((const u32 *)x)[from]; break;
  default: ((u64 *)y)[to] = ((const u64 *)x)[from];
  }
}

KERNEL(top_k) {
  const TopKParams *p = params;
  i64 *indices = out[1];
  Entry *heap = scratch;
  const u32 k = p->k, inner = p->inner;
  for (u32 row = begin; row < end; row++) {
    const u32 outer = row / inner, column = row % inner, base = outer * p->count * inner + column;
    for (u32 i = 0; i < p->count; i++) {
      const u64 key = order_key(in[0], p->type_code, base + i * inner);
      const Entry entry = {p->smallest ? ~key : key, i, 0};
      if (i < k) { // fills from the back, then becomes a heap
        heap[i] = entry;
        if (i + 1 == k)
          for (u32 at = k / 2; at-- > 0;) sift_down(heap, k, at, heap[at]);
      } else if (is_better(entry, heap[0])) {
        sift_down(heap, k, 0, entry);
      }
    }
    for (u32 n = k; n > 1; n--) { // the worst goes last
      const Entry worst = heap[0];
      sift_down(heap, n - 1, 0, heap[n - 1]);
      heap[n - 1] = worst;
    }
    for (u32 i = 0; i < k; i++) {
      const u32 to = (outer * k + i) * inner + column;
      copy_term(in[0], base + heap[i].index * inner, out[0], to, p->type_code);
      indices[to] = heap[i].index;
    }
  }
}
