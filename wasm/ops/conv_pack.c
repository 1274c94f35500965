// Packs the weights of conv: for every group, strips of 4 filters (the last one narrower), out[k][row of the
// strip], flushed (V3), k = (input channel, kernel row, kernel column) as ONNX stores them (V5). A unit is
// one strip. Behind all weights stands one word a strip: 1 if it holds an infinity or NaN. A padded tap is +0
// by position, and +0 times such a weight is not, so conv takes its careful way there.
#include "../strips.h"

typedef struct {
  u32 groups, filters, terms, pad; // filters a group; terms = channels a group * kernel size
} ConvPackParams;

// Whether there is an infinity or NaN among `n` words.
static u32 any_special(const f32 *from, u32 n) {
  v128_t most = wasm_i32x4_splat(0);
  u32 i = 0, found = 0;
  for (; i + 4 <= n; i += 4) most = wasm_i32x4_max(most, magnitude_x4(wasm_v128_load(from + i)));
  for (; i < n; i++) found |= (bits_of(from[i]) & 0x7f800000u) == 0x7f800000u;
  return found | (u32)wasm_v128_any_true(wasm_i32x4_gt(most, wasm_i32x4_splat(0x7f7fffff)));
}

KERNEL(conv_pack) {
  const ConvPackParams *p = params;
  UNUSED(scratch);
  const u32 strips = (p->filters + STRIP - 1) / STRIP, terms = p->terms;
  u32 *special = (u32 *)out[0] + p->groups * p->filters * terms;
  for (u32 unit = begin; unit < end; unit++) {
    const u32 row = unit % strips * STRIP, height = p->filters - row < STRIP ? p->filters - row : STRIP;
    const u32 first = (unit / strips * p->filters + row) * terms;
    f32 *to = (f32 *)out[0] + first;
    pack_strips((const f32 *)in[0] + first, terms, 1, height, terms, to);
    special[unit] = any_special(to, height * terms);
  }
}
