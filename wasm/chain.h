// The element-wise program ("chain") at the end of a kernel, or as a kernel of its own (ops/elementwise.c).
// Promises: steps are executed one after the other over the flat output range, each reading canonical words
// and storing canonical words (V2), so a fused chain has the bits of its operators run one by one (R5).
// Packed by src/core/chain.ts; a test compares the step names and the capacities there with the ones here.
#ifndef ISOBIT_CHAIN_H
#define ISOBIT_CHAIN_H
#include "repro.h"

#define CHAIN_RANK 8
#define CHAIN_LOADS 8
#define CHAIN_STEPS 32
#define CHAIN_REGISTERS 8
#define CHAIN_BLOCK 256 // elements a block: eight registers of 1 KiB stay in the first-level cache

typedef struct {
  u32 n_steps;      // 0: no chain; the host kernel stores its finished values itself
  u32 rank;         // collapsed rank of the output's index space
  u32 first_input;  // index in `in` of load 0
  u32 output_bytes; // bytes an element of the output: 1, 2 or 4
  u32 dims[CHAIN_RANK];
  u32 strides[CHAIN_LOADS][CHAIN_RANK]; // in elements
  u32 steps[CHAIN_STEPS];               // code | destination << 8 | a << 12 | b << 16 | c << 20
} Chain;

// The codes are positions in this list, laid out by hand: the formatter never settles on one of this length.
// clang-format off
#define CHAIN_OPS(OP)                                                                                 \
  OP(seed) OP(load_word) OP(load_byte) OP(load_half) OP(canonical) OP(select_word) OP(add_f32)         \
  OP(sub_f32)                                                                                         \
  OP(mul_f32) OP(div_f32) OP(max_f32) OP(min_f32) OP(pow_f32) OP(prelu_f32) OP(neg_f32) OP(abs_f32)   \
  OP(relu_f32) OP(reciprocal_f32) OP(sqrt_f32) OP(exp_f32) OP(log_f32) OP(sigmoid_f32) OP(tanh_f32)   \
  OP(erf_f32) OP(exp2_f32) OP(expm1_f32) OP(sinh_f32) OP(cosh_f32) OP(erfc_f32)                       \
  OP(floor_f32) OP(ceil_f32) OP(round_f32) OP(sign_f32) OP(less_f32) OP(less_equal_f32)               \
  OP(greater_f32) OP(greater_equal_f32) OP(equal_f32) OP(is_nan_f32) OP(f32_to_i32) OP(f32_to_bool)   \
  OP(i32_to_f32) OP(u32_to_f32) OP(word_to_bool) OP(not_bool) OP(and_bool) OP(or_bool) OP(xor_bool)   \
  OP(equal_word) OP(add_i32) OP(sub_i32) OP(mul_i32) OP(max_i32) OP(min_i32) OP(neg_i32)              \
  OP(abs_i32) OP(less_i32) OP(less_equal_i32) OP(greater_i32) OP(greater_equal_i32)                   \
  OP(sin_f32) OP(cos_f32) OP(rsqrt_f32) OP(tan_f32) OP(asin_f32) OP(acos_f32) OP(atan_f32)            \
  OP(log2_f32) OP(log10_f32) OP(log1p_f32) OP(asinh_f32) OP(acosh_f32) OP(atanh_f32) OP(softplus_f32) \
  OP(max_u32) OP(min_u32) OP(less_u32) OP(less_equal_u32) OP(greater_u32) OP(greater_equal_u32)       \
  OP(quotient_i32) OP(quotient_u32) OP(modulo_i32) OP(remainder_i32) OP(remainder_u32)                \
  OP(shift_left) OP(shift_right) OP(shift_right_i32) OP(power_i32) OP(power_u32) OP(fmod_f32)         \
  OP(small_to_f32) OP(f32_to_small) OP(f32_to_e8m0) OP(sign_i32) OP(sign_8) OP(sign_16) OP(low_8)     \
  OP(low_16) OP(not_word) OP(f32_to_u32) OP(f16_to_f32) OP(bf16_to_f32) OP(f32_to_f16)                \
  OP(f32_to_bf16) OP(e8m0_to_f32)                                                                     \
  OP(round_i32) OP(clamp_i8) OP(clamp_u8)

// clang-format on
#define CHAIN_CODE(name) CHAIN_##name,
enum chain_op { CHAIN_OPS(CHAIN_CODE) CHAIN_N_OPS };
#undef CHAIN_CODE

// Where operands are: the program's registers, its loads, the canonical forms of loads, the seed.
enum chain_slot {
  SLOT_LOAD = CHAIN_REGISTERS,
  SLOT_CANONICAL = SLOT_LOAD + CHAIN_LOADS,
  SLOT_SEED = SLOT_CANONICAL + CHAIN_LOADS,
  CHAIN_SLOTS,
};

// An operand of a step: `step` is 4, or 0 where one vector stands for the whole block.
typedef struct {
  const u32 *at;
  u32 step;
} ChainOperand;

// The program as it is executed: what is loaded and how, which loads are made canonical, then the steps, some
// of them joined. `kind` is 0 for a load that there is not.
typedef struct {
  const Chain *chain;
  u32 n_steps, result;
  u32 n_once;       // steps from words that are the same everywhere, which come first
  u32 stores_bytes; // the last step stores the output's bytes
  u32 streams;      // nothing is kept between the loads and the output: blocks may be of any length
  u32 by_row;       // blocks end with rows of the innermost dimension, for loads that are one word a row
  u8 kind[CHAIN_LOADS], bytes[CHAIN_LOADS], canonical[CHAIN_LOADS];
  u8 n_moving, moving[CHAIN_LOADS]; // the loads that are not one word for all
  struct chain_step {
    void (*run)(const ChainOperand *operands, u32 *to, u32 n);
    u32 op, to, n_operands, operands[4]; // slots
  } steps[CHAIN_STEPS];
  ChainOperand at[CHAIN_SLOTS]; // where words that are the same for every element are: in `words`
  v128_t words[SLOT_SEED];
} ChainPlan; // not to be copied: it points into itself

// A kernel that runs its chain in many pieces plans it once. Loads that are one word are read here.
void chain_plan(const Chain *chain, const void *const *in, ChainPlan *plan);

// Runs the chain over the flat output elements [begin, end) and stores them to out[0]. `seed` holds the host
// kernel's finished, canonical values for the same elements (it may be the place they are stored to), or is
// null for the element-wise kernel itself.
void chain_run_plan(const ChainPlan *plan, const void *const *in, void *const *out, u32 begin, u32 end,
                    const f32 *seed);

// Both at once.
void chain_run(const Chain *chain, const void *const *in, void *const *out, u32 begin, u32 end,
               const f32 *seed);

#endif
