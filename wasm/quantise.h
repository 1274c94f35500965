// The nearest integer of a quotient, element by element, for kernels of quantised values that chains
// (chain.h) do not compute. Promises the steps div_f32 and round_i32 of a chain, to the bit (V6, V8). Not
// here: zero points and types.
#ifndef ISOBIT_QUANTISE_H
#define ISOBIT_QUANTISE_H
#include "canonical.h"

// Ties to even, NaN as 0, within 2^20 of 0: beyond every quantised type.
static inline i32 nearest(f32 x) {
  if (x != x) return 0;
  const f32 clamped = x > 0x1p20f ? 0x1p20f : x < -0x1p20f ? -0x1p20f : x;
  return (i32)(bits_of(clamped + 0x1.8p23f) - 0x4b400000u);
}

// Both are read canonically.
static inline f32 quotient(f32 x, f32 by) { return canonical(canonical(x) / canonical(by)); }

static inline u8 saturated_u8(i32 x) { return (u8)(x < 0 ? 0 : x > 255 ? 255 : x); }

#endif
