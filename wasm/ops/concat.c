// Concat: each input has `widths[k]` consecutive units in every row of the output (V1). A work unit is the part
// of one input in one row.
#include "../copy.h"

#define CONCAT_INPUTS 32

typedef struct {
  u32 n;          // units of the output
  u32 inputs;     // at least 1
  u32 unit_shift; // log2 of the bytes of a unit
  u32 row;        // units of a row, the sum of the widths
  u32 widths[CONCAT_INPUTS];
} ConcatParams;

KERNEL(concat) {
  const ConcatParams *p = params;
  UNUSED(scratch);
  u32 row = begin / p->inputs;
  u32 input = begin % p->inputs;
  u32 at = row * p->row;
  for (u32 k = 0; k < input; k++) at += p->widths[k];
  for (u32 unit = begin; unit < end; unit++) {
    const u32 width = p->widths[input];
    copy_run(out[0], at, in[input], row * width, 1, width, p->unit_shift);
    at += width;
    if (++input == p->inputs) {
      input = 0;
      row++;
    }
  }
}
