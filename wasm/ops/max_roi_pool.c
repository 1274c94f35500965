// MaxRoiPool: the greatest element of each bin of a region, exact on canonical reads, NaN if any is; +0 where
// a bin has no element, or the region names an image that there is not. Bins lie at exact quotients of the
// region's size in elements. A work unit is one channel of a region. Reference only: rarely used.
#include "../canonical.h"

typedef struct {
  u32 batch, channels, height, width;
  u32 out_height, out_width;
  u32 scale; // a word
  u32 pad0;
} MaxRoiPoolParams;

// floor(x * scale + 1/2) by V2 operations, as an integer within +-2^30; NaN is 0.
static i64 element_of(f32 x, f32 scale) {
  const f32 moved = canonical(canonical(canonical(x) * scale) + 0.5f);
  if (moved != moved) return 0;
  if (moved > 1073741824.0f) return 1073741824;
  if (moved < -1073741824.0f) return -1073741824;
  const i64 truncated = (i64)moved;
  return truncated - ((f32)truncated > moved);
}

static i64 limited(i64 x, i64 size) { return x < 0 ? 0 : x > size ? size : x; }

// Elements [begin, end) of bin `bin` of `bins`.
static void bin_of(i64 first, i64 last, i64 bin, i64 bins, i64 size, i64 *begin, i64 *end) {
  const i64 length = last - first + 1 > 1 ? last - first + 1 : 1;
  *begin = limited(first + bin * length / bins, size);
  *end = limited(first + ((bin + 1) * length + bins - 1) / bins, size);
}

KERNEL(max_roi_pool) {
  const MaxRoiPoolParams *p = params;
  UNUSED(scratch);
  const f32 scale = f32_of(p->scale);
  for (u32 unit = begin; unit < end; unit++) {
    const u32 region = unit / p->channels, channel = unit % p->channels;
    const f32 *r = (const f32 *)in[1] + 5 * region;
    f32 *y = (f32 *)out[0] + unit * p->out_height * p->out_width;
    // Towards zero; NaN is 0.
    const f32 named = canonical(r[0]);
    const u32 exists = !(named <= -1.0f || named >= (f32)p->batch);
    const u32 image = named > 0 && exists ? (u32)named : 0;
    const f32 *plane = (const f32 *)in[0] + (image * p->channels + channel) * p->height * p->width;
    for (u32 i = 0; i < p->out_height * p->out_width; i++) {
      i64 top, bottom, left, right;
      bin_of(element_of(r[2], scale), element_of(r[4], scale), i / p->out_width, p->out_height, p->height,
             &top, &bottom);
      bin_of(element_of(r[1], scale), element_of(r[3], scale), i % p->out_width, p->out_width, p->width,
             &left, &right);
      f32 most = 0.0f;
      u32 found = 0;
      for (i64 row = top; exists && row < bottom; row++) {
        for (i64 column = left; column < right; column++) {
          const f32 x = canonical(plane[row * p->width + column]);
          if (!found || x != x || x > most) most = most != most ? most : x;
          found = 1;
        }
      }
      y[i] = most;
    }
  }
}
