// Packs the weights of conv: for every group, strips of 4 filters (the last one narrower), out[k][row of the
// strip], flushed (V3), k = (input channel, kernel row, kernel column) as ONNX stores them (V5). A unit is
// one strip. Behind all weights stands one word a strip: 1 if it holds an infinity or NaN. A padded tap is +0
// by position, and +0 times such a weight is not, so conv takes its careful way there.
#include "../tile.h"

typedef struct {
  u32 groups, filters, terms, pad; // filters a group; terms = channels a group * kernel size
} ConvPackParams;

KERNEL(conv_pack) {
  const ConvPackParams *p = params;
  UNUSED(scratch);
  const u32 strips = (p->filters + STRIP - 1) / STRIP, terms = p->terms;
  u32 *special = (u32 *)out[0] + p->groups * p->filters * terms;
  for (u32 unit = begin; unit < end; unit++) {
    const u32 row = unit % strips * STRIP, height = p->filters - row < STRIP ? p->filters - row : STRIP;
    const u32 first = (unit / strips * p->filters + row) * terms;
    const f32 *from = (const f32 *)in[0] + first;
    f32 *to = (f32 *)out[0] + first;
    u32 found = 0;
    for (u32 k = 0; k < terms; k++) {
      for (u32 r = 0; r < height; r++) {
        const f32 w = flush_product(from[r * terms + k]);
        found |= (bits_of(w) & 0x7f800000u) == 0x7f800000u;
        *to++ = w;
      }
    }
    special[unit] = found;
  }
}
