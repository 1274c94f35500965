// The right operand of an integer convolution: out[image][panel of 8 output positions][pair of
// taps][position], the differences of 8-bit elements and the zero point as pairs of i16 (integer.h), taps in
// the order of V5, 0 where a tap lies outside the input and in positions past the end. An image is one group
// of one image. A unit is one panel. Rule V8: exact.
#include "../integer.h"

typedef struct {
  u32 images, channels, is_signed, pad0; // channels of a group
  u32 depth, height, width, pad_front;
  u32 out_depth, out_height, out_width, pad_top;
  u32 kernel_depth, kernel_height, kernel_width, pad_left;
  u32 stride_depth, stride_height, stride_width, pad1;
  u32 dilation_depth, dilation_height, dilation_width, pad2;
} IntegerUnfoldParams;

// One row of outputs inside a panel: lanes [lane, lane + n) are (z, y, x), (z, y, x + 1) …, as corners of
// windows.
typedef struct {
  u32 lane, n;
  u32 z, y, x; // in the padded input, less the padding: they wrap where they lie outside
} Segment;

static u32 segments_of(const IntegerUnfoldParams *p, u32 position, u32 count, Segment *list) {
  u32 n = 0;
  for (u32 lane = 0; lane < count;) {
    const u32 at = position + lane, line = at / p->out_width, column = at - line * p->out_width;
    const u32 left = p->out_width - column, most = count - lane;
    list[n++] = (Segment){
        lane, left < most ? left : most, line / p->out_height * p->stride_depth - p->pad_front,
        line % p->out_height * p->stride_height - p->pad_top, column * p->stride_width - p->pad_left};
    lane += left < most ? left : most;
  }
  return n;
}

// The operands of one tap for eight positions.
static inline v128_t tap(const IntegerUnfoldParams *p, const u8 *channel, const Segment *list, u32 n, u32 z,
                         u32 y, u32 x, v128_t zero) {
  const u32 step = p->stride_width;
  if (n == 1 && list->n == INTEGER_PANEL) {
    const u32 iz = list->z + z, iy = list->y + y, ix = list->x + x;
    if (iz >= p->depth || iy >= p->height) return wasm_i16x8_splat(0);
    const u8 *row = channel + (iz * p->height + iy) * p->width;
    if (ix < p->width && ix + 7 * step < p->width) {
      if (step == 1) return wasm_i16x8_sub(widen_8(row + ix, p->is_signed), zero);
      if (step == 2 && ix + 15 < p->width) {
        const v128_t bytes = wasm_v128_load(row + ix);
        const v128_t even = p->is_signed ? wasm_i16x8_shr(wasm_i16x8_shl(bytes, 8), 8)
                                         : wasm_v128_and(bytes, wasm_i16x8_splat(255));
        return wasm_i16x8_sub(even, zero);
      }
    }
  }
  union {
    v128_t v;
    i16 lane[8];
  } operands = {.v = wasm_i16x8_splat(0)};
  const i32 zero_point = wasm_i16x8_extract_lane(zero, 0);
  for (u32 s = 0; s < n; s++) {
    const u32 iz = list[s].z + z, iy = list[s].y + y;
    if (iz >= p->depth || iy >= p->height) continue;
    const u8 *row = channel + (iz * p->height + iy) * p->width;
    for (u32 i = 0, ix = list[s].x + x; i < list[s].n; i++, ix += step)
      if (ix < p->width) operands.lane[list[s].lane + i] = (i16)(byte_of(row, ix, p->is_signed) - zero_point);
  }
  return operands.v;
}

KERNEL(integer_unfold) {
  const IntegerUnfoldParams *p = params;
  UNUSED(scratch);
  const u32 positions = p->out_depth * p->out_height * p->out_width;
  const u32 panels = (positions + INTEGER_PANEL - 1) / INTEGER_PANEL;
  const u32 taps = p->kernel_depth * p->kernel_height * p->kernel_width, pairs = (p->channels * taps + 1) / 2;
  const u32 plane = p->depth * p->height * p->width;
  const v128_t zero = wasm_i16x8_splat((i16)byte_of(in[1], 0, p->is_signed));
  for (u32 unit = begin; unit < end; unit++) {
    const u32 image = unit / panels, position = unit % panels * INTEGER_PANEL;
    const u32 count = positions - position < INTEGER_PANEL ? positions - position : INTEGER_PANEL;
    Segment list[INTEGER_PANEL];
    const u32 n = segments_of(p, position, count, list);
    const u8 *channel = (const u8 *)in[0] + image * p->channels * plane;
    u32 *to = (u32 *)out[0] + unit * pairs * INTEGER_PANEL;
    v128_t earlier = wasm_i16x8_splat(0);
    u32 k = 0;
    for (u32 c = 0; c < p->channels; c++, channel += plane)
      for (u32 z = 0; z < p->kernel_depth; z++)
        for (u32 y = 0; y < p->kernel_height; y++)
          for (u32 x = 0; x < p->kernel_width; x++, k++) {
            const v128_t one = tap(p, channel, list, n, z * p->dilation_depth, y * p->dilation_height,
                                   x * p->dilation_width, zero);
            if (k % 2 != 0) {
              store_pairs(to, earlier, one);
              to += INTEGER_PANEL;
            }
            earlier = one;
          }
    if (k % 2 != 0) store_pairs(to, earlier, wasm_i16x8_splat(0));
  }
}
