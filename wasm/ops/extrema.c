// The least and the greatest element of each block of an f32 tensor, in one pass: out[0][block] and
// out[1][block], stored canonically; NaN where the block has one (ReduceMin and ReduceMax, V3). Both are
// exact, so neither the blocks nor the lanes move a bit. A unit is one block. Not here: the extrema of the
// blocks (reduce.c).
#include "../fold.h"

typedef struct {
  u32 n; // elements, at least 1
  u32 block, pad0, pad1;
} ExtremaParams;

// The extrema of 16 elements and more, lane by lane; elements past the last sixteen are added by the caller.
// A NaN makes a sum of two elements NaN, as two infinities do: the caller then looks at each (fold_step).
static int many(const f32 *x, u32 n, v128_t *least, v128_t *most) {
  v128_t low[2] = {wasm_v128_load(x), wasm_v128_load(x)}, high[2] = {low[0], low[0]};
  v128_t odd = wasm_f32x4_ne(low[0], low[0]);
  for (u32 i = 0; i + 16 <= n; i += 16) {
    _Pragma("clang loop unroll(full)") for (u32 k = 0; k < 2; k++) {
      const v128_t a = wasm_v128_load(x + i + 8 * k), b = wasm_v128_load(x + i + 8 * k + 4);
      const v128_t sum = wasm_f32x4_add(a, b);
      odd = wasm_v128_or(odd, wasm_f32x4_ne(sum, sum));
      low[k] = wasm_f32x4_pmin(low[k], wasm_f32x4_pmin(a, b));
      high[k] = wasm_f32x4_pmax(high[k], wasm_f32x4_pmax(a, b));
    }
  }
  *least = wasm_f32x4_pmin(low[0], low[1]);
  *most = wasm_f32x4_pmax(high[0], high[1]);
  return !wasm_v128_any_true(odd);
}

static f32 across(u32 op, v128_t x) {
  x = fold_join(op, x, wasm_i32x4_shuffle(x, x, 2, 3, 0, 1));
  x = canonical_x4(fold_join(op, x, wasm_i32x4_shuffle(x, x, 1, 0, 3, 2)));
  return wasm_f32x4_extract_lane(x, 0);
}

KERNEL(extrema) {
  const ExtremaParams *p = params;
  UNUSED(scratch);
  for (u32 unit = begin; unit < end; unit++) {
    const f32 *x = (const f32 *)in[0] + unit * p->block;
    const u32 left = p->n - unit * p->block, n = left < p->block ? left : p->block;
    v128_t least = fold_start(FOLD_MIN), most = fold_start(FOLD_MAX), no_number = wasm_i32x4_splat(0);
    u32 i = n >= 16 && many(x, n, &least, &most) ? n & ~15u : 0;
    if (i == 0) least = fold_start(FOLD_MIN), most = fold_start(FOLD_MAX);
    for (u32 step; i < n; i += step) {
      step = i + 4 <= n ? 4 : 1;
      const v128_t words = step == 4 ? wasm_v128_load(x + i) : wasm_v128_load32_splat(x + i);
      fold_step(FOLD_MIN, &least, &no_number, words);
      fold_step(FOLD_MAX, &most, &no_number, words);
    }
    ((f32 *)out[0])[unit] = across(FOLD_MIN, fold_close(FOLD_MIN, least, no_number));
    ((f32 *)out[1])[unit] = across(FOLD_MAX, fold_close(FOLD_MAX, most, no_number));
  }
}
