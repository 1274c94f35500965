// A look at finished words before they are stored canonically (V2): results are rarely anything but
// canonical, and finding that out is cheaper than storing every word as if it were not. Promises:
// range_is_canonical is true only if every vector added holds canonical words, given that none is -0.
#ifndef ISOBIT_RANGE_H
#define ISOBIT_RANGE_H
#include "canonical.h"

// The smallest magnitude less 1, where 0 is the largest of all, and the largest magnitude, lane by lane.
typedef struct {
  v128_t least, most;
} Range;
#define RANGE_EMPTY ((Range){wasm_i32x4_splat(-1), wasm_i32x4_splat(0)})
static inline __attribute__((always_inline)) void range_add(Range *range, v128_t x) {
  const v128_t magnitude = wasm_v128_and(x, wasm_i32x4_splat(0x7fffffff));
  range->least = wasm_u32x4_min(range->least, wasm_i32x4_add(magnitude, wasm_i32x4_splat(-1)));
  range->most = wasm_u32x4_max(range->most, magnitude);
}
static inline __attribute__((always_inline)) int range_is_canonical(const Range *range) {
  const v128_t small = wasm_u32x4_lt(range->least, wasm_i32x4_splat((i32)CANONICAL_LIMIT - 1));
  const v128_t nan = wasm_i32x4_gt(range->most, wasm_i32x4_splat(0x7f800000));
  return !wasm_v128_any_true(wasm_v128_or(small, nan));
}

#endif
