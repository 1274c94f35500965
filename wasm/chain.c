// The interpreter of element-wise chains: block by block, one tight loop a step.
// Keeps V1 (words are copied as words), V2 (every f32 step reads canonical operands and stores canonically)
// and R5. A load of a contiguous tensor is a pointer, not a copy; the last step writes straight to the
// output.
#include "chain.h"
#include "canonical.h"
#include "math/math.h"
#include "math/words/half.h"
#include "math/words/small.h"
#include "range.h"

typedef union {
  u32 u[CHAIN_BLOCK];
  f32 f[CHAIN_BLOCK];
  v128_t v[CHAIN_BLOCK / 4];
} Register;

static inline u32 word_at(const void *base, u32 offset, u32 bytes) {
  if (bytes == 4) return ((const u32 *)base)[offset];
  return bytes == 1 ? ((const u8 *)base)[offset] : ((const u16 *)base)[offset];
}
static inline void copy_words(u32 *to, const u32 *from, u32 n) {
  for (u32 i = 0; i < n; i++) to[i] = from[i];
}

// Bytes to words and back, the low byte of each word.
static inline void widen_bytes(u32 *to, const u8 *from, u32 n) {
  u32 i = 0;
  for (; i + 16 <= n; i += 16) {
    const v128_t bytes = wasm_v128_load(from + i);
    const v128_t low = wasm_u16x8_extend_low_u8x16(bytes), high = wasm_u16x8_extend_high_u8x16(bytes);
    wasm_v128_store(to + i, wasm_u32x4_extend_low_u16x8(low));
    wasm_v128_store(to + i + 4, wasm_u32x4_extend_high_u16x8(low));
    wasm_v128_store(to + i + 8, wasm_u32x4_extend_low_u16x8(high));
    wasm_v128_store(to + i + 12, wasm_u32x4_extend_high_u16x8(high));
  }
  for (; i < n; i++) to[i] = from[i];
}
static inline v128_t low_bytes(const u32 *from) {
  return wasm_v128_and(wasm_v128_load(from), wasm_i32x4_splat(255));
}
static inline void narrow_words(u8 *to, const u32 *from, u32 n) {
  u32 i = 0;
  for (; i + 16 <= n; i += 16) // nothing saturates: what is narrowed is at most 255
    wasm_v128_store(to + i, wasm_u8x16_narrow_i16x8(
                                wasm_i16x8_narrow_i32x4(low_bytes(from + i), low_bytes(from + i + 4)),
                                wasm_i16x8_narrow_i32x4(low_bytes(from + i + 8), low_bytes(from + i + 12))));
  for (; i < n; i++) to[i] = (u8)from[i];
}

// Gathers elements [begin, begin + n) of the output's index space from a broadcast or strided tensor.
static void gather(const Chain *chain, u32 load, const void *base, u32 bytes, u32 begin, u32 n, u32 *to) {
  const u32 *strides = chain->strides[load];
  const u32 rank = chain->rank, inner = chain->dims[rank - 1], step = strides[rank - 1];
  u32 index[CHAIN_RANK], rest = begin, offset = 0;
  for (u32 axis = rank; axis-- > 0;) {
    index[axis] = rest % chain->dims[axis];
    rest /= chain->dims[axis];
    offset += index[axis] * strides[axis];
  }
  for (u32 done = 0; done < n;) {
    u32 run = inner - index[rank - 1];
    if (run > n - done) run = n - done;
    if (bytes == 1) {
      const u8 *from = (const u8 *)base + offset;
      if (step == 1) {
        widen_bytes(to + done, from, run);
      } else {
        for (u32 i = 0; i < run; i++) to[done + i] = from[i * step];
      }
    } else if (bytes == 2) {
      const u16 *from = (const u16 *)base + offset;
      for (u32 i = 0; i < run; i++) to[done + i] = from[i * step];
    } else {
      const u32 *from = (const u32 *)base + offset;
      if (step == 0) {
        const u32 word = *from;
        for (u32 i = 0; i < run; i++) to[done + i] = word;
      } else if (step == 1) {
        copy_words(to + done, from, run);
      } else {
        for (u32 i = 0; i < run; i++) to[done + i] = from[i * step];
      }
    }
    done += run;
    if (done == n) break;
    offset -= index[rank - 1] * step;
    index[rank - 1] = 0;
    for (u32 axis = rank - 1; axis-- > 0;) { // carry into the outer axes
      offset += strides[axis];
      if (++index[axis] < chain->dims[axis]) break;
      offset -= strides[axis] * chain->dims[axis];
      index[axis] = 0;
    }
  }
}

// Whether a load steps through memory exactly as the output does.
static int is_dense(const Chain *chain, u32 load) {
  u32 stride = 1;
  for (u32 axis = chain->rank; axis-- > 0;) {
    if (chain->strides[load][axis] != stride) return 0;
    stride *= chain->dims[axis];
  }
  return 1;
}
static int is_scalar(const Chain *chain, u32 load) {
  for (u32 axis = 0; axis < chain->rank; axis++)
    if (chain->strides[load][axis] != 0) return 0;
  return 1;
}

// Where a load's element for output `i` lies.
static u32 offset_of(const Chain *chain, u32 load, u32 i) {
  u32 offset = 0;
  for (u32 axis = chain->rank; axis-- > 0 && i > 0;) {
    offset += i % chain->dims[axis] * chain->strides[load][axis];
    i /= chain->dims[axis];
  }
  return offset;
}

// Steps run over whole vectors: lanes past the block's end are computed on whatever the register holds and
// never stored to the output. Every step is a function in a table, so that engines compile each on its own.
typedef void Step(const ChainOperand *o, u32 *to, u32 n);

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
// The functions of math.h read and store canonically, and want their operands as blocks.
#define MATH_1(name)                                                                                         \
  static void step_##name(const ChainOperand *o, u32 *to, u32 n) {                                           \
    Register x;                                                                                              \
    name##_block((const f32 *)block(o, &x, n), (f32 *)to, n);                                                \
  }

#define BOOL(mask) wasm_v128_and(mask, wasm_i32x4_splat(1))
#define ZERO wasm_i32x4_splat(0)
#define ONE_F wasm_f32x4_splat(1.0f)
// x + 0 is x, but +0 for -0. Sums and differences of canonical operands need it not: only -0 + -0 is -0.
#define NOT_MINUS(x) wasm_f32x4_add(x, wasm_f32x4_splat(0.0f))

static void store_canonical(u32 *to, u32 n) {
  for (u32 i = 0; i < n; i += 4) wasm_v128_store(to + i, canonical_x4(wasm_v128_load(to + i)));
}
static const u32 *block(const ChainOperand *o, Register *own, u32 n) {
  if (o->step != 0) return o->at;
  const v128_t word = wasm_v128_load(o->at);
  for (u32 i = 0; i < n; i += 4) wasm_v128_store(own->u + i, word);
  return own->u;
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
static void step_pow_f32(const ChainOperand *o, u32 *to, u32 n) {
  Register x, y;
  pow_f32_block((const f32 *)block(o, &x, n), (const f32 *)block(o + 1, &y, n), (f32 *)to, n);
}
// x where x is not negative (NaN included), else the product x * slope
ROUNDED_2(prelu_f32, wasm_v128_bitselect(NOT_MINUS(wasm_f32x4_mul(a, b)), a, wasm_f32x4_lt(a, ZERO)))
STEP_1(neg_f32, canonical_x4(wasm_f32x4_neg(a)))
STEP_1(abs_f32, canonical_x4(wasm_f32x4_abs(a)))
STEP_1(relu_f32, wasm_v128_andnot(a, wasm_f32x4_lt(a, ZERO)))
ROUNDED_1(reciprocal_f32, NOT_MINUS(wasm_f32x4_div(ONE_F, a)))
ROUNDED_1(sqrt_f32, wasm_f32x4_sqrt(a))
MATH_1(exp_f32)
MATH_1(log_f32)
MATH_1(sigmoid_f32)
MATH_1(tanh_f32)
MATH_1(erf_f32)
MATH_1(exp2_f32)
MATH_1(expm1_f32)
MATH_1(sinh_f32)
MATH_1(cosh_f32)
MATH_1(erfc_f32)
STEP_1(floor_f32, canonical_x4(wasm_f32x4_floor(a)))
STEP_1(ceil_f32, canonical_x4(wasm_f32x4_ceil(a)))
STEP_1(round_f32, canonical_x4(wasm_f32x4_nearest(a)))
// NaN stays NaN
STEP_1(sign_f32,
       wasm_v128_bitselect(
           wasm_v128_bitselect(wasm_v128_or(wasm_v128_and(a, wasm_i32x4_splat((i32)0x80000000)), ONE_F), ZERO,
                               wasm_f32x4_ne(a, ZERO)),
           a, wasm_f32x4_eq(a, a)))
STEP_2(less_f32, BOOL(wasm_f32x4_lt(a, b)))
STEP_2(less_equal_f32, BOOL(wasm_f32x4_le(a, b)))
STEP_2(greater_f32, BOOL(wasm_f32x4_gt(a, b)))
STEP_2(greater_equal_f32, BOOL(wasm_f32x4_ge(a, b)))
STEP_2(equal_f32, BOOL(wasm_f32x4_eq(a, b)))
STEP_1(is_nan_f32, BOOL(wasm_f32x4_ne(a, a)))
STEP_1(f32_to_i32, wasm_i32x4_trunc_sat_f32x4(a))
STEP_1(f32_to_bool, BOOL(wasm_f32x4_ne(a, ZERO)))
STEP_1(i32_to_f32, wasm_f32x4_convert_i32x4(a))
STEP_1(u32_to_f32, wasm_f32x4_convert_u32x4(a))
STEP_1(word_to_bool, BOOL(wasm_i32x4_ne(a, ZERO)))
STEP_1(not_bool, BOOL(wasm_i32x4_eq(a, ZERO)))
STEP_2(and_bool, wasm_v128_and(a, b))
STEP_2(or_bool, wasm_v128_or(a, b))
STEP_2(xor_bool, wasm_v128_xor(a, b))
STEP_2(equal_word, BOOL(wasm_i32x4_eq(a, b)))
STEP_2(add_i32, wasm_i32x4_add(a, b))
STEP_2(sub_i32, wasm_i32x4_sub(a, b))
STEP_2(mul_i32, wasm_i32x4_mul(a, b))
STEP_2(max_i32, wasm_i32x4_max(a, b))
STEP_2(min_i32, wasm_i32x4_min(a, b))
STEP_1(neg_i32, wasm_i32x4_neg(a))
STEP_1(abs_i32, wasm_i32x4_abs(a))
STEP_2(less_i32, BOOL(wasm_i32x4_lt(a, b)))
STEP_2(less_equal_i32, BOOL(wasm_i32x4_le(a, b)))
STEP_2(greater_i32, BOOL(wasm_i32x4_gt(a, b)))
STEP_2(greater_equal_i32, BOOL(wasm_i32x4_ge(a, b)))
MATH_1(sin_f32)
MATH_1(cos_f32)
MATH_1(rsqrt_f32)
MATH_1(tan_f32)
MATH_1(asin_f32)
MATH_1(acos_f32)
MATH_1(atan_f32)
MATH_1(log2_f32)
MATH_1(log10_f32)
MATH_1(log1p_f32)
MATH_1(asinh_f32)
MATH_1(acosh_f32)
MATH_1(atanh_f32)
MATH_1(softplus_f32)
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
STEP_2(max_u32, wasm_u32x4_max(a, b))
STEP_2(min_u32, wasm_u32x4_min(a, b))
STEP_2(less_u32, BOOL(wasm_u32x4_lt(a, b)))
STEP_2(less_equal_u32, BOOL(wasm_u32x4_le(a, b)))
STEP_2(greater_u32, BOOL(wasm_u32x4_gt(a, b)))
STEP_2(greater_equal_u32, BOOL(wasm_u32x4_ge(a, b)))
static u32 quotient_i32(u32 a, u32 b) { return b == 0 ? 0 : b == ~0u ? 0 - a : (u32)((i32)a / (i32)b); }
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
static Step *const steps[CHAIN_N_OPS] = {CHAIN_OPS(STEP_ENTRY)};

// A product whose only reader is the next sum (batch normalisation, mostly), and Relu or PRelu where that is
// the sum's only reader: one pass, four vectors at a time. A product of -0 needs no care before a sum.
enum { ALONE, THEN_RELU, THEN_PRELU };

static u32 magnitude_of(const ChainOperand *o) { return *o->at & 0x7fffffffu; }

// With `all`, every result in between is looked at; without, only the last one, given that (see below) no
// other can need another word without showing in it.
static inline __attribute__((always_inline)) void mul_add(const ChainOperand *o, u32 *to, u32 n, int then,
                                                          int all) {
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
        const v128_t p = wasm_f32x4_mul(wasm_v128_load(a_at + v * a_step), wasm_v128_load(b_at + v * b_step));
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
      const v128_t p = canonical_x4(wasm_f32x4_mul(wasm_v128_load(a_at), wasm_v128_load(b_at)));
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

static void step_mul_add(const ChainOperand *o, u32 *to, u32 n) {
  if (sum_hides_product(o + 2))
    mul_add(o, to, n, ALONE, 0);
  else
    mul_add(o, to, n, ALONE, 1);
}
static void step_mul_add_relu(const ChainOperand *o, u32 *to, u32 n) {
  if (sum_hides_product(o + 2))
    mul_add(o, to, n, THEN_RELU, 0);
  else
    mul_add(o, to, n, THEN_RELU, 1);
}
static void step_mul_add_prelu(const ChainOperand *o, u32 *to, u32 n) {
  if (sum_hides_product(o + 2) && slope_shows_sum(o + 3))
    mul_add(o, to, n, THEN_PRELU, 0);
  else
    mul_add(o, to, n, THEN_PRELU, 1);
}
static Step *const joined[3] = {step_mul_add, step_mul_add_relu, step_mul_add_prelu};

// GATHERED is copied block by block; DENSE is read in place; SCALAR and ROW are one word for all or for a row
// of the innermost dimension; INNER is read in place row by row.
enum { ABSENT, GATHERED, DENSE, SCALAR, ROW, INNER };
typedef struct chain_step ChainStep;

#define OP_OF(step) ((step)&0xff)
#define TO_OF(step) ((step) >> 8 & 15)
#define OPERAND_OF(step, k) ((step) >> (12 + 4 * (k)) & 15)

// Registers a step reads; the operand fields behind them are 0 and mean nothing.
static u32 arity_of(u32 op) {
  if (op <= CHAIN_load_half) return 0;
  if (op >= CHAIN_max_u32 && op <= CHAIN_f32_to_e8m0) return 2;
  if (op > CHAIN_greater_equal_i32) return 1; // functions of one argument, appended
  if (op == CHAIN_select_word) return 3;
  if (op == CHAIN_canonical || op == CHAIN_neg_i32 || op == CHAIN_abs_i32) return 1;
  if (op >= CHAIN_neg_f32 && op <= CHAIN_sign_f32) return 1;
  return op >= CHAIN_is_nan_f32 && op <= CHAIN_not_bool ? 1 : 2;
}

// Whether a step from `s` on, or the end, reads the result of a step before it that lies in register `reg`.
static int is_read(const ChainPlan *plan, u32 s, u32 reg) {
  for (; s < plan->n_steps; s++) {
    const ChainStep *p = &plan->steps[s];
    for (u32 k = 0; k < p->n_operands; k++)
      if (p->operands[k] == reg) return 1;
    if (p->to == reg) return 0;
  }
  return plan->result == reg;
}

// Joins the product at `s` with the sum behind it, and with what is behind that. Returns the steps it
// replaced.
static u32 join(const ChainPlan *plan, u32 s, ChainStep *one) {
  const ChainStep *product = &plan->steps[s], *sum = product + 1, *then = product + 2;
  if (product->op != CHAIN_mul_f32 || s + 1 >= plan->n_steps || sum->op != CHAIN_add_f32) return 0;
  const u32 first = sum->operands[0] == product->to, second = sum->operands[1] == product->to;
  if (first == second || (sum->to != product->to && is_read(plan, s + 2, product->to))) return 0;
  *one = *sum;
  one->run = joined[ALONE];
  one->n_operands = 3;
  one->operands[0] = product->operands[0];
  one->operands[1] = product->operands[1];
  one->operands[2] = sum->operands[first];
  if (s + 2 >= plan->n_steps || then->operands[0] != sum->to) return 2;
  if (then->op != CHAIN_relu_f32 && (then->op != CHAIN_prelu_f32 || then->operands[1] == sum->to)) return 2;
  if (then->to != sum->to && is_read(plan, s + 3, sum->to)) return 2;
  one->run = joined[then->op == CHAIN_relu_f32 ? THEN_RELU : THEN_PRELU];
  one->to = then->to;
  if (then->op == CHAIN_prelu_f32) one->operands[one->n_operands++] = then->operands[1];
  return 3;
}

void chain_plan(const Chain *chain, ChainPlan *plan) {
  u32 slot[CHAIN_REGISTERS]; // where the value of each register is
  plan->chain = chain;
  plan->n_steps = plan->by_row = 0;
  for (u32 load = 0; load < CHAIN_LOADS; load++)
    plan->kind[load] = plan->bytes[load] = plan->canonical[load] = 0;
  const u32 inner = chain->dims[chain->rank - 1];
  for (u32 s = 0; s < chain->n_steps; s++) {
    const u32 step = chain->steps[s], op = OP_OF(step), to = TO_OF(step), load = OPERAND_OF(step, 0);
    if (op == CHAIN_seed) {
      slot[to] = SLOT_SEED;
    } else if (op <= CHAIN_load_half) {
      plan->bytes[load] = op == CHAIN_load_byte ? 1 : op == CHAIN_load_half ? 2 : 4;
      plan->kind[load] = GATHERED;
      if (op == CHAIN_load_word && is_dense(chain, load)) {
        plan->kind[load] = DENSE;
      } else if (is_scalar(chain, load)) {
        plan->kind[load] = SCALAR;
      } else if (inner >= 32 && chain->strides[load][chain->rank - 1] == 0) {
        plan->kind[load] = ROW;
        plan->by_row = 1;
      } else if (op == CHAIN_load_word && inner >= 128 && chain->strides[load][chain->rank - 1] == 1) {
        plan->kind[load] = INNER; // shorter rows are faster copied than run one by one
        plan->by_row = 1;
      }
      slot[to] = SLOT_LOAD + load;
    } else if (op == CHAIN_canonical && slot[load] >= SLOT_LOAD && slot[load] < SLOT_CANONICAL) {
      plan->canonical[slot[load] - SLOT_LOAD] = 1;
      slot[to] = slot[load] + CHAIN_LOADS;
    } else {
      ChainStep *p = &plan->steps[plan->n_steps++];
      *p = (ChainStep){steps[op], op, to, arity_of(op), {0}};
      for (u32 k = 0; k < p->n_operands; k++) p->operands[k] = slot[OPERAND_OF(step, k)];
      slot[to] = to;
    }
    plan->result = slot[to];
  }
  u32 n = 0;
  for (u32 s = 0; s < plan->n_steps; n++) {
    ChainStep one;
    const u32 taken = join(plan, s, &one);
    plan->steps[n] = taken != 0 ? one : plan->steps[s]; // n <= s: nothing that is still to be read
    s += taken != 0 ? taken : 1;
  }
  plan->n_steps = n;
}

// A step from words that are the same in the whole block gives such a word. It lies apart from the blocks: a
// joined step may write the register of a word that it still reads.
static void run_step(Step *step, const ChainOperand *operands, u32 n_operands, u32 n, u32 *own, v128_t *word,
                     ChainOperand *to) {
  int one = 1;
  for (u32 k = 0; k < n_operands; k++) one &= operands[k].step == 0;
  u32 *place = one ? (u32 *)word : own;
  step(operands, place, one ? 4 : n);
  *to = (ChainOperand){place, one ? 0 : 4};
}

void chain_run_plan(const ChainPlan *plan, const void *const *in, void *const *out, u32 begin, u32 end,
                    const f32 *seed) {
  Register storage[SLOT_SEED];
  v128_t words[SLOT_SEED];
  ChainOperand at[CHAIN_SLOTS];
  const Chain *chain = plan->chain;
  const u32 inner = chain->dims[chain->rank - 1];
  for (u32 i = begin, n; i < end; i += n) {
    n = end - i < CHAIN_BLOCK ? end - i : CHAIN_BLOCK;
    if (plan->by_row && inner - i % inner < n) n = inner - i % inner;
    at[SLOT_SEED] = (ChainOperand){(const u32 *)seed + (i - begin), 4};
    for (u32 load = 0; load < CHAIN_LOADS; load++) {
      const u32 kind = plan->kind[load];
      if (kind == ABSENT) continue;
      const void *base = in[chain->first_input + load];
      Register *own = &storage[SLOT_LOAD + load];
      ChainOperand *to = &at[SLOT_LOAD + load];
      if (kind == DENSE) {
        *to = (ChainOperand){(const u32 *)base + i, 4};
      } else if (kind == INNER) {
        *to = (ChainOperand){(const u32 *)base + offset_of(chain, load, i), 4};
      } else if (kind == GATHERED) {
        gather(chain, load, base, plan->bytes[load], i, n, own->u);
        *to = (ChainOperand){own->u, 4};
      } else if (kind == ROW || i == begin) {
        const u32 offset = kind == ROW ? offset_of(chain, load, i) : 0;
        const u32 word = word_at(base, offset, plan->bytes[load]);
        own->v[0] = wasm_i32x4_splat((i32)word);
        *to = (ChainOperand){own->u, 0};
      }
      if (plan->canonical[load])
        run_step(step_canonical, to, 1, n, storage[SLOT_CANONICAL + load].u, &words[SLOT_CANONICAL + load],
                 &at[SLOT_CANONICAL + load]);
    }
    for (u32 s = 0; s < plan->n_steps; s++) {
      const ChainStep *p = &plan->steps[s];
      // The last step writes to the output itself where it covers whole vectors of it.
      const int direct = s + 1 == plan->n_steps && chain->output_bytes == 4 && n % 4 == 0;
      ChainOperand operands[4];
      for (u32 k = 0; k < p->n_operands; k++) operands[k] = at[p->operands[k]];
      run_step(p->run, operands, p->n_operands, n, direct ? (u32 *)out[0] + i : storage[p->to].u,
               &words[p->to], &at[p->to]);
    }
    Register whole;
    const u32 *result = block(&at[plan->result], &whole, n);
    if (chain->output_bytes == 1) {
      narrow_words((u8 *)out[0] + i, result, n);
    } else if (chain->output_bytes == 2) {
      u16 *to = (u16 *)out[0] + i;
      for (u32 k = 0; k < n; k++) to[k] = (u16)result[k];
    } else {
      u32 *to = (u32 *)out[0] + i;
      if (to != result) copy_words(to, result, n);
    }
  }
}

void chain_run(const Chain *chain, const void *const *in, void *const *out, u32 begin, u32 end,
               const f32 *seed) {
  ChainPlan plan;
  chain_plan(chain, &plan);
  chain_run_plan(&plan, in, out, begin, end, seed);
}
