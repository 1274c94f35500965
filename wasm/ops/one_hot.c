// OneHot: out[o, d, i] = values[1] where index [o, i] is d, else values[0] (V1). A negative index counts from
// the end; an index outside -depth..depth-1 matches nothing. Indices may be f32: truncated towards zero by
// their bits, NaN is 0. A work unit is one position [o, d].
#include "../copy.h"

enum { INDEX_I32, INDEX_I64, INDEX_F32 };

typedef struct {
  u32 n;     // elements of the output
  u32 depth; // at least 1
  u32 inner;
  u32 bytes_shift; // log2 of the bytes of an element: 0 to 3
  u32 index_kind;
  u32 pad0, pad1, pad2;
} OneHotParams;

// Truncated; what is beyond 2^31 in magnitude stays beyond every depth.
static inline i64 truncated(u32 bits) {
  const u32 magnitude = bits & 0x7fffffffu;
  if (magnitude < 0x3f800000u || magnitude > 0x7f800000u) return 0;
  const u32 exponent = (magnitude >> 23) - 127;
  const i64 fraction = (magnitude & 0x7fffff) | 0x800000;
  const i64 value = exponent > 30   ? (i64)1 << 31
                    : exponent > 23 ? fraction << (exponent - 23)
                                    : fraction >> (23 - exponent);
  return bits >> 31 ? -value : value;
}

KERNEL(one_hot) {
  const OneHotParams *p = params;
  UNUSED(scratch);
  for (u32 unit = begin; unit < end; unit++) {
    const u32 position = unit % p->depth;
    const u32 outer = unit / p->depth;
    for (u32 i = 0; i < p->inner; i++) {
      const u32 from = outer * p->inner + i;
      i64 index = p->index_kind == INDEX_I64   ? ((const i64 *)in[0])[from]
                  : p->index_kind == INDEX_I32 ? ((const i32 *)in[0])[from]
                                               : truncated(((const u32 *)in[0])[from]);
      if (index < 0) index += p->depth;
      const u32 on = index == position;
      const u32 at = unit * p->inner + i;
      if (p->bytes_shift == 3)
        ((u64 *)out[0])[at] = ((const u64 *)in[1])[on];
      else
        store_unit(out[0], at, p->bytes_shift, load_unit(in[1], on, p->bytes_shift));
    }
  }
}
