// Element-wise operators: out[i] = chain(loads at i), for i in [256 * begin, 256 * end).
// The whole kernel is the chain (chain.h): rules V1, V2, V6; no order of evaluation exists across elements.
#include "../chain.h"

typedef struct {
  u32 n; // elements of the output
  u32 pad0, pad1, pad2;
  Chain chain;
} ElementwiseParams;

KERNEL(elementwise) {
  const ElementwiseParams *p = params;
  UNUSED(scratch);
  const u32 first = begin * CHAIN_BLOCK;
  const u32 last = end * CHAIN_BLOCK < p->n ? end * CHAIN_BLOCK : p->n;
  if (first < last) chain_run(&p->chain, in, out, first, last, 0);
}
