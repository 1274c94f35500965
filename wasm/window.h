// Convolution's view of its input: the part a block of outputs needs, flushed (V3), padded with +0 and split
// by stride phase, so that the operand of tap k for output (y, x) of the block lies at  k's offset + y *
// pitch + x,  whatever the strides, dilations and padding: every tap of four neighbouring outputs is one
// unaligned vector load. Rows and columns with the same remainder modulo the stride form a phase:
// [channel][row phase][column phase][row][column]. V5: a padded tap keeps its index; its +0 here is exact
// while the weight is finite.
#ifndef ISOBIT_WINDOW_H
#define ISOBIT_WINDOW_H
#include "tile.h"

typedef struct {
  u32 groups, channels, filters, has_bias; // channels and filters a group
  u32 depth, height, width;                // of the input; lower ranks have depth 1, height 1
  u32 out_depth, out_height, out_width;
  u32 kernel_depth, kernel_height, kernel_width;
  u32 stride_depth, stride_height, stride_width;
  u32 dilation_depth, dilation_height, dilation_width;
  u32 pad_front, pad_top, pad_left;
  u32 row_block, column_block,
      filter_block; // outputs of a unit; column_block < out_width only with row_block 1
  u32 mode;         // enum conv_mode
} ConvShape;        // what the Params of conv and conv_depthwise begin with

// Where tiles of conv read their right operand: the window itself; panels gathered from it, which pays where
// many filters read them; or, kernel 1 and stride 1 without padding on one row, panels made of the input at
// once.
enum conv_mode { CONV_WINDOW, CONV_PANELS, CONV_POINTWISE };

// Elements that go through the chain at once, where planes are smaller: they stay in the cache.
#define CHAIN_ELEMENTS 2048u

// Layout of the copy for blocks of `rows` by `columns` outputs.
typedef struct {
  u32 row_phases, column_phases, rows, pitch, plane; // plane: elements a channel
} Window;

static inline u32 min_u32(u32 a, u32 b) { return a < b ? a : b; }

static inline Window window_of(const ConvShape *s) {
  const u32 reach_y = (s->kernel_height - 1) * s->dilation_height;
  const u32 reach_x = (s->kernel_width - 1) * s->dilation_width;
  Window w;
  w.row_phases = min_u32(s->stride_height, reach_y + 1);
  w.column_phases = min_u32(s->stride_width, reach_x + 1);
  w.rows = s->row_block + reach_y / s->stride_height;
  w.pitch = s->column_block + reach_x / s->stride_width;
  w.plane = w.row_phases * w.column_phases * w.rows * w.pitch;
  return w;
}

// The byte offset of every tap, in index order.
static inline void window_offsets(const ConvShape *s, const Window *w, u32 *offset) {
  for (u32 c = 0; c < s->channels * s->kernel_depth; c++)
    for (u32 ky = 0; ky < s->kernel_height; ky++)
      for (u32 kx = 0; kx < s->kernel_width; kx++) {
        const u32 y = ky * s->dilation_height, x = kx * s->dilation_width;
        const u32 phase = y % s->stride_height * w->column_phases + x % s->stride_width;
        *offset++ =
            4 * (c * w->plane + (phase * w->rows + y / s->stride_height) * w->pitch + x / s->stride_width);
      }
}

static inline void zeros(f32 *to, u32 n) {
  for (u32 i = 0; i < n; i++) to[i] = 0.0f;
}

// One input row for all column phases: column phase q gets, at to + q * apart, the `n` elements of columns
// first + q, first + q + stride, …, zeros outside [0, width).
static inline void window_row(f32 *to, const f32 *row, i32 first, u32 width, u32 stride, u32 phases,
                              u32 apart, u32 n) {
  u32 low[2], high[2]; // elements before `low` and from `high` on are padding, for phase 0 and for the last
  for (u32 i = 0; i < 2; i++) {
    const i32 at = first + (i32)(i * (phases - 1));
    const i32 start = at < 0 ? (-at + (i32)stride - 1) / (i32)stride : 0;
    const i32 stop = at >= (i32)width ? 0 : ((i32)width - 1 - at) / (i32)stride + 1;
    low[i] = min_u32((u32)start, n);
    high[i] = min_u32((u32)stop, n);
    if (high[i] < low[i]) high[i] = low[i];
  }
  if (stride == 1) {
    zeros(to, low[0]);
    if (high[0] > low[0]) flush_products(to + low[0], row + first + (i32)low[0], high[0] - low[0]);
    zeros(to + high[0], n - high[0]);
    return;
  }
  // Columns where every phase is inside the row go in vectors, the rest one by one.
  const u32 from = low[0], until = high[1] > from ? high[1] : from;
  u32 done = from;
  if (phases == 2 && stride == 2) {
    const f32 *p = row + first + (i32)(2 * from);
    for (; done + 4 <= until; done += 4, p += 8) {
      const v128_t a = flush_small_x4(wasm_v128_load(p), PRODUCT_LIMIT);
      const v128_t b = flush_small_x4(wasm_v128_load(p + 4), PRODUCT_LIMIT);
      wasm_v128_store(to + done, wasm_i32x4_shuffle(a, b, 0, 2, 4, 6));
      wasm_v128_store(to + apart + done, wasm_i32x4_shuffle(a, b, 1, 3, 5, 7));
    }
  } else if (phases % 4 == 0) {
    for (; done + 4 <= until; done += 4) {
      const f32 *p = row + first + (i32)(done * stride);
      for (u32 q = 0; q < phases; q += 4) {
        const v128_t r0 = flush_small_x4(wasm_v128_load(p + q), PRODUCT_LIMIT);
        const v128_t r1 = flush_small_x4(wasm_v128_load(p + stride + q), PRODUCT_LIMIT);
        const v128_t r2 = flush_small_x4(wasm_v128_load(p + 2 * stride + q), PRODUCT_LIMIT);
        const v128_t r3 = flush_small_x4(wasm_v128_load(p + 3 * stride + q), PRODUCT_LIMIT);
        const v128_t l0 = wasm_i32x4_shuffle(r0, r1, 0, 4, 1, 5), h0 = wasm_i32x4_shuffle(r0, r1, 2, 6, 3, 7);
        const v128_t l1 = wasm_i32x4_shuffle(r2, r3, 0, 4, 1, 5), h1 = wasm_i32x4_shuffle(r2, r3, 2, 6, 3, 7);
        wasm_v128_store(to + q * apart + done, wasm_i64x2_shuffle(l0, l1, 0, 2));
        wasm_v128_store(to + (q + 1) * apart + done, wasm_i64x2_shuffle(l0, l1, 1, 3));
        wasm_v128_store(to + (q + 2) * apart + done, wasm_i64x2_shuffle(h0, h1, 0, 2));
        wasm_v128_store(to + (q + 3) * apart + done, wasm_i64x2_shuffle(h0, h1, 1, 3));
      }
    }
  } else {
    for (; done + 4 <= until; done += 4) {
      const f32 *p = row + first + (i32)(done * stride);
      for (u32 q = 0; q < phases; q++, p++) {
        v128_t x = wasm_v128_load32_zero(p);
        x = wasm_v128_load32_lane(p + stride, x, 1);
        x = wasm_v128_load32_lane(p + 2 * stride, x, 2);
        x = wasm_v128_load32_lane(p + 3 * stride, x, 3);
        wasm_v128_store(to + q * apart + done, flush_small_x4(x, PRODUCT_LIMIT));
      }
    }
  }
  for (u32 q = 0; q < phases; q++) {
    for (u32 i = 0; i < n; i++) {
      if (i == from) i = done;
      if (i >= n) break;
      const i32 x = first + (i32)(q + i * stride);
      to[q * apart + i] = x >= 0 && x < (i32)width ? flush_product(row[x]) : 0.0f;
    }
  }
}

// Copies what outputs from (z, y0, x0) on, `rows` by `columns` of them, need of the channels at `input`. The
// planes of a channel that the kernel's depth meets lie behind one another, as its taps do.
static inline void window_copy(const ConvShape *s, const Window *w, const f32 *input, u32 z, u32 y0, u32 x0,
                               u32 rows, u32 columns, f32 *to) {
  const u32 n_rows = rows + w->rows - s->row_block, n = columns + w->pitch - s->column_block;
  const u32 apart = w->rows * w->pitch;
  const i32 first = (i32)(x0 * s->stride_width) - (i32)s->pad_left;
  for (u32 c = 0; c < s->channels; c++)
    for (u32 kz = 0; kz < s->kernel_depth; kz++) {
      const u32 iz = z * s->stride_depth + kz * s->dilation_depth - s->pad_front; // wraps where outside
      const f32 *plane = input + (c * s->depth + iz) * s->height * s->width;
      for (u32 phase = 0; phase < w->row_phases; phase++) {
        f32 *at = to + (c * s->kernel_depth + kz) * w->plane + phase * w->column_phases * apart;
        for (u32 r = 0; r < n_rows; r++, at += w->pitch) {
          const u32 iy = (y0 + r) * s->stride_height + phase - s->pad_top;
          if (iz >= s->depth || iy >= s->height) {
            for (u32 q = 0; q < w->column_phases; q++) zeros(at + q * apart, n);
          } else {
            window_row(at, plane + iy * s->width, first, s->width, s->stride_width, w->column_phases, apart,
                       n);
          }
        }
      }
    }
}

// Panels of `terms` terms for `n` columns from window position `from` on. Columns past n are whatever is
// there.
static inline void window_panels(const f32 *from, const u32 *table, u32 terms, u32 n, f32 *to) {
  for (u32 c = 0; c < n; c += PANEL, from += PANEL)
    for (u32 k = 0; k < terms; k++, to += PANEL) {
      const f32 *at = (const f32 *)((const char *)from + table[k]);
      const v128_t low = wasm_v128_load(at), high = wasm_v128_load(at + 4);
      wasm_v128_store(to, low);
      wasm_v128_store(to + 4, high);
    }
}

// The same straight from the input, flushed: `n` columns of `channels` channels `plane` elements apart.
static inline void pointwise_panels(const f32 *from, u32 channels, u32 plane, u32 n, f32 *to) {
  const u32 panel = channels * PANEL;
  u32 c = 0;
  for (; c + 2 * PANEL <= n; c += 2 * PANEL, from += 2 * PANEL, to += 2 * panel) {
    const f32 *at = from;
    f32 *one = to, *two = to + panel;
    for (u32 k = 0; k < channels; k++, at += plane, one += PANEL, two += PANEL) {
      const v128_t a = wasm_v128_load(at), b = wasm_v128_load(at + 4);
      const v128_t d = wasm_v128_load(at + 8), e = wasm_v128_load(at + 12);
      wasm_v128_store(one, flush_small_x4(a, PRODUCT_LIMIT));
      wasm_v128_store(one + 4, flush_small_x4(b, PRODUCT_LIMIT));
      wasm_v128_store(two, flush_small_x4(d, PRODUCT_LIMIT));
      wasm_v128_store(two + 4, flush_small_x4(e, PRODUCT_LIMIT));
    }
  }
  for (; c < n; c += PANEL, from += PANEL) {
    const f32 *at = from;
    const u32 width = min_u32(n - c, PANEL);
    for (u32 k = 0; k < channels; k++, at += plane, to += PANEL)
      for (u32 i = 0; i < PANEL; i++) to[i] = i < width ? flush_product(at[i]) : 0.0f;
  }
}
#endif
