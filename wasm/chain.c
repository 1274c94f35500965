// The interpreter of element-wise chains: block by block, one tight loop a step.
// Keeps V1 (words are copied as words), V2 (every f32 step reads canonical operands and stores canonically)
// and R5. A load of a contiguous tensor is a pointer, not a copy; the last step writes straight to the output.
#include "chain.h"
#include "canonical.h"
#include "math/math.h"

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

// Loops over whole vectors: lanes past n are computed on whatever the register holds and never stored.
#define EACH_X4(expression)                                                                        \
  for (u32 i = 0; i < n4; i++) {                                                                   \
    v128_t a = wasm_v128_load(pa + 4 * i);                                                         \
    wasm_v128_store(pd + 4 * i, (expression));                                                     \
  }                                                                                                \
  break
#define EACH_X4_B(expression)                                                                      \
  for (u32 i = 0; i < n4; i++) {                                                                   \
    v128_t a = wasm_v128_load(pa + 4 * i), b = wasm_v128_load(pb + 4 * i);                         \
    wasm_v128_store(pd + 4 * i, (expression));                                                     \
  }                                                                                                \
  break
#define BOOL(mask) wasm_v128_and(mask, wasm_i32x4_splat(1))
#define ZERO wasm_i32x4_splat(0)
#define ONE_F wasm_f32x4_splat(1.0f)

static void step_run(u32 op, const u32 *pa, const u32 *pb, const u32 *pc, u32 *pd, u32 n) {
  const u32 n4 = (n + 3) / 4;
  switch ((enum chain_op)op) {
  case CHAIN_canonical: EACH_X4(canonical_x4(a));
  case CHAIN_select_word:
    for (u32 i = 0; i < n4; i++) {
      v128_t no = wasm_i32x4_eq(wasm_v128_load(pa + 4 * i), ZERO);
      wasm_v128_store(pd + 4 * i, wasm_v128_bitselect(wasm_v128_load(pc + 4 * i),
                                                      wasm_v128_load(pb + 4 * i), no));
    }
    break;
  case CHAIN_add_f32: EACH_X4_B(canonical_x4(wasm_f32x4_add(a, b)));
  case CHAIN_sub_f32: EACH_X4_B(canonical_x4(wasm_f32x4_sub(a, b)));
  case CHAIN_mul_f32: EACH_X4_B(canonical_x4(wasm_f32x4_mul(a, b)));
  case CHAIN_div_f32: EACH_X4_B(canonical_x4(wasm_f32x4_div(a, b)));
  case CHAIN_max_f32: EACH_X4_B(canonical_x4(wasm_f32x4_max(a, b)));
  case CHAIN_min_f32: EACH_X4_B(canonical_x4(wasm_f32x4_min(a, b)));
  case CHAIN_pow_f32: pow_f32_block((const f32 *)pa, (const f32 *)pb, (f32 *)pd, n); break;
  case CHAIN_prelu_f32: // x where x is not negative (NaN included), else the product x * slope
    EACH_X4_B(wasm_v128_bitselect(canonical_x4(wasm_f32x4_mul(a, b)), a, wasm_f32x4_lt(a, ZERO)));
  case CHAIN_neg_f32: EACH_X4(canonical_x4(wasm_f32x4_neg(a)));
  case CHAIN_abs_f32: EACH_X4(canonical_x4(wasm_f32x4_abs(a)));
  case CHAIN_relu_f32: EACH_X4(wasm_v128_bitselect(ZERO, a, wasm_f32x4_lt(a, ZERO)));
  case CHAIN_reciprocal_f32: EACH_X4(canonical_x4(wasm_f32x4_div(ONE_F, a)));
  case CHAIN_sqrt_f32: EACH_X4(canonical_x4(wasm_f32x4_sqrt(a)));
  case CHAIN_exp_f32: exp_f32_block((const f32 *)pa, (f32 *)pd, n); break;
  case CHAIN_log_f32: log_f32_block((const f32 *)pa, (f32 *)pd, n); break;
  case CHAIN_sigmoid_f32: sigmoid_f32_block((const f32 *)pa, (f32 *)pd, n); break;
  case CHAIN_tanh_f32: tanh_f32_block((const f32 *)pa, (f32 *)pd, n); break;
  case CHAIN_erf_f32: erf_f32_block((const f32 *)pa, (f32 *)pd, n); break;
  case CHAIN_floor_f32: EACH_X4(canonical_x4(wasm_f32x4_floor(a)));
  case CHAIN_ceil_f32: EACH_X4(canonical_x4(wasm_f32x4_ceil(a)));
  case CHAIN_round_f32: EACH_X4(canonical_x4(wasm_f32x4_nearest(a)));
  case CHAIN_sign_f32: // NaN stays NaN
    EACH_X4(wasm_v128_bitselect(
        wasm_v128_bitselect(wasm_v128_or(wasm_v128_and(a, wasm_i32x4_splat((i32)0x80000000)), ONE_F), ZERO,
                            wasm_f32x4_ne(a, ZERO)),
        a, wasm_f32x4_eq(a, a)));
  case CHAIN_less_f32: EACH_X4_B(BOOL(wasm_f32x4_lt(a, b)));
  case CHAIN_less_equal_f32: EACH_X4_B(BOOL(wasm_f32x4_le(a, b)));
  case CHAIN_greater_f32: EACH_X4_B(BOOL(wasm_f32x4_gt(a, b)));
  case CHAIN_greater_equal_f32: EACH_X4_B(BOOL(wasm_f32x4_ge(a, b)));
  case CHAIN_equal_f32: EACH_X4_B(BOOL(wasm_f32x4_eq(a, b)));
  case CHAIN_is_nan_f32: EACH_X4(BOOL(wasm_f32x4_ne(a, a)));
  case CHAIN_f32_to_i32: EACH_X4(wasm_i32x4_trunc_sat_f32x4(a));
  case CHAIN_f32_to_bool: EACH_X4(BOOL(wasm_f32x4_ne(a, ZERO)));
  case CHAIN_i32_to_f32: EACH_X4(wasm_f32x4_convert_i32x4(a));
  case CHAIN_u32_to_f32: EACH_X4(wasm_f32x4_convert_u32x4(a));
  case CHAIN_word_to_bool: EACH_X4(BOOL(wasm_i32x4_ne(a, ZERO)));
  case CHAIN_not_bool: EACH_X4(BOOL(wasm_i32x4_eq(a, ZERO)));
  case CHAIN_and_bool: EACH_X4_B(wasm_v128_and(a, b));
  case CHAIN_or_bool: EACH_X4_B(wasm_v128_or(a, b));
  case CHAIN_xor_bool: EACH_X4_B(wasm_v128_xor(a, b));
  case CHAIN_equal_word: EACH_X4_B(BOOL(wasm_i32x4_eq(a, b)));
  case CHAIN_add_i32: EACH_X4_B(wasm_i32x4_add(a, b));
  case CHAIN_sub_i32: EACH_X4_B(wasm_i32x4_sub(a, b));
  case CHAIN_mul_i32: EACH_X4_B(wasm_i32x4_mul(a, b));
  case CHAIN_max_i32: EACH_X4_B(wasm_i32x4_max(a, b));
  case CHAIN_min_i32: EACH_X4_B(wasm_i32x4_min(a, b));
  case CHAIN_neg_i32: EACH_X4(wasm_i32x4_neg(a));
  case CHAIN_abs_i32: EACH_X4(wasm_i32x4_abs(a));
  case CHAIN_less_i32: EACH_X4_B(BOOL(wasm_i32x4_lt(a, b)));
  case CHAIN_less_equal_i32: EACH_X4_B(BOOL(wasm_i32x4_le(a, b)));
  case CHAIN_greater_i32: EACH_X4_B(BOOL(wasm_i32x4_gt(a, b)));
  case CHAIN_greater_equal_i32: EACH_X4_B(BOOL(wasm_i32x4_ge(a, b)));
  case CHAIN_seed:
  case CHAIN_load_word:
  case CHAIN_load_byte:
  case CHAIN_N_OPS: break;
  }
}

void chain_run(const Chain *chain, const void *const *in, void *const *out, u32 begin, u32 end,
               const f32 *seed) {
  Register storage[CHAIN_REGISTERS];
  const u32 *at[CHAIN_REGISTERS];
  // 1: contiguous, a pointer; 2: one word for all, splatted once. Registers that hold a splat are loaded in
  // the first block only if no other step writes them, which `reused` rules out.
  u8 kind[CHAIN_LOADS] = {0}, writers[CHAIN_REGISTERS] = {0};
  const u32 n_steps = chain->n_steps;
  for (u32 s = 0; s < n_steps; s++) {
    const u32 step = chain->steps[s], op = step & 0xff;
    writers[(step >> 8) & 15]++;
    if (op == CHAIN_load_word || op == CHAIN_load_byte) {
      const u32 load = (step >> 12) & 15;
      if (op == CHAIN_load_word && is_dense(chain, load)) kind[load] = 1;
      else if (is_scalar(chain, load)) kind[load] = 2;
    }
  }
  for (u32 i = begin; i < end; i += CHAIN_BLOCK) {
    const u32 n = end - i < CHAIN_BLOCK ? end - i : CHAIN_BLOCK;
    for (u32 s = 0; s < n_steps; s++) {
      const u32 step = chain->steps[s], op = step & 0xff, dst = (step >> 8) & 15;
      const u32 a = (step >> 12) & 15, b = (step >> 16) & 15, c = (step >> 20) & 15;
      u32 *own = storage[dst].u;
      if (op == CHAIN_seed) {
        at[dst] = (const u32 *)seed + (i - begin);
      } else if (op == CHAIN_load_word || op == CHAIN_load_byte) {
        const void *base = in[chain->first_input + a];
        if (kind[a] == 1) {
          at[dst] = (const u32 *)base + i;
        } else {
          if (kind[a] == 0) {
            gather(chain, a, base, op == CHAIN_load_byte ? 1 : 4, i, n, own);
          } else if (i == begin || writers[dst] > 1) {
            const u32 word = op == CHAIN_load_byte ? *(const u8 *)base : *(const u32 *)base;
            for (u32 k = 0; k < CHAIN_BLOCK; k++) own[k] = word;
          }
          at[dst] = own;
        }
      } else {
        // The last step writes to the output itself where it covers whole vectors of it.
        const int direct = s + 1 == n_steps && chain->output_bytes == 4 && n % 4 == 0;
        u32 *to = direct ? (u32 *)out[0] + i : own;
        step_run(op, at[a], at[b], at[c], to, n);
        at[dst] = to;
      }
    }
    const u32 *result = at[(chain->steps[n_steps - 1] >> 8) & 15];
    if (chain->output_bytes == 1) {
      u8 *to = (u8 *)out[0] + i;
      for (u32 k = 0; k < n; k++) to[k] = (u8)result[k];
    } else {
      u32 *to = (u32 *)out[0] + i;
      if (to != result) copy_words(to, result, n);
    }
  }
}
