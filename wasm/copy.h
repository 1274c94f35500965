// Moving bytes for the movement kernels (V1: bits are copied, never read as floats): short runs inline, long
// ones by memory.copy, strided runs, repeated patterns. A unit is 1, 2 or 4 bytes (log2: 0, 1, 2); elements
// of 8 bytes move as two units. Not here: what moves where.
#ifndef ISOBIT_COPY_H
#define ISOBIT_COPY_H
#include "repro.h"

#define COPY_RANK 8
#define LONG_RUN 512 // bytes from which the call behind memory.copy is cheaper than a loop

// Without `restrict`: the compiler would turn the loop into memory.copy for the short runs too.
static inline void copy_bytes(u8 *to, const u8 *from, u32 n) {
  if (n >= LONG_RUN) {
    __builtin_memcpy(to, from, n);
    return;
  }
#ifdef __wasm_simd128__
  for (; n >= 16; n -= 16, to += 16, from += 16) wasm_v128_store(to, wasm_v128_load(from));
#endif
  for (; n >= 8; n -= 8, to += 8, from += 8) __builtin_memcpy(to, from, 8);
  if (n & 4) {
    __builtin_memcpy(to, from, 4);
    to += 4;
    from += 4;
  }
  if (n & 2) {
    __builtin_memcpy(to, from, 2);
    to += 2;
    from += 2;
  }
  if (n & 1) *to = *from;
}

// Bytes of an 8-byte pattern, from its byte `phase` on, over and over.
static inline void fill_bytes(u8 *to, u64 pattern, u32 phase, u32 n) {
  const u32 turn = (phase & 7) * 8;
  const u64 turned = turn == 0 ? pattern : (pattern >> turn) | (pattern << (64 - turn));
#ifdef __wasm_simd128__
  const v128_t wide = wasm_i64x2_splat((i64)turned);
  for (; n >= 16; n -= 16, to += 16) wasm_v128_store(to, wide);
#endif
  for (; n >= 8; n -= 8, to += 8) __builtin_memcpy(to, &turned, 8);
  for (u32 i = 0; i < n; i++) to[i] = (u8)(turned >> (8 * i));
}

// `n` units from `from + at`, a stride apart, to consecutive units. Index arithmetic is modulo 2^32, so
// strides may be negative numbers in two's complement.
#define STRIDED_RUN(T)                                                                                       \
  static inline void strided_run_##T(T *to, const T *from, u32 at, u32 stride, u32 n) {                      \
    for (u32 i = 0; i < n; i++, at += stride) to[i] = from[at];                                              \
  }
STRIDED_RUN(u8)
STRIDED_RUN(u16)
STRIDED_RUN(u32)
#undef STRIDED_RUN

static inline u64 repeated(u32 unit, u32 shift) {
  const u32 word = shift == 0   ? (unit & 0xff) * 0x01010101u
                   : shift == 1 ? (unit & 0xffff) * 0x00010001u
                                : unit;
  return (u64)word << 32 | word;
}
static inline u32 load_unit(const void *from, u32 at, u32 shift) {
  return shift == 0 ? ((const u8 *)from)[at] : shift == 1 ? ((const u16 *)from)[at] : ((const u32 *)from)[at];
}
static inline void store_unit(void *to, u32 at, u32 shift, u32 unit) {
  if (shift == 0)
    ((u8 *)to)[at] = (u8)unit;
  else if (shift == 1)
    ((u16 *)to)[at] = (u16)unit;
  else
    ((u32 *)to)[at] = unit;
}

// A run of `n` units into out[at_out ...] from in[at_in], in[at_in + stride] ...
static inline void copy_run(void *out, u32 at_out, const void *in, u32 at_in, u32 stride, u32 n, u32 shift) {
  u8 *to = (u8 *)out + ((u64)at_out << shift);
  if (stride == 1)
    copy_bytes(to, (const u8 *)in + ((u64)at_in << shift), n << shift);
  else if (stride == 0)
    fill_bytes(to, repeated(load_unit(in, at_in, shift), shift), 0, n << shift);
  else if (shift == 2)
    strided_run_u32((u32 *)to, in, at_in, stride, n);
  else if (shift == 1)
    strided_run_u16((u16 *)to, in, at_in, stride, n);
  else
    strided_run_u8(to, in, at_in, stride, n);
}

// An index of an ONNX index tensor, wrapped if negative; `size` (none such) if it is outside -size..size-1.
static inline u32 index_at(const void *indices, u32 at, u32 index_bytes, u32 size) {
  i64 index = index_bytes == 8 ? ((const i64 *)indices)[at] : ((const i32 *)indices)[at];
  if (index < 0) index += size;
  return index >= 0 && index < size ? (u32)index : size;
}

// Counts through the indices of the first `rank` axes and keeps the sum of index times stride.
typedef struct {
  u32 rank;
  u32 at; // the sum, modulo 2^32
  u32 index[COPY_RANK];
  const u32 *dims;
  const u32 *strides;
} Odometer;

static inline Odometer odometer_at(u32 row, u32 rank, const u32 *dims, const u32 *strides, u32 offset) {
  Odometer o = {.rank = rank, .at = offset, .dims = dims, .strides = strides};
  for (u32 axis = rank; axis-- > 0;) {
    o.index[axis] = row % dims[axis];
    row /= dims[axis];
    o.at += o.index[axis] * strides[axis];
  }
  return o;
}
static inline void odometer_step(Odometer *o) {
  for (u32 axis = o->rank; axis-- > 0;) {
    o->at += o->strides[axis];
    if (++o->index[axis] < o->dims[axis]) return;
    o->at -= o->dims[axis] * o->strides[axis];
    o->index[axis] = 0;
  }
}
#endif
