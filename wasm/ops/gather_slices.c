// Gather and GatherND: out[b, i] is the slice of `inner` units that the index tuple i (of batch b) names
// (V1). An index counts from the end if negative; a tuple with an index outside the tensor gives zero bits.
// A work unit is one slice.
#include "../copy.h"

typedef struct {
  u32 n;                  // units of the output
  u32 count;              // tuples a batch
  u32 tuple;              // indices a tuple, at most 8
  u32 index_bytes;        // 4 or 8
  u32 index_batch;        // indices from one batch to the next; 0: all batches share them
  u32 data_batch;         // units of the data from one batch to the next
  u32 inner;              // units a slice
  u32 unit_shift;         // log2 of the bytes of a unit
  u32 dims[COPY_RANK];    // of the indexed axes
  u32 strides[COPY_RANK]; // in units
} GatherSlicesParams;

KERNEL(gather_slices) {
  const GatherSlicesParams *p = params;
  UNUSED(scratch);
  u32 batch = begin / p->count;
  u32 item = begin % p->count;
  for (u32 unit = begin; unit < end; unit++) {
    u32 source = batch * p->data_batch;
    u32 outside = 0;
    for (u32 k = 0; k < p->tuple; k++) {
      const u32 index =
          index_at(in[1], batch * p->index_batch + item * p->tuple + k, p->index_bytes, p->dims[k]);
      outside |= index == p->dims[k];
      source += index * p->strides[k];
    }
    const u32 at = unit * p->inner;
    if (outside)
      fill_bytes((u8 *)out[0] + ((u64)at << p->unit_shift), 0, 0, p->inner << p->unit_shift);
    else if (p->inner == 1)
      store_unit(out[0], at, p->unit_shift, load_unit(in[0], source, p->unit_shift));
    else
      copy_run(out[0], at, in[0], source, 1, p->inner, p->unit_shift);
    if (++item == p->count) {
      item = 0;
      batch++;
    }
  }
}
