// GatherElements: each output element is read where its own index says along one axis, and at its own
// position along the others (V1). An index counts from the end if negative; one outside gives zero bits. A
// work unit is one row of the last axis.
#include "../copy.h"

typedef struct {
  u32 n;           // elements of the output
  u32 rank;        // at least 1
  u32 bytes_shift; // log2 of the bytes of an element: 0 to 3
  u32 index_bytes; // 4 or 8
  u32 axis_dim;    // of the data
  u32 axis_stride; // of the data, in elements
  u32 pad0, pad1;
  u32 dims[COPY_RANK];    // of indices and output
  u32 strides[COPY_RANK]; // of the data, in elements; 0 for the axis
} GatherElementsParams;

KERNEL(gather_elements) {
  const GatherElementsParams *p = params;
  UNUSED(scratch);
  const u32 last = p->rank - 1;
  const u32 n = p->dims[last];
  Odometer from = odometer_at(begin, last, p->dims, p->strides, 0);
  for (u32 row = begin; row < end; row++, odometer_step(&from)) {
    for (u32 j = 0; j < n; j++) {
      const u32 at = row * n + j;
      const u32 index = index_at(in[1], at, p->index_bytes, p->axis_dim);
      const u32 source = from.at + j * p->strides[last] + index * p->axis_stride;
      const u32 inside = index < p->axis_dim;
      if (p->bytes_shift == 3)
        ((u64 *)out[0])[at] = inside ? ((const u64 *)in[0])[source] : 0;
      else
        store_unit(out[0], at, p->bytes_shift, inside ? load_unit(in[0], source, p->bytes_shift) : 0);
    }
  }
}
