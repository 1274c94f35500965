// RoiAlign: samples of a region by linear interpolation, their mean or the greatest of their parts, every
// step a V2 operation in the order of docs/NUMERICS.md. Rows of samples where none are asked for: the size of
// a bin, rounded up, and not more than an axis has elements, and one. A region of an image that there is not
// gives +0. A work unit is one channel of a region.
#include "../canonical.h"

typedef struct {
  u32 batch, channels, height, width;
  u32 out_height, out_width;
  u32 ratio; // samples a bin and axis, 0: from the region
  u32 is_max;
  u32 half_pixel; // coordinates are shifted by half an element, and regions may be empty
  u32 scale;      // a word
  u32 n;          // elements of the output
  u32 pad0;
} RoiAlignParams;

static f32 add(f32 a, f32 b) { return canonical(canonical(a) + canonical(b)); }
static f32 subtract(f32 a, f32 b) { return canonical(canonical(a) - canonical(b)); }
static f32 multiply(f32 a, f32 b) { return canonical(canonical(a) * canonical(b)); }
static f32 divide(f32 a, f32 b) { return canonical(canonical(a) / canonical(b)); }
static f32 greater(f32 a, f32 b) { return a != a || b != b ? f32_of(CANONICAL_NAN) : a >= b ? a : b; }

// Towards zero, saturated, NaN is 0.
static i32 integer_of(f32 x) {
  if (x != x) return 0;
  if (x >= 2147483648.0f) return INT32_MAX;
  if (x < -2147483648.0f) return INT32_MIN;
  return (i32)x;
}

// One axis of a region.
typedef struct {
  f32 start, bin;
  u32 samples, size;
} Side;

static Side side_of(const RoiAlignParams *p, f32 from, f32 to, u32 bins, u32 size) {
  const f32 scale = f32_of(p->scale), offset = p->half_pixel ? 0.5f : 0.0f;
  Side side = {.size = size, .start = subtract(multiply(from, scale), offset)};
  f32 length = subtract(subtract(multiply(to, scale), offset), side.start);
  if (!p->half_pixel) length = greater(length, 1.0f);
  side.bin = divide(length, (f32)bins);
  const f32 truncated = __builtin_truncf(side.bin);
  const i32 wanted = integer_of(side.bin > truncated ? truncated + 1.0f : truncated);
  side.samples = p->ratio != 0 ? p->ratio : wanted < 0 ? 0 : (u32)wanted > size + 1 ? size + 1 : (u32)wanted;
  return side;
}

typedef struct {
  u32 low, high;
  f32 low_weight, high_weight;
  u32 outside;
} Place;

static Place place_of(const Side *side, u32 bin, u32 sample) {
  const f32 step = divide(multiply((f32)sample + 0.5f, side->bin), (f32)side->samples);
  const f32 at = add(add(side->start, multiply((f32)bin, side->bin)), step);
  Place place = {0};
  place.outside = at < -1.0f || at > (f32)side->size;
  f32 x = greater(at, 0.0f);
  const i32 whole = integer_of(x);
  place.low = place.high = (u32)whole;
  if (place.low >= side->size - 1) {
    place.low = place.high = side->size - 1;
    if (x == x) x = (f32)place.low;
  } else {
    place.high = place.low + 1;
  }
  place.high_weight = subtract(x, (f32)place.low);
  place.low_weight = subtract(1.0f, place.high_weight);
  return place;
}

// The four parts of a sample, added from left to right, or the greatest.
static f32 sample_of(const RoiAlignParams *p, const f32 *plane, const Place *y, const Place *x) {
  if (y->outside || x->outside) return 0.0f;
  const f32 *low = plane + y->low * p->width, *high = plane + y->high * p->width;
  const f32 a = multiply(multiply(y->low_weight, x->low_weight), low[x->low]);
  const f32 b = multiply(multiply(y->low_weight, x->high_weight), low[x->high]);
  const f32 c = multiply(multiply(y->high_weight, x->low_weight), high[x->low]);
  const f32 d = multiply(multiply(y->high_weight, x->high_weight), high[x->high]);
  if (p->is_max) return greater(greater(greater(a, b), c), d);
  return add(add(add(a, b), c), d);
}

KERNEL(roi_align) {
  const RoiAlignParams *p = params;
  UNUSED(scratch);
  const f32 *regions = in[1];
  const u32 *batches = in[2]; // int64: two words each
  for (u32 unit = begin; unit < end; unit++) {
    const u32 region = unit / p->channels, channel = unit % p->channels;
    f32 *y = (f32 *)out[0] + unit * p->out_height * p->out_width;
    const f32 *r = regions + 4 * region;
    const Side rows = side_of(p, r[1], r[3], p->out_height, p->height);
    const Side columns = side_of(p, r[0], r[2], p->out_width, p->width);
    const u32 image = batches[2 * region];
    const u32 exists = batches[2 * region + 1] == 0 && image < p->batch;
    const f32 *plane = (const f32 *)in[0] + (image * p->channels + channel) * p->height * p->width;
    const f32 count = (f32)(rows.samples * columns.samples);
    for (u32 i = 0; i < p->out_height * p->out_width; i++) {
      f32 value = 0.0f;
      for (u32 sy = 0; exists && sy < rows.samples; sy++) {
        const Place row = place_of(&rows, i / p->out_width, sy);
        for (u32 sx = 0; sx < columns.samples; sx++) {
          const Place column = place_of(&columns, i % p->out_width, sx);
          const f32 sample = sample_of(p, plane, &row, &column);
          if (!p->is_max)
            value = add(value, sample);
          else
            value = sy + sx == 0 ? sample : greater(value, sample);
        }
      }
      y[i] = p->is_max || count < 1.0f ? canonical(value) : divide(value, count);
    }
  }
}
