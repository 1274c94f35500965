// Softmax over one axis of [outer, count, inner]: y = e / sum of e, e = exp(x - m), m the maximum (rule V7).
// Order: m exact, NaN if any term is; d = x - m canonical; e = exp(d) correctly rounded; the sum of the e by
// the V4 tree, terms under 2^-102 as +0 (V3); each quotient correctly rounded (V6). A row that holds a NaN or
// +inf, or only -inf, is NaN throughout, which is what these steps give. A work unit is `block` rows (inner
// == 1) or `block` columns of one outer index. Scratch: one tile of `count` * `block` words where inner > 1.
#include "../fold.h"
#include "../math/math.h"

#define PAIR_BLOCK 256u // rows whose exponentials are computed at once

typedef struct {
  u32 outer, count, inner;
  u32 block;
  u32 lane_bits; // WebGPU
  u32 pad0, pad1, pad2;
} SoftmaxParams;

static void divide(f32 *y, u32 n, f32 sum) {
  u32 i = 0;
  for (const v128_t s = wasm_f32x4_splat(sum); i + 4 <= n; i += 4)
    wasm_v128_store(y + i, canonical_x4(wasm_f32x4_div(wasm_v128_load(y + i), s)));
  for (; i < n; i++) y[i] = canonical(y[i] / sum);
}

// d = x - m into y, both canonical.
static void subtract(const f32 *x, u32 n, f32 m, f32 *y) {
  u32 i = 0;
  for (const v128_t s = wasm_f32x4_splat(m); i + 4 <= n; i += 4) {
    const v128_t a = flush_small_x4(wasm_v128_load(x + i), CANONICAL_LIMIT);
    wasm_v128_store(y + i, canonical_x4(wasm_f32x4_sub(a, s)));
  }
  for (; i < n; i++) y[i] = canonical(canonical(x[i]) - m);
}

// Pairs (two classes a place): the larger term's d is m - m, 0 where m is finite and exp(0) = 1, else NaN; so
// one exp a row is enough. A comparison that a NaN makes false leaves it in m or in the other term: either
// way the sum is NaN.
INLINE void differences_of_two(const f32 *x, f32 *d) {
  const v128_t front = flush_small_x4(wasm_v128_load(x), CANONICAL_LIMIT);
  const v128_t back = flush_small_x4(wasm_v128_load(x + 4), CANONICAL_LIMIT);
  const v128_t left = wasm_i32x4_shuffle(front, back, 0, 2, 4, 6);
  const v128_t right = wasm_i32x4_shuffle(front, back, 1, 3, 5, 7);
  const v128_t rises = wasm_f32x4_lt(left, right);
  const v128_t m = wasm_v128_bitselect(right, left, rises), other = wasm_v128_bitselect(left, right, rises);
  wasm_v128_store(d, canonical_x4(wasm_f32x4_sub(other, m)));
}
INLINE void quotients_of_two(const f32 *x, const f32 *e, f32 *y) {
  const v128_t front = flush_small_x4(wasm_v128_load(x), CANONICAL_LIMIT);
  const v128_t back = flush_small_x4(wasm_v128_load(x + 4), CANONICAL_LIMIT);
  const v128_t left = wasm_i32x4_shuffle(front, back, 0, 2, 4, 6);
  const v128_t right = wasm_i32x4_shuffle(front, back, 1, 3, 5, 7);
  const v128_t rises = wasm_f32x4_lt(left, right), m = wasm_v128_bitselect(right, left, rises);
  const v128_t low = wasm_v128_load(e);
  const v128_t high = wasm_f32x4_add(wasm_f32x4_sub(m, m), wasm_f32x4_splat(1.0f));
  // Only the lower term can be under 2^-102.
  const v128_t sum = wasm_f32x4_add(high, flush_small_x4(low, SUMMAND_LIMIT));
  const v128_t y_low = canonical_x4(wasm_f32x4_div(low, sum)),
               y_high = canonical_x4(wasm_f32x4_div(high, sum));
  const v128_t y_left = wasm_v128_bitselect(y_low, y_high, rises);
  const v128_t y_right = wasm_v128_bitselect(y_high, y_low, rises);
  wasm_v128_store(y, wasm_i32x4_shuffle(y_left, y_right, 0, 4, 1, 5));
  wasm_v128_store(y + 4, wasm_i32x4_shuffle(y_left, y_right, 2, 6, 3, 7));
}
static void rows_of_two(const f32 *x, f32 *y, u32 n_rows) {
  f32 d[PAIR_BLOCK], rest[8];
  for (u32 first = 0; first < n_rows; first += PAIR_BLOCK, x += 2 * PAIR_BLOCK, y += 2 * PAIR_BLOCK) {
    const u32 n = n_rows - first < PAIR_BLOCK ? n_rows - first : PAIR_BLOCK, whole = n & ~3u;
    for (u32 i = 0; i < 8; i++) rest[i] = i < 2 * (n - whole) ? x[2 * whole + i] : 0.0f;
    for (u32 r = 0; r < whole; r += 4) differences_of_two(x + 2 * r, d + r);
    if (whole < n) differences_of_two(rest, d + whole);
    exp_f32_block(d, d, n);
    for (u32 r = 0; r < whole; r += 4) quotients_of_two(x + 2 * r, d + r, y + 2 * r);
    if (whole < n) quotients_of_two(rest, d + whole, rest);
    for (u32 i = 0; i < 2 * (n - whole); i++) y[2 * whole + i] = rest[i];
  }
}

static void rows(const f32 *x, f32 *y, u32 n_rows, u32 count) {
  if (count == 2) {
    rows_of_two(x, y, n_rows);
    return;
  }
  for (u32 r = 0; r < n_rows; r++) {
    const f32 m = canonical(wasm_f32x4_extract_lane(fold_row(FOLD_MAX, x + r * count, count), 0));
    subtract(x + r * count, count, m, y + r * count);
  }
  exp_f32_block(y, y, n_rows * count);
  u32 r = 0;
  for (; r + 4 <= n_rows; r += 4) {
    v128_t sums;
    fold_rows(FOLD_SUM, y + r * count, count, 1, count, &sums);
    f32 sum[4];
    wasm_v128_store(sum, sums);
    for (u32 k = 0; k < 4; k++) divide(y + (r + k) * count, count, canonical(sum[k]));
  }
  for (; r < n_rows; r++) {
    const v128_t sum = fold_row(FOLD_SUM, y + r * count, count);
    divide(y + r * count, count, canonical(wasm_f32x4_extract_lane(sum, 0)));
  }
}

// `width` adjacent columns, `inner` words from one term to the next. The tile keeps their terms together,
// padded to whole vectors, so that exp runs over one block.
static void columns(const f32 *x, f32 *y, u32 width, u32 count, u32 inner, f32 *tile) {
  const u32 padded = (width + 3) & ~3u, tile_dims[1] = {count}, x_strides[1] = {inner},
            tile_strides[1] = {padded};
  const Walk over_x = walk_from(tile_dims, x_strides, 1, 0),
             over_tile = walk_from(tile_dims, tile_strides, 1, 0);
  for (u32 j = 0; j < width; j += 4) {
    const u32 lanes = width - j < 4 ? width - j : 4;
    v128_t m;
    fold_columns(FOLD_MAX, x + j, over_x, count, 1, lanes, &m);
    m = canonical_x4(m);
    for (u32 k = 0; k < count; k++) {
      const v128_t a = flush_small_x4(load_lanes(x + k * inner + j, lanes), CANONICAL_LIMIT);
      wasm_v128_store(tile + k * padded + j, canonical_x4(wasm_f32x4_sub(a, m)));
    }
  }
  exp_f32_block(tile, tile, count * padded);
  for (u32 j = 0; j < width; j += 4) {
    const u32 lanes = width - j < 4 ? width - j : 4;
    v128_t sum;
    fold_columns(FOLD_SUM, tile + j, over_tile, count, 1, 4, &sum);
    sum = canonical_x4(sum);
    for (u32 k = 0; k < count; k++) {
      const v128_t e = wasm_v128_load(tile + k * padded + j);
      store_lanes(y + k * inner + j, canonical_x4(wasm_f32x4_div(e, sum)), lanes);
    }
  }
}

KERNEL(softmax) {
  const SoftmaxParams *p = params;
  const f32 *x = in[0];
  f32 *y = out[0];
  if (p->inner == 1) {
    for (u32 unit = begin; unit < end; unit++) {
      const u32 first = unit * p->block;
      const u32 n = p->outer - first < p->block ? p->outer - first : p->block;
      rows(x + first * p->count, y + first * p->count, n, p->count);
    }
    return;
  }
  const u32 blocks = (p->inner + p->block - 1) / p->block;
  for (u32 unit = begin; unit < end; unit++) {
    const u32 first = unit % blocks * p->block, at = unit / blocks * p->count * p->inner + first;
    const u32 width = p->inner - first < p->block ? p->inner - first : p->block;
    columns(x + at, y + at, width, p->count, p->inner, scratch);
  }
}
