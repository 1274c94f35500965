// 8-bit operands of exact integer products (V8), widened once: the difference of an element and its zero
// point lies in -255..255 and is held as i16; two neighbouring terms of a line share a word, the earlier one
// low, so that one i32x4.dot_i16x8_s adds two terms to four sums. A line of an odd number of terms ends with
// a zero. Promises: products and sums of two are exact in i32, longer sums wrap (V8). No float is in here.
#ifndef ISOBIT_INTEGER_H
#define ISOBIT_INTEGER_H
#include "repro.h"

#define INTEGER_PANEL 8u // lines side by side in a packed right operand

static inline i32 byte_of(const u8 *from, u32 at, u32 is_signed) {
  return is_signed ? (i32)(i8)from[at] : (i32)from[at];
}
static inline u32 pair_of(i32 low, i32 high) { return ((u32)low & 0xffffu) | (u32)high << 16; }

// Eight bytes in a row as i16.
static inline v128_t widen_8(const u8 *from, u32 is_signed) {
  const v128_t bytes = wasm_v128_load64_zero(from);
  return is_signed ? wasm_i16x8_extend_low_i8x16(bytes) : wasm_u16x8_extend_low_u8x16(bytes);
}
// Two terms of eight lines as eight words.
static inline void store_pairs(u32 *to, v128_t low, v128_t high) {
  wasm_v128_store(to, wasm_i16x8_shuffle(low, high, 0, 8, 1, 9, 2, 10, 3, 11));
  wasm_v128_store(to + 4, wasm_i16x8_shuffle(low, high, 4, 12, 5, 13, 6, 14, 7, 15));
}
#endif
