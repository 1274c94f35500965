// Rotary embedding: pairs (x1, x2) of a row's elements turned by angles whose cosines and sines are given: y1
// = c x1 - s x2 and y2 = s x1 + c x2, every product, difference and sum a V2 operation. A pair is an element
// of the first half of the row and one of the second, or, interleaved, two neighbours. Rows are found by
// strides: those of x may be heads that lie side by side, those of the angles 0. A work unit is one row.
#include "../canonical.h"

typedef struct {
  u32 rows; // of the output, the product of dims
  u32 half; // pairs a row
  u32 interleaved;
  u32 offset;           // of the first row in x
  u32 dims[4];          // the first three of each: the axes of rows
  u32 strides[4];       // of x
  u32 angle_strides[4]; // of the cosines and of the sines
} RotatePairsParams;

static inline u32 place(const u32 *index, const u32 *strides) {
  return index[0] * strides[0] + index[1] * strides[1] + index[2] * strides[2];
}

static f32 product(f32 x, f32 y) { return canonical(canonical(x) * canonical(y)); }

#ifdef __wasm_simd128__
// Without the NaN step: the store after the sum takes care of it.
static v128_t product_x4(v128_t x, v128_t y) { return flush_small_x4(wasm_f32x4_mul(x, y), CANONICAL_LIMIT); }
#endif

KERNEL(rotate_pairs) {
  const RotatePairsParams *p = params;
  const u32 half = p->half;
  UNUSED(scratch);
  for (u32 row = begin; row < end; row++) {
    const u32 over = row / p->dims[2], outer = over / p->dims[1];
    const u32 index[3] = {outer, over - outer * p->dims[1], row - over * p->dims[2]};
    const f32 *x = (const f32 *)in[0] + p->offset + place(index, p->strides);
    const f32 *cos = (const f32 *)in[1] + place(index, p->angle_strides);
    const f32 *sin = (const f32 *)in[2] + place(index, p->angle_strides);
    f32 *y = (f32 *)out[0] + row * 2 * half;
    u32 i = 0;
#ifdef __wasm_simd128__
    for (; i + 4 <= half; i += 4) {
      // Four pairs: the words at `first` and at `second`, woven or not.
      const u32 first = p->interleaved ? 2 * i : i, second = p->interleaved ? first + 4 : i + half;
      v128_t x1 = flush_small_x4(wasm_v128_load(x + first), CANONICAL_LIMIT);
      v128_t x2 = flush_small_x4(wasm_v128_load(x + second), CANONICAL_LIMIT);
      const v128_t c = flush_small_x4(wasm_v128_load(cos + i), CANONICAL_LIMIT);
      const v128_t s = flush_small_x4(wasm_v128_load(sin + i), CANONICAL_LIMIT);
      if (p->interleaved) {
        const v128_t low = x1;
        x1 = wasm_i32x4_shuffle(low, x2, 0, 2, 4, 6);
        x2 = wasm_i32x4_shuffle(low, x2, 1, 3, 5, 7);
      }
      v128_t y1 = canonical_x4(wasm_f32x4_sub(product_x4(c, x1), product_x4(s, x2)));
      v128_t y2 = canonical_x4(wasm_f32x4_add(product_x4(s, x1), product_x4(c, x2)));
      if (p->interleaved) {
        const v128_t real = y1;
        y1 = wasm_i32x4_shuffle(real, y2, 0, 4, 1, 5);
        y2 = wasm_i32x4_shuffle(real, y2, 2, 6, 3, 7);
      }
      wasm_v128_store(y + first, y1);
      wasm_v128_store(y + second, y2);
    }
#endif
    for (; i < half; i++) {
      const u32 first = p->interleaved ? 2 * i : i, second = p->interleaved ? first + 1 : i + half;
      y[first] = canonical(product(cos[i], x[first]) - product(sin[i], x[second]));
      y[second] = canonical(product(sin[i], x[first]) + product(cos[i], x[second]));
    }
  }
}
