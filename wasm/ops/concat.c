// Concat: each input has `widths[k]` consecutive units in every row of the output (V1). A work unit is the
// part of one input in one row, or, where rows are short, a whole row: then the inputs are woven in blocks of
// rows.
#include "../copy.h"

#define CONCAT_INPUTS 32
#define BLOCK 64 // rows woven at a time: what is written stays in the first-level cache

typedef struct {
  u32 n;          // units of the output
  u32 inputs;     // at least 1
  u32 unit_shift; // log2 of the bytes of a unit
  u32 row;        // units of a row, the sum of the widths
  u32 parts;      // work units a row: `inputs`, or 1
  u32 pad0, pad1, pad2;
  u32 widths[CONCAT_INPUTS];
} ConcatParams;

// One input into its columns of `rows` rows.
static void weave(u8 *to, u32 to_step, const u8 *from, u32 width, u32 rows) {
  if (width == 4) {
    for (u32 i = 0; i < rows; i++, to += to_step, from += 4) __builtin_memcpy(to, from, 4);
  } else if (width == 8) {
    for (u32 i = 0; i < rows; i++, to += to_step, from += 8) __builtin_memcpy(to, from, 8);
  } else {
    for (u32 i = 0; i < rows; i++, to += to_step, from += width) copy_bytes(to, from, width);
  }
}

#ifdef __wasm_simd128__
// Four inputs of one word a row each: a transpose of 4 by 4.
static void weave_four(u32 *to, u32 to_step, const u32 *a, const u32 *b, const u32 *c, const u32 *d,
                       u32 rows) {
  u32 i = 0;
  for (; i + 4 <= rows; i += 4, to += 4 * to_step) {
    const v128_t va = wasm_v128_load(a + i), vb = wasm_v128_load(b + i);
    const v128_t vc = wasm_v128_load(c + i), vd = wasm_v128_load(d + i);
    const v128_t ab_low = wasm_i32x4_shuffle(va, vb, 0, 4, 1, 5),
                 ab_high = wasm_i32x4_shuffle(va, vb, 2, 6, 3, 7);
    const v128_t cd_low = wasm_i32x4_shuffle(vc, vd, 0, 4, 1, 5),
                 cd_high = wasm_i32x4_shuffle(vc, vd, 2, 6, 3, 7);
    wasm_v128_store(to, wasm_i64x2_shuffle(ab_low, cd_low, 0, 2));
    wasm_v128_store(to + to_step, wasm_i64x2_shuffle(ab_low, cd_low, 1, 3));
    wasm_v128_store(to + 2 * to_step, wasm_i64x2_shuffle(ab_high, cd_high, 0, 2));
    wasm_v128_store(to + 3 * to_step, wasm_i64x2_shuffle(ab_high, cd_high, 1, 3));
  }
  for (; i < rows; i++, to += to_step) {
    to[0] = a[i];
    to[1] = b[i];
    to[2] = c[i];
    to[3] = d[i];
  }
}
#endif

static void weave_rows(const ConcatParams *p, const void *const *in, u8 *out, u32 first, u32 last) {
  const u32 step = p->row << p->unit_shift;
  for (u32 row = first; row < last; row += BLOCK) {
    const u32 rows = last - row < BLOCK ? last - row : BLOCK;
    u8 *to = out + row * step;
    for (u32 k = 0; k < p->inputs;) {
      const u32 width = p->widths[k] << p->unit_shift;
#ifdef __wasm_simd128__
      if (p->unit_shift == 2 && k + 4 <= p->inputs && p->widths[k] == 1 && p->widths[k + 1] == 1 &&
          p->widths[k + 2] == 1 && p->widths[k + 3] == 1) {
        weave_four((u32 *)to, p->row, (const u32 *)in[k] + row, (const u32 *)in[k + 1] + row,
                   (const u32 *)in[k + 2] + row, (const u32 *)in[k + 3] + row, rows);
        to += 16;
        k += 4;
        continue;
      }
#endif
      weave(to, step, (const u8 *)in[k] + row * width, width, rows);
      to += width;
      k++;
    }
  }
}

KERNEL(concat) {
  const ConcatParams *p = params;
  UNUSED(scratch);
  if (p->parts == 1) {
    weave_rows(p, in, out[0], begin, end);
    return;
  }
  u32 row = begin / p->inputs;
  u32 input = begin % p->inputs;
  u32 at = row * p->row;
  for (u32 k = 0; k < input; k++) at += p->widths[k];
  for (u32 unit = begin; unit < end; unit++) {
    const u32 width = p->widths[input];
    copy_run(out[0], at, in[input], row * width, 1, width, p->unit_shift);
    at += width;
    if (++input == p->inputs) {
      input = 0;
      row++;
    }
  }
}
