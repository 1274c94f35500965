// A whole layer of RNN, GRU or LSTM in one direction, for one batch entry a work unit: every step of every
// element as docs/NUMERICS.md writes it, so the bits are those of the dispatches of
// src/ops/recurrent_cells.ts. For long sequences, which would be plans of thousands of dispatches; on the
// reference only, since a step waits for the one before. in: x [steps][batch][gates * hidden], what inputs
// give; the weights R packed a gate (mat_mul_pack); Rb; initial H and C; P; lengths. out: Y
// [steps][batch][hidden], H and C behind the last step.
#include "../math/math.h"
#include "../tile.h"

#define RNN 0u
#define GRU 1u
#define LSTM 2u

typedef struct {
  u32 steps, batch, hidden, kind;
  u32 flag, reverse, has_clip, has_peepholes;
  u32 has_lengths;
  f32 clip;
  u32 pad0, pad1;
  u32 functions[4]; // codes of src/ops/named_activations.ts, in its order
  f32 alpha[4], beta[4];
} RecurrentParams;

static inline f32 add(f32 a, f32 b) { return canonical(a + b); }
static inline f32 mul(f32 a, f32 b) { return canonical(a * b); }
// NaN is kept: no comparison with it is true.
static inline f32 at_least(f32 x, f32 low) { return x < low ? low : x; }
static inline f32 at_most(f32 x, f32 high) { return x > high ? high : x; }

// side[gate][j] = (h . R[gate][j]) + Rb for `gates` gates from the first given; h is flushed (V3).
static void product(const RecurrentParams *p, const f32 *h, const f32 *weights, const f32 *bias, u32 gates,
                    f32 *side) {
  const u32 panels = (p->hidden + PANEL - 1) / PANEL, width = p->hidden * PANEL;
  for (u32 gate = 0; gate < gates; gate++) {
    f32 *to = side + gate * panels * PANEL;
    for (u32 panel = 0; panel < panels;) {
      const u32 many = panels - panel >= 4 ? 4 : 1;
      const Right right = {weights + (gate * panels + panel) * width, 0, width};
      v128_t s[TILE_MAX];
      if (many == 4)
        tile_dot(1, 8, 0, h, right, p->hidden, s);
      else
        tile_dot(1, 2, 0, h, right, p->hidden, s);
      for (u32 v = 0; v < 2 * many; v++) wasm_v128_store(to + panel * PANEL + 4 * v, canonical_x4(s[v]));
      panel += many;
    }
    for (u32 j = 0; j < p->hidden; j++) to[j] = add(to[j], canonical(bias[gate * p->hidden + j]));
  }
}

// The activation `k` of every a, which is clipped first.
static void activate(const RecurrentParams *p, u32 k, f32 *a, f32 *work) {
  const u32 n = p->hidden;
  const f32 alpha = p->alpha[k], beta = p->beta[k];
  if (p->has_clip)
    for (u32 j = 0; j < n; j++) a[j] = at_most(at_least(a[j], canonical(-p->clip)), p->clip);
  switch (p->functions[k]) {
  case 0: // affine
    for (u32 j = 0; j < n; j++) a[j] = add(mul(alpha, a[j]), beta);
    break;
  case 1: // elu
    exp_f32_block(a, work, n);
    for (u32 j = 0; j < n; j++)
      if (a[j] < 0.0f) a[j] = mul(alpha, add(work[j], -1.0f));
    break;
  case 2: // hard sigmoid
    for (u32 j = 0; j < n; j++) a[j] = at_most(at_least(add(mul(alpha, a[j]), beta), 0.0f), 1.0f);
    break;
  case 3: // leaky relu
    for (u32 j = 0; j < n; j++)
      if (a[j] < 0.0f) a[j] = mul(a[j], alpha);
    break;
  case 4: // relu
    for (u32 j = 0; j < n; j++) a[j] = at_least(a[j], 0.0f);
    break;
  case 5: // scaled tanh
    for (u32 j = 0; j < n; j++) a[j] = mul(beta, a[j]);
    tanh_f32_block(a, a, n);
    for (u32 j = 0; j < n; j++) a[j] = mul(alpha, a[j]);
    break;
  case 6: sigmoid_f32_block(a, a, n); break;
  case 7: softplus_f32_block(a, a, n); break;
  case 8: // softsign
    for (u32 j = 0; j < n; j++) a[j] = canonical(a[j] / add(1.0f, a[j] < 0.0f ? -a[j] : a[j]));
    break;
  case 9: tanh_f32_block(a, a, n); break;
  default: // thresholded relu
    for (u32 j = 0; j < n; j++)
      if (a[j] < alpha) a[j] = 0.0f;
  }
}

typedef struct {
  const f32 *x, *weights, *bias, *peepholes;
  f32 *h, *c, *flushed, *side, *gate[4], *work;
} Step;

static void flush_state(const RecurrentParams *p, const f32 *from, f32 *to) {
  for (u32 j = 0; j < p->hidden; j++) to[j] = flush_product(from[j]);
}

// a = x + side of one gate.
static void gate_sum(const RecurrentParams *p, const Step *s, u32 gate, const f32 *side, f32 *a) {
  for (u32 j = 0; j < p->hidden; j++) a[j] = add(canonical(s->x[gate * p->hidden + j]), side[j]);
}

static void peek(const RecurrentParams *p, const Step *s, u32 gate, f32 *a) {
  if (!p->has_peepholes) return;
  for (u32 j = 0; j < p->hidden; j++)
    a[j] = add(a[j], mul(canonical(s->peepholes[gate * p->hidden + j]), s->c[j]));
}

static void step_gru(const RecurrentParams *p, const Step *s, u32 padded) {
  const u32 n = p->hidden, matrix = padded * n;
  f32 *z = s->gate[0], *r = s->gate[1], *candidate = s->gate[2];
  product(p, s->flushed, s->weights, s->bias, p->flag ? 3 : 2, s->side);
  gate_sum(p, s, 0, s->side, z);
  activate(p, 0, z, s->work);
  gate_sum(p, s, 1, s->side + padded, r);
  activate(p, 0, r, s->work);
  f32 *side = s->side + 2 * padded;
  if (p->flag) {
    for (u32 j = 0; j < n; j++) side[j] = mul(r[j], side[j]);
  } else {
    for (u32 j = 0; j < n; j++) r[j] = mul(r[j], s->h[j]);
    flush_state(p, r, s->flushed);
    product(p, s->flushed, s->weights + 2 * matrix, s->bias + 2 * n, 1, side);
  }
  gate_sum(p, s, 2, side, candidate);
  activate(p, 1, candidate, s->work);
  for (u32 j = 0; j < n; j++) s->h[j] = add(mul(add(1.0f, -z[j]), candidate[j]), mul(z[j], s->h[j]));
}

static void step_lstm(const RecurrentParams *p, const Step *s, u32 padded) {
  const u32 n = p->hidden;
  f32 *i = s->gate[0], *o = s->gate[1], *forget = s->gate[2], *candidate = s->gate[3];
  product(p, s->flushed, s->weights, s->bias, 4, s->side);
  for (u32 gate = 0; gate < 4; gate++) gate_sum(p, s, gate, s->side + gate * padded, s->gate[gate]);
  peek(p, s, 0, i);
  activate(p, 0, i, s->work);
  if (p->flag) {
    for (u32 j = 0; j < n; j++) forget[j] = add(1.0f, -i[j]);
  } else {
    peek(p, s, 2, forget);
    activate(p, 0, forget, s->work);
  }
  activate(p, 1, candidate, s->work);
  for (u32 j = 0; j < n; j++) s->c[j] = add(mul(forget[j], s->c[j]), mul(i[j], candidate[j]));
  peek(p, s, 1, o);
  activate(p, 0, o, s->work);
  for (u32 j = 0; j < n; j++) candidate[j] = s->c[j];
  activate(p, 2, candidate, s->work);
  for (u32 j = 0; j < n; j++) s->h[j] = mul(o[j], candidate[j]);
}

KERNEL(recurrent) {
  const RecurrentParams *p = params;
  const u32 n = p->hidden, gates = p->kind == RNN ? 1 : p->kind == GRU ? 3 : 4;
  const u32 padded = (n + PANEL - 1) / PANEL * PANEL;
  f32 *free = scratch;
  Step s = {.weights = in[1], .bias = in[2], .peepholes = in[5]};
  s.h = free, s.c = free + padded, s.flushed = free + 2 * padded, s.work = free + 3 * padded;
  for (u32 gate = 0; gate < 4; gate++) s.gate[gate] = free + (4 + gate) * padded;
  s.side = free + 8 * padded;
  for (u32 b = begin; b < end; b++) {
    const f32 *initial_h = (const f32 *)in[3] + b * n, *initial_c = (const f32 *)in[4] + b * n;
    f32 *y = out[0], *last_h = (f32 *)out[1] + b * n, *last_c = (f32 *)out[2] + b * n;
    const i32 given = p->has_lengths ? ((const i32 *)in[6])[b] : (i32)p->steps;
    const u32 length = given < 0 ? 0 : (u32)given < p->steps ? (u32)given : p->steps;
    for (u32 j = 0; j < n; j++) s.h[j] = canonical(initial_h[j]), s.c[j] = canonical(initial_c[j]);
    for (u32 k = 0; k < length; k++) {
      const u32 t = p->reverse ? length - 1 - k : k;
      s.x = (const f32 *)in[0] + (t * p->batch + b) * gates * n;
      flush_state(p, s.h, s.flushed);
      if (p->kind == RNN) {
        product(p, s.flushed, s.weights, s.bias, 1, s.side);
        gate_sum(p, &s, 0, s.side, s.h);
        activate(p, 0, s.h, s.work);
      } else if (p->kind == GRU) {
        step_gru(p, &s, padded);
      } else {
        step_lstm(p, &s, padded);
      }
      for (u32 j = 0; j < n; j++) y[(t * p->batch + b) * n + j] = s.h[j];
    }
    for (u32 t = length; t < p->steps; t++)
      for (u32 j = 0; j < n; j++) y[(t * p->batch + b) * n + j] = 0.0f;
    // A state that no step has changed is copied (V1).
    for (u32 j = 0; j < n; j++) {
      ((u32 *)last_h)[j] = bits_of(length == 0 ? initial_h[j] : s.h[j]);
      ((u32 *)last_c)[j] = bits_of(length == 0 ? initial_c[j] : s.c[j]);
    }
  }
}
