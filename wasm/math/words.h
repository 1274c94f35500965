// What the generated headers wasm/math/words/*.h need of C: the WGSL names of the common subset.
// Not here: any function of the contract. The headers are made from shaders/math by scripts/wgsl_to_c.mjs.
#ifndef ISOBIT_WORDS_H
#define ISOBIT_WORDS_H
#include "../repro.h"
#include <stdbool.h>

#define WGSL_STRUCT(type, ...) ((type){__VA_ARGS__})

// WGSL: select(value if false, value if true, condition). A mask and not a branch, so that a loop over it
// vectorises.
static inline u32 wgsl_select(u32 otherwise, u32 value, bool condition) {
  u32 mask = 0u - (u32)condition;
  return (value & mask) | (otherwise & ~mask);
}

static inline u32 wgsl_min(u32 a, u32 b) { return a < b ? a : b; }
static inline u32 wgsl_max(u32 a, u32 b) { return a > b ? a : b; }
static inline u32 wgsl_clamp(u32 x, u32 low, u32 high) { return wgsl_min(wgsl_max(x, low), high); }
static inline u32 wgsl_countLeadingZeros(u32 x) { return x ? (u32)__builtin_clz(x) : 32u; }
static inline u32 wgsl_countTrailingZeros(u32 x) { return x ? (u32)__builtin_ctz(x) : 32u; }

#endif
