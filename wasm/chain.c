// The interpreter of element-wise chains: block by block, one tight loop a step.
// Keeps V1 (words are copied as words), V2 (every f32 step reads canonical operands and stores canonically)
// and R5. A load of a contiguous tensor is a pointer, not a copy; the last step writes straight to the
// output.
#include "chain.h"
#include "chain_join.h"
#include "chain_steps.h"

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

// GATHERED is copied block by block; DENSE is read in place; SCALAR and ROW are one word for all or for a row
// of the innermost dimension; INNER is read in place row by row.
#define STREAM 4096u // elements that are read a second time where one of them is not canonical: 16 KiB
enum { ABSENT, GATHERED, DENSE, SCALAR, ROW, INNER };

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

// Moves the steps that give the same word for every element to the front, where no other step writes their
// register: they run once for all blocks.
static void once_first(ChainPlan *plan) {
  u8 same[CHAIN_SLOTS] = {0};
  for (u32 load = 0; load < CHAIN_LOADS; load++)
    same[SLOT_LOAD + load] = same[SLOT_CANONICAL + load] = plan->kind[load] == SCALAR;
  plan->n_once = 0;
  for (u32 s = 0; s < plan->n_steps; s++) {
    const ChainStep one = plan->steps[s];
    int is_same = s + 1 < plan->n_steps; // the last one stores
    for (u32 k = 0; k < one.n_operands; k++) is_same &= same[one.operands[k]];
    for (u32 other = 0; other < plan->n_steps; other++)
      is_same &= other == s || plan->steps[other].to != one.to;
    if (!is_same) continue;
    same[one.to] = 1;
    for (u32 at = s; at > plan->n_once; at--) plan->steps[at] = plan->steps[at - 1];
    plan->steps[plan->n_once++] = one;
  }
}

// Whether one step is all that stands between what is read in place and the output, one that keeps no block
// of its own and does not give one word for all.
static int streams(const ChainPlan *plan) {
  for (u32 load = 0; load < CHAIN_LOADS; load++) {
    const u32 kind = plan->kind[load];
    if (kind == GATHERED || (plan->canonical[load] && kind != SCALAR)) return 0;
  }
  if (plan->n_steps != plan->n_once + 1) return 0;
  if (plan->stores_bytes) return 1;
  const ChainStep *last = &plan->steps[plan->n_once];
  const int is_plain = (last->op >= CHAIN_add_f32 && last->op <= CHAIN_min_f32) ||
                       last->op == CHAIN_prelu_f32 || last->op == CHAIN_relu_f32;
  if (!is_plain || plan->chain->output_bytes != 4) return 0;
  for (u32 k = 0; k < last->n_operands; k++) {
    const u32 slot = last->operands[k];
    if (slot == SLOT_SEED) return 1;
    if (slot < SLOT_LOAD || slot >= SLOT_CANONICAL) continue;
    if (plan->kind[slot - SLOT_LOAD] == DENSE || plan->kind[slot - SLOT_LOAD] == INNER) return 1;
  }
  return 0;
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

// What is the same for every element is loaded and computed once, however many pieces are run.
static void words_for_all(ChainPlan *plan, const void *const *in) {
  plan->n_moving = 0;
  for (u32 load = 0; load < CHAIN_LOADS; load++) {
    if (plan->kind[load] != ABSENT && plan->kind[load] != SCALAR) plan->moving[plan->n_moving++] = (u8)load;
    if (plan->kind[load] != SCALAR) continue;
    const u32 slot = SLOT_LOAD + load, canonical = SLOT_CANONICAL + load;
    const u32 word = word_at(in[plan->chain->first_input + load], 0, plan->bytes[load]);
    plan->words[slot] = wasm_i32x4_splat((i32)word);
    plan->at[slot] = (ChainOperand){(const u32 *)&plan->words[slot], 0};
    if (plan->canonical[load])
      run_step(step_canonical, &plan->at[slot], 1, 4, 0, &plan->words[canonical], &plan->at[canonical]);
  }
  for (u32 s = 0; s < plan->n_once; s++) {
    const ChainStep *p = &plan->steps[s];
    ChainOperand operands[4];
    for (u32 k = 0; k < p->n_operands; k++) operands[k] = plan->at[p->operands[k]];
    run_step(p->run, operands, p->n_operands, 4, 0, &plan->words[p->to], &plan->at[p->to]);
  }
}

void chain_plan(const Chain *chain, const void *const *in, ChainPlan *plan) {
  u32 slot[CHAIN_REGISTERS]; // where the value of each register is
  plan->chain = chain;
  plan->n_steps = plan->by_row = plan->stores_bytes = 0;
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
      *p = (ChainStep){chain_steps[op], op, to, arity_of(op), {0}};
      for (u32 k = 0; k < p->n_operands; k++) p->operands[k] = slot[OPERAND_OF(step, k)];
      slot[to] = to;
    }
    plan->result = slot[to];
  }
  chain_join(plan);
  once_first(plan);
  plan->streams = (u32)streams(plan);
  words_for_all(plan, in);
}

// The row of the innermost dimension that is at hand, where blocks end with rows: how much of it is left,
// where it lies in the outer dimensions, and where it begins in loads that are ROW or INNER.
typedef struct {
  u32 left, index[CHAIN_RANK], offset[CHAIN_LOADS];
} Row;

static void row_at(const Chain *chain, u32 i, Row *row) {
  const u32 last = chain->rank - 1, inner = chain->dims[last];
  row->left = inner - i % inner;
  for (u32 load = 0; load < CHAIN_LOADS; load++) row->offset[load] = 0;
  u32 rest = i / inner;
  for (u32 axis = last; axis-- > 0;) {
    row->index[axis] = rest % chain->dims[axis];
    rest /= chain->dims[axis];
    for (u32 load = 0; load < CHAIN_LOADS; load++)
      row->offset[load] += row->index[axis] * chain->strides[load][axis];
  }
}
static void row_next(const Chain *chain, Row *row) {
  const u32 last = chain->rank - 1;
  row->left = chain->dims[last];
  for (u32 axis = last; axis-- > 0;) {
    const int carries = ++row->index[axis] == chain->dims[axis];
    for (u32 load = 0; load < CHAIN_LOADS; load++) {
      const u32 stride = chain->strides[load][axis];
      row->offset[load] += carries ? stride - stride * chain->dims[axis] : stride;
    }
    if (!carries) return;
    row->index[axis] = 0;
  }
}

// By its halves, as it was written a moment ago: processors wait where a load is wider than the store that it
// follows.
static inline void copy_operand(ChainOperand *to, const ChainOperand *from) {
  const u32 step = *(const volatile u32 *)&from->step;
  to->at = from->at;
  to->step = step;
}

void chain_run_plan(const ChainPlan *plan, const void *const *in, void *const *out, u32 begin, u32 end,
                    const f32 *seed) {
  Register storage[SLOT_SEED];
  v128_t words[SLOT_SEED];
  ChainOperand at[CHAIN_SLOTS];
  __builtin_memcpy(at, plan->at, sizeof at);
  const Chain *chain = plan->chain;
  const u32 inner = chain->dims[chain->rank - 1], block_size = plan->streams ? STREAM : CHAIN_BLOCK;
  Row row;
  if (plan->by_row && begin < end) row_at(chain, begin, &row);
  for (u32 i = begin, n; i < end; i += n) {
    n = end - i < block_size ? end - i : block_size;
    if (plan->by_row && row.left < n) n = row.left;
    if (n > CHAIN_BLOCK) n &= ~3u; // whole vectors, which go to the output itself
    at[SLOT_SEED] = (ChainOperand){(const u32 *)seed + (i - begin), 4};
    for (u32 moving = 0; moving < plan->n_moving; moving++) {
      const u32 load = plan->moving[moving], kind = plan->kind[load];
      const void *base = in[chain->first_input + load];
      Register *own = &storage[SLOT_LOAD + load];
      ChainOperand *to = &at[SLOT_LOAD + load];
      if (kind == DENSE) {
        *to = (ChainOperand){(const u32 *)base + i, 4};
      } else if (kind == INNER) {
        *to = (ChainOperand){(const u32 *)base + row.offset[load] + (inner - row.left), 4};
      } else if (kind == GATHERED) {
        gather(chain, load, base, plan->bytes[load], i, n, own->u);
        *to = (ChainOperand){own->u, 4};
      } else {
        const u32 word = word_at(base, row.offset[load], plan->bytes[load]);
        own->v[0] = wasm_i32x4_splat((i32)word);
        *to = (ChainOperand){own->u, 0};
      }
      if (plan->canonical[load])
        run_step(step_canonical, to, 1, n, storage[SLOT_CANONICAL + load].u, &words[SLOT_CANONICAL + load],
                 &at[SLOT_CANONICAL + load]);
    }
    for (u32 s = plan->n_once; s < plan->n_steps; s++) {
      const ChainStep *p = &plan->steps[s];
      // The last step writes to the output itself where it covers whole vectors of it.
      const int is_last = s + 1 == plan->n_steps;
      const int direct = is_last && chain->output_bytes == 4 && n % 4 == 0;
      ChainOperand operands[4];
      for (u32 k = 0; k < p->n_operands; k++) copy_operand(&operands[k], &at[p->operands[k]]);
      if (is_last && plan->stores_bytes) {
        p->run(operands, (u32 *)((u8 *)out[0] + i), n);
        break;
      }
      run_step(p->run, operands, p->n_operands, n, direct ? (u32 *)out[0] + i : storage[p->to].u,
               &words[p->to], &at[p->to]);
    }
    Register whole;
    const u32 *result = plan->stores_bytes ? 0 : block(&at[plan->result], &whole, n);
    if (plan->stores_bytes) {
      // done: the last step is one that stores them
    } else if (chain->output_bytes == 1) {
      narrow_words((u8 *)out[0] + i, result, n);
    } else if (chain->output_bytes == 2) {
      u16 *to = (u16 *)out[0] + i;
      for (u32 k = 0; k < n; k++) to[k] = (u16)result[k];
    } else {
      u32 *to = (u32 *)out[0] + i;
      if (to != result) copy_words(to, result, n);
    }
    if (plan->by_row && (row.left -= n) == 0) row_next(chain, &row);
  }
}

void chain_run(const Chain *chain, const void *const *in, void *const *out, u32 begin, u32 end,
               const f32 *seed) {
  ChainPlan plan;
  chain_plan(chain, in, &plan);
  chain_run_plan(&plan, in, out, begin, end, seed);
}
