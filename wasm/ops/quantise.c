// y[i] = saturate(round(x[i] / scale) + zero point) in uint8, one scale and zero point for all
// (QuantizeLinear, V6, V8), for i in [QUANTISE_BLOCK * begin, QUANTISE_BLOCK * end). The reference itself
// computes it by a chain: this is what WebGPU is checked by.
#include "../quantise.h"

#define QUANTISE_BLOCK 1024u

typedef struct {
  u32 n;
  u32 pad0, pad1, pad2;
} QuantiseParams;

KERNEL(quantise) {
  const QuantiseParams *p = params;
  const f32 *x = in[0];
  const f32 scale = *(const f32 *)in[1];
  const i32 zero = *(const u8 *)in[2];
  const u32 last = end * QUANTISE_BLOCK < p->n ? end * QUANTISE_BLOCK : p->n;
  u8 *to = out[0];
  UNUSED(scratch);
  for (u32 i = begin * QUANTISE_BLOCK; i < last; i++)
    to[i] = saturated_u8(nearest(quotient(x[i], scale)) + zero);
}
