// The second half of ScatterND and ScatterElements: out = the data, or the update that scatter_order chose
// for the slot (V1). A slot is `inner` units. A work unit is one slot.
#include "../copy.h"

typedef struct {
  u32 n;          // units of the output
  u32 inner;      // units a slot
  u32 unit_shift; // log2 of the bytes of a unit
  u32 pad0;
} ScatterSelectParams;

KERNEL(scatter_select) {
  const ScatterSelectParams *p = params;
  UNUSED(scratch);
  const u32 *winner = in[1];
  for (u32 slot = begin; slot < end; slot++) {
    const u32 update = winner[slot];
    const void *source = update == 0 ? in[0] : in[2];
    const u32 from = (update == 0 ? slot : update - 1) * p->inner;
    copy_run(out[0], slot * p->inner, source, from, 1, p->inner, p->unit_shift);
  }
}
