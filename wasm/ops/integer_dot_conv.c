// Integer convolution on [batch][channel][plane][row][column] (V8): Y = sum over the taps inside the input of
// (x - zero point) * (w - zero point), exact, modulo 2^32; then the chain, whose seed is the i32 word.
// Weights are packed by integer_dot_pack, in runs of a row of the kernel, or of all channels where kernels
// are 1 x 1. Zero points are subtracted here, tap by tap. A unit is one block of rows of one plane of one
// image (one group). Scratch, in words: the sums of a block of one filter. It checks WebGPU: the reference's
// own kernel is integer_conv.
#include "../chain.h"

typedef struct {
  u32 groups, channels, filters, is_signed; // channels and filters a group
  u32 depth, height, width, pad_front;
  u32 out_depth, out_height, out_width, pad_top;
  u32 kernel_depth, kernel_height, kernel_width, pad_left;
  u32 stride_depth, stride_height, stride_width, row_block;
  u32 dilation_depth, dilation_height, dilation_width, images;
  u32 run, pad0, pad1, pad2; // terms that begin a word
  Chain chain;
} IntegerDotConvParams;

// A block of output rows of one filter, on one plane of one image.
typedef struct {
  const u8 *input;
  const u32 *weights; // the filter's first word
  u32 strip;          // from one word of the filter to the next
  i32 zero, filter_zero;
  u8 flip;
  u32 z, y0, rows;
} Block;

// Adds one tap to all outputs of a block whose windows have it inside the input.
static void add_tap(const IntegerDotConvParams *p, const Block *b, u32 c, u32 kz, u32 ky, u32 kx, i32 weight,
                    u32 *sums) {
  const u32 iz = b->z * p->stride_depth + kz * p->dilation_depth - p->pad_front; // wraps where outside
  if (iz >= p->depth) return;
  const u8 *plane = b->input + (c * p->depth + iz) * p->height * p->width;
  for (u32 y = 0; y < b->rows; y++) {
    const u32 iy = (b->y0 + y) * p->stride_height + ky * p->dilation_height - p->pad_top;
    if (iy >= p->height) continue;
    u32 ix = kx * p->dilation_width - p->pad_left;
    for (u32 x = 0; x < p->out_width; x++, ix += p->stride_width)
      if (ix < p->width)
        sums[y * p->out_width + x] += (u32)(((i8)(plane[iy * p->width + ix] ^ b->flip) - b->zero) * weight);
  }
}

static void add_filter(const IntegerDotConvParams *p, const Block *b, u32 *sums) {
  const u32 run_words = (p->run + 3) / 4;
  u32 term = 0;
  for (u32 c = 0; c < p->channels; c++)
    for (u32 kz = 0; kz < p->kernel_depth; kz++)
      for (u32 ky = 0; ky < p->kernel_height; ky++)
        for (u32 kx = 0; kx < p->kernel_width; kx++, term++) {
          const u32 within = term % p->run, word = term / p->run * run_words + within / 4;
          const i32 weight = (i8)(b->weights[word * b->strip] >> (8 * (within % 4))) - b->filter_zero;
          add_tap(p, b, c, kz, ky, kx, weight, sums);
        }
}

KERNEL(integer_dot_conv) {
  const IntegerDotConvParams *p = params;
  const u32 blocks = (p->out_height + p->row_block - 1) / p->row_block;
  const u32 plane = p->out_depth * p->out_height * p->out_width; // of one filter
  const u32 strip = p->filters == 1 ? 1 : 4, strips = (p->filters + strip - 1) / strip;
  const u32 terms = p->channels * p->kernel_depth * p->kernel_height * p->kernel_width;
  const u32 words = terms / p->run * ((p->run + 3) / 4);
  ChainPlan chain;
  if (p->chain.n_steps != 0) chain_plan(&p->chain, in, &chain);
  Block b;
  b.strip = strip;
  b.flip = p->is_signed ? 0 : 128;
  b.zero = (i8)(*(const u8 *)in[2] ^ b.flip);
  for (u32 unit = begin; unit < end; unit++) {
    const u32 image = unit / blocks / p->out_depth;
    b.y0 = unit % blocks * p->row_block;
    b.z = unit / blocks % p->out_depth;
    b.rows = p->out_height - b.y0 < p->row_block ? p->out_height - b.y0 : p->row_block;
    b.input = (const u8 *)in[0] + image * p->channels * p->depth * p->height * p->width;
    const u32 count = b.rows * p->out_width;
    u32 *sums = scratch;
    for (u32 f = 0; f < p->filters; f++) {
      b.weights =
          (const u32 *)in[1] + (image % p->groups * strips + f / strip) * (words + 2) * strip + f % strip;
      b.filter_zero = (i32)b.weights[(words + 1) * strip];
      for (u32 i = 0; i < count; i++) sums[i] = 0;
      add_filter(p, &b, sums);
      const u32 first = (image * p->filters + f) * plane + (b.z * p->out_height + b.y0) * p->out_width;
      if (p->chain.n_steps != 0)
        chain_run_plan(&chain, in, out, first, first + count, (const f32 *)sums); // words: see integer_dot.c
      else
        for (u32 i = 0; i < count; i++) ((u32 *)out[0])[first + i] = sums[i];
    }
  }
}
