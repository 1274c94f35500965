// Integers of 2 or 4 bits to bytes: out[row][column], from rows of `row_bytes` bytes, the lowest bits first
// (V1). A unit is 1024 elements.
#include "../repro.h"

typedef struct {
  u32 n, columns, row_bytes, bits; // n elements of out
} UnpackBitsParams;

KERNEL(unpack_bits) {
  const UnpackBitsParams *p = params;
  UNUSED(scratch);
  const u8 *from = in[0];
  u8 *to = out[0];
  const u32 last = end * 1024 < p->n ? end * 1024 : p->n, mask = (1u << p->bits) - 1;
  u32 row = begin * 1024 / p->columns, column = begin * 1024 % p->columns;
  for (u32 i = begin * 1024; i < last; i++) {
    const u32 at = column * p->bits;
    to[i] = (u8)(from[row * p->row_bytes + (at >> 3)] >> (at & 7) & mask);
    if (++column == p->columns) {
      column = 0;
      row++;
    }
  }
}
