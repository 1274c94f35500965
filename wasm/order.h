// The total order behind ArgMax, ArgMin, TopK and Hardmax: unsigned keys whose order is that of the values.
// f32 values are read canonically (V2), so that zeros and magnitudes under 2^-120 are equal; every NaN is one
// value, above +infinity. Not here: what happens between equals, which each operator says.
#ifndef ISOBIT_ORDER_H
#define ISOBIT_ORDER_H
#include "canonical.h"

static inline u32 order_key_f32(u32 word) {
  const u32 u = flush_bits(word, CANONICAL_LIMIT);
  return u & 0x80000000u ? ~u : u | 0x80000000u;
}

static inline u64 order_key_f64(u64 bits) {
  const u64 magnitude = bits & ~((u64)1 << 63);
  if (magnitude == 0) bits = 0;
  if (magnitude > 0x7ff0000000000000u) bits = 0x7ff8000000000000u;
  return bits >> 63 ? ~bits : bits | (u64)1 << 63;
}

// Codes of element types: log2 of the bytes an element, + 4 if unsigned; 8: f32, 9: f64.
static inline u64 order_key(const void *x, u32 type_code, u32 i) {
  switch (type_code) {
  case 0: return (u64)(i64)((const i8 *)x)[i] ^ (u64)1 << 63;
  case 1: return (u64)(i64)((const i16 *)x)[i] ^ (u64)1 << 63;
  case 2: return (u64)(i64)((const i32 *)x)[i] ^ (u64)1 << 63;
  case 3: return (u64)((const i64 *)x)[i] ^ (u64)1 << 63;
  case 4: return ((const u8 *)x)[i];
  case 5: return ((const u16 *)x)[i];
  case 6: return ((const u32 *)x)[i];
  case 7: return ((const u64 *)x)[i];
  case 9: return order_key_f64(((const u64 *)x)[i]);
  default: return order_key_f32(((const u32 *)x)[i]);
  }
}
#endif
