// Operands of products and convolutions that lie as f32 words or as 16-bit floats, which are widened exactly
// as they are read (V9): the twins of kernels that read weights of a file as they are
// (shaders/math/halves.wgsl).
#ifndef ISOBIT_STORED_H
#define ISOBIT_STORED_H
#include "canonical.h"
#include "math/words/half.h"

// As `stored` of src/ops/stored.ts.
enum stored { STORED_WORDS, STORED_FLOAT16, STORED_BFLOAT16 };

static inline f32 stored_at(const void *x, u32 at, u32 stored) {
  if (stored == STORED_WORDS) return ((const f32 *)x)[at];
  const u32 half = ((const u16 *)x)[at];
  return f32_of(stored == STORED_FLOAT16 ? wgsl_f16_to_f32(half) : wgsl_bf16_to_f32(half));
}

#endif
