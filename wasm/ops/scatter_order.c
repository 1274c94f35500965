// The first half of ScatterND and ScatterElements: which update each slot gets. out[slot] = 1 + the number of
// the last update in index order that names the slot, 0 if none does (V11: the last one wins). An index
// counts from the end if negative; updates with an index outside the tensor are dropped. One work unit: the
// slots are shared.
#include "../copy.h"

typedef struct {
  u32 slots;       // of the output
  u32 count;       // updates
  u32 tuple;       // indices an update
  u32 index_bytes; // 4 or 8
  u32 rank;        // axes whose position an update takes from its own (ScatterElements), else 0
  u32 pad0, pad1, pad2;
  u32 dims[COPY_RANK];          // of the updates, for those axes
  u32 strides[COPY_RANK];       // slots a step along them; 0 for the indexed axis
  u32 tuple_dims[COPY_RANK];    // of the indexed axes
  u32 tuple_strides[COPY_RANK]; // slots a step along them
} ScatterOrderParams;

KERNEL(scatter_order) {
  const ScatterOrderParams *p = params;
  UNUSED(scratch);
  UNUSED(end);
  if (begin != 0) return;
  u32 *winner = out[0];
  fill_bytes((u8 *)winner, 0, 0, p->slots * 4);
  Odometer own = odometer_at(0, p->rank, p->dims, p->strides, 0);
  for (u32 update = 0; update < p->count; update++, odometer_step(&own)) {
    u32 slot = own.at;
    u32 outside = 0;
    for (u32 k = 0; k < p->tuple; k++) {
      const u32 index = index_at(in[0], update * p->tuple + k, p->index_bytes, p->tuple_dims[k]);
      outside |= index == p->tuple_dims[k];
      slot += index * p->tuple_strides[k];
    }
    if (!outside) winner[slot] = update + 1;
  }
}
