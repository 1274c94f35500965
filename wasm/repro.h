// Types, the one kernel signature, and every assumption about compiler and target, asserted.
// Promises: a kernel declared with KERNEL(name) is exported as `name` and found by that name; nothing else
// registers it. Not here: arithmetic. Canonical reads and stores are in canonical.h, sums in tree.h.
#ifndef ISOBIT_REPRO_H
#define ISOBIT_REPRO_H

#include <float.h>
#include <stdint.h>
#ifdef __wasm_simd128__
#include <wasm_simd128.h>
#endif

typedef uint8_t u8;
typedef uint16_t u16;
typedef uint32_t u32;
typedef uint64_t u64;
typedef int8_t i8;
typedef int16_t i16;
typedef int32_t i32;
typedef int64_t i64;
typedef float f32;
typedef double f64;

// A kernel computes the work units [begin, end) of one dispatch. Units are independent: any split of the
// range, in any order or on any thread, gives the same bits (R4). `params` are the words of its Params
// struct; `in` and `out` hold one address a tensor, in the order of the dispatch; `scratch` is private to
// the call, 16-byte aligned, as many bytes as the dispatch asked for. Tensors are 16-byte aligned.
#define KERNEL(name)                                                                                         \
  __attribute__((export_name(#name), used)) void name(                                                       \
      const void *restrict params, const void *const *restrict in, void *const *restrict out, u32 begin,     \
      u32 end, void *restrict scratch)
#define UNUSED(x) ((void)(x))

// 16 is 0 but for _Float16, which nothing here uses: gcc says so of processors with AVX512-FP16.
_Static_assert(FLT_EVAL_METHOD == 0 || FLT_EVAL_METHOD == 16,
               "float expressions are evaluated in their own type (V2)");
_Static_assert(FLT_RADIX == 2 && FLT_MANT_DIG == 24 && DBL_MANT_DIG == 53,
               "f32 and f64 are IEEE-754 binary32 and binary64");
_Static_assert(sizeof(void *) <= 8 && sizeof(f32) == 4 && sizeof(f64) == 8, "words have their IEEE-754 size");
_Static_assert((-1) >> 1 == -1, "right shift of a negative i32 is arithmetic");
#ifdef __FAST_MATH__
#error "fast-math breaks R2: build with strict IEEE-754 arithmetic"
#endif
#ifdef __wasm_relaxed_simd__
#error "relaxed SIMD is not deterministic (R2)"
#endif
#ifdef __wasm__
_Static_assert(sizeof(void *) == 4, "command lists hold 32-bit addresses");
#endif

static inline u32 bits_of(f32 x) {
  union {
    f32 f;
    u32 u;
  } v = {.f = x};
  return v.u;
}
static inline f32 f32_of(u32 u) {
  union {
    u32 u;
    f32 f;
  } v = {.u = u};
  return v.f;
}
static inline u64 bits_of_f64(f64 x) {
  union {
    f64 f;
    u64 u;
  } v = {.f = x};
  return v.u;
}
static inline f64 f64_of(u64 u) {
  union {
    u64 u;
    f64 f;
  } v = {.u = u};
  return v.f;
}

#endif
