// Steps that end a chain in 8-bit integers, as one: quotient, rounding, zero point and saturation are a pass
// from floats to bytes, where the bytes are the output, and else to the words of the steps one by one (R5).
// The quotient is not stored: whether it is made canonical first or not (V2), it rounds to the same integer,
// 0 where it is NaN, a zero or below 2^-120. Not here: when steps are joined (chain_join.h).
#ifndef ISOBIT_CHAIN_QUANTISE_H
#define ISOBIT_CHAIN_QUANTISE_H
#include "chain_steps.h"

// Operands x, scale, zero point (`moves`: there is one); `step` is 0 where scale and zero point are one word.
typedef struct {
  const u32 *x;
  u32 x_step, step;
  v128_t scale, zero;
  const u32 *scale_at, *zero_at;
  u32 scale_step, zero_step;
} Quotients;

static inline __attribute__((always_inline)) Quotients quotients_of(const ChainOperand *o, int moves) {
  const ChainOperand *z = o + (moves ? 2 : 1);
  return (Quotients){o[0].at,
                     o[0].step,
                     o[1].step | z->step,
                     wasm_v128_load(o[1].at),
                     wasm_v128_load(z->at),
                     o[1].at,
                     z->at,
                     o[1].step,
                     z->step};
}

// Four elements as words that do not fit yet.
static inline __attribute__((always_inline)) v128_t next_quantum(Quotients *q, int moves, int varies) {
  if (varies) {
    q->scale = wasm_v128_load(q->scale_at);
    q->zero = wasm_v128_load(q->zero_at);
    q->scale_at += q->scale_step, q->zero_at += q->zero_step;
  }
  const v128_t y = nearest_integer(wasm_f32x4_div(wasm_v128_load(q->x), q->scale));
  q->x += q->x_step;
  return moves ? wasm_i32x4_add(y, q->zero) : y;
}

// Both saturate: i32 to i16, then to a byte; the bounds of a byte lie within those of i16.
static inline __attribute__((always_inline)) v128_t narrowed(v128_t low, v128_t high, int is_signed) {
  return is_signed ? wasm_i8x16_narrow_i16x8(low, high) : wasm_u8x16_narrow_i16x8(low, high);
}

static inline __attribute__((always_inline)) void quantise_bytes(Quotients q, u8 *to, u32 n, int moves,
                                                                 int is_signed, int varies) {
  u32 i = 0;
  for (; i + 16 <= n; i += 16) {
    v128_t y[4];
    _Pragma("clang loop unroll(full)") for (u32 v = 0; v < 4; v++) y[v] = next_quantum(&q, moves, varies);
    wasm_v128_store(to + i, narrowed(wasm_i16x8_narrow_i32x4(y[0], y[1]), wasm_i16x8_narrow_i32x4(y[2], y[3]),
                                     is_signed));
  }
  for (; i < n; i += 4) {
    const v128_t y = next_quantum(&q, moves, varies), low = wasm_i16x8_narrow_i32x4(y, y);
    u8 four[16];
    wasm_v128_store(four, narrowed(low, low, is_signed));
    for (u32 k = 0; k < 4 && i + k < n; k++) to[i + k] = four[k];
  }
}

static inline __attribute__((always_inline)) void quantise_words(Quotients q, u32 *to, u32 n, int moves,
                                                                 int is_signed) {
  for (u32 i = 0; i < n; i += 4) {
    const v128_t y = next_quantum(&q, moves, 1);
    wasm_v128_store(to + i, is_signed ? wasm_v128_and(CLAMP(y, -128, 127), wasm_i32x4_splat(0xff))
                                      : CLAMP(y, 0, 255));
  }
}

#define QUANTISE(name, moves, is_signed)                                                                     \
  static void step_bytes_##name(const ChainOperand *o, u32 *to, u32 n) {                                     \
    const Quotients q = quotients_of(o, moves);                                                              \
    if (q.step == 0)                                                                                         \
      quantise_bytes(q, (u8 *)to, n, moves, is_signed, 0);                                                   \
    else                                                                                                     \
      quantise_bytes(q, (u8 *)to, n, moves, is_signed, 1);                                                   \
  }                                                                                                          \
  static void step_words_##name(const ChainOperand *o, u32 *to, u32 n) {                                     \
    quantise_words(quotients_of(o, moves), to, n, moves, is_signed);                                         \
  }
QUANTISE(u8, 0, 0)
QUANTISE(u8_moved, 1, 0)
QUANTISE(i8, 0, 1)
QUANTISE(i8_moved, 1, 1)

// By whether bytes are stored, whether there is a zero point, and the sign of the type.
static Step *const quantised[2][2][2] = {
    {{step_words_u8, step_words_i8}, {step_words_u8_moved, step_words_i8_moved}},
    {{step_bytes_u8, step_bytes_i8}, {step_bytes_u8_moved, step_bytes_i8_moved}}};

#endif
