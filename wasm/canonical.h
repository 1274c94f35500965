// Canonical reads and stores of f32 (V2, V3), scalar and four lanes wide.
// canonical(x): NaN becomes 0x7fc00000, a magnitude under T = 2^-120 and either zero become +0.
// flush_product(x): canonical, and a magnitude under 2^-51 becomes +0 (operands of summed products, V3).
// flush_summand(x): canonical, and a magnitude under 2^-102 becomes +0 (terms of plain sums, V3).
#ifndef ISOBIT_CANONICAL_H
#define ISOBIT_CANONICAL_H
#include "repro.h"

#define CANONICAL_NAN 0x7fc00000u
#define CANONICAL_LIMIT 0x03800000u // 2^-120, exponent field 7
#define PRODUCT_LIMIT 0x26000000u   // 2^-51, exponent field 76
#define SUMMAND_LIMIT 0x0c800000u   // 2^-102, exponent field 25
#define RADIX 64u                   // V4: the group size of the summation tree

static inline u32 flush_bits(u32 u, u32 limit) {
  u32 magnitude = u & 0x7fffffffu;
  return magnitude < limit ? 0u : magnitude > 0x7f800000u ? CANONICAL_NAN : u;
}
static inline f32 canonical(f32 x) { return f32_of(flush_bits(bits_of(x), CANONICAL_LIMIT)); }
static inline f32 flush_product(f32 x) { return f32_of(flush_bits(bits_of(x), PRODUCT_LIMIT)); }
static inline f32 flush_summand(f32 x) { return f32_of(flush_bits(bits_of(x), SUMMAND_LIMIT)); }

#ifdef __wasm_simd128__
// The compiler sees neither through nor past this. It knows that a magnitude has no sign, and would compare
// without sign, which is one instruction on WebAssembly but four on x86, where it is one with sign; and it
// would make a selection of three of an `and` with a mask.
#ifndef OPAQUE_X4
#define OPAQUE_X4(v) __asm__("" : "+r"(v))
#endif
static inline v128_t magnitude_x4(v128_t x) {
  v128_t magnitude = wasm_v128_and(x, wasm_i32x4_splat(0x7fffffff));
  OPAQUE_X4(magnitude);
  return magnitude;
}
static inline v128_t kept_x4(v128_t x, v128_t magnitude, u32 limit) {
  v128_t kept = wasm_i32x4_gt(magnitude, wasm_i32x4_splat((i32)limit - 1));
  OPAQUE_X4(kept);
  return wasm_v128_and(x, kept);
}
static inline v128_t flush_x4(v128_t x, u32 limit) {
  const v128_t magnitude = magnitude_x4(x);
  return wasm_v128_bitselect(wasm_i32x4_splat((i32)CANONICAL_NAN), kept_x4(x, magnitude, limit),
                             wasm_i32x4_gt(magnitude, wasm_i32x4_splat(0x7f800000)));
}
static inline v128_t canonical_x4(v128_t x) { return flush_x4(x, CANONICAL_LIMIT); }
// Without the NaN step: for operands whose result is stored canonically anyway.
static inline v128_t flush_small_x4(v128_t x, u32 limit) { return kept_x4(x, magnitude_x4(x), limit); }
#endif
#endif
