// The interpreter of element-wise chains: block by block, one tight loop a step.
// Keeps V1 (words are copied as words), V2 (every f32 step reads canonical operands and stores canonically)
// and R5. A load of a contiguous tensor is a pointer, not a copy; the last step writes straight to the
// output.
#include "chain.h"
#include "canonical.h"
#include "math/math.h"
#include "range.h"

typedef union {
  u32 u[CHAIN_BLOCK];
  f32 f[CHAIN_BLOCK];
  v128_t v[CHAIN_BLOCK / 4];
} Register;

static inline void copy_words(u32 *to, const u32 *from, u32 n) {
  for (u32 i = 0; i < n; i++) to[i] = from[i];
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

// Whether a load gives one word for every row of the innermost dimension.
static int is_row_constant(const Chain *chain, u32 load) {
  return chain->strides[load][chain->rank - 1] == 0;
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

// An operand of a step: `step` is 4, or 0 where one vector stands for the whole block.
typedef struct {
  const u32 *at;
  u32 step;
} Operand;

// Steps run over whole vectors: lanes past the block's end are computed on whatever the register holds and
// never stored to the output. Every step is a function in a table, so that engines compile each on its own.
typedef void Step(const Operand *o, u32 *to, u32 n);

#define LOAD(name, k) const v128_t name = wasm_v128_load(name##_at)
#define OPERAND(name, k)                                                                                     \
  const u32 *name##_at = o[k].at;                                                                            \
  const u32 name##_step = o[k].step
// Results that are words, or canonical because the operands are.
#define STEP_1(name, expression)                                                                             \
  static void step_##name(const Operand *o, u32 *to, u32 n) {                                                \
    OPERAND(a, 0);                                                                                           \
    for (u32 i = 0; i < n; i += 4, a_at += a_step) {                                                         \
      LOAD(a, 0);                                                                                            \
      wasm_v128_store(to + i, (expression));                                                                 \
    }                                                                                                        \
  }
#define STEP_2(name, expression)                                                                             \
  static void step_##name(const Operand *o, u32 *to, u32 n) {                                                \
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
  static void step_##name(const Operand *o, u32 *to, u32 n) {                                                \
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
  static void step_##name(const Operand *o, u32 *to, u32 n) {                                                \
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
  static void step_##name(const Operand *o, u32 *to, u32 n) {                                                \
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
static const u32 *block(const Operand *o, Register *own, u32 n) {
  if (o->step != 0) return o->at;
  const v128_t word = wasm_v128_load(o->at);
  for (u32 i = 0; i < n; i += 4) wasm_v128_store(own->u + i, word);
  return own->u;
}

STEP_1(canonical, canonical_x4(a))
static void step_select_word(const Operand *o, u32 *to, u32 n) {
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
static void step_pow_f32(const Operand *o, u32 *to, u32 n) {
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

// Loads are no steps of their own: chain_run turns them into operands.
#define step_seed 0
#define step_load_word 0
#define step_load_byte 0
#define STEP_ENTRY(name) step_##name,
static Step *const steps[CHAIN_N_OPS] = {CHAIN_OPS(STEP_ENTRY)};

// A product whose only reader is the next sum (batch normalisation, mostly), and Relu where it follows: one
// pass, four vectors at a time. A product of -0 needs no care, since the sum is the same.
#define MUL_ADD(name, result)                                                                                \
  static void name(const Operand *o, u32 *to, u32 n) {                                                       \
    OPERAND(a, 0);                                                                                           \
    OPERAND(b, 1);                                                                                           \
    OPERAND(c, 2);                                                                                           \
    u32 i = 0;                                                                                               \
    for (; i + 16 <= n; i += 16) {                                                                           \
      v128_t all[4];                                                                                         \
      Range range = RANGE_EMPTY;                                                                             \
      _Pragma("clang loop unroll(full)") for (u32 v = 0; v < 4; v++) {                                       \
        const v128_t p =                                                                                     \
            wasm_f32x4_mul(wasm_v128_load(a_at + v * a_step), wasm_v128_load(b_at + v * b_step));            \
        const v128_t y = wasm_f32x4_add(p, wasm_v128_load(c_at + v * c_step));                               \
        range_add(&range, p);                                                                                \
        range_add(&range, y);                                                                                \
        all[v] = (result);                                                                                   \
      }                                                                                                      \
      if (range_is_canonical(&range)) {                                                                      \
        _Pragma("clang loop unroll(full)") for (u32 v = 0; v < 4; v++)                                       \
            wasm_v128_store(to + i + 4 * v, all[v]);                                                         \
        a_at += 4 * a_step, b_at += 4 * b_step, c_at += 4 * c_step;                                          \
      } else {                                                                                               \
        for (u32 v = 0; v < 4; v++, a_at += a_step, b_at += b_step, c_at += c_step) {                        \
          const v128_t p = canonical_x4(wasm_f32x4_mul(wasm_v128_load(a_at), wasm_v128_load(b_at)));         \
          const v128_t y = canonical_x4(wasm_f32x4_add(p, wasm_v128_load(c_at)));                            \
          wasm_v128_store(to + i + 4 * v, (result));                                                         \
        }                                                                                                    \
      }                                                                                                      \
    }                                                                                                        \
    for (; i < n; i += 4, a_at += a_step, b_at += b_step, c_at += c_step) {                                  \
      const v128_t p = canonical_x4(wasm_f32x4_mul(wasm_v128_load(a_at), wasm_v128_load(b_at)));             \
      const v128_t y = canonical_x4(wasm_f32x4_add(p, wasm_v128_load(c_at)));                                \
      wasm_v128_store(to + i, (result));                                                                     \
    }                                                                                                        \
  }
MUL_ADD(step_mul_add, y)
MUL_ADD(step_mul_add_relu, wasm_v128_andnot(y, wasm_f32x4_lt(y, ZERO)))
static Step *const joined[2] = {step_mul_add, step_mul_add_relu};

// What chain_run does for one step: `step` null for loads and the seed.
typedef struct {
  Step *step;
  u32 op, to, a, b, c;
} Planned;

#define OP_OF(step) ((step)&0xff)
#define TO_OF(step) ((step) >> 8 & 15)
#define A_OF(step) ((step) >> 12 & 15)
#define B_OF(step) ((step) >> 16 & 15)
#define C_OF(step) ((step) >> 20 & 15)
// One register more than programs have, for a load that is moved ahead of the product it follows.
#define SPARE CHAIN_REGISTERS

static int is_load(u32 step) { return OP_OF(step) == CHAIN_load_word || OP_OF(step) == CHAIN_load_byte; }

// Registers a step reads; the operand fields behind them are 0 and mean nothing.
static u32 arity_of(u32 step) {
  const u32 op = OP_OF(step);
  if (op <= CHAIN_load_byte) return 0;
  if (op == CHAIN_select_word) return 3;
  if (op == CHAIN_canonical || op == CHAIN_neg_i32 || op == CHAIN_abs_i32) return 1;
  if (op >= CHAIN_neg_f32 && op <= CHAIN_sign_f32) return 1;
  return op >= CHAIN_is_nan_f32 && op <= CHAIN_not_bool ? 1 : 2;
}

// Whether a step from `s` on reads register `reg` before another writes it.
static int is_read(const Chain *chain, u32 s, u32 reg) {
  for (; s < chain->n_steps; s++) {
    const u32 step = chain->steps[s], arity = arity_of(step);
    if ((arity > 0 && A_OF(step) == reg) || (arity > 1 && B_OF(step) == reg) ||
        (arity > 2 && C_OF(step) == reg))
      return 1;
    if (TO_OF(step) == reg) return 0;
  }
  return 0;
}

// Joins the product at step `s` with the sum that is its only reader, loads between them going first. Appends
// to `list` and returns the number of steps taken, or 0 if there is nothing to join.
static u32 join(const Chain *chain, u32 s, Planned *list, u32 *n) {
  const u32 product = chain->steps[s], to = TO_OF(product);
  u32 t = s + 1, spare = CHAIN_STEPS;
  for (; t < chain->n_steps && is_load(chain->steps[t]); t++) {
    const u32 reg = TO_OF(chain->steps[t]);
    if (reg != A_OF(product) && reg != B_OF(product)) continue;
    if (spare != CHAIN_STEPS) return 0;
    spare = t;
  }
  if (t >= chain->n_steps || OP_OF(chain->steps[t]) != CHAIN_add_f32) return 0;
  const u32 sum = chain->steps[t];
  if ((A_OF(sum) == to) == (B_OF(sum) == to)) return 0;
  u32 other = A_OF(sum) == to ? B_OF(sum) : A_OF(sum);
  if (TO_OF(sum) != to && is_read(chain, t + 1, to)) return 0;
  if (spare != CHAIN_STEPS) {
    const u32 reg = TO_OF(chain->steps[spare]);
    if (reg != other || (TO_OF(sum) != reg && is_read(chain, t + 1, reg))) return 0;
    other = SPARE;
  }
  for (u32 l = s + 1; l < t; l++) {
    const u32 step = chain->steps[l];
    list[(*n)++] = (Planned){0, OP_OF(step), l == spare ? SPARE : TO_OF(step), A_OF(step), 0, 0};
  }
  Planned one = {joined[0], CHAIN_add_f32, TO_OF(sum), A_OF(product), B_OF(product), other};
  t++;
  if (t < chain->n_steps) {
    const u32 next = chain->steps[t], y = TO_OF(sum);
    if (OP_OF(next) == CHAIN_relu_f32 && A_OF(next) == y && (TO_OF(next) == y || !is_read(chain, t + 1, y))) {
      one.step = joined[1];
      one.to = TO_OF(next);
      t++;
    }
  }
  list[(*n)++] = one;
  return t - s;
}

static u32 plan_steps(const Chain *chain, Planned *list) {
  u32 n = 0;
  for (u32 s = 0; s < chain->n_steps;) {
    const u32 step = chain->steps[s];
    const u32 taken = OP_OF(step) == CHAIN_mul_f32 ? join(chain, s, list, &n) : 0;
    if (taken == 0)
      list[n++] = (Planned){steps[OP_OF(step)], OP_OF(step), TO_OF(step), A_OF(step), B_OF(step), C_OF(step)};
    s += taken != 0 ? taken : 1;
  }
  return n;
}

void chain_run(const Chain *chain, const void *const *in, void *const *out, u32 begin, u32 end,
               const f32 *seed) {
  Register storage[CHAIN_REGISTERS + 1];
  Operand at[CHAIN_REGISTERS + 1];
  Planned list[CHAIN_STEPS];
  enum { GATHERED, DENSE, SCALAR, ROW } kind[CHAIN_LOADS];
  const u32 n_steps = plan_steps(chain, list), inner = chain->dims[chain->rank - 1];
  int by_row = 0; // blocks end with rows, for loads that are one word a row
  for (u32 s = 0; s < n_steps; s++) {
    const u32 load = list[s].a;
    if (list[s].op == CHAIN_load_word && is_dense(chain, load)) {
      kind[load] = DENSE;
    } else if (list[s].op == CHAIN_load_word || list[s].op == CHAIN_load_byte) {
      kind[load] = is_scalar(chain, load)                        ? SCALAR
                   : inner >= 32 && is_row_constant(chain, load) ? ROW
                                                                 : GATHERED;
      by_row |= kind[load] == ROW;
    }
  }
  const Planned *last = &list[n_steps - 1];
  for (u32 i = begin, n; i < end; i += n) {
    n = end - i < CHAIN_BLOCK ? end - i : CHAIN_BLOCK;
    if (by_row && inner - i % inner < n) n = inner - i % inner;
    for (const Planned *p = list; p <= last; p++) {
      u32 *own = storage[p->to].u;
      if (p->step != 0) {
        // The last step writes to the output itself where it covers whole vectors of it.
        u32 *to = p == last && chain->output_bytes == 4 && n % 4 == 0 ? (u32 *)out[0] + i : own;
        const Operand operands[3] = {at[p->a], at[p->b], at[p->c]};
        p->step(operands, to, n);
        at[p->to] = (Operand){to, 4};
      } else if (p->op == CHAIN_seed) {
        at[p->to] = (Operand){(const u32 *)seed + (i - begin), 4};
      } else {
        const void *base = in[chain->first_input + p->a];
        const int is_byte = p->op == CHAIN_load_byte;
        if (kind[p->a] == DENSE) {
          at[p->to] = (Operand){(const u32 *)base + i, 4};
        } else if (kind[p->a] == GATHERED) {
          gather(chain, p->a, base, is_byte ? 1 : 4, i, n, own);
          at[p->to] = (Operand){own, 4};
        } else {
          const u32 offset = kind[p->a] == ROW ? offset_of(chain, p->a, i) : 0;
          const u32 word = is_byte ? ((const u8 *)base)[offset] : ((const u32 *)base)[offset];
          storage[p->to].v[0] = wasm_i32x4_splat((i32)word);
          at[p->to] = (Operand){own, 0};
        }
      }
    }
    Register whole;
    const u32 *result = block(&at[last->to], &whole, n);
    if (chain->output_bytes == 1) {
      u8 *to = (u8 *)out[0] + i;
      for (u32 k = 0; k < n; k++) to[k] = (u8)result[k];
    } else {
      u32 *to = (u32 *)out[0] + i;
      if (to != result) copy_words(to, result, n);
    }
  }
}
