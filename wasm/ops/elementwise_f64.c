// Element-wise operators of float64, and its conversions (V9): every operand read with one NaN and no -0, the
// exact result rounded once to nearest even, subnormals kept. Exists on the reference only: WGSL has no f64.
// float64 to an integer truncates, saturates, and gives 0 for NaN; to f32 it rounds once and is stored
// canonically (V2). A work unit is 256 elements.
#include "../canonical.h"
#include "../copy.h"
#include "../math/f64.h"

#define BLOCK 256

enum {
  OP_ADD,
  OP_SUB,
  OP_MUL,
  OP_DIV,
  OP_MIN,
  OP_MAX,
  OP_FMOD,
  OP_NEG,
  OP_ABS,
  OP_SQRT,
  OP_FLOOR,
  OP_CEIL,
  OP_ROUND,
  OP_SIGN,
  OP_RECIPROCAL,
  OP_RELU,
  OP_EXP,
  OP_LOG,
  OP_CANONICAL,
  OP_EQUAL,
  OP_LESS,
  OP_LESS_EQUAL,
  OP_GREATER,
  OP_GREATER_EQUAL,
  OP_IS_NAN,
  OP_CAST
};
enum {
  KIND_I64,
  KIND_I32,
  KIND_U32,
  KIND_I16,
  KIND_U16,
  KIND_I8,
  KIND_U8,
  KIND_BOOL,
  KIND_F32,
  KIND_U64,
  KIND_F64
};

typedef struct {
  u32 n;
  u32 op;
  u32 rank; // at least 1
  u32 inputs;
  u32 in_kind; // KIND_F64 but for casts
  u32 out_kind;
  u32 pad0, pad1;
  u32 dims[COPY_RANK];
  u32 strides0[COPY_RANK]; // in elements; 0 where the input is broadcast
  u32 strides1[COPY_RANK];
} ElementwiseF64Params;

static f64 load_f64(const void *from, u32 at, u32 kind) {
  switch (kind) {
  case KIND_I64: return (f64)((const i64 *)from)[at];
  case KIND_U64: return (f64)((const u64 *)from)[at];
  case KIND_I32: return ((const i32 *)from)[at];
  case KIND_U32: return ((const u32 *)from)[at];
  case KIND_I16: return ((const i16 *)from)[at];
  case KIND_U16: return ((const u16 *)from)[at];
  case KIND_I8: return ((const i8 *)from)[at];
  case KIND_U8:
  case KIND_BOOL: return ((const u8 *)from)[at];
  case KIND_F32: return canonical_f64(canonical(((const f32 *)from)[at]));
  default: return canonical_f64(((const f64 *)from)[at]);
  }
}

// Truncated and clamped to [low, high].
static i64 clamped(f64 x, i64 low, i64 high) {
  if (x != x) return 0;
  if (x >= 9223372036854775808.0) return high;
  if (x < -9223372036854775808.0) return low;
  const i64 whole = (i64)x;
  return whole < low ? low : whole > high ? high : whole;
}
static u64 clamped_u64(f64 x) {
  return x != x || x < 1 ? 0 : x >= 18446744073709551616.0 ? UINT64_MAX : (u64)x;
}

static void store_f64(void *to, u32 at, u32 kind, f64 x) {
  switch (kind) {
  case KIND_I64: ((i64 *)to)[at] = clamped(x, INT64_MIN, INT64_MAX); break;
  case KIND_U64: ((u64 *)to)[at] = clamped_u64(x); break;
  case KIND_I32: ((i32 *)to)[at] = (i32)clamped(x, INT32_MIN, INT32_MAX); break;
  case KIND_U32: ((u32 *)to)[at] = (u32)clamped(x, 0, UINT32_MAX); break;
  case KIND_I16: ((i16 *)to)[at] = (i16)clamped(x, INT16_MIN, INT16_MAX); break;
  case KIND_U16: ((u16 *)to)[at] = (u16)clamped(x, 0, UINT16_MAX); break;
  case KIND_I8: ((i8 *)to)[at] = (i8)clamped(x, INT8_MIN, INT8_MAX); break;
  case KIND_U8: ((u8 *)to)[at] = (u8)clamped(x, 0, UINT8_MAX); break;
  case KIND_BOOL: ((u8 *)to)[at] = x != 0; break; // NaN is not zero
  case KIND_F32: ((f32 *)to)[at] = canonical((f32)x); break;
  default: ((f64 *)to)[at] = canonical_f64(x);
  }
}

static f64 apply(u32 op, f64 a, f64 b) {
  switch (op) {
  case OP_ADD: return a + b;
  case OP_SUB: return a - b;
  case OP_MUL: return a * b;
  case OP_DIV: return a / b;
  case OP_MIN: return a != a || b != b ? a + b : a < b ? a : b;
  case OP_MAX: return a != a || b != b ? a + b : a > b ? a : b;
  case OP_FMOD: return fmod_f64(a, b);
  case OP_NEG: return -a;
  case OP_ABS: return __builtin_fabs(a);
  case OP_SQRT: return __builtin_sqrt(a);
  case OP_FLOOR: return __builtin_floor(a);
  case OP_CEIL: return __builtin_ceil(a);
  case OP_ROUND: return __builtin_rint(a); // the rounding mode of WebAssembly is to nearest even
  case OP_SIGN: return a != a ? a : (a > 0) - (a < 0);
  case OP_RECIPROCAL: return 1 / a;
  case OP_RELU: return a < 0 ? 0 : a;
  case OP_EXP: return exp_f64(a);
  case OP_LOG: return log_f64(a);
  case OP_EQUAL: return a == b;
  case OP_LESS: return a < b;
  case OP_LESS_EQUAL: return a <= b;
  case OP_GREATER: return a > b;
  case OP_GREATER_EQUAL: return a >= b;
  case OP_IS_NAN: return a != a;
  default: return a; // OP_CANONICAL, OP_CAST
  }
}

KERNEL(elementwise_f64) {
  const ElementwiseF64Params *p = params;
  UNUSED(scratch);
  const u32 first = begin * BLOCK;
  const u32 last = end * BLOCK < p->n ? end * BLOCK : p->n;
  Odometer a = odometer_at(first, p->rank, p->dims, p->strides0, 0);
  Odometer b = odometer_at(first, p->rank, p->dims, p->strides1, 0);
  for (u32 i = first; i < last; i++) {
    const f64 x = load_f64(in[0], a.at, p->in_kind);
    const f64 y = p->inputs > 1 ? load_f64(in[1], b.at, p->in_kind) : 0;
    store_f64(out[0], i, p->out_kind, apply(p->op, x, y));
    odometer_step(&a);
    odometer_step(&b);
  }
}
