// Resize, linear and cubic, along one axis: y[o] = the sum over taps t in order of x[index[t, o]] * weight[t,
// o], every product and sum a V2 operation; a tap of weight 0 is left out (infinity by 0 never arises). A
// work unit is one output row of `inner` elements, or, where inner is 1, all rows of one outer index.
#include "../canonical.h"
#include "../copy.h"

typedef struct {
  u32 n;         // elements of the output
  u32 in_size;   // elements of the axis in the input
  u32 out_size;  // and in the output
  u32 inner;     // elements behind the axis
  u32 taps;      // at least 1
  u32 outer;     // elements before the axis
  u32 canonical; // 1 if the input's words are known to be canonical
  u32 pad0;
} ResizeAxisParams;

#ifdef __wasm_simd128__
// A canonical read, but for NaN, which the store after the operation takes care of; limit 0: it is canonical.
static inline v128_t read_x4(v128_t x, u32 limit) { return limit == 0 ? x : flush_small_x4(x, limit); }
#endif

static f32 product(f32 x, f32 weight) { return weight == 0 ? 0 : canonical(canonical(x) * weight); }

// y[i] += x[i] * weight for one row; the first tap stores instead of adding. The weight is not 0.
static inline void add_row(f32 *y, const f32 *x, f32 weight, u32 n, u32 is_first, u32 limit) {
  u32 i = 0;
  UNUSED(limit);
#ifdef __wasm_simd128__
  const v128_t w = wasm_f32x4_splat(weight);
  if (is_first) {
    for (; i + 4 <= n; i += 4) {
      const v128_t a = read_x4(wasm_v128_load(x + i), limit);
      wasm_v128_store(y + i, canonical_x4(wasm_f32x4_mul(a, w)));
    }
  } else {
    for (; i + 4 <= n; i += 4) {
      const v128_t a = read_x4(wasm_v128_load(x + i), limit);
      const v128_t p = flush_small_x4(wasm_f32x4_mul(a, w), CANONICAL_LIMIT);
      wasm_v128_store(y + i, canonical_x4(wasm_f32x4_add(wasm_v128_load(y + i), p)));
    }
  }
#endif
  for (; i < n; i++) {
    const f32 p = product(x[i], weight);
    y[i] = is_first ? p : canonical(y[i] + p);
  }
}

// The same for the two taps of linear interpolation at once.
static inline void add_two_rows(f32 *y, const f32 *x0, const f32 *x1, f32 weight0, f32 weight1, u32 n,
                                u32 limit) {
  u32 i = 0;
  UNUSED(limit);
#ifdef __wasm_simd128__
  const v128_t w0 = wasm_f32x4_splat(weight0), w1 = wasm_f32x4_splat(weight1);
  for (; i + 4 <= n; i += 4) {
    const v128_t a = read_x4(wasm_v128_load(x0 + i), limit);
    const v128_t b = read_x4(wasm_v128_load(x1 + i), limit);
    const v128_t p = flush_small_x4(wasm_f32x4_mul(a, w0), CANONICAL_LIMIT);
    const v128_t q = flush_small_x4(wasm_f32x4_mul(b, w1), CANONICAL_LIMIT);
    wasm_v128_store(y + i, canonical_x4(wasm_f32x4_add(p, q)));
  }
#endif
  for (; i < n; i++) y[i] = canonical(product(x0[i], weight0) + product(x1[i], weight1));
}

// One row whose elements are the axis itself.
static inline void interpolate_row(const ResizeAxisParams *p, f32 *y, const f32 *x, const u32 *indices,
                                   const f32 *weights, u32 taps, u32 limit) {
  u32 o = 0;
  UNUSED(limit);
#ifdef __wasm_simd128__
  for (; o + 4 <= p->out_size; o += 4) {
    v128_t sum = wasm_i32x4_splat(0);
    for (u32 t = 0; t < taps; t++) {
      const u32 *at = &indices[t * p->out_size + o];
      const v128_t w = wasm_v128_load(&weights[t * p->out_size + o]);
      const v128_t a = read_x4(wasm_f32x4_make(x[at[0]], x[at[1]], x[at[2]], x[at[3]]), limit);
      // A lane of weight 0 adds +0, which moves no canonical sum.
      const v128_t none = wasm_i32x4_eq(w, wasm_i32x4_splat(0));
      const v128_t q = wasm_v128_andnot(flush_small_x4(wasm_f32x4_mul(a, w), CANONICAL_LIMIT), none);
      sum = t == 0 ? q : flush_small_x4(wasm_f32x4_add(sum, q), CANONICAL_LIMIT);
    }
    const v128_t is_nan = wasm_f32x4_ne(sum, sum);
    wasm_v128_store(y + o, wasm_v128_bitselect(wasm_i32x4_splat((i32)CANONICAL_NAN), sum, is_nan));
  }
#endif
  for (; o < p->out_size; o++) {
    f32 sum = 0;
    for (u32 t = 0; t < taps; t++) {
      sum = canonical(sum + product(x[indices[t * p->out_size + o]], weights[t * p->out_size + o]));
    }
    y[o] = sum;
  }
}

// `limit` and `taps` are constants here, so that the loops above are specialised.
static inline void run(const ResizeAxisParams *p, const void *const *in, f32 *y, u32 begin, u32 end,
                       u32 limit) {
  const f32 *x = in[0];
  const u32 *indices = in[1];
  const f32 *weights = in[2];
  if (p->inner == 1) {
    for (u32 row = begin; row < end; row++) {
      f32 *to = y + row * p->out_size;
      const f32 *from = x + row * p->in_size;
      if (p->taps == 2)
        interpolate_row(p, to, from, indices, weights, 2, limit);
      else
        interpolate_row(p, to, from, indices, weights, p->taps, limit);
    }
    return;
  }
  u32 outer = begin / p->out_size;
  u32 o = begin % p->out_size;
  for (u32 unit = begin; unit < end; unit++) {
    f32 *row = y + unit * p->inner;
    const f32 *base = x + outer * p->in_size * p->inner;
    const f32 w0 = weights[o], w1 = p->taps == 2 ? weights[p->out_size + o] : 0;
    if (w1 != 0) {
      add_two_rows(row, base + indices[o] * p->inner, base + indices[p->out_size + o] * p->inner, w0, w1,
                   p->inner, limit);
    } else {
      u32 done = 0;
      for (u32 t = 0; t < p->taps; t++) {
        const f32 weight = weights[t * p->out_size + o];
        if (weight == 0) continue;
        add_row(row, base + indices[t * p->out_size + o] * p->inner, weight, p->inner, done++ == 0, limit);
      }
      if (done == 0) fill_bytes((u8 *)row, 0, 0, p->inner * 4);
    }
    if (++o == p->out_size) {
      o = 0;
      outer++;
    }
  }
}

KERNEL(resize_axis) {
  const ResizeAxisParams *p = params;
  UNUSED(scratch);
  if (p->canonical)
    run(p, in, out[0], begin, end, 0);
  else
    run(p, in, out[0], begin, end, CANONICAL_LIMIT);
}
