// Element-wise operators of int64 and uint64, and conversions between integer types and f32 (V8): two's
// complement wrap-around. Total by definition: x / 0 = 0, x mod 0 = 0, the quotient truncates, and the least
// integer by -1 wraps to itself. f32 to integer truncates, saturates, and gives 0 for NaN; integer to a
// narrower integer keeps the low bits; integer to f32 is rounded to nearest-even. The shader does the same on
// pairs of words. A work unit is 256 elements.
#include "../canonical.h"
#include "../copy.h"

#define BLOCK 256

enum {
  OP_ADD,
  OP_SUB,
  OP_MUL,
  OP_DIV,
  OP_MOD,
  OP_FMOD,
  OP_MIN,
  OP_MAX,
  OP_NEG,
  OP_ABS,
  OP_EQUAL,
  OP_LESS,
  OP_LESS_EQUAL,
  OP_GREATER,
  OP_GREATER_EQUAL,
  OP_WHERE,
  OP_CAST,
  OP_SIGN,
  OP_AND,
  OP_OR,
  OP_XOR,
  OP_NOT,
  OP_SHIFT_LEFT,
  OP_SHIFT_RIGHT,
  OP_POWER,
  OP_POWER_UNSIGNED,
  OP_COPY
};
enum { KIND_I64, KIND_I32, KIND_U32, KIND_I16, KIND_U16, KIND_I8, KIND_U8, KIND_BOOL, KIND_F32, KIND_U64 };

typedef struct {
  u32 n;
  u32 op;
  u32 rank; // at least 1
  u32 inputs;
  u32 in_kind; // of the operands (not of the condition)
  u32 out_kind;
  u32 pad0, pad1;
  u32 dims[COPY_RANK];
  u32 strides0[COPY_RANK]; // in elements; 0 where the input is broadcast
  u32 strides1[COPY_RANK];
  u32 strides2[COPY_RANK];
} ElementwiseI64Params;

static i64 load_kind(const void *from, u32 at, u32 kind) {
  switch (kind) {
  case KIND_I64:
  case KIND_U64: return ((const i64 *)from)[at];
  case KIND_I32: return ((const i32 *)from)[at];
  case KIND_U32: return ((const u32 *)from)[at];
  case KIND_I16: return ((const i16 *)from)[at];
  case KIND_U16: return ((const u16 *)from)[at];
  case KIND_I8: return ((const i8 *)from)[at];
  default: return ((const u8 *)from)[at];
  }
}

// Truncated and clamped to the type, int64 or uint64: nothing else is converted from f32 here.
static i64 from_f32(f32 value, u32 kind) {
  const f64 x = canonical(value); // exact
  if (x != x) return 0;
  if (kind == KIND_U64) return x < 1 ? 0 : x >= 18446744073709551616.0 ? -1 : (i64)(u64)x;
  if (x >= 9223372036854775808.0) return INT64_MAX;
  return x < -9223372036854775808.0 ? INT64_MIN : (i64)x;
}

static void store_kind(void *to, u32 at, u32 kind, i64 x) {
  switch (kind) {
  case KIND_I64:
  case KIND_U64: ((i64 *)to)[at] = x; break;
  case KIND_I32:
  case KIND_U32: ((u32 *)to)[at] = (u32)x; break;
  case KIND_I16:
  case KIND_U16: ((u16 *)to)[at] = (u16)x; break;
  case KIND_I8:
  case KIND_U8: ((u8 *)to)[at] = (u8)x; break;
  case KIND_BOOL: ((u8 *)to)[at] = x != 0; break;
  default: ((f32 *)to)[at] = (f32)x;
  }
}

static i64 quotient(i64 a, i64 b) { return b == 0 ? 0 : b == -1 ? (i64)(0 - (u64)a) : a / b; }
// The sign of the dividend (C, ONNX fmod = 1).
static i64 remainder_of(i64 a, i64 b) { return b == 0 || b == -1 ? 0 : a % b; }

static i64 power(i64 x, u64 y) {
  u64 result = 1;
  for (u64 base = (u64)x; y != 0; y >>= 1, base *= base) result = y & 1 ? result * base : result;
  return (i64)result;
}

// What uint64 does otherwise than int64.
static i64 apply_unsigned(u32 op, u64 a, u64 b, i64 otherwise) {
  switch (op) {
  case OP_DIV: return b == 0 ? 0 : (i64)(a / b);
  case OP_MOD:
  case OP_FMOD: return b == 0 ? 0 : (i64)(a % b);
  case OP_MIN: return (i64)(a < b ? a : b);
  case OP_MAX: return (i64)(a > b ? a : b);
  case OP_ABS: return (i64)a;
  case OP_SIGN: return a != 0;
  case OP_LESS: return a < b;
  case OP_LESS_EQUAL: return a <= b;
  case OP_GREATER: return a > b;
  case OP_GREATER_EQUAL: return a >= b;
  default: return otherwise;
  }
}

static i64 apply(u32 op, i64 a, i64 b) {
  switch (op) {
  case OP_ADD: return (i64)((u64)a + (u64)b);
  case OP_SUB: return (i64)((u64)a - (u64)b);
  case OP_MUL: return (i64)((u64)a * (u64)b);
  case OP_DIV: return quotient(a, b);
  case OP_MOD: { // the sign of the divisor
    const i64 r = remainder_of(a, b);
    return r != 0 && (r < 0) != (b < 0) ? r + b : r;
  }
  case OP_FMOD: return remainder_of(a, b);
  case OP_MIN: return a < b ? a : b;
  case OP_MAX: return a > b ? a : b;
  case OP_NEG: return (i64)(0 - (u64)a);
  case OP_ABS: return a < 0 ? (i64)(0 - (u64)a) : a;
  case OP_EQUAL: return a == b;
  case OP_LESS: return a < b;
  case OP_LESS_EQUAL: return a <= b;
  case OP_GREATER: return a > b;
  case OP_GREATER_EQUAL: return a >= b;
  case OP_SIGN: return (a > 0) - (a < 0);
  case OP_AND: return a & b;
  case OP_OR: return a | b;
  case OP_XOR: return a ^ b;
  case OP_NOT: return ~a;
  case OP_SHIFT_LEFT: return (u64)b > 63 ? 0 : (i64)((u64)a << b);
  case OP_SHIFT_RIGHT:
    return (u64)b > 63 ? 0 : (i64)((u64)a >> b); // unsigned
  // Below 0 the truncated 1 / x^-y, which is 0 but for x = 1 and -1.
  case OP_POWER: return b >= 0 ? power(a, (u64)b) : a == 1 || a == -1 ? power(a, (u64)b & 1) : 0;
  case OP_POWER_UNSIGNED: return power(a, (u64)b);
  default: return a; // OP_CAST, OP_COPY
  }
}

KERNEL(elementwise_i64) {
  const ElementwiseI64Params *p = params;
  UNUSED(scratch);
  const u32 first = begin * BLOCK;
  const u32 last = end * BLOCK < p->n ? end * BLOCK : p->n;
  Odometer a = odometer_at(first, p->rank, p->dims, p->strides0, 0);
  Odometer b = odometer_at(first, p->rank, p->dims, p->strides1, 0);
  Odometer c = odometer_at(first, p->rank, p->dims, p->strides2, 0);
  for (u32 i = first; i < last; i++) {
    i64 result;
    if (p->op == OP_WHERE) {
      const u32 yes = ((const u8 *)in[0])[a.at] != 0;
      result = yes ? load_kind(in[1], b.at, p->in_kind) : load_kind(in[2], c.at, p->in_kind);
      odometer_step(&c);
    } else if (p->in_kind == KIND_F32) {
      result = from_f32(((const f32 *)in[0])[a.at], p->out_kind);
    } else {
      const i64 x = load_kind(in[0], a.at, p->in_kind);
      const i64 y = p->inputs > 1 ? load_kind(in[1], b.at, p->in_kind) : 0;
      result = apply(p->op, x, y);
      if (p->in_kind == KIND_U64) result = apply_unsigned(p->op, (u64)x, (u64)y, result);
      if (p->in_kind == KIND_U64 && p->out_kind == KIND_F32) {
        ((f32 *)out[0])[i] = (f32)(u64)x;
        odometer_step(&a);
        continue;
      }
    }
    store_kind(out[0], i, p->out_kind, result);
    odometer_step(&a);
    odometer_step(&b);
  }
}
