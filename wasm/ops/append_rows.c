// New rows behind those that a cache holds (V1): out[g, p] is row p of past[g] where p < filled, else row p -
// filled of own[g], else zero bits, also where there is no such row of past. `filled` is filled[b] for the
// groups (heads) g of batch entry b. A work unit is one row of the output; rows from one place are one copy.
#include "../copy.h"

typedef struct {
  u32 n;          // units of the output
  u32 inner;      // units a row
  u32 unit_shift; // log2 of the bytes of a unit
  u32 groups;     // a batch entry
  u32 past;       // rows of a group: of past,
  u32 rows;       // of own,
  u32 present;    // and of the output
  u32 pad0;
} AppendRowsParams;

KERNEL(append_rows) {
  const AppendRowsParams *p = params;
  const u32 bytes = p->inner << p->unit_shift;
  UNUSED(scratch);
  u32 group = begin / p->present;
  u32 row = begin % p->present;
  for (u32 unit = begin; unit < end;) {
    const u32 filled = ((const u32 *)in[2])[group / p->groups];
    const u32 held = filled < p->past ? filled : p->past;
    // Up to `stop` rows come from `from`, or are zero.
    const u8 *from = 0;
    u32 stop = p->present;
    if (row < held) {
      from = (const u8 *)in[0] + (group * p->past + row) * bytes;
      stop = held;
    } else if (row < filled) {
      stop = filled;
    } else if (row - filled < p->rows) {
      from = (const u8 *)in[1] + (group * p->rows + row - filled) * bytes;
      stop = filled + p->rows;
    }
    if (stop > p->present) stop = p->present;
    const u32 count = stop - row < end - unit ? stop - row : end - unit;
    u8 *to = (u8 *)out[0] + unit * bytes;
    if (from)
      copy_bytes(to, from, count * bytes);
    else
      fill_bytes(to, 0, 0, count * bytes);
    unit += count;
    row += count;
    if (row == p->present) {
      row = 0;
      group++;
    }
  }
}
