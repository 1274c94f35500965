// Steps that are several at once: a product whose only reader is the next sum (batch normalisation, mostly),
// and Relu or PRelu where that is the sum's only reader. R5: the words are those of the steps one by one;
// where a word in between would be stored as another, they are computed one by one. Not here: when steps are
// joined (chain_join.h).
#ifndef ISOBIT_CHAIN_JOINED_H
#define ISOBIT_CHAIN_JOINED_H
#include "chain_steps.h"

// A product whose only reader is the next sum (batch normalisation, mostly), and Relu or PRelu where that is
// the sum's only reader: one pass, four vectors at a time. A product of -0 needs no care before a sum.
enum { ALONE, THEN_RELU, THEN_PRELU };

static u32 magnitude_of(const ChainOperand *o) { return *o->at & 0x7fffffffu; }

// The first factor: `seed` says that it is an integer, which converts to a canonical word.
static inline __attribute__((always_inline)) v128_t factor(const u32 *at, int seed) {
  const v128_t a = wasm_v128_load(at);
  return seed ? wasm_f32x4_convert_i32x4(a) : a;
}

// With `all`, every result in between is looked at; without, only the last one, given that (see below) no
// other can need another word without showing in it.
static inline __attribute__((always_inline)) void mul_add(const ChainOperand *o, u32 *to, u32 n, int seed,
                                                          int then, int all) {
  OPERAND(a, 0);
  OPERAND(b, 1);
  OPERAND(c, 2);
  OPERAND(d, then == THEN_PRELU ? 3 : 2);
  u32 i = 0;
  while (i < n) {
    if (i + 16 <= n) {
      v128_t done[4];
      Range range = RANGE_EMPTY;
      _Pragma("clang loop unroll(full)") for (u32 v = 0; v < 4; v++) {
        const v128_t p = wasm_f32x4_mul(factor(a_at + v * a_step, seed), wasm_v128_load(b_at + v * b_step));
        const v128_t y = wasm_f32x4_add(p, wasm_v128_load(c_at + v * c_step));
        if (all) range_add(&range, p);
        if (all || then != THEN_PRELU) range_add(&range, y);
        done[v] = y;
        if (then == THEN_RELU) done[v] = wasm_v128_andnot(y, wasm_f32x4_lt(y, ZERO));
        if (then == THEN_PRELU) {
          const v128_t z = NOT_MINUS(wasm_f32x4_mul(y, wasm_v128_load(d_at + v * d_step)));
          done[v] = wasm_v128_bitselect(z, y, wasm_f32x4_lt(y, ZERO));
          range_add(&range, done[v]);
        }
      }
      if (range_is_canonical(&range)) {
        _Pragma("clang loop unroll(full)") for (u32 v = 0; v < 4; v++)
            wasm_v128_store(to + i + 4 * v, done[v]);
        a_at += 4 * a_step, b_at += 4 * b_step, c_at += 4 * c_step, d_at += 4 * d_step;
        i += 16;
        continue;
      }
    }
    // The same with every store canonical: the end of a block, or four vectors that need it.
    for (u32 v = 0; v < 4 && i < n; v++, i += 4) {
      const v128_t p = canonical_x4(wasm_f32x4_mul(factor(a_at, seed), wasm_v128_load(b_at)));
      v128_t y = canonical_x4(wasm_f32x4_add(p, wasm_v128_load(c_at)));
      const v128_t negative = wasm_f32x4_lt(y, ZERO);
      if (then == THEN_RELU) y = wasm_v128_andnot(y, negative);
      if (then == THEN_PRELU)
        y = wasm_v128_bitselect(canonical_x4(wasm_f32x4_mul(y, wasm_v128_load(d_at))), y, negative);
      wasm_v128_store(to + i, y);
      a_at += a_step, b_at += b_step, c_at += c_step, d_at += d_step;
    }
  }
}

// Whether a product below T = 2^-120 may stay as it is before the sum with `c`: c is one word for the block,
// and either 0 (the sum is the product, and is looked at) or at least 2^-90, whose neighbours are 2^-114 away
// (the sum is c with and without the product). NaN and infinities reach the sum either way.
static int sum_hides_product(const ChainOperand *c) {
  return c->step == 0 && (magnitude_of(c) == 0 || magnitude_of(c) >= 0x12800000u);
}
// Whether a negative sum below T may stay before its product with the slope: a slope of at most 1 in
// magnitude leaves it below T, where the result is looked at; if it rounds to 0, so must it be.
static int slope_shows_sum(const ChainOperand *d) { return d->step == 0 && magnitude_of(d) <= 0x3f800000u; }

#define MUL_ADD(name, seed, then)                                                                            \
  static void step_##name(const ChainOperand *o, u32 *to, u32 n) {                                           \
    if (sum_hides_product(o + 2) && (then != THEN_PRELU || slope_shows_sum(o + 3)))                          \
      mul_add(o, to, n, seed, then, 0);                                                                      \
    else                                                                                                     \
      mul_add(o, to, n, seed, then, 1);                                                                      \
  }
MUL_ADD(mul_add, 0, ALONE)
MUL_ADD(mul_add_relu, 0, THEN_RELU)
MUL_ADD(mul_add_prelu, 0, THEN_PRELU)
MUL_ADD(seed_mul_add, 1, ALONE)
MUL_ADD(seed_mul_add_relu, 1, THEN_RELU)
MUL_ADD(seed_mul_add_prelu, 1, THEN_PRELU)
static Step *const joined[2][3] = {{step_mul_add, step_mul_add_relu, step_mul_add_prelu},
                                   {step_seed_mul_add, step_seed_mul_add_relu, step_seed_mul_add_prelu}};

#endif
