// The steps of element-wise chains: one tight loop each, over a block, and the table that finds them by code
// (chain.h). Keeps V1 (words are copied as words) and V2 (every f32 step reads canonical operands and stores
// canonically). Not here: where operands lie, which steps are joined (chain_joined.h, chain.c).
#ifndef ISOBIT_CHAIN_STEPS_H
#define ISOBIT_CHAIN_STEPS_H
#include "canonical.h"
#include "chain_math.h"
#include "math/words/half.h"
#include "math/words/small.h"
#include "range.h"

#define LOAD(name, k) const v128_t name = wasm_v128_load(name##_at)
#define OPERAND(name, k)                                                                                     \
  const u32 *name##_at = o[k].at;                                                                            \
  const u32 name##_step = o[k].step
// Results that are words, or canonical because the operands are.
#define STEP_1(name, expression)                                                                             \
  static void step_##name(const ChainOperand *o, u32 *to, u32 n) {                                           \
    OPERAND(a, 0);                                                                                           \
    for (u32 i = 0; i < n; i += 4, a_at += a_step) {                                                         \
      LOAD(a, 0);                                                                                            \
      wasm_v128_store(to + i, (expression));                                                                 \
    }                                                                                                        \
  }
#define STEP_2(name, expression)                                                                             \
  static void step_##name(const ChainOperand *o, u32 *to, u32 n) {                                           \
    OPERAND(a, 0);                                                                                           \
    OPERAND(b, 1);                                                                                           \
    for (u32 i = 0; i < n; i += 4, a_at += a_step, b_at += b_step) {                                         \
      LOAD(a, 0);                                                                                            \
      LOAD(b, 1);                                                                                            \
      wasm_v128_store(to + i, (expression));                                                                 \
    }                                                                                                        \
  }
// Results that may have to be stored as another word, but rarely are (range.h). They are never -0: see
// NOT_MINUS.
#define ROUNDED_1(name, expression)                                                                          \
  static void step_##name(const ChainOperand *o, u32 *to, u32 n) {                                           \
    OPERAND(a, 0);                                                                                           \
    Range range = RANGE_EMPTY;                                                                               \
    for (u32 i = 0; i < n; i += 4, a_at += a_step) {                                                         \
      LOAD(a, 0);                                                                                            \
      const v128_t y = (expression);                                                                         \
      range_add(&range, y);                                                                                  \
      wasm_v128_store(to + i, y);                                                                            \
    }                                                                                                        \
    if (!range_is_canonical(&range)) store_canonical(to, n);                                                 \
  }
#define ROUNDED_2(name, expression)                                                                          \
  static void step_##name(const ChainOperand *o, u32 *to, u32 n) {                                           \
    OPERAND(a, 0);                                                                                           \
    OPERAND(b, 1);                                                                                           \
    Range range = RANGE_EMPTY;                                                                               \
    for (u32 i = 0; i < n; i += 4, a_at += a_step, b_at += b_step) {                                         \
      LOAD(a, 0);                                                                                            \
      LOAD(b, 1);                                                                                            \
      const v128_t y = (expression);                                                                         \
      range_add(&range, y);                                                                                  \
      wasm_v128_store(to + i, y);                                                                            \
    }                                                                                                        \
    if (!range_is_canonical(&range)) store_canonical(to, n);                                                 \
  }
#define BOOL(mask) wasm_v128_and(mask, wasm_i32x4_splat(1))
#define ZERO wasm_i32x4_splat(0)
#define ONE_F wasm_f32x4_splat(1.0f)
// x + 0 is x, but +0 for -0. Sums and differences of canonical operands need it not: only -0 + -0 is -0.
#define NOT_MINUS(x) wasm_f32x4_add(x, wasm_f32x4_splat(0.0f))

static void store_canonical(u32 *to, u32 n) {
  for (u32 i = 0; i < n; i += 4) wasm_v128_store(to + i, canonical_x4(wasm_v128_load(to + i)));
}

// Steps of the module `functions`, which takes these places in the table when it is loaded (decision 5). Each
// differs from the others, so that no linker makes one of them.
#define LATER(name)                                                                                          \
  static void step_##name(const ChainOperand *o, u32 *to, u32 n) {                                           \
    UNUSED(o), UNUSED(n);                                                                                    \
    *(volatile u32 *)to = CHAIN_##name;                                                                      \
    __builtin_trap();                                                                                        \
  }

STEP_1(canonical, canonical_x4(a))
static void step_select_word(const ChainOperand *o, u32 *to, u32 n) {
  OPERAND(a, 0);
  OPERAND(b, 1);
  OPERAND(c, 2);
  for (u32 i = 0; i < n; i += 4, a_at += a_step, b_at += b_step, c_at += c_step) {
    LOAD(a, 0);
    LOAD(b, 1);
    LOAD(c, 2);
    wasm_v128_store(to + i, wasm_v128_bitselect(c, b, wasm_i32x4_eq(a, ZERO)));
  }
}
ROUNDED_2(add_f32, wasm_f32x4_add(a, b))
ROUNDED_2(sub_f32, wasm_f32x4_sub(a, b))
ROUNDED_2(mul_f32, NOT_MINUS(wasm_f32x4_mul(a, b)))
ROUNDED_2(div_f32, NOT_MINUS(wasm_f32x4_div(a, b)))
ROUNDED_2(max_f32, wasm_f32x4_max(a, b))
ROUNDED_2(min_f32, wasm_f32x4_min(a, b))
LATER(pow_f32)
// x where x is not negative (NaN included), else the product x * slope
ROUNDED_2(prelu_f32, wasm_v128_bitselect(NOT_MINUS(wasm_f32x4_mul(a, b)), a, wasm_f32x4_lt(a, ZERO)))
STEP_1(neg_f32, canonical_x4(wasm_f32x4_neg(a)))
STEP_1(abs_f32, canonical_x4(wasm_f32x4_abs(a)))
STEP_1(relu_f32, wasm_v128_andnot(a, wasm_f32x4_lt(a, ZERO)))
ROUNDED_1(reciprocal_f32, NOT_MINUS(wasm_f32x4_div(ONE_F, a)))
ROUNDED_1(sqrt_f32, wasm_f32x4_sqrt(a))
static MATH_1(exp_f32) static MATH_1(log_f32) static MATH_1(sigmoid_f32) static MATH_1(
    tanh_f32) static MATH_1(erf_f32) LATER(exp2_f32) LATER(expm1_f32) LATER(sinh_f32) LATER(cosh_f32)
    LATER(erfc_f32) STEP_1(floor_f32, canonical_x4(wasm_f32x4_floor(a)))
        STEP_1(ceil_f32, canonical_x4(wasm_f32x4_ceil(a)))
            STEP_1(round_f32, canonical_x4(wasm_f32x4_nearest(a)))
    // NaN stays NaN
    STEP_1(sign_f32,
           wasm_v128_bitselect(
               wasm_v128_bitselect(wasm_v128_or(wasm_v128_and(a, wasm_i32x4_splat((i32)0x80000000)), ONE_F),
                                   ZERO, wasm_f32x4_ne(a, ZERO)),
               a, wasm_f32x4_eq(a, a))) STEP_2(less_f32,
                                               BOOL(wasm_f32x4_lt(a, b))) STEP_2(less_equal_f32,
                                                                                 BOOL(wasm_f32x4_le(a, b)))
        STEP_2(greater_f32, BOOL(wasm_f32x4_gt(a, b))) STEP_2(greater_equal_f32, BOOL(wasm_f32x4_ge(a, b)))
            STEP_2(equal_f32, BOOL(wasm_f32x4_eq(a, b))) STEP_1(is_nan_f32, BOOL(wasm_f32x4_ne(a, a))) STEP_1(
                f32_to_i32, wasm_i32x4_trunc_sat_f32x4(a)) STEP_1(f32_to_bool, BOOL(wasm_f32x4_ne(a, ZERO)))
                STEP_1(i32_to_f32, wasm_f32x4_convert_i32x4(a)) STEP_1(u32_to_f32,
                                                                       wasm_f32x4_convert_u32x4(a))
                    STEP_1(word_to_bool, BOOL(wasm_i32x4_ne(a, ZERO))) STEP_1(not_bool,
                                                                              BOOL(wasm_i32x4_eq(a, ZERO)))
                        STEP_2(and_bool, wasm_v128_and(a, b)) STEP_2(or_bool, wasm_v128_or(a, b)) STEP_2(
                            xor_bool, wasm_v128_xor(a, b)) STEP_2(equal_word, BOOL(wasm_i32x4_eq(a, b)))
                            STEP_2(add_i32, wasm_i32x4_add(a, b)) STEP_2(sub_i32, wasm_i32x4_sub(a, b))
                                STEP_2(mul_i32, wasm_i32x4_mul(a, b)) STEP_2(max_i32, wasm_i32x4_max(a, b))
                                    STEP_2(min_i32, wasm_i32x4_min(a, b)) STEP_1(neg_i32, wasm_i32x4_neg(a))
                                        STEP_1(abs_i32,
                                               wasm_i32x4_abs(a)) STEP_2(less_i32, BOOL(wasm_i32x4_lt(a, b)))
                                            STEP_2(less_equal_i32, BOOL(wasm_i32x4_le(a, b))) STEP_2(
                                                greater_i32,
                                                BOOL(wasm_i32x4_gt(a, b))) STEP_2(greater_equal_i32,
                                                                                  BOOL(wasm_i32x4_ge(a, b)))
                                                LATER(sin_f32) LATER(cos_f32) static MATH_1(rsqrt_f32) LATER(
                                                    tan_f32) LATER(asin_f32) LATER(acos_f32) LATER(atan_f32)
                                                    LATER(log2_f32)
                                                        LATER(log10_f32) LATER(log1p_f32) LATER(asinh_f32)
                                                            LATER(acosh_f32) LATER(atanh_f32) static MATH_1(
                                                                softplus_f32)
// Steps without a vector instruction, element by element; `step` is 4 or 0.
#define WORDS_1(name, expression)                                                                            \
  static void step_##name(const ChainOperand *o, u32 *to, u32 n) {                                           \
    for (u32 i = 0; i < n; i++) {                                                                            \
      const u32 a = o[0].at[i * (o[0].step / 4)];                                                            \
      to[i] = (expression);                                                                                  \
    }                                                                                                        \
  }
#define WORDS_2(name, expression)                                                                            \
  static void step_##name(const ChainOperand *o, u32 *to, u32 n) {                                           \
    for (u32 i = 0; i < n; i++) {                                                                            \
      const u32 a = o[0].at[i * (o[0].step / 4)], b = o[1].at[i * (o[1].step / 4)];                          \
      to[i] = (expression);                                                                                  \
    }                                                                                                        \
  }
                                                                STEP_2(max_u32, wasm_u32x4_max(a, b)) STEP_2(
                                                                    min_u32, wasm_u32x4_min(a, b))
                                                                    STEP_2(less_u32,
                                                                           BOOL(wasm_u32x4_lt(a, b)))
                                                                        STEP_2(less_equal_u32,
                                                                               BOOL(wasm_u32x4_le(a, b)))
                                                                            STEP_2(greater_u32,
                                                                                   BOOL(wasm_u32x4_gt(a, b)))
                                                                                STEP_2(greater_equal_u32,
                                                                                       BOOL(wasm_u32x4_ge(
                                                                                           a, b))) static u32
    quotient_i32(u32 a, u32 b) {
  return b == 0 ? 0 : b == ~0u ? 0 - a : (u32)((i32)a / (i32)b);
}
static u32 remainder_i32(u32 a, u32 b) { return b == 0 || b == ~0u ? 0 : (u32)((i32)a % (i32)b); }
static u32 modulo_i32(u32 a, u32 b) {
  const u32 r = remainder_i32(a, b);
  return r != 0 && (i32)(r ^ b) < 0 ? r + b : r;
}
static u32 power_u32(u32 x, u32 y) {
  u32 result = 1;
  for (; y != 0; y >>= 1, x *= x) result = y & 1 ? result * x : result;
  return result;
}
// Below 0 the truncated 1 / x^-y, which is 0 but for x = 1 and -1.
static u32 power_i32(u32 x, u32 y) {
  if ((i32)y >= 0) return power_u32(x, y);
  return x == 1 || x == ~0u ? power_u32(x, 0 - y) : 0;
}
WORDS_2(quotient_i32, quotient_i32(a, b))
WORDS_2(quotient_u32, b == 0 ? 0 : a / b)
WORDS_2(modulo_i32, modulo_i32(a, b))
WORDS_2(remainder_i32, remainder_i32(a, b))
WORDS_2(remainder_u32, b == 0 ? 0 : a % b)
WORDS_2(shift_left, b > 31 ? 0 : a << b)
WORDS_2(shift_right, b > 31 ? 0 : a >> b)
WORDS_2(shift_right_i32, (u32)((i32)a >> (b > 31 ? 31 : b)))
WORDS_2(power_i32, power_i32(a, b))
WORDS_2(power_u32, power_u32(a, b))
// The exact remainder of the truncated quotient, with the sign of the dividend: one bit of the quotient a
// turn.
static u32 fmod_words(u32 a, u32 b) {
  const u32 ma = a & 0x7fffffffu, mb = b & 0x7fffffffu, eb = mb >> 23;
  if (ma >= 0x7f800000u || mb > 0x7f800000u || mb == 0) return CANONICAL_NAN;
  if (ma < mb) return a;
  const u32 divisor = (mb & 0x7fffffu) | 0x800000u;
  u32 rest = (ma & 0x7fffffu) | 0x800000u;
  if (rest >= divisor) rest -= divisor;
  for (u32 e = ma >> 23; e > eb; e--) {
    rest <<= 1;
    if (rest >= divisor) rest -= divisor;
  }
  if (rest == 0) return 0;
  const u32 shift = (u32)__builtin_clz(rest) - 8;
  if (eb < shift + 7) return 0; // under 2^-120
  return (a & 0x80000000u) | (((eb - shift) << 23) + ((rest << shift) - 0x800000u));
}
WORDS_2(fmod_f32, fmod_words(a, b))
WORDS_2(small_to_f32, wgsl_small_to_f32(a, b))
WORDS_2(f32_to_small, wgsl_f32_to_small(a, b))
WORDS_2(f32_to_e8m0, wgsl_f32_to_e8m0(a, b))
STEP_1(sign_i32, wasm_v128_or(wasm_i32x4_shr(a, 31), wasm_u32x4_shr(wasm_i32x4_neg(a), 31)))
STEP_1(sign_8, wasm_i32x4_shr(wasm_i32x4_shl(a, 24), 24))
STEP_1(sign_16, wasm_i32x4_shr(wasm_i32x4_shl(a, 16), 16))
STEP_1(low_8, wasm_v128_and(a, wasm_i32x4_splat(0xff)))
STEP_1(low_16, wasm_v128_and(a, wasm_i32x4_splat(0xffff)))
STEP_1(not_word, wasm_v128_not(a))
STEP_1(f32_to_u32, wasm_u32x4_trunc_sat_f32x4(a))
WORDS_1(f16_to_f32, wgsl_f16_to_f32(a))
WORDS_1(bf16_to_f32, wgsl_bf16_to_f32(a))
WORDS_1(f32_to_f16, wgsl_f32_to_f16(a))
WORDS_1(f32_to_bf16, wgsl_f32_to_bf16(a))
WORDS_1(e8m0_to_f32, wgsl_e8m0_to_f32(a))
#define CLAMP(x, least, most)                                                                                \
  wasm_i32x4_min(wasm_i32x4_max(x, wasm_i32x4_splat(least)), wasm_i32x4_splat(most))
// The nearest integer, ties to even, within 2^20 of 0, which is beyond every quantised type and its zero
// points: a sum with one cannot wrap. NaN is 0. Beside 3 * 2^22 one unit in the last place is 1, so that the
// sum rounds as wanted.
static inline v128_t nearest_integer(v128_t x) {
  const v128_t number = wasm_v128_and(x, wasm_f32x4_eq(x, x));
  const v128_t most = wasm_f32x4_splat(0x1p20f), least = wasm_f32x4_splat(-0x1p20f);
  const v128_t clamped = wasm_f32x4_pmax(least, wasm_f32x4_pmin(most, number));
  return wasm_i32x4_sub(wasm_f32x4_add(clamped, wasm_f32x4_splat(0x1.8p23f)), wasm_i32x4_splat(0x4b400000));
}
STEP_1(round_i32, nearest_integer(a))
STEP_1(clamp_i8, CLAMP(a, -128, 127))
STEP_1(clamp_u8, CLAMP(a, 0, 255))

// Loads are no steps of their own: chain_run turns them into operands.
#define step_seed 0
#define step_load_word 0
#define step_load_byte 0
#define step_load_half 0
#define STEP_ENTRY(name) step_##name,
Step *const chain_steps[CHAIN_N_OPS] = {CHAIN_OPS(STEP_ENTRY)};

#endif
