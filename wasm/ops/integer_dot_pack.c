// Packs one operand of integer_dot: out[matrix][block][word][line of the block], four neighbouring terms of a
// line a word, the sign bits of unsigned elements turned; `block` lines side by side; terms and lines past
// the end are zero. Behind the words of a block stand the sum of each line, where `has_sums` says that it is
// wanted, and its zero point, turned likewise. A unit is one block of one matrix. Rule V8: exact.
#include "../repro.h"

typedef struct {
  u32 terms, lines, block, is_signed;
  u32 line_stride, term_stride; // in elements: any transposition
  u32 zero_stride;              // 1 where every line has a zero point of its own, else 0
  u32 matrices;
  u32 batch_dims[8]; // innermost first, 1 where unused
  u32 batch_strides[8], zero_strides[8];
  u32 run, has_sums, pad0, pad1;
} IntegerDotPackParams;

KERNEL(integer_dot_pack) {
  const IntegerDotPackParams *p = params;
  UNUSED(scratch);
  const u32 run_words = (p->run + 3) / 4, words = p->terms / p->run * run_words;
  const u32 blocks = (p->lines + p->block - 1) / p->block;
  const u8 flip = p->is_signed ? 0 : 128;
  for (u32 unit = begin; unit < end; unit++) {
    const u32 line = unit % blocks * p->block;
    const u8 *from = in[0], *zeros = in[1];
    from += line * p->line_stride;
    zeros += line * p->zero_stride;
    for (u32 axis = 0, rest = unit / blocks; axis < 8 && rest > 0; axis++) {
      from += rest % p->batch_dims[axis] * p->batch_strides[axis];
      zeros += rest % p->batch_dims[axis] * p->zero_strides[axis];
      rest /= p->batch_dims[axis];
    }
    u32 *to = (u32 *)out[0] + unit * (words + 2) * p->block;
    for (u32 i = 0; i < (words + 2) * p->block; i++) to[i] = 0;
    for (u32 l = 0; l < p->block && line + l < p->lines; l++) {
      i32 sum = 0;
      for (u32 k = 0; k < p->terms; k++) {
        const u8 byte = from[l * p->line_stride + k * p->term_stride] ^ flip;
        const u32 word = k / p->run * run_words + k % p->run / 4;
        to[word * p->block + l] |= (u32)byte << (8 * (k % p->run % 4));
        sum += (i8)byte;
      }
      to[words * p->block + l] = p->has_sums ? (u32)sum : 0;
      to[(words + 1) * p->block + l] = (u32)(i32)(i8)(zeros[l * p->zero_stride] ^ flip);
    }
  }
}
