// The reference twin of the WebGPU convolution: Y[image][filter][z][y][x] = tree over k of W[filter][k] *
// X[k], where term k = (input channel, kernel depth, row, column) lies at `taps[k]` from the window's corner.
// Rules: V3, V4, V5 (a tap outside the input is +0 by position and is skipped, which moves no bit), result
// canonical (V2), then the chain. It recomputes what a GPU flagged and checks the packed kernels (conv.c),
// with which it shares no loop; it is not fast. W may be 16-bit floats, which are widened as they are read
// (V9). A unit is one row of outputs along x.
#include "../chain.h"
#include "../stored.h"
#include "../tree.h"

typedef struct {
  u32 groups, channels, filters, terms; // channels and filters of a group
  u32 depth, height, width;
  u32 out_depth, out_height, out_width;
  u32 stride_depth, stride_height, stride_width;
  u32 pad_front, pad_top, pad_left;
  u32 dilation_depth, dilation_height, dilation_width;
  u32 kernel_depth, kernel_height, kernel_width;
  u32 images;           // of all groups
  u32 y_shift, z_shift; // of a tap's place
  u32 row_bits;         // WebGPU only
  u32 w_stored;         // enum stored
  u32 pad0;
  Chain chain;
} ConvTapsParams;

typedef struct {
  u32 offset; // elements from the window's corner
  u32 place;  // the same by axis, dilation included: z << z_shift | y << y_shift | x
} Tap;

// The window's corner is (z, y, x) of the padded input; positions wrap where they lie outside.
static f32 window_dot(const ConvTapsParams *p, const f32 *image, const void *w, u32 filter, const Tap *taps,
                      u32 z, u32 y, u32 x) {
  const u32 corner = (z * p->height + y) * p->width + x;
  Tree tree;
  f32 sum = 0.0f;
  for (u32 k = 0; k < p->terms; k++) {
    const u32 place = taps[k].place;
    const u32 tap_y = place >> p->y_shift & ((1u << (p->z_shift - p->y_shift)) - 1u);
    const u32 tap_x = place & ((1u << p->y_shift) - 1u);
    if (z + (place >> p->z_shift) < p->depth && y + tap_y < p->height && x + tap_x < p->width)
      sum += flush_product(stored_at(w, filter + k, p->w_stored)) *
             flush_product(image[corner + taps[k].offset]);
    if (k % RADIX == RADIX - 1 || k + 1 == p->terms) {
      tree_add(&tree, k / RADIX, sum);
      sum = 0.0f;
    }
  }
  return p->terms == 0 ? 0.0f : canonical(tree_total(&tree));
}

KERNEL(conv_taps) {
  const ConvTapsParams *p = params;
  UNUSED(scratch);
  for (u32 unit = begin; unit < end; unit++) {
    const u32 y = unit % p->out_height, z = unit / p->out_height % p->out_depth;
    const u32 filter = unit / p->out_height / p->out_depth; // of all images
    const u32 image = filter / p->filters;                  // one group of one image
    const f32 *from = (const f32 *)in[0] + image * p->channels * p->depth * p->height * p->width;
    const u32 weights = filter % (p->groups * p->filters) * p->terms;
    f32 *to = (f32 *)out[0] + unit * p->out_width;
    for (u32 x = 0; x < p->out_width; x++)
      to[x] = window_dot(p, from, in[1], weights, in[2], z * p->stride_depth - p->pad_front,
                         y * p->stride_height - p->pad_top, x * p->stride_width - p->pad_left);
    if (p->chain.n_steps != 0)
      chain_run(&p->chain, in, out, unit * p->out_width, (unit + 1) * p->out_width, to);
  }
}
