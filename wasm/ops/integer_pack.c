// Packs one operand of integer_product: out[matrix][block][pair of terms][line of the block], the differences
// of 8-bit elements and their zero points as pairs of i16 (integer.h); `block` lines side by side, 1 on the
// left of a product, 8 on the right; lines past the end are zero. A unit is one block of one matrix. Rule V8:
// exact.
#include "../integer.h"

typedef struct {
  u32 terms, lines, block, is_signed;
  u32 line_stride, term_stride; // in elements: any transposition
  u32 zero_stride;              // 1 where every line has a zero point of its own, else 0
  u32 matrices;
  u32 batch_dims[8]; // innermost first, 1 where unused
  u32 batch_strides[8], zero_strides[8];
} IntegerPackParams;

// Lines side by side in memory, all of a panel.
static void pack_columns(const IntegerPackParams *p, const u8 *from, v128_t zero, u32 *to) {
  const u32 pairs = p->terms / 2;
  for (u32 k = 0; k < pairs; k++, from += 2 * p->term_stride, to += INTEGER_PANEL)
    store_pairs(to, wasm_i16x8_sub(widen_8(from, p->is_signed), zero),
                wasm_i16x8_sub(widen_8(from + p->term_stride, p->is_signed), zero));
  if (p->terms % 2 != 0)
    store_pairs(to, wasm_i16x8_sub(widen_8(from, p->is_signed), zero), wasm_i16x8_splat(0));
}

// One line from its term `k` on, which is even; `step` words from one pair to the next.
static void pack_line(const IntegerPackParams *p, const u8 *from, u32 k, i32 zero, u32 *to, u32 step) {
  to += k / 2 * step;
  if (p->term_stride == 1 && step == 1) {
    const v128_t z = wasm_i16x8_splat((i16)zero);
    for (; k + 8 <= p->terms; k += 8, to += 4)
      wasm_v128_store(to, wasm_i16x8_sub(widen_8(from + k, p->is_signed), z));
  }
  for (; k < p->terms; k += 2, to += step) {
    const i32 low = byte_of(from, k * p->term_stride, p->is_signed) - zero;
    *to = pair_of(low, k + 1 < p->terms ? byte_of(from, (k + 1) * p->term_stride, p->is_signed) - zero : 0);
  }
}

// Four lines of terms side by side: eight terms of each are four words, transposed.
static u32 pack_strip(const IntegerPackParams *p, const u8 *from, const u8 *zeros, u32 *to) {
  v128_t zero[4];
  for (u32 r = 0; r < 4; r++)
    zero[r] = wasm_i16x8_splat((i16)byte_of(zeros, r * p->zero_stride, p->is_signed));
  u32 k = 0;
  for (; k + 8 <= p->terms; k += 8, to += 16) {
    v128_t x[4];
    for (u32 r = 0; r < 4; r++)
      x[r] = wasm_i16x8_sub(widen_8(from + r * p->line_stride + k, p->is_signed), zero[r]);
    const v128_t l0 = wasm_i32x4_shuffle(x[0], x[1], 0, 4, 1, 5),
                 h0 = wasm_i32x4_shuffle(x[0], x[1], 2, 6, 3, 7);
    const v128_t l1 = wasm_i32x4_shuffle(x[2], x[3], 0, 4, 1, 5),
                 h1 = wasm_i32x4_shuffle(x[2], x[3], 2, 6, 3, 7);
    wasm_v128_store(to, wasm_i64x2_shuffle(l0, l1, 0, 2));
    wasm_v128_store(to + 4, wasm_i64x2_shuffle(l0, l1, 1, 3));
    wasm_v128_store(to + 8, wasm_i64x2_shuffle(h0, h1, 0, 2));
    wasm_v128_store(to + 12, wasm_i64x2_shuffle(h0, h1, 1, 3));
  }
  return k;
}

KERNEL(integer_pack) {
  const IntegerPackParams *p = params;
  UNUSED(scratch);
  const u32 pairs = (p->terms + 1) / 2, blocks = (p->lines + p->block - 1) / p->block;
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
    u32 *to = (u32 *)out[0] + unit * pairs * p->block;
    if (p->block == INTEGER_PANEL && p->line_stride == 1 && line + INTEGER_PANEL <= p->lines) {
      const v128_t zero = p->zero_stride != 0 ? widen_8(zeros, p->is_signed)
                                              : wasm_i16x8_splat((i16)byte_of(zeros, 0, p->is_signed));
      pack_columns(p, from, zero, to);
      continue;
    }
    const int whole = p->block == 4 && p->term_stride == 1 && line + 4 <= p->lines;
    const u32 done = whole ? pack_strip(p, from, zeros, to) : 0;
    for (u32 l = 0; l < p->block; l++) {
      if (line + l < p->lines) {
        pack_line(p, from + l * p->line_stride, done, byte_of(zeros, l * p->zero_stride, p->is_signed),
                  to + l, p->block);
      } else {
        for (u32 k = 0; k < pairs; k++) to[k * p->block + l] = 0;
      }
    }
  }
}
