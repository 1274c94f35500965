// Sampling at computed positions (GridSample, DeformConv): one to three axes, done one after the other, the
// last first. On an axis the value is the sum over its taps in ascending order, V2 products of element and
// weight added left to right by V2 sums from +0. A tap of weight 0, or outside the input where padding is
// zeros, is no term. With one tap an element's bits are copied (V1), zero bits from outside. Positions and
// weights are computed before, by element-wise programs. A work unit is one point in all channels.
#include "../canonical.h"

#define PADDING_ZEROS 0u
#define PADDING_BORDER 1u
#define OUTSIDE 0xffffffffu

typedef struct {
  u32 n; // points of all batches
  u32 points;
  u32 channels;
  u32 rank;    // axes of a position
  u32 taps;    // an axis: 1, 2 or 4
  u32 padding; // beyond these two: reflection
  u32 align;   // reflection about the centres of the outer elements, else about their far edges
  u32 flip;    // 1: component 0 of a position belongs to the last axis
  u32 dims[4]; // of the axes, depth first, sizes of 1 in front
} SampleTapsParams;

// The element that index i, within 16 of the axis, stands for.
static u32 place_of(const SampleTapsParams *p, i32 i, u32 size) {
  if ((u32)i < size) return (u32)i;
  if (p->padding == PADDING_ZEROS) return OUTSIDE;
  if (p->padding == PADDING_BORDER) return i < 0 ? 0 : size - 1;
  if (size == 1) return 0;
  const u32 period = p->align ? 2 * (size - 1) : 2 * size;
  const u32 turned = (u32)(i + 16 * (i32)period) % period;
  return turned < size ? turned : period - turned - (p->align ? 0 : 1);
}

typedef struct {
  u32 place[3][4];
  f32 weight[3][4];
} Taps;

static f32 term(f32 value, f32 weight) { return canonical(canonical(value) * weight); }

static f32 line_value(const SampleTapsParams *p, const Taps *taps, const f32 *line) {
  f32 sum = 0.0f;
  for (u32 t = 0; t < p->taps; t++) {
    if (taps->weight[2][t] == 0.0f || taps->place[2][t] == OUTSIDE) continue;
    sum = canonical(sum + term(line[taps->place[2][t]], taps->weight[2][t]));
  }
  return sum;
}

static f32 plane_value(const SampleTapsParams *p, const Taps *taps, const f32 *plane) {
  if (p->rank < 2) return line_value(p, taps, plane);
  f32 sum = 0.0f;
  for (u32 t = 0; t < p->taps; t++) {
    if (taps->weight[1][t] == 0.0f || taps->place[1][t] == OUTSIDE) continue;
    const f32 value = line_value(p, taps, plane + taps->place[1][t] * p->dims[2]);
    sum = canonical(sum + term(value, taps->weight[1][t]));
  }
  return sum;
}

static f32 volume_value(const SampleTapsParams *p, const Taps *taps, const f32 *volume) {
  if (p->rank < 3) return plane_value(p, taps, volume);
  f32 sum = 0.0f;
  for (u32 t = 0; t < p->taps; t++) {
    if (taps->weight[0][t] == 0.0f || taps->place[0][t] == OUTSIDE) continue;
    const f32 value = plane_value(p, taps, volume + taps->place[0][t] * p->dims[1] * p->dims[2]);
    sum = canonical(sum + term(value, taps->weight[0][t]));
  }
  return sum;
}

KERNEL(sample_taps) {
  const SampleTapsParams *p = params;
  UNUSED(scratch);
  const f32 *x = in[0];
  const i32 *first = in[1];   // of the taps: [batch][point][component]
  const f32 *weights = in[2]; // [tap][batch][point][component]
  const u32 *words = in[0];
  u32 *y = out[0];
  const u32 size = p->dims[0] * p->dims[1] * p->dims[2];
  for (u32 unit = begin; unit < end; unit++) {
    const u32 batch = unit / p->points, point = unit % p->points;
    Taps taps = {0};
    for (u32 axis = 3 - p->rank; axis < 3; axis++) {
      const u32 at = unit * p->rank + (p->flip ? 2 - axis : axis + p->rank - 3);
      // Limited so that its neighbours are numbers; what lies further out is as far outside.
      const i32 most = (i32)p->dims[axis] + 8;
      const i32 base = first[at] < -8 ? -8 : first[at] > most ? most : first[at];
      for (u32 t = 0; t < p->taps; t++) {
        taps.place[axis][t] = place_of(p, base + (i32)t, p->dims[axis]);
        taps.weight[axis][t] = p->taps == 1 ? 1.0f : weights[t * p->n * p->rank + at];
      }
    }
    for (u32 channel = 0; channel < p->channels; channel++) {
      const u32 plane = (batch * p->channels + channel) * size;
      const u32 to = (batch * p->channels + channel) * p->points + point;
      if (p->taps > 1) {
        y[to] = bits_of(volume_value(p, &taps, x + plane));
        continue;
      }
      u32 at = 0, inside = 1;
      for (u32 axis = 3 - p->rank; axis < 3; axis++) {
        if (taps.place[axis][0] == OUTSIDE) inside = 0;
        at = at * p->dims[axis] + taps.place[axis][0];
      }
      y[to] = inside ? words[plane + at] : 0;
    }
  }
}
