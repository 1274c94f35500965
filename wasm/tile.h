// The register tile that MatMul, Gemm and Conv share: `rows` left rows by 4 * `vectors` right columns of dot
// products, each the tree of V4 over its k in index order, and nothing else: one product, one sum a term.
// Left operands lie in strips, [k][rows]; right operands in panels of 8 columns, [k][8], or anywhere that a
// table of offsets says. Both are flushed (V3) by whoever wrote them there. The result is canonical (V2).
// Eight accumulators, the vectors and a product fill V8's 15 vector registers; more of them spill (measured:
// 4 x 8 46 GFLOP/s, 5 x 8 and 6 x 8 under 35). So do loads of a second k, hence no unrolling.
// `rows`, `vectors` and `table` are constants at every call, so that the loops over them disappear.
#ifndef ISOBIT_TILE_H
#define ISOBIT_TILE_H
#include "range.h"
#include "tree.h"

#define PANEL 8u // columns of a panel
#define STRIP 4u // rows of a strip
#define TILE_MAX 8u
#define ALWAYS_INLINE static inline __attribute__((always_inline))
#define UNROLL _Pragma("clang loop unroll(full)")
// Keeps the compiler from loading operands of later rows early, where no register is left for them.
#define IN_ORDER() __asm__ volatile("" ::: "memory")

// Where the right operands are: vector v of term k is at
//   table ? base + table[k] + 4 v : base + 8 k + (v / 2) * panel + 4 (v % 2), in elements.
typedef struct {
  const f32 *base;
  const u32 *table; // in bytes
  u32 panel;
} Right;

#define RIGHT(v) (table ? p + 4 * (v) : p + (v) / 2 * right.panel + 4 * ((v) % 2))
// s = the sums of `n` <= 64 terms from term `first`, left to right.
ALWAYS_INLINE void tile_group(u32 rows, u32 vectors, int table, const f32 *left, Right right, u32 first,
                              u32 n, v128_t *s) {
  const f32 *a = left + first * rows, *b = table ? right.base : right.base + first * PANEL;
  const u32 *at = right.table + first;
  UNROLL for (u32 i = 0; i < rows * vectors; i++) s[i] = wasm_f32x4_splat(0.0f);
  _Pragma("clang loop unroll(disable)") for (u32 k = 0; k < n; k++) {
    const f32 *p = table ? (const f32 *)((const char *)b + at[k]) : b;
    if (rows == 1) { // each operand is used once: none waits in a register
      const v128_t w = wasm_v128_load32_splat(a);
      UNROLL for (u32 v = 0; v < vectors; v++) s[v] =
          wasm_f32x4_add(s[v], wasm_f32x4_mul(w, wasm_v128_load(RIGHT(v))));
    } else {
      v128_t x[TILE_MAX];
      UNROLL for (u32 v = 0; v < vectors; v++) x[v] = wasm_v128_load(RIGHT(v));
      UNROLL for (u32 r = 0; r < rows; r++) {
        IN_ORDER();
        v128_t w = wasm_v128_load32_splat(a + r);
        UNROLL for (u32 v = 0; v < vectors; v++) s[r * vectors + v] =
            wasm_f32x4_add(s[r * vectors + v], wasm_f32x4_mul(w, x[v]));
      }
    }
    a += rows;
    if (!table) b += PANEL;
  }
}

// s = the whole dot products, not yet canonical. The levels above the registers are only touched by sums of
// more than one group, and those above the first only once in 64 groups, out of the loop.
ALWAYS_INLINE void tile_dot(u32 rows, u32 vectors, int table, const f32 *left, Right right, u32 terms,
                            v128_t *s) {
  const u32 n = rows * vectors;
  v128_t level[(TREE_LEVELS + 1) * TILE_MAX];
  u32 k = 0, top = 0, groups = 0;
  for (;;) {
    u32 group = 0;
    do {
      const u32 rest = terms - k;
      // Whole groups have a loop of their own: with a constant count it is 3 % faster (measured on V8).
      if (!table && rest >= RADIX)
        tile_group(rows, vectors, table, left, right, k, RADIX, s);
      else
        tile_group(rows, vectors, table, left, right, k, rest < RADIX ? rest : RADIX, s);
      k += RADIX;
      if (group == 0) {
        if (terms <= RADIX) return;
        UNROLL for (u32 i = 0; i < n; i++) level[i] = s[i];
      } else {
        UNROLL for (u32 i = 0; i < n; i++) level[i] = wasm_f32x4_add(level[i], s[i]);
      }
    } while (++group < RADIX && k < terms);
    if (k >= terms) break;
    groups += RADIX;
    top = tree_carry_x4(level, n, top, groups);
  }
  UNROLL for (u32 i = 0; i < n; i++) s[i] = level[i];
  for (u32 j = 1; j <= top; j++)
    UNROLL for (u32 i = 0; i < n; i++) s[i] = wasm_f32x4_add(level[j * n + i], s[i]);
}

// Stores the first `width` columns of a tile, canonical (its sums begin with +0, so they are never -0), with
// one summand a row if `bias` is given (V2). Panels come `apart` from one another, which is PANEL for a tile
// that is not whole.
ALWAYS_INLINE void tile_store(u32 rows, u32 vectors, v128_t *s, const f32 *bias, f32 *to, u32 pitch,
                              u32 apart, u32 width) {
  Range range = RANGE_EMPTY;
  UNROLL for (u32 i = 0; i < rows * vectors; i++) range_add(&range, s[i]);
  if (!range_is_canonical(&range)) UNROLL for (u32 i = 0; i < rows * vectors; i++) s[i] = canonical_x4(s[i]);
  if (bias) {
    range = RANGE_EMPTY;
    UNROLL for (u32 r = 0; r < rows; r++) {
      const v128_t y = wasm_f32x4_splat(canonical(bias[r]));
      UNROLL for (u32 v = 0; v < vectors; v++) {
        s[r * vectors + v] = wasm_f32x4_add(s[r * vectors + v], y);
        range_add(&range, s[r * vectors + v]);
      }
    }
    if (!range_is_canonical(&range))
      UNROLL for (u32 i = 0; i < rows * vectors; i++) s[i] = canonical_x4(s[i]);
  }
  if (width >= 4 * vectors) {
    UNROLL for (u32 r = 0; r < rows; r++) UNROLL for (u32 v = 0; v < vectors; v++)
        wasm_v128_store(to + r * pitch + v / 2 * apart + 4 * (v % 2), s[r * vectors + v]);
    return;
  }
  f32 whole[4 * TILE_MAX];
  UNROLL for (u32 i = 0; i < rows * vectors; i++) wasm_v128_store(whole + 4 * i, s[i]);
  for (u32 r = 0; r < rows; r++)
    for (u32 c = 0; c < width; c++) to[r * pitch + c] = whole[r * 4 * vectors + c];
}

// One tile from operands to memory.
ALWAYS_INLINE void tile(u32 rows, u32 vectors, int table, const f32 *left, Right right, u32 terms,
                        const f32 *bias, f32 *to, u32 pitch, u32 apart, u32 width) {
  v128_t s[TILE_MAX];
  tile_dot(rows, vectors, table, left, right, terms, s);
  tile_store(rows, vectors, s, bias, to, pitch, apart, width);
}

// Runs of tiles (tile.c): `n` columns of a strip of `height` <= 4 rows, `terms` long, to `to`, rows `pitch`
// apart. Right operands in panels, `panel` elements from one to the next:
void tile_panels(u32 height, const f32 *left, const f32 *panels, u32 panel, u32 terms, const f32 *bias,
                 f32 *to, u32 pitch, u32 n);
// Right operands of column c, term k at from + c + table[k] (bytes):
void tile_window(u32 height, const f32 *left, const f32 *from, const u32 *table, u32 terms, const f32 *bias,
                 f32 *to, u32 pitch, u32 n);

// The flush of V3 on `n` words in a row.
static inline void flush_products(f32 *to, const f32 *from, u32 n) {
  u32 i = 0;
  for (; i + 4 <= n; i += 4) wasm_v128_store(to + i, flush_small_x4(wasm_v128_load(from + i), PRODUCT_LIMIT));
  for (; i < n; i++) to[i] = flush_product(from[i]);
}
// One word in `step` from `from`, `n` of them.
static inline void flush_products_strided(f32 *to, const f32 *from, u32 step, u32 n) {
  for (u32 i = 0; i < n; i++) to[i] = flush_product(from[i * step]);
}
#endif
