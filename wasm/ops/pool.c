// MaxPool, AveragePool and LpPool's sums on [planes, depth, height, width]; one and two dimensions have sizes
// of 1 in front. Terms in (depth, row, column) order of the window, whose taps outside the input keep their
// index: they are absent from a maximum and +0 in a sum (V4: the tree does not depend on where the window
// lies). An average divides the stored sum by the count, correctly rounded (V2): the taps inside the input,
// or with count_pad those inside the padded input. A NaN makes a maximum NaN; a window without taps has the
// maximum -inf. A work unit is `block` rows of output. Four adjacent outputs share a vector where all their
// taps lie inside.
#include "../chain.h"
#include "../fold.h"

#define POOL_AVERAGE 5u // beside FOLD_SUM and FOLD_MAX

typedef struct {
  u32 rows; // of output: planes * out[0] * out[1]
  u32 block;
  u32 op; // FOLD_MAX, FOLD_SUM or POOL_AVERAGE
  u32 count_pad;
  u32 in_dims[4], out_dims[4], kernel[4], strides[4], dilations[4];
  u32 pads[4]; // in front
  u32 ends[4]; // input and padding behind it, counted from the input's start: taps from there on do not count
  Chain chain;
} PoolParams;

// Tap k of the window that starts at `start` (which may be negative): inside the input?
static inline int is_inside(i32 start, u32 k, u32 dilation, u32 size) {
  return (u32)(start + (i32)(k * dilation)) < size;
}

// The taps along one axis that lie before `end`, of a window from `start`.
static inline u32 taps_before(const PoolParams *p, u32 axis, i32 start, u32 end) {
  u32 taps = 0;
  for (u32 k = 0; k < p->kernel[axis]; k++) taps += start + (i32)(k * p->dilations[axis]) < (i32)end;
  return taps;
}
static inline u32 taps_inside(const PoolParams *p, u32 axis, i32 start) {
  u32 taps = 0;
  for (u32 k = 0; k < p->kernel[axis]; k++) taps += is_inside(start, k, p->dilations[axis], p->in_dims[axis]);
  return taps;
}

INLINE v128_t load_four(const f32 *x, u32 stride) {
  if (stride == 1) return wasm_v128_load(x);
  if (stride == 2) return wasm_i32x4_shuffle(wasm_v128_load(x), wasm_v128_load(x + 3), 0, 2, 5, 7);
  return wasm_f32x4_make(x[0], x[stride], x[2 * stride], x[3 * stride]);
}

// The folds of the windows from (z, y, x): of one output (quads 0), or of 4 * quads outputs that are `stride`
// apart and whose taps are all inside along x.
INLINE void fold_windows(u32 op, const PoolParams *p, const f32 *plane, const i32 start[3], u32 stride,
                         u32 quads, v128_t *result) {
  const u32 height = p->in_dims[1], width = p->in_dims[2], dilation = p->dilations[2],
            lots = quads ? quads : 1;
  const u32 n_taps = p->kernel[0] * p->kernel[1] * p->kernel[2];
  v128_t value[4], odd[4], level[FOLD_LEVELS * 4];
  FoldState state = {0, 0};
  for (u32 q = 0; q < lots; q++) {
    value[q] = fold_start(op);
    odd[q] = wasm_i32x4_splat(0);
  }
  u32 tap = 0;
  for (u32 kz = 0; kz < p->kernel[0]; kz++) {
    for (u32 ky = 0; ky < p->kernel[1]; ky++) {
      const int inside = is_inside(start[0], kz, p->dilations[0], p->in_dims[0]) &&
                         is_inside(start[1], ky, p->dilations[1], height);
      const u32 z = (u32)(start[0] + (i32)(kz * p->dilations[0]));
      const u32 y = (u32)(start[1] + (i32)(ky * p->dilations[1]));
      const f32 *row = plane + (z * height + y) * width + start[2];
#pragma clang loop unroll(disable)
      for (u32 kx = 0; kx < p->kernel[2]; kx++, tap++) {
        if (op == FOLD_SUM && n_taps > RADIX && tap != 0 && tap % RADIX == 0) {
          fold_push(op, &state, level, lots, value);
          for (u32 q = 0; q < lots; q++) value[q] = fold_start(op);
        }
        if (!inside || (quads == 0 && !is_inside(start[2], kx, dilation, width))) continue;
        const f32 *at = row + kx * dilation;
        for (u32 q = 0; q < lots; q++) {
          const v128_t x = quads == 0 ? wasm_v128_load32_zero(at) : load_four(at + 4 * q * stride, stride);
          fold_step(op, &value[q], &odd[q], fold_term(op, x));
        }
      }
    }
  }
  if (op == FOLD_SUM && n_taps > RADIX) {
    fold_push(op, &state, level, lots, value);
    fold_total(op, &state, level, lots, value);
  }
  for (u32 q = 0; q < lots; q++) result[q] = canonical_x4(fold_close(op, value[q], odd[q]));
}

INLINE void pool_row(u32 op, const PoolParams *p, const f32 *x, u32 row, f32 *out) {
  const u32 y = row % p->out_dims[1], z = row / p->out_dims[1] % p->out_dims[0];
  const u32 plane = row / p->out_dims[1] / p->out_dims[0];
  const f32 *from = x + plane * p->in_dims[0] * p->in_dims[1] * p->in_dims[2];
  i32 start[3] = {(i32)(z * p->strides[0] - p->pads[0]), (i32)(y * p->strides[1] - p->pads[1]), 0};
  // Outputs [low, high) have every tap along x inside.
  const u32 width = p->in_dims[2], stride = p->strides[2], span = (p->kernel[2] - 1) * p->dilations[2] + 1;
  const u32 low = (p->pads[2] + stride - 1) / stride;
  u32 high = width + p->pads[2] < span ? 0 : (width + p->pads[2] - span) / stride + 1;
  if (high > p->out_dims[2]) high = p->out_dims[2];
  u32 counted = 0;
  if (p->op == POOL_AVERAGE)
    counted = p->count_pad ? taps_before(p, 0, start[0], p->ends[0]) * taps_before(p, 1, start[1], p->ends[1])
                           : taps_inside(p, 0, start[0]) * taps_inside(p, 1, start[1]);
  const v128_t whole = wasm_f32x4_splat((f32)(counted * p->kernel[2]));
  for (u32 i = 0; i < p->out_dims[2];) {
    v128_t result[4];
    u32 quads = 0;
    // The last whole vector may begin again within the one before: equal outputs are stored twice.
    if (i >= low && i < high && high - low >= 4) {
      quads = i + 16 <= high && stride <= 2 ? 4 : 1;
      if (i + 4 > high) i = high - 4;
    }
    start[2] = (i32)(i * stride - p->pads[2]);
    if (quads == 4) {
      if (stride == 1)
        fold_windows(op, p, from, start, 1, 4, result);
      else
        fold_windows(op, p, from, start, 2, 4, result);
    } else if (quads == 1) {
      fold_windows(op, p, from, start, stride, 1, result);
    } else {
      fold_windows(op, p, from, start, stride, 0, result);
      if (p->op == POOL_AVERAGE) {
        const u32 along =
            p->count_pad ? taps_before(p, 2, start[2], p->ends[2]) : taps_inside(p, 2, start[2]);
        result[0] = canonical_x4(wasm_f32x4_div(result[0], wasm_f32x4_splat((f32)(counted * along))));
      }
      wasm_v128_store32_lane(out + i, result[0], 0);
      i += 1;
      continue;
    }
    for (u32 q = 0; q < quads; q++, i += 4) {
      if (p->op == POOL_AVERAGE) result[q] = canonical_x4(wasm_f32x4_div(result[q], whole));
      wasm_v128_store(out + i, result[q]);
    }
  }
}

KERNEL(pool) {
  const PoolParams *p = params;
  UNUSED(scratch);
  const u32 first = begin * p->block, last = end * p->block < p->rows ? end * p->block : p->rows;
  f32 *y = out[0];
  for (u32 row = first; row < last; row++) {
    if (p->op == FOLD_MAX)
      pool_row(FOLD_MAX, p, in[0], row, y + row * p->out_dims[2]);
    else
      pool_row(FOLD_SUM, p, in[0], row, y + row * p->out_dims[2]);
  }
  if (p->chain.n_steps != 0 && first < last)
    chain_run(&p->chain, in, out, first * p->out_dims[2], last * p->out_dims[2], y + first * p->out_dims[2]);
}
