// Conv on [batch][channel][plane][row][column]: Y = tree over k = (input channel, kernel plane, row, column)
// of W[k] * X[k], then the bias, then the chain. 2-D inputs have one plane, 1-D inputs one row. Rules: V3
// (window.h, conv_pack), V4 (tile.h), V5 (padded taps are +0 and keep their index), V2 for the bias. The left
// operand of a tile are the filters' weights, the right one the window's copy of the input, read through a
// table of tap offsets: there is no im2col matrix. A unit is a block of outputs of one group: batch, group,
// plane, row block, column block, filter block, innermost last; the copy is kept while only the filters
// change. Scratch: see conv_scratch below; src/ops/conv.ts computes the same.
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
} ConvParams;
_Static_assert(offsetof(ConvParams, mode) == offsetof(ConvShape, mode), "ConvShape is how ConvParams begins");

// Words of scratch: tap offsets; the window's copy; the panels; one strip of the block's outputs with the
// padding columns between rows. A tile may read 24 elements past the window.
//   round4(terms) + round4(channels * kernel_depth * plane + 32)   unless pointwise
//   + 8 * ceil(column_block / 8) * row_block * terms               unless by window
//   + 4 * (row_block * pitch + 32)

// One output by position: taps outside the input are +0 and no product. For weights that are not finite.
static f32 careful(const ConvShape *s, const f32 *input, const f32 *weight, u32 step, u32 z, u32 y, u32 x) {
  Tree tree;
  f32 sum = 0.0f;
  u32 k = 0;
  for (u32 c = 0; c < s->channels; c++)
    for (u32 kz = 0; kz < s->kernel_depth; kz++)
      for (u32 ky = 0; ky < s->kernel_height; ky++)
        for (u32 kx = 0; kx < s->kernel_width; kx++, k++) {
          if (k != 0 && k % RADIX == 0) {
            tree_add(&tree, k / RADIX - 1, sum);
            sum = 0.0f;
          }
          const u32 iz = z * s->stride_depth + kz * s->dilation_depth - s->pad_front; // wraps where outside
          const u32 iy = y * s->stride_height + ky * s->dilation_height - s->pad_top;
          const u32 ix = x * s->stride_width + kx * s->dilation_width - s->pad_left;
          if (iz < s->depth && iy < s->height && ix < s->width) {
            const f32 operand = input[((c * s->depth + iz) * s->height + iy) * s->width + ix];
            const f32 product = weight[k * step] * flush_product(operand);
            sum = sum + product;
          }
        }
  if (k == 0) return 0.0f;
  tree_add(&tree, (k - 1) / RADIX, sum);
  return tree_total(&tree);
}

KERNEL(conv) {
  const ConvParams *p = params;
  const ConvShape *s = params;
  const Window w = window_of(s);
  const u32 planes = s->channels * s->kernel_depth, terms = planes * s->kernel_height * s->kernel_width;
  const u32 strips = (s->filters + STRIP - 1) / STRIP;
  const u32 row_blocks = (s->out_height + s->row_block - 1) / s->row_block;
  const u32 column_blocks = (s->out_width + s->column_block - 1) / s->column_block;
  const u32 filter_blocks = (s->filters + s->filter_block - 1) / s->filter_block;
  const u32 plane = s->out_depth * s->out_height * s->out_width; // of one filter
  const f32 *weights = in[1];
  const u32 *special = (const u32 *)weights + s->groups * s->filters * terms;
  const int in_place = p->chain.n_steps == 0 || p->chain.output_bytes == 4;

  const u32 strip_pitch = s->row_block * w.pitch + 32;
  u32 *table = scratch;
  f32 *copy = (f32 *)table, *panels = copy;
  if (s->mode != CONV_POINTWISE) {
    window_offsets(s, &w, table);
    copy = (f32 *)table + ((terms + 3) & ~3u);
    panels = copy + ((planes * w.plane + 35) & ~3u);
  }
  const u32 row_panels =
      (s->column_block + PANEL - 1) / PANEL * PANEL * terms; // elements for a row of outputs
  f32 *strip = panels + (s->mode == CONV_WINDOW ? 0 : s->row_block * row_panels);

  ChainPlan chain;
  if (p->chain.n_steps != 0) chain_plan(&p->chain, in, &chain);
  u32 copied = ~0u;
  for (u32 unit = begin; unit < end; unit++) {
    const u32 place = unit / filter_blocks;
    const u32 filter = unit % filter_blocks * s->filter_block;
    const u32 x0 = place % column_blocks * s->column_block;
    const u32 y0 = place / column_blocks % row_blocks * s->row_block;
    const u32 z = place / column_blocks / row_blocks % s->out_depth;
    const u32 image = place / column_blocks / row_blocks / s->out_depth; // batch and group
    const u32 group = image % s->groups;
    const u32 rows = min_u32(s->out_height - y0, s->row_block),
              columns = min_u32(s->out_width - x0, s->column_block);
    const f32 *input = (const f32 *)in[0] + image * s->channels * s->depth * s->height * s->width;
    if (place != copied) {
      if (s->mode == CONV_POINTWISE)
        pointwise_panels(input + x0, terms, s->width, columns, panels);
      else
        window_copy(s, &w, input, z, y0, x0, rows, columns, copy);
      if (s->mode == CONV_PANELS)
        for (u32 y = 0; y < rows; y++)
          window_panels(copy + y * w.pitch, table, terms, columns, panels + y * row_panels);
      copied = place;
    }
    // Either each row in tiles of its own, or all rows as one run with the pitch's extra columns computed
    // too.
    const u32 apart = (columns + 3) / 4 * rows, whole = ((rows - 1) * w.pitch + columns + 3) / 4;
    const int flat = s->mode == CONV_WINDOW && rows > 1 && whole < apart;
    const u32 last = min_u32(filter + s->filter_block, s->filters);
    u32 waiting = (image * s->filters + filter) * plane; // outputs before it have been through the chain
    for (u32 f = filter; f < last; f += STRIP) {
      const u32 height = min_u32(s->filters - f, STRIP), channel = group * s->filters + f;
      const f32 *left = weights + channel * terms;
      const f32 *bias = s->has_bias ? (const f32 *)in[2] + channel : 0;
      const u32 first = (image * s->filters + f) * plane + (z * s->out_height + y0) * s->out_width + x0;
      const int direct = in_place && (!flat || w.pitch == columns);
      f32 *to = direct ? (f32 *)out[0] + first : strip;
      const u32 pitch = direct ? plane : strip_pitch, row_pitch = direct ? s->out_width : w.pitch;
      if (special[group * strips + f / STRIP]) {
        for (u32 r = 0; r < height; r++)
          for (u32 y = 0; y < rows; y++)
            for (u32 x = 0; x < columns; x++) {
              f32 sum = canonical(careful(s, input, left + r, height, z, y0 + y, x0 + x));
              to[r * pitch + y * row_pitch + x] = bias ? canonical(sum + canonical(bias[r])) : sum;
            }
      } else if (flat) {
        tile_window(height, left, copy, table, terms, bias, to, pitch, (rows - 1) * w.pitch + columns);
      } else if (s->mode != CONV_WINDOW) {
        for (u32 y = 0; y < rows; y++)
          tile_panels(height, left, panels + y * row_panels, PANEL * terms, terms, bias, to + y * row_pitch,
                      pitch, columns);
      } else {
        for (u32 y = 0; y < rows; y++)
          tile_window(height, left, copy + y * w.pitch, table, terms, bias, to + y * row_pitch, pitch,
                      columns);
      }
      if (!direct)
        for (u32 r = 0; r < height; r++) {
          const f32 *from = to + r * pitch;
          f32 *dense = in_place ? (f32 *)out[0] + first + r * plane : to + r * pitch;
          for (u32 y = 0; y < rows; y++)
            __builtin_memmove(dense + y * columns, from + y * row_pitch, 4 * columns);
        }
      if (p->chain.n_steps == 0) continue;
      if (in_place && rows * columns == plane) {
        // Whole planes are one run over all filters: small ones go through the chain together.
        const u32 done = first + height * plane;
        if (done - waiting >= CHAIN_ELEMENTS || f + STRIP >= last) {
          chain_run_plan(&chain, in, out, waiting, done, (const f32 *)out[0] + waiting);
          waiting = done;
        }
      } else {
        // The block's outputs of one filter are a run: whole rows, or a part of one row.
        for (u32 r = 0; r < height; r++) {
          const u32 run = first + r * plane;
          chain_run_plan(&chain, in, out, run, run + rows * columns,
                         in_place ? (const f32 *)out[0] + run : to + r * pitch);
        }
      }
    }
  }
}
