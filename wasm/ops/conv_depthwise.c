// Depthwise Conv: one filter a channel, at most 64 taps, stride 1 or 2 along rows, rows of at least 4
// outputs. Y = sum over k = (kernel row, kernel column) of W[k] * X[k], left to right from +0: one group of
// V4, so no level above it is needed; then the bias (V2), then the chain. Rules V2, V3, V4, V5; weights are
// as conv_pack leaves them. A unit is a block of rows of one channel of one image, rows innermost. Its input
// is flushed and padded into scratch, columns split by stride phase: [row][phase][column]. Four neighbouring
// outputs are one vector; the last one of a row overlaps its neighbour, and outputs computed twice are the
// same. Scratch: 4 * (round4(((row_block - 1) * stride_height + reach_y + 1) * phases * pitch + 16) +
// row_block * out_width) bytes, where reach = (kernel - 1) * dilation, phases = min(stride_width, reach_x +
// 1) and pitch = out_width + floor(reach_x / stride_width).
#include "../chain.h"
#include "../window.h"
#include <stddef.h>

typedef struct {
  u32 groups, channels, filters, has_bias;
  u32 depth, height, width;
  u32 out_depth, out_height, out_width;
  u32 kernel_depth, kernel_height, kernel_width;
  u32 stride_depth, stride_height, stride_width;
  u32 dilation_depth, dilation_height, dilation_width;
  u32 pad_front, pad_top, pad_left;
  u32 row_block, column_block, filter_block;
  u32 mode;
  _Alignas(16) Chain chain;
} ConvDepthwiseParams;
_Static_assert(offsetof(ConvDepthwiseParams, mode) == offsetof(ConvShape, mode),
               "ConvShape is how ConvDepthwiseParams begins");

typedef struct {
  const f32 *from;     // the first tap of output row 0
  u32 row, kernel_row; // elements between output rows, and between kernel rows
  u32 phase;           // elements between column phases
  const f32 *weights;
  f32 *to;
  u32 rows, columns;
} Plane;

// Columns 0, 4, 8, …, and at last n - 4, for n >= 4.
#define EACH_VECTOR(x, n) for (u32 x = 0; x < (n); x = x + 8 <= (n) || x + 4 == (n) ? x + 4 : (n)-4)
#define TERM(sum, w, p) sum = wasm_f32x4_add(sum, wasm_f32x4_mul(w, wasm_v128_load(p)))

// Nine taps at three row pointers, in registers with the nine weights.
#define NINE(x0, x1, x2, y0, y1, y2, z0, z1, z2)                                                             \
  v128_t sum = wasm_f32x4_splat(0.0f);                                                                       \
  TERM(sum, w[0], x0);                                                                                       \
  TERM(sum, w[1], x1);                                                                                       \
  TERM(sum, w[2], x2);                                                                                       \
  IN_ORDER();                                                                                                \
  TERM(sum, w[3], y0);                                                                                       \
  TERM(sum, w[4], y1);                                                                                       \
  TERM(sum, w[5], y2);                                                                                       \
  IN_ORDER();                                                                                                \
  TERM(sum, w[6], z0);                                                                                       \
  TERM(sum, w[7], z1);                                                                                       \
  TERM(sum, w[8], z2);                                                                                       \
  wasm_v128_store(to, sum)

static void plane_3x3_stride_1(const Plane *p, const ConvShape *s) {
  UNUSED(s);
  v128_t w[9];
  UNROLL for (u32 k = 0; k < 9; k++) w[k] = wasm_v128_load32_splat(p->weights + k);
  const u32 rows = p->rows, columns = p->columns, row = p->row, kernel_row = p->kernel_row;
  const f32 *from = p->from;
  f32 *to = p->to;
  for (u32 y = 0; y < rows; y++, from += row) {
    const f32 *a = from, *b = a + kernel_row, *c = b + kernel_row;
    u32 step = 4;
    for (u32 x = 0; x < columns; x += step) {
      NINE(a, a + 1, a + 2, b, b + 1, b + 2, c, c + 1, c + 2);
      if (columns - x < 8) step = columns - x - 4 ? columns - x - 4 : 4;
      a += step, b += step, c += step, to += step;
    }
  }
}

static void plane_3x3_stride_2(const Plane *p, const ConvShape *s) {
  UNUSED(s);
  v128_t w[9];
  UNROLL for (u32 k = 0; k < 9; k++) w[k] = wasm_v128_load32_splat(p->weights + k);
  const u32 rows = p->rows, columns = p->columns, row = p->row, kernel_row = p->kernel_row, phase = p->phase;
  const f32 *from = p->from;
  f32 *to = p->to;
  for (u32 y = 0; y < rows; y++, from += row) {
    const f32 *a = from, *b = a + kernel_row, *c = b + kernel_row;
    const f32 *a1 = a + phase, *b1 = b + phase, *c1 = c + phase;
    u32 step = 4;
    for (u32 x = 0; x < columns; x += step) {
      NINE(a, a1, a + 1, b, b1, b + 1, c, c1, c + 1);
      if (columns - x < 8) step = columns - x - 4 ? columns - x - 4 : 4;
      a += step, b += step, c += step, a1 += step, b1 += step, c1 += step, to += step;
    }
  }
}

// Any kernel: four vectors at a time where a row has them.
static void plane_any(const Plane *p, const ConvShape *s) {
  u32 offset[RADIX];
  u32 n = 0;
  for (u32 ky = 0; ky < s->kernel_height; ky++)
    for (u32 kx = 0; kx < s->kernel_width; kx++) {
      const u32 x = kx * s->dilation_width;
      offset[n++] = 4 * (ky * p->kernel_row + x % s->stride_width * p->phase + x / s->stride_width);
    }
  const u32 columns = p->columns;
  const f32 *weights = p->weights;
  for (u32 y = 0; y < p->rows; y++) {
    const char *from = (const char *)(p->from + y * p->row);
    f32 *to = p->to + y * columns;
    u32 x = 0;
    for (; x + 16 <= columns; x += 16, from += 64) {
      v128_t s0 = wasm_f32x4_splat(0.0f), s1 = s0, s2 = s0, s3 = s0;
      _Pragma("clang loop unroll(disable)") for (u32 k = 0; k < n; k++) {
        const v128_t w = wasm_v128_load32_splat(weights + k);
        const f32 *at = (const f32 *)(from + offset[k]);
        TERM(s0, w, at);
        TERM(s1, w, at + 4);
        TERM(s2, w, at + 8);
        TERM(s3, w, at + 12);
      }
      wasm_v128_store(to + x, s0);
      wasm_v128_store(to + x + 4, s1);
      wasm_v128_store(to + x + 8, s2);
      wasm_v128_store(to + x + 12, s3);
    }
    for (; x + 8 <= columns; x += 8, from += 32) {
      v128_t s0 = wasm_f32x4_splat(0.0f), s1 = s0;
      _Pragma("clang loop unroll(disable)") for (u32 k = 0; k < n; k++) {
        const v128_t w = wasm_v128_load32_splat(weights + k);
        const f32 *at = (const f32 *)(from + offset[k]);
        TERM(s0, w, at);
        TERM(s1, w, at + 4);
      }
      wasm_v128_store(to + x, s0);
      wasm_v128_store(to + x + 4, s1);
    }
    while (x < columns) {
      if (x + 4 > columns) {
        from -= 4 * (x + 4 - columns);
        x = columns - 4;
      }
      v128_t sum = wasm_f32x4_splat(0.0f);
      for (u32 k = 0; k < n; k++)
        TERM(sum, wasm_v128_load32_splat(weights + k), (const f32 *)(from + offset[k]));
      wasm_v128_store(to + x, sum);
      x += 4;
      from += 16;
    }
  }
}

// The canonical store of `n` finished sums (V2), and the bias; a pass of its own, since the registers of the
// loops above are full.
static void finish(f32 *to, u32 n, const f32 *bias) {
  const u32 whole = n & ~3u;
  Range range = RANGE_EMPTY;
  for (u32 i = 0; i < whole; i += 4) range_add(&range, wasm_v128_load(to + i));
  if (!range_is_canonical(&range))
    for (u32 i = 0; i < whole; i += 4) wasm_v128_store(to + i, canonical_x4(wasm_v128_load(to + i)));
  if (bias) {
    const v128_t y = wasm_f32x4_splat(canonical(*bias));
    range = RANGE_EMPTY;
    for (u32 i = 0; i < whole; i += 4) {
      const v128_t x = wasm_f32x4_add(wasm_v128_load(to + i), y);
      range_add(&range, x);
      wasm_v128_store(to + i, x);
    }
    if (!range_is_canonical(&range))
      for (u32 i = 0; i < whole; i += 4) wasm_v128_store(to + i, canonical_x4(wasm_v128_load(to + i)));
  }
  for (u32 i = whole; i < n; i++) {
    to[i] = canonical(to[i]);
    if (bias) to[i] = canonical(to[i] + canonical(*bias));
  }
}

// By position, for weights that are not finite: taps outside the input are +0 and no product.
static void plane_careful(const Plane *p, const ConvShape *s, const f32 *input, u32 y0) {
  for (u32 y = 0; y < p->rows; y++)
    for (u32 x = 0; x < p->columns; x++) {
      f32 sum = 0.0f;
      for (u32 ky = 0; ky < s->kernel_height; ky++)
        for (u32 kx = 0; kx < s->kernel_width; kx++) {
          const u32 iy =
              (y0 + y) * s->stride_height + ky * s->dilation_height - s->pad_top; // wraps where outside
          const u32 ix = x * s->stride_width + kx * s->dilation_width - s->pad_left;
          if (iy >= s->height || ix >= s->width) continue;
          const f32 product =
              p->weights[ky * s->kernel_width + kx] * flush_product(input[iy * s->width + ix]);
          sum = sum + product;
        }
      p->to[y * p->columns + x] = sum;
    }
}

// Rows [y, y + n) of the padded input, flushed, `pitch` columns for each of `phases` phases.
static void copy_rows(const ConvShape *s, const f32 *input, i32 y, u32 n, u32 phases, u32 pitch, f32 *to) {
  const u32 left = s->pad_left, width = s->width;
  for (u32 r = 0; r < n; r++, y++, to += phases * pitch) {
    const f32 *row = input + (u32)y * width;
    if (y < 0 || y >= (i32)s->height) {
      zeros(to, phases * pitch);
    } else if (s->stride_width == 1 && width >= 4) {
      zeros(to, left);
      EACH_VECTOR(x, width)
      wasm_v128_store(to + left + x, flush_small_x4(wasm_v128_load(row + x), PRODUCT_LIMIT));
      zeros(to + left + width, pitch - left - width);
    } else {
      window_row(to, row, -(i32)left, width, s->stride_width, phases, pitch, pitch);
    }
  }
}

// By stride where the kernel is 3 x 3. A table, since engines compile function by function (tile.c).
static void (*const ways[3])(const Plane *, const ConvShape *) = {plane_any, plane_3x3_stride_1,
                                                                  plane_3x3_stride_2};

KERNEL(conv_depthwise) {
  const ConvDepthwiseParams *p = params;
  const ConvShape *s = params;
  const u32 terms = s->kernel_height * s->kernel_width;
  const u32 reach_y = (s->kernel_height - 1) * s->dilation_height;
  const u32 reach_x = (s->kernel_width - 1) * s->dilation_width;
  const u32 phases = min_u32(s->stride_width, reach_x + 1);
  const u32 pitch = s->out_width + reach_x / s->stride_width;
  const u32 copied_rows = (s->row_block - 1) * s->stride_height + reach_y + 1;
  const u32 row_blocks = (s->out_height + s->row_block - 1) / s->row_block;
  const f32 *weights = in[1];
  const u32 *special = (const u32 *)weights + s->groups * terms;
  const int has_chain = p->chain.n_steps != 0, in_place = !has_chain || p->chain.output_bytes == 4;
  const int is_3x3 = s->kernel_height == 3 && s->kernel_width == 3 && s->dilation_width == 1;
  f32 *copy = scratch, *seed = copy + ((copied_rows * phases * pitch + 19) & ~3u);
  Plane plane = {.from = copy,
                 .row = s->stride_height * phases * pitch,
                 .kernel_row = s->dilation_height * phases * pitch,
                 .phase = pitch,
                 .columns = s->out_width};
  ChainPlan chain;
  if (has_chain) chain_plan(&p->chain, in, &chain);
  u32 image = begin / row_blocks, block = begin % row_blocks, channel = image % s->groups;
  u32 finished = (image * s->out_height + block * s->row_block) *
                 s->out_width; // outputs before it have been through the chain
  for (u32 unit = begin; unit < end; unit++) {
    const u32 y0 = block * s->row_block, first = (image * s->out_height + y0) * s->out_width;
    const f32 *input = (const f32 *)in[0] + image * s->height * s->width;
    plane.rows = min_u32(s->out_height - y0, s->row_block);
    plane.weights = weights + channel * terms;
    plane.to = in_place ? (f32 *)out[0] + first : seed;
    if (special[channel]) {
      plane_careful(&plane, s, input, y0);
    } else {
      copy_rows(s, input, (i32)(y0 * s->stride_height) - (i32)s->pad_top,
                (plane.rows - 1) * s->stride_height + reach_y + 1, phases, pitch, copy);
      ways[is_3x3 && s->stride_width <= 2 ? s->stride_width : 0](&plane, s);
    }
    finish(plane.to, plane.rows * plane.columns, s->has_bias ? (const f32 *)in[2] + channel : 0);
    // Small planes go through the chain together: its outputs are one run over all units.
    const u32 last = first + plane.rows * plane.columns;
    if (has_chain && (!in_place || last - finished >= CHAIN_ELEMENTS || unit + 1 == end)) {
      chain_run_plan(&chain, in, out, finished, last, in_place ? (const f32 *)out[0] + finished : seed);
      finished = last;
    }
    if (++block == row_blocks) {
      block = 0;
      image++;
      if (++channel == s->groups) channel = 0;
    }
  }
}
