// Pad, and Resize by nearest: out[i, j, ...] = in[t0[i] + t1[j] + ...] with one table of input offsets for
// each axis; a negative entry stands for the fill value (V1). A work unit is one row of the last axis, whose
// entries [run_begin, run_end) are consecutive.
#include "../copy.h"

typedef struct {
  u32 n;                   // units of the output
  u32 rank;                // at least 1
  u32 unit_shift;          // log2 of the bytes of a unit
  u32 run_begin, run_end;  // the consecutive part of the last axis' table
  u32 fill_low, fill_high; // 8 bytes: the fill value, repeated; output byte b has byte b mod 8
  u32 pad0;
  u32 dims[COPY_RANK];
  u32 starts[COPY_RANK]; // where each axis' table starts in in[1]
} GatherAxesParams;

// Entries [first, last) of one row.
static inline void gather_row(const GatherAxesParams *p, const void *in, void *out, const i32 *table,
                              u32 source, u32 at_out, u32 first, u32 last) {
  const u32 shift = p->unit_shift;
  for (u32 j = first; j < last; j++) {
    const u32 at = at_out + j;
    const u32 fill = (at << shift) & 4 ? p->fill_high : p->fill_low;
    const u32 bits =
        table[j] < 0 ? fill >> (((at << shift) & 3) * 8) : load_unit(in, source + (u32)table[j], shift);
    store_unit(out, at, shift, bits);
  }
}

KERNEL(gather_axes) {
  const GatherAxesParams *p = params;
  UNUSED(scratch);
  const i32 *tables = in[1];
  const u32 last = p->rank - 1;
  const u32 n = p->dims[last];
  const u32 shift = p->unit_shift;
  const i32 *table = tables + p->starts[last];
  u32 index[COPY_RANK];
  for (u32 axis = last, row = begin; axis-- > 0; row /= p->dims[axis]) index[axis] = row % p->dims[axis];
  for (u32 row = begin; row < end; row++) {
    u32 source = 0;
    i32 sign = 0;
    for (u32 axis = 0; axis < last; axis++) {
      const i32 entry = tables[p->starts[axis] + index[axis]];
      sign |= entry;
      source += (u32)entry;
    }
    const u32 at = row * n;
    if (sign < 0) {
      fill_bytes((u8 *)out[0] + ((u64)at << shift), (u64)p->fill_high << 32 | p->fill_low, at << shift,
                 n << shift);
    } else {
      gather_row(p, in[0], out[0], table, source, at, 0, p->run_begin);
      if (p->run_begin < p->run_end) {
        copy_run(out[0], at + p->run_begin, in[0], source + (u32)table[p->run_begin], 1,
                 p->run_end - p->run_begin, shift);
      }
      gather_row(p, in[0], out[0], table, source, at, p->run_end, n);
    }
    for (u32 axis = last; axis-- > 0;) {
      if (++index[axis] < p->dims[axis]) break;
      index[axis] = 0;
    }
  }
}
