// MaxPool with its second output, and MaxPool of integers: the largest term of each window and its flat index
// in the whole input, int64. Terms in (depth, row, column) order, compared by wasm/order.h: the first of
// equals is taken, and the first NaN before everything. A window without taps has the least value and index
// -1. A work unit is one output. Not tuned.
#include "../order.h"

typedef struct {
  u32 n;            // outputs
  u32 type_code;    // order.h
  u32 column_major; // storage_order 1: indices count columns of each plane, not rows
  u32 pad0;
  u32 in_dims[4], out_dims[4], kernel[4], strides[4], dilations[4], pads[4];
} MaxPoolIndicesParams;

static void copy_element(const void *x, u32 at, void *y, u32 to, u32 type_code) {
  switch (type_code & 3) {
  case 1: ((u16 *)y)[to] = ((const u16 *)x)[at]; break;
  case 2: ((u32 *)y)[to] = ((const u32 *)x)[at]; break;
  case 3: ((u64 *)y)[to] = ((const u64 *)x)[at]; break;
  default:
    if (type_code == 8)
      ((u32 *)y)[to] = flush_bits(((const u32 *)x)[at], CANONICAL_LIMIT);
    else
      ((u8 *)y)[to] = ((const u8 *)x)[at];
  }
}
static void store_least(void *y, u32 to, u32 type_code) {
  switch (type_code) {
  case 8: ((u32 *)y)[to] = 0xff800000; break; // -inf
  case 0: ((u8 *)y)[to] = 0x80; break;
  default: ((u8 *)y)[to] = 0;
  }
}

KERNEL(max_pool_indices) {
  const MaxPoolIndicesParams *p = params;
  const void *x = in[0];
  i64 *indices = out[1];
  UNUSED(scratch);
  const u32 depth = p->in_dims[0], height = p->in_dims[1], width = p->in_dims[2];
  for (u32 i = begin; i < end; i++) {
    const u32 ox = i % p->out_dims[2], oy = i / p->out_dims[2] % p->out_dims[1];
    const u32 oz = i / p->out_dims[2] / p->out_dims[1] % p->out_dims[0];
    const u32 base = i / p->out_dims[2] / p->out_dims[1] / p->out_dims[0] * depth * height * width;
    u64 best_key = 0;
    u32 best = 0, found = 0, best_z = 0, best_y = 0, best_x = 0;
    for (u32 kz = 0; kz < p->kernel[0]; kz++) {
      const u32 z = oz * p->strides[0] + kz * p->dilations[0] - p->pads[0];
      if (z >= depth) continue; // negative positions wrap to large ones
      for (u32 ky = 0; ky < p->kernel[1]; ky++) {
        const u32 y = oy * p->strides[1] + ky * p->dilations[1] - p->pads[1];
        if (y >= height) continue;
        for (u32 kx = 0; kx < p->kernel[2]; kx++) {
          const u32 w = ox * p->strides[2] + kx * p->dilations[2] - p->pads[2];
          if (w >= width) continue;
          const u32 at = base + (z * height + y) * width + w;
          const u64 key = order_key(x, p->type_code, at);
          if (found && key <= best_key) continue;
          found = 1;
          best_key = key;
          best = at;
          best_z = z;
          best_y = y;
          best_x = w;
        }
      }
    }
    if (found)
      copy_element(x, best, out[0], i, p->type_code);
    else
      store_least(out[0], i, p->type_code);
    const u32 by_columns = base + best_z + depth * (best_y + height * best_x);
    indices[i] = !found ? -1 : (i64)(p->column_major ? by_columns : best);
  }
}
