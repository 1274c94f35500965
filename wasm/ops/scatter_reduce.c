// ScatterND and ScatterElements with a reduction: the data, then out[slot] = out[slot] op update, one update
// after the other in index order; f32 by V2 operations, integers exactly (V8: wrap-around). Indices as in
// scatter_order. One work unit: the order is the definition.
#include "../canonical.h"
#include "../copy.h"

enum { REDUCE_ADD, REDUCE_MUL, REDUCE_MIN, REDUCE_MAX };
enum { TYPE_F32, TYPE_I32, TYPE_I64 };

typedef struct {
  u32 slots;
  u32 count;       // updates
  u32 tuple;       // indices an update
  u32 index_bytes; // 4 or 8
  u32 rank;        // as in scatter_order
  u32 inner;       // elements a slot
  u32 reduction;
  u32 type;
  u32 dims[COPY_RANK];
  u32 strides[COPY_RANK];
  u32 tuple_dims[COPY_RANK];
  u32 tuple_strides[COPY_RANK];
} ScatterReduceParams;

static f32 reduce_f32(u32 reduction, f32 x, f32 y) {
  const f32 a = canonical(x), b = canonical(y);
  if (reduction == REDUCE_ADD) return canonical(a + b);
  if (reduction == REDUCE_MUL) return canonical(a * b);
  if (a != a || b != b) return f32_of(CANONICAL_NAN);
  return reduction == REDUCE_MIN ? (a < b ? a : b) : (a > b ? a : b);
}
#define REDUCE_INTEGER(T, U)                                                                                 \
  static T reduce_##T(u32 reduction, T a, T b) {                                                             \
    if (reduction == REDUCE_ADD) return (T)((U)a + (U)b);                                                    \
    if (reduction == REDUCE_MUL) return (T)((U)a * (U)b);                                                    \
    return reduction == REDUCE_MIN ? (a < b ? a : b) : (a > b ? a : b);                                      \
  }
REDUCE_INTEGER(i32, u32)
REDUCE_INTEGER(i64, u64)

KERNEL(scatter_reduce) {
  const ScatterReduceParams *p = params;
  UNUSED(scratch);
  UNUSED(end);
  if (begin != 0) return;
  const u32 elements = p->slots * p->inner;
  copy_bytes(out[0], in[0], elements * (p->type == TYPE_I64 ? 8 : 4));
  if (p->type == TYPE_F32) {
    f32 *to = out[0];
    for (u32 i = 0; i < elements; i++) to[i] = canonical(to[i]);
  }
  Odometer own = odometer_at(0, p->rank, p->dims, p->strides, 0);
  for (u32 update = 0; update < p->count; update++, odometer_step(&own)) {
    u32 slot = own.at;
    u32 outside = 0;
    for (u32 k = 0; k < p->tuple; k++) {
      const u32 index = index_at(in[1], update * p->tuple + k, p->index_bytes, p->tuple_dims[k]);
      outside |= index == p->tuple_dims[k];
      slot += index * p->tuple_strides[k];
    }
    if (outside) continue;
    for (u32 i = 0; i < p->inner; i++) {
      const u32 to = slot * p->inner + i;
      const u32 from = update * p->inner + i;
      if (p->type == TYPE_F32) {
        f32 *values = out[0];
        values[to] = reduce_f32(p->reduction, values[to], ((const f32 *)in[2])[from]);
      } else if (p->type == TYPE_I32) {
        i32 *values = out[0];
        values[to] = reduce_i32(p->reduction, values[to], ((const i32 *)in[2])[from]);
      } else {
        i64 *values = out[0];
        values[to] = reduce_i64(p->reduction, values[to], ((const i64 *)in[2])[from]);
      }
    }
  }
}
