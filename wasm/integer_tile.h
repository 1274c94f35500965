// The register tile of exact integer products: `rows` lines of packed left operands by 4 * `vectors` columns
// of packed panels (integer.h), sums in i32 modulo 2^32 (V8). Eight accumulators, as in tile.h. `rows` and
// `vectors` are constants at every call.
#ifndef ISOBIT_INTEGER_TILE_H
#define ISOBIT_INTEGER_TILE_H
#include "integer.h"

#define UNROLL _Pragma("clang loop unroll(full)")
#define ALWAYS_INLINE static inline __attribute__((always_inline))

// Stores the first `width` columns of finished sums.
ALWAYS_INLINE void integer_store(u32 rows, u32 vectors, const v128_t *s, u32 *to, u32 pitch, u32 width) {
  if (width >= 4 * vectors) {
    UNROLL for (u32 r = 0; r < rows; r++) UNROLL for (u32 v = 0; v < vectors; v++)
        wasm_v128_store(to + r * pitch + 4 * v, s[r * vectors + v]);
    return;
  }
  u32 whole[32];
  UNROLL for (u32 i = 0; i < rows * vectors; i++) wasm_v128_store(whole + 4 * i, s[i]);
  for (u32 r = 0; r < rows; r++)
    for (u32 c = 0; c < width; c++) to[r * pitch + c] = whole[r * 4 * vectors + c];
}

// s = the sums of `rows` lines of a strip from `a`, words of one pair side by side, by the panels from `b`
// on, `panel` words apart, `pairs` of eight words each.
ALWAYS_INLINE void integer_sums(u32 rows, u32 strip, u32 vectors, const u32 *a, const u32 *b, u32 pairs,
                                u32 panel, v128_t *s) {
  UNROLL for (u32 i = 0; i < rows * vectors; i++) s[i] = wasm_i32x4_splat(0);
  _Pragma("clang loop unroll(disable)") for (u32 k = 0; k < pairs; k++, a += strip, b += INTEGER_PANEL) {
    v128_t x[4];
    UNROLL for (u32 v = 0; v < vectors; v++) x[v] = wasm_v128_load(b + v / 2 * panel + v % 2 * 4);
    UNROLL for (u32 r = 0; r < rows; r++) {
      const v128_t w = wasm_v128_load32_splat(a + r);
      UNROLL for (u32 v = 0; v < vectors; v++) s[r * vectors + v] =
          wasm_i32x4_add(s[r * vectors + v], wasm_i32x4_dot_i16x8(w, x[v]));
    }
  }
}

// One tile from operands to memory, its panels behind one another.
ALWAYS_INLINE void integer_tile(u32 rows, u32 strip, u32 vectors, const u32 *a, const u32 *b, u32 pairs,
                                u32 *to, u32 pitch, u32 width) {
  v128_t s[8];
  integer_sums(rows, strip, vectors, a, b, pairs, pairs * INTEGER_PANEL, s);
  integer_store(rows, vectors, s, to, pitch, width);
}

// Up to four lines of a strip by `columns` columns; a strip holds one line or four. Two panels at once for a
// single line, whose sums would wait for each other.
static inline void integer_tiles(u32 rows, u32 strip, const u32 *a, const u32 *b, u32 pairs, u32 *to,
                                 u32 pitch, u32 columns) {
  const u32 panel = pairs * INTEGER_PANEL;
  for (u32 c = 0; c < columns; c += INTEGER_PANEL, b += panel, to += INTEGER_PANEL) {
    const u32 width = columns - c;
    if (rows == 4) {
      integer_tile(4, 4, 2, a, b, pairs, to, pitch, width);
    } else if (rows == 3) {
      integer_tile(3, 4, 2, a, b, pairs, to, pitch, width);
    } else if (rows == 2) {
      integer_tile(2, 4, 2, a, b, pairs, to, pitch, width);
    } else if (strip == 4) {
      integer_tile(1, 4, 2, a, b, pairs, to, pitch, width);
    } else if (width <= INTEGER_PANEL) {
      integer_tile(1, 1, 2, a, b, pairs, to, pitch, width);
    } else {
      integer_tile(1, 1, 4, a, b, pairs, to, pitch, width);
      c += INTEGER_PANEL, b += panel, to += INTEGER_PANEL;
    }
  }
}
#endif
