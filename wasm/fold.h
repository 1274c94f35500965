// Folds: sums, products, maxima and minima of many f32 terms, for reductions, Softmax and pooling.
// Promises: sums and products have the one shape of V4: the terms in index order form groups of 64, each
// folded left to right from its start value; the group results are the terms of the next level, and so on.
// Summands under 2^-102 read as +0 (V3) and nothing inside a sum is canonicalised; every product is a V2
// operation. Maxima and minima are exact, so their shape does not matter; a NaN among the terms makes the
// result NaN. Lanes are independent folds: which four terms share a vector never moves a bit (R4). Results
// are NOT canonical yet: the caller stores canonical_x4 of them. The operation `op` is a compile-time
// constant wherever the inlined functions are called.
#ifndef ISOBIT_FOLD_H
#define ISOBIT_FOLD_H
#include "canonical.h"

#define FOLD_SUM 0u
#define FOLD_SUM_SQUARE 1u // terms x * x, each a V2 product
#define FOLD_PROD 2u
#define FOLD_MAX 3u
#define FOLD_MIN 4u

#define FOLD_LEVELS 6u // groups in registers are level 0; 64^6 terms are more than a u32 counts
#define INLINE static inline __attribute__((always_inline))
#define ONCE static __attribute__((noinline, unused)) // called once in 64 terms: not worth a copy for each op

INLINE v128_t fold_start(u32 op) {
  if (op == FOLD_PROD) return wasm_f32x4_splat(1.0f);
  if (op == FOLD_MAX) return wasm_i32x4_splat((i32)0xff800000);
  if (op == FOLD_MIN) return wasm_i32x4_splat(0x7f800000);
  return wasm_i32x4_splat(0);
}

// What a stored word contributes. A square that the flush removes needs no canonical operand: were |x| under
// 2^-120, x * x would be under 2^-240.
INLINE v128_t fold_term(u32 op, v128_t x) {
  if (op == FOLD_MAX || op == FOLD_MIN)
    return x; // the canonical store is monotone: once at the end is enough
  if (op == FOLD_PROD) return flush_small_x4(x, CANONICAL_LIMIT);
  if (op == FOLD_SUM_SQUARE) x = wasm_f32x4_mul(x, x);
  return flush_small_x4(x, SUMMAND_LIMIT);
}

INLINE v128_t fold_join(u32 op, v128_t a, v128_t b) {
  if (op == FOLD_MAX) return wasm_f32x4_max(a, b);
  if (op == FOLD_MIN) return wasm_f32x4_min(a, b);
  if (op == FOLD_PROD) return flush_small_x4(wasm_f32x4_mul(a, b), CANONICAL_LIMIT);
  return wasm_f32x4_add(a, b);
}

// One step inside a group. f32x4.max and min cost about eight instructions on x64, all of them on the chain;
// pmax and pmin are one but lose a NaN on one side: `odd` remembers the lanes that saw one.
INLINE void fold_step(u32 op, v128_t *value, v128_t *odd, v128_t term) {
  if (op == FOLD_MAX || op == FOLD_MIN) {
    *odd = wasm_v128_or(*odd, wasm_f32x4_ne(term, term));
    *value = op == FOLD_MAX ? wasm_f32x4_pmax(*value, term) : wasm_f32x4_pmin(*value, term);
  } else {
    *value = fold_join(op, *value, term);
  }
}
// The group's result: NaN where a term was.
INLINE v128_t fold_close(u32 op, v128_t value, v128_t odd) {
  return op == FOLD_MAX || op == FOLD_MIN ? wasm_v128_or(value, odd) : value;
}

// The levels above the groups, as a counter of base 64: level[j * quads + q].
typedef struct {
  u32 groups; // pushed so far
  u32 top;
} FoldState;

ONCE void fold_push(u32 op, FoldState *state, v128_t *level, u32 quads, const v128_t *group) {
  const u32 g = state->groups++;
  if (g == 0) { // start (op) first term is the first term, but for the sign of a zero
    state->top = 0;
    for (u32 q = 0; q < quads; q++) level[q] = group[q];
    return;
  }
  u32 full = g;
  for (u32 j = 0; full % RADIX == 0; j++) {
    // Level j holds 64 terms: their fold is a term of level j + 1.
    for (u32 q = 0; q < quads; q++) {
      v128_t *to = &level[(j + 1) * quads + q], *from = &level[j * quads + q];
      *to = j == state->top ? *from : fold_join(op, *to, *from);
      *from = fold_start(op);
    }
    if (j == state->top) {
      state->top = j + 1;
      break;
    }
    full /= RADIX;
  }
  for (u32 q = 0; q < quads; q++) level[q] = fold_join(op, level[q], group[q]);
}

ONCE void fold_total(u32 op, const FoldState *state, const v128_t *level, u32 quads, v128_t *result) {
  for (u32 q = 0; q < quads; q++) {
    v128_t total = state->groups == 0 ? fold_start(op) : level[q];
    for (u32 j = 1; state->groups != 0 && j <= state->top; j++)
      total = fold_join(op, level[j * quads + q], total);
    result[q] = total;
  }
}

// 1 to 4 adjacent words, the other lanes zero; never reads past them.
static inline v128_t load_lanes(const f32 *x, u32 lanes) {
  if (lanes >= 4) return wasm_v128_load(x);
  if (lanes == 3) return wasm_v128_load32_lane(x + 2, wasm_v128_load64_zero(x), 2);
  return lanes == 2 ? wasm_v128_load64_zero(x) : wasm_v128_load32_zero(x);
}
static inline void store_lanes(f32 *x, v128_t value, u32 lanes) {
  if (lanes >= 4) {
    wasm_v128_store(x, value);
    return;
  }
  if (lanes >= 2) wasm_v128_store64_lane(x, value, 0);
  if (lanes == 3) wasm_v128_store32_lane(x + 2, value, 2);
  if (lanes == 1) wasm_v128_store32_lane(x, value, 0);
}

// One group of n <= 64 adjacent terms of each of 4 * quads rows, `stride` elements apart: lane i of result q
// is row 4 q + i. Four rows are read as a 4x4 block and transposed.
INLINE void fold_group_of_rows(u32 op, const f32 *x, u32 stride, u32 quads, u32 n, v128_t *result) {
  v128_t sum[2] = {fold_start(op), fold_start(op)}, odd[2] = {wasm_i32x4_splat(0), wasm_i32x4_splat(0)};
  u32 i = 0;
  // Unrolled by hand to the block of four; more would only make every copy larger.
#pragma clang loop unroll(disable)
  for (; i + 4 <= n; i += 4) {
    for (u32 q = 0; q < quads; q++) {
      const f32 *p = x + i + 4 * q * stride;
      const v128_t a = fold_term(op, wasm_v128_load(p)), b = fold_term(op, wasm_v128_load(p + stride));
      const v128_t c = fold_term(op, wasm_v128_load(p + 2 * stride));
      const v128_t d = fold_term(op, wasm_v128_load(p + 3 * stride));
      const v128_t ab_low = wasm_i32x4_shuffle(a, b, 0, 4, 1, 5),
                   cd_low = wasm_i32x4_shuffle(c, d, 0, 4, 1, 5);
      const v128_t ab_high = wasm_i32x4_shuffle(a, b, 2, 6, 3, 7),
                   cd_high = wasm_i32x4_shuffle(c, d, 2, 6, 3, 7);
      fold_step(op, &sum[q], &odd[q], wasm_i64x2_shuffle(ab_low, cd_low, 0, 2));
      fold_step(op, &sum[q], &odd[q], wasm_i64x2_shuffle(ab_low, cd_low, 1, 3));
      fold_step(op, &sum[q], &odd[q], wasm_i64x2_shuffle(ab_high, cd_high, 0, 2));
      fold_step(op, &sum[q], &odd[q], wasm_i64x2_shuffle(ab_high, cd_high, 1, 3));
    }
  }
#pragma clang loop unroll(disable)
  for (; i < n; i++) {
    for (u32 q = 0; q < quads; q++) {
      const f32 *p = x + i + 4 * q * stride;
      const v128_t four = wasm_f32x4_make(p[0], p[stride], p[2 * stride], p[3 * stride]);
      fold_step(op, &sum[q], &odd[q], fold_term(op, four));
    }
  }
  for (u32 q = 0; q < quads; q++) result[q] = fold_close(op, sum[q], odd[q]);
}

// 4 * quads whole rows of n terms.
INLINE void fold_rows(u32 op, const f32 *x, u32 stride, u32 quads, u32 n, v128_t *result) {
  if (n <= RADIX) {
    fold_group_of_rows(op, x, stride, quads, n, result);
    return;
  }
  v128_t level[FOLD_LEVELS * 2], group[2];
  FoldState state = {0, 0};
  for (u32 i = 0; i < n; i += RADIX) {
    fold_group_of_rows(op, x + i, stride, quads, n - i < RADIX ? n - i : RADIX, group);
    fold_push(op, &state, level, quads, group);
  }
  fold_total(op, &state, level, quads, result);
}

// One row: eight groups at a time while there are eight, in vectors; lane 0 of the result.
INLINE v128_t fold_row(u32 op, const f32 *x, u32 n) {
  v128_t level[FOLD_LEVELS], group[2];
  FoldState state = {0, 0};
  u32 i = 0;
  for (; n - i >= 8 * RADIX; i += 8 * RADIX) {
    fold_group_of_rows(op, x + i, RADIX, 2, RADIX, group);
    for (u32 q = 0; q < 2; q++) {
      for (u32 lane = 0; lane < 4; lane++) {
        fold_push(op, &state, level, 1, &group[q]);
        group[q] = wasm_i32x4_shuffle(group[q], group[q], 1, 2, 3, 0);
      }
    }
  }
  while (i < n) {
    v128_t sum = fold_start(op), odd = wasm_i32x4_splat(0);
    for (const u32 end = n - i < RADIX ? n : i + RADIX; i < end; i++)
      fold_step(op, &sum, &odd, fold_term(op, wasm_v128_load32_zero(x + i)));
    sum = fold_close(op, sum, odd);
    fold_push(op, &state, level, 1, &sum);
  }
  fold_total(op, &state, level, 1, &group[0]);
  return group[0];
}

// Row-major steps over up to eight axes: the offset of the next term.
typedef struct {
  const u32 *dims, *strides;
  u32 rank; // at least 1
  u32 index[8];
  u32 offset;
} Walk;

static inline void walk_next(Walk *walk) {
  u32 axis = walk->rank - 1;
  walk->offset += walk->strides[axis];
  while (++walk->index[axis] == walk->dims[axis]) {
    walk->offset -= walk->strides[axis] * walk->dims[axis];
    walk->index[axis] = 0;
    if (axis == 0) return;
    walk->offset += walk->strides[--axis];
  }
}
// A walk that stands at position `at`.
static inline Walk walk_from(const u32 *dims, const u32 *strides, u32 rank, u32 at) {
  Walk walk = {dims, strides, rank, {0}, 0};
  for (u32 axis = rank; axis-- > 0;) {
    walk.index[axis] = at % dims[axis];
    at /= dims[axis];
    walk.offset += walk.index[axis] * strides[axis];
  }
  return walk;
}

// 4 * quads adjacent columns from x, each over the walk's `count` terms; only with quads == 1 may fewer than
// four lanes be asked for.
INLINE void fold_columns(u32 op, const f32 *x, Walk walk, u32 count, u32 quads, u32 lanes, v128_t *result) {
  v128_t level[FOLD_LEVELS * 4], sum[4], odd[4];
  FoldState state = {0, 0};
  for (u32 k = 0; k < count;) {
    for (u32 q = 0; q < quads; q++) {
      sum[q] = fold_start(op);
      odd[q] = wasm_i32x4_splat(0);
    }
#pragma clang loop unroll(disable)
    for (const u32 end = count - k < RADIX ? count : k + RADIX; k < end; k++) {
      for (u32 q = 0; q < quads; q++) {
        const f32 *at = x + walk.offset + 4 * q;
        fold_step(op, &sum[q], &odd[q],
                  fold_term(op, lanes == 4 ? wasm_v128_load(at) : load_lanes(at, lanes)));
      }
      walk_next(&walk);
    }
    for (u32 q = 0; q < quads; q++) sum[q] = fold_close(op, sum[q], odd[q]);
    if (count <= RADIX) break;
    fold_push(op, &state, level, quads, sum);
  }
  if (count <= RADIX) {
    for (u32 q = 0; q < quads; q++) result[q] = count == 0 ? fold_start(op) : sum[q];
  } else {
    fold_total(op, &state, level, quads, result);
  }
}
#endif
