// Integer convolution on [batch][channel][plane][row][column] (V8): Y = sum over the taps inside the input of
// (x - zero point) * w, exact, modulo 2^32; then the chain, whose seed is the i32 word. Weights are packed by
// integer_pack, lines of one filter. The input of a block of rows is widened, padded with zeros and split by
// stride phase, as for floats (window.h), so that a tap of eight neighbouring outputs is one load; two taps
// are joined to a panel in scratch, which all filters of the group read. One filter a channel (depthwise)
// reads the window itself. A unit is one block of rows of one plane of one image (one group). Scratch, in
// words: 2 pairs of taps; the window; a panel; the sums of the block, where rows are computed as one run: see
// blocksOf in src/ops/integer_conv.ts.
#include "../chain.h"
#include "../integer_tile.h"
#include <stddef.h>

typedef struct {
  u32 groups, channels, filters, is_signed; // channels and filters a group
  u32 depth, height, width, pad_front;
  u32 out_depth, out_height, out_width, pad_top;
  u32 kernel_depth, kernel_height, kernel_width, pad_left;
  u32 stride_depth, stride_height, stride_width, row_block;
  u32 dilation_depth, dilation_height, dilation_width, images;
  Chain chain;
} IntegerConvParams;

// Layout of the window of a block: [channel and kernel plane][row phase][column phase][row][column].
typedef struct {
  u32 row_phases, column_phases, rows, pitch, plane;
} IntegerWindow;

static u32 least(u32 a, u32 b) { return a < b ? a : b; }

static IntegerWindow window_of(const IntegerConvParams *p) {
  const u32 reach_y = (p->kernel_height - 1) * p->dilation_height;
  const u32 reach_x = (p->kernel_width - 1) * p->dilation_width;
  IntegerWindow w;
  w.row_phases = least(p->stride_height, reach_y + 1);
  w.column_phases = least(p->stride_width, reach_x + 1);
  w.rows = p->row_block + reach_y / p->stride_height;
  w.pitch = p->out_width + reach_x / p->stride_width;
  w.plane = w.row_phases * w.column_phases * w.rows * w.pitch;
  return w;
}

// Where each tap lies, in elements from the window of output (0, 0); a pair of an odd number of taps ends
// with the last one again, whose weight is 0.
static void offsets_of(const IntegerConvParams *p, const IntegerWindow *w, u32 *offset) {
  u32 n = 0;
  for (u32 c = 0; c < p->channels * p->kernel_depth; c++)
    for (u32 ky = 0; ky < p->kernel_height; ky++)
      for (u32 kx = 0; kx < p->kernel_width; kx++) {
        const u32 y = ky * p->dilation_height, x = kx * p->dilation_width;
        const u32 phase = y % p->stride_height * w->column_phases + x % p->stride_width;
        offset[n++] =
            c * w->plane + (phase * w->rows + y / p->stride_height) * w->pitch + x / p->stride_width;
      }
  if (n % 2 != 0) offset[n] = offset[n - 1];
}

static void zeros(i16 *to, u32 n) {
  for (u32 i = 0; i < n; i++) to[i] = 0;
}

// The elements of a row of the window: 0 outside [low, high), and in it those of the input at first + i *
// stride.
typedef struct {
  i32 first, stride, width;
  u32 n, low, high;
} Span;

static Span span_of(const IntegerConvParams *p, i32 first, u32 n) {
  const i32 stride = (i32)p->stride_width, width = (i32)p->width;
  const i32 before = first < 0 ? (-first + stride - 1) / stride : 0;
  const i32 until = first >= width ? 0 : (width - 1 - first) / stride + 1;
  Span s = {first, stride, width, n, least((u32)before, n), least((u32)until, n)};
  if (s.high < s.low) s.high = s.low;
  return s;
}

// Eight elements of a span from its i-th on, and whether they could be read as vectors. For stride 2 sixteen
// bytes hold them and what lies between them, which begin or end with one of them.
static inline __attribute__((always_inline)) int eight_of(const Span *s, const u8 *row, u32 i, u32 is_signed,
                                                          v128_t zero, i16 *to) {
  const i32 at = s->first + (i32)i * s->stride;
  v128_t x;
  if (s->stride == 1) {
    x = widen_8(row + at, is_signed);
  } else if (s->stride == 2 && (at + 15 < s->width || at >= 1)) {
    if (at + 15 < s->width) {
      x = wasm_v128_load(row + at);
      x = is_signed ? wasm_i16x8_shl(x, 8) : wasm_v128_and(x, wasm_i16x8_splat(255));
      if (is_signed) x = wasm_i16x8_shr(x, 8);
    } else {
      x = wasm_v128_load(row + at - 1);
      x = is_signed ? wasm_i16x8_shr(x, 8) : wasm_u16x8_shr(x, 8);
    }
  } else {
    return 0;
  }
  wasm_v128_store(to + i, wasm_i16x8_sub(x, zero));
  return 1;
}

static inline __attribute__((always_inline)) void copy_row(const Span *s, i16 *to, const u8 *row,
                                                           u32 is_signed, i32 zero) {
  const v128_t z = wasm_i16x8_splat((i16)zero);
  zeros(to, s->low);
  u32 i = s->low;
  while (i + 8 <= s->high && eight_of(s, row, i, is_signed, z, to)) i += 8;
  // The last eight overlap those before them.
  if (i < s->high && i >= s->low + 8 && eight_of(s, row, s->high - 8, is_signed, z, to)) i = s->high;
  for (; i < s->high; i++)
    to[i] = (i16)(byte_of(row, (u32)(s->first + (i32)i * s->stride), is_signed) - zero);
  zeros(to + s->high, s->n - s->high);
}

static void copy_window(const IntegerConvParams *p, const IntegerWindow *w, const u8 *input, u32 z, u32 y0,
                        u32 rows, i32 zero, i16 *to) {
  const u32 n_rows = rows + w->rows - p->row_block;
  for (u32 b = 0; b < w->column_phases; b++) {
    const Span span = span_of(p, (i32)b - (i32)p->pad_left, w->pitch);
    for (u32 c = 0; c < p->channels; c++)
      for (u32 kz = 0; kz < p->kernel_depth; kz++) {
        const u32 iz = z * p->stride_depth + kz * p->dilation_depth - p->pad_front; // wraps where outside
        const u8 *plane = input + (c * p->depth + iz) * p->height * p->width;
        for (u32 a = 0; a < w->row_phases; a++) {
          i16 *at =
              to + (c * p->kernel_depth + kz) * w->plane + (a * w->column_phases + b) * w->rows * w->pitch;
          for (u32 r = 0; r < n_rows; r++, at += w->pitch) {
            const u32 iy = (y0 + r) * p->stride_height + a - p->pad_top;
            if (iz >= p->depth || iy >= p->height)
              zeros(at, w->pitch);
            else if (p->is_signed)
              copy_row(&span, at, plane + iy * p->width, 1, zero);
            else
              copy_row(&span, at, plane + iy * p->width, 0, zero);
          }
        }
      }
  }
}

// Eight columns of one filter straight from the window.
static void single(const u32 *weights, const i16 *from, const u32 *offset, u32 pairs, u32 *to, u32 n) {
  for (u32 c = 0; c < n; c += INTEGER_PANEL, from += INTEGER_PANEL) {
    v128_t s[2] = {wasm_i32x4_splat(0), wasm_i32x4_splat(0)};
    for (u32 k = 0; k < pairs; k++) {
      const v128_t w = wasm_v128_load32_splat(weights + k);
      const v128_t x = wasm_v128_load(from + offset[2 * k]), y = wasm_v128_load(from + offset[2 * k + 1]);
      const v128_t low = wasm_i16x8_shuffle(x, y, 0, 8, 1, 9, 2, 10, 3, 11);
      const v128_t high = wasm_i16x8_shuffle(x, y, 4, 12, 5, 13, 6, 14, 7, 15);
      s[0] = wasm_i32x4_add(s[0], wasm_i32x4_dot_i16x8(w, low));
      s[1] = wasm_i32x4_add(s[1], wasm_i32x4_dot_i16x8(w, high));
    }
    integer_store(1, 2, s, to + c, 0, n - c);
  }
}

// The same for a kernel of 3 x 3 whose taps lie beside each other, the outer two of a row where the stride is
// 2 (`outer`). A vector of a row is four pairs of neighbours, of the even outputs; the one an element further
// on is those of the odd outputs: nothing is to be shuffled but the sums. A third tap is paired with a weight
// of 0.
static void nine(const i16 *weights, const i16 *from, const u32 *offset, int outer, u32 *to, u32 n) {
  v128_t two[3], one[3];
  u32 first[3], other[3];
  for (u32 y = 0; y < 3; y++) {
    const i16 *w = weights + 3 * y;
    two[y] = wasm_i32x4_splat((i32)pair_of(w[0], w[outer ? 2 : 1]));
    one[y] = wasm_i32x4_splat((i32)pair_of(w[outer ? 1 : 2], 0));
    first[y] = offset[3 * y];
    other[y] = offset[3 * y + (outer ? 1 : 2)];
  }
  const i16 *a0 = from + first[0], *a1 = from + first[1], *a2 = from + first[2];
  const i16 *b0 = from + other[0], *b1 = from + other[1], *b2 = from + other[2];
  for (u32 c = 0; c < n; c += INTEGER_PANEL) {
#define NINE(at)                                                                                             \
  wasm_i32x4_add(wasm_i32x4_add(wasm_i32x4_add(wasm_i32x4_dot_i16x8(two[0], wasm_v128_load(a0 + (at))),      \
                                               wasm_i32x4_dot_i16x8(one[0], wasm_v128_load(b0 + (at)))),     \
                                wasm_i32x4_add(wasm_i32x4_dot_i16x8(two[1], wasm_v128_load(a1 + (at))),      \
                                               wasm_i32x4_dot_i16x8(one[1], wasm_v128_load(b1 + (at))))),    \
                 wasm_i32x4_add(wasm_i32x4_dot_i16x8(two[2], wasm_v128_load(a2 + (at))),                     \
                                wasm_i32x4_dot_i16x8(one[2], wasm_v128_load(b2 + (at)))))
    const v128_t even = NINE(c), odd = NINE(c + 1);
    const v128_t s[2] = {wasm_i32x4_shuffle(even, odd, 0, 4, 1, 5),
                         wasm_i32x4_shuffle(even, odd, 2, 6, 3, 7)};
    integer_store(1, 2, s, to + c, 0, n - c);
  }
}

// Whether `nine` can be asked, and for which stride.
static int is_nine(const IntegerConvParams *p) {
  return p->channels * p->kernel_depth == 1 && p->kernel_height == 3 && p->kernel_width == 3 &&
         p->stride_width <= 2 && p->dilation_width == 1;
}

// `n` columns of all filters of the group, `pitch` words from one filter to the next.
static void columns_of(const IntegerConvParams *p, const u32 *weights, const i16 *from, const u32 *offset,
                       u32 pairs, u32 *panel, u32 *to, u32 pitch, u32 n) {
  const u32 filters = p->filters;
  if (filters == 1 && is_nine(p)) {
    nine((const i16 *)weights, from, offset, p->stride_width == 2, to, n);
    return;
  }
  if (filters == 1) {
    single(weights, from, offset, pairs, to, n);
    return;
  }
  for (u32 c = 0; c < n; c += INTEGER_PANEL, from += INTEGER_PANEL) {
    for (u32 k = 0; k < pairs; k++)
      store_pairs(panel + k * INTEGER_PANEL, wasm_v128_load(from + offset[2 * k]),
                  wasm_v128_load(from + offset[2 * k + 1]));
    for (u32 f = 0; f < filters; f += 4)
      integer_tiles(least(filters - f, 4), 4, weights + f * pairs, panel, pairs, to + f * pitch + c, pitch,
                    least(n - c, INTEGER_PANEL));
  }
}

KERNEL(integer_conv) {
  const IntegerConvParams *p = params;
  const IntegerWindow w = window_of(p);
  const u32 terms = p->channels * p->kernel_depth * p->kernel_height * p->kernel_width,
            pairs = (terms + 1) / 2;
  const u32 blocks = (p->out_height + p->row_block - 1) / p->row_block;
  const u32 plane = p->out_depth * p->out_height * p->out_width; // of one filter
  const u32 lines = p->filters == 1 ? 1 : (p->filters + 3) & ~3u;
  const i32 zero = byte_of(in[2], 0, p->is_signed);
  const int in_place = p->chain.n_steps == 0 || p->chain.output_bytes == 4;
  u32 *offset = scratch;
  i16 *copy = (i16 *)(offset + ((2 * pairs + 3) & ~3u));
  u32 *panel = (u32 *)(copy + ((p->channels * p->kernel_depth * w.plane + 39) & ~7u));
  u32 *sums = panel + pairs * INTEGER_PANEL;
  offsets_of(p, &w, offset);
  ChainPlan chain;
  if (p->chain.n_steps != 0) chain_plan(&p->chain, in, &chain);
  for (u32 unit = begin; unit < end; unit++) {
    const u32 y0 = unit % blocks * p->row_block, z = unit / blocks % p->out_depth;
    const u32 image = unit / blocks / p->out_depth;
    const u32 rows = least(p->out_height - y0, p->row_block), count = rows * p->out_width;
    const u8 *input = (const u8 *)in[0] + image * p->channels * p->depth * p->height * p->width;
    const u32 *weights = (const u32 *)in[1] + image % p->groups * lines * pairs;
    copy_window(p, &w, input, z, y0, rows, zero, copy);
    // All rows as one run, with what lies between them, or each row in panels of its own.
    const u32 run = (rows - 1) * w.pitch + p->out_width;
    const int flat = rows > 1 && (run + 7) / 8 < (p->out_width + 7) / 8 * rows;
    const u32 first = image * p->filters * plane + (z * p->out_height + y0) * p->out_width;
    const int direct = in_place && (!flat || w.pitch == p->out_width);
    u32 *to = direct ? (u32 *)out[0] + first : sums;
    const u32 row_pitch = direct ? p->out_width : w.pitch, pitch = direct ? plane : p->row_block * w.pitch;
    if (flat)
      columns_of(p, weights, copy, offset, pairs, panel, to, pitch, run);
    else
      for (u32 y = 0; y < rows; y++)
        columns_of(p, weights, copy + y * w.pitch, offset, pairs, panel, to + y * row_pitch, pitch,
                   p->out_width);
    if (!direct)
      for (u32 f = 0; f < p->filters; f++) {
        const u32 *from = sums + f * pitch;
        u32 *dense = in_place ? (u32 *)out[0] + first + f * plane : sums + f * pitch;
        for (u32 y = 0; y < rows; y++)
          __builtin_memmove(dense + y * p->out_width, from + y * row_pitch, 4 * p->out_width);
      }
    if (p->chain.n_steps == 0) continue;
    if (in_place && count == plane) {
      chain_run_plan(&chain, in, out, first, first + p->filters * plane, (const f32 *)out[0] + first);
      continue;
    }
    for (u32 f = 0; f < p->filters; f++) {
      const u32 start = first + f * plane;
      chain_run_plan(&chain, in, out, start, start + count,
                     in_place ? (const f32 *)out[0] + start : (const f32 *)(sums + f * pitch));
    }
  }
}
