// Four f32 lanes and two f64 lanes for the fast paths of the elementary functions, as compiler vector types:
// + - * / are the IEEE-754 operations lane by lane, in WASM SIMD as in a native build, so that a native run
// over all inputs checks the arithmetic that the WASM core does. Comparisons give lanes of all ones or all
// zeros. A fast path computes an f64 within a stated relative error and rounds it to f32; undecided_x4 finds
// the lanes whose f64 lies so near a tie that the error might decide, and those take the precise step (V6).
// Not here: canonical reads and stores (canonical.h), the precise steps (words/).
#ifndef ISOBIT_LANES_H
#define ISOBIT_LANES_H
#include "../canonical.h"

typedef f32 f32x4 __attribute__((vector_size(16)));
typedef f64 f64x2 __attribute__((vector_size(16)));
typedef i32 i32x4 __attribute__((vector_size(16)));
typedef u32 u32x4 __attribute__((vector_size(16)));
typedef i64 i64x2 __attribute__((vector_size(16)));

static inline f32x4 load_x4(const f32 *p) {
  f32x4 v;
  __builtin_memcpy(&v, p, 16);
  return v;
}
static inline void store_x4(f32 *p, f32x4 v) { __builtin_memcpy(p, &v, 16); }

static inline f32x4 splat_f32(f32 x) { return (f32x4){x, x, x, x}; }
static inline f64x2 splat_f64(f64 x) { return (f64x2){x, x}; }
static inline i32x4 select_i32(i32x4 otherwise, i32x4 value, i32x4 mask) {
  return (value & mask) | (otherwise & ~mask);
}
static inline f32x4 select_f32(f32x4 otherwise, f32x4 value, i32x4 mask) {
  return (f32x4)select_i32((i32x4)otherwise, (i32x4)value, mask);
}
static inline f64x2 sqrt_f64(f64x2 x) {
#ifdef __wasm_simd128__
  return (f64x2)wasm_f64x2_sqrt((v128_t)x);
#else
  return (f64x2){__builtin_sqrt(x[0]), __builtin_sqrt(x[1])};
#endif
}
static inline f64x2 abs_f64(f64x2 x) { return (f64x2)((i64x2)x & 0x7fffffffffffffff); }

static inline f64x2 low_f64(f32x4 x) {
#ifdef __wasm_simd128__
  return (f64x2)wasm_f64x2_promote_low_f32x4((v128_t)x);
#else
  return (f64x2){x[0], x[1]};
#endif
}
static inline f64x2 high_f64(f32x4 x) {
#ifdef __wasm_simd128__
  return low_f64((f32x4)wasm_i64x2_shuffle((v128_t)x, (v128_t)x, 1, 1));
#else
  return (f64x2){x[2], x[3]};
#endif
}
// Rounded to nearest-even; what is too large becomes an infinity.
static inline f32x4 round_f32(f64x2 low, f64x2 high) {
#ifdef __wasm_simd128__
  return (f32x4)wasm_i64x2_shuffle(wasm_f32x4_demote_f64x2_zero((v128_t)low),
                                   wasm_f32x4_demote_f64x2_zero((v128_t)high), 0, 2);
#else
  return (f32x4){(f32)low[0], (f32)low[1], (f32)high[0], (f32)high[1]};
#endif
}
// The low words of four f64.
static inline u32x4 low_words(f64x2 low, f64x2 high) {
#ifdef __wasm_simd128__
  return (u32x4)wasm_i32x4_shuffle((v128_t)low, (v128_t)high, 0, 2, 4, 6);
#else
  u32x4 a = (u32x4)low, b = (u32x4)high;
  return (u32x4){a[0], a[2], b[0], b[2]};
#endif
}
// x limited to [-limit, limit]; a NaN stays one.
static inline f32x4 clamp_f32(f32x4 x, f32 limit) {
#ifdef __wasm_simd128__
  // pmin and pmax are one instruction on x86; a select of a comparison becomes min and max, which are seven
  // each.
  v128_t below = wasm_f32x4_pmin((v128_t)x, wasm_f32x4_splat(limit));
  return (f32x4)wasm_f32x4_pmax(below, wasm_f32x4_splat(-limit));
#else
  x = select_f32(x, splat_f32(limit), x > limit);
  return select_f32(x, splat_f32(-limit), x < -limit);
#endif
}
static inline int any_true(i32x4 mask) {
#ifdef __wasm_simd128__
  return wasm_v128_any_true((v128_t)mask);
#else
  return (mask[0] | mask[1] | mask[2] | mask[3]) != 0;
#endif
}

// Lanes of an f64 in the normal range of f32 within `units` last places (of the f64) of a tie between two
// f32: the 29 bits that rounding drops, moved to the top of a word, within 8 units of 2^31. units < 2^27.
static inline i32x4 undecided_x4(f64x2 low, f64x2 high, u32 units) {
  u32x4 dropped = low_words(low, high) << 3;
  return (i32x4)((dropped - (0x80000000u - (units << 3))) < (units << 4));
}

// A magnitude under 2^-120 becomes +0 (canonical store of what is not NaN).
static inline f32x4 flush_lanes(f32x4 x) {
  i32x4 small = ((i32x4)x & 0x7fffffff) < (i32)CANONICAL_LIMIT;
  return (f32x4)((i32x4)x & ~small);
}
// Lanes where x is NaN become 0x7fc00000.
static inline f32x4 with_nan(f32x4 y, f32x4 x) {
  return select_f32(y, (f32x4)((i32x4){0, 0, 0, 0} + (i32)CANONICAL_NAN), x != x);
}

// y where `regular`, elsewhere `special`, and NaN where `invalid`.
static inline f32x4 select_special(f32x4 y, f32x4 special, i32x4 regular, i32x4 invalid) {
  f32x4 nan = (f32x4)((i32x4){0, 0, 0, 0} + (i32)CANONICAL_NAN);
  return select_f32(select_f32(special, nan, invalid), y, regular);
}

// The precise step of a function: the undecided lanes of y are replaced by words_fn of the words of x. Kept
// out of line, as it is seldom taken and would cost the loop its registers.
#define PRECISE_LANES(name, words_fn)                                                                        \
  static __attribute__((noinline)) f32x4 name(f32x4 y, f32x4 x, i32x4 undecided) {                           \
    for (int i_ = 0; i_ < 4; i_++)                                                                           \
      if (undecided[i_]) y[i_] = f32_of(words_fn(bits_of(x[i_])));                                           \
    return y;                                                                                                \
  }

// Applies fn four lanes at a time; the last lanes are padded with zeros. x may equal y.
#define BLOCK_OF(fn_x4, x, y, n)                                                                             \
  do {                                                                                                       \
    u32 i_ = 0;                                                                                              \
    for (; i_ + 4 <= (n); i_ += 4) store_x4((y) + i_, fn_x4(load_x4((x) + i_)));                             \
    if (i_ < (n)) {                                                                                          \
      f32 tail_[4] = {0, 0, 0, 0};                                                                           \
      for (u32 k_ = 0; i_ + k_ < (n); k_++) tail_[k_] = (x)[i_ + k_];                                        \
      store_x4(tail_, fn_x4(load_x4(tail_)));                                                                \
      for (u32 k_ = 0; i_ + k_ < (n); k_++) (y)[i_ + k_] = tail_[k_];                                        \
    }                                                                                                        \
  } while (0)

#endif
