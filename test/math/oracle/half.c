// The conversions of shaders/math/half.wgsl, as C, on all inputs: f32 to f16 against the compiler's _Float16 (IEEE-754,
// by the processor or libgcc), f32 to bf16 against rounding in f64 arithmetic, and back on all 65,536 words of each type.
// Prints inputs and differences; exit status 1 if there are any. An argument N takes every Nth word of f32 only.
#include "../../../wasm/math/words/half.h"
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

static u32 half_bits(_Float16 x) {
  union {
    _Float16 f;
    u16 u;
  } v = {.f = x};
  return v.u;
}
static _Float16 half_of(u32 bits) {
  union {
    u16 u;
    _Float16 f;
  } v = {.u = (u16)bits};
  return v.f;
}
static u32 canonical_half(u32 bits) {
  const u32 m = bits & 0x7fffu;
  return m > 0x7c00u ? 0x7e00u : m == 0 ? 0 : bits;
}

// Eight significant bits: x / 2^e is in [1/2, 1), so 256 of it is rounded to an integer, ties to even.
static u32 bfloat_bits(u32 word) {
  const f32 x = f32_of(word);
  if (x != x) return 0x7fc0u;
  if (fabs(x) < 0x1p-120) return 0;
  if (isinf(x)) return word >> 16;
  int e;
  const f64 scaled = frexp(x, &e) * 256.0;
  const f64 rounded = ldexp(nearbyint(scaled), e - 8);
  if (fabs(rounded) >= 0x1p128) return rounded < 0 ? 0xff80u : 0x7f80u;
  return bits_of((f32)rounded) >> 16; // exact
}

static int report(const char *name, u64 inputs, u64 differ, u32 first) {
  printf("%s: %llu inputs, %llu differ", name, (unsigned long long)inputs, (unsigned long long)differ);
  if (differ > 0) printf(", first %08x", first);
  printf("\n");
  return differ > 0;
}

int main(int count, char **arguments) {
  const u64 step = count > 1 ? strtoull(arguments[1], 0, 10) : 1;
  u64 inputs = 0;
  u64 wrong[4] = {0};
  u32 first[4] = {0};
#define CHECK(k, input, expected, got)                                                                       \
  if ((expected) != (got) && wrong[k]++ == 0) first[k] = (input)
  for (u64 at = 0; at < 1ull << 32; at += step, inputs++) {
    const u32 word = (u32)at;
    CHECK(0, word, canonical_half(half_bits((_Float16)f32_of(word))), wgsl_f32_to_f16(word));
    CHECK(1, word, bfloat_bits(word), wgsl_f32_to_bf16(word));
  }
  for (u32 h = 0; h < 65536; h++) {
    const f32 wide = (f32)half_of(h); // exact
    const u32 bits = wide != wide ? 0x7fc00000u : wide == 0.0f ? 0 : bits_of(wide);
    CHECK(2, h, bits, wgsl_f16_to_f32(h));
    const f32 b = f32_of(h << 16);
    CHECK(3, h, b != b ? 0x7fc00000u : fabsf(b) < 0x1p-120f ? 0 : bits_of(b), wgsl_bf16_to_f32(h));
  }
  int bad = report("f32_to_f16", inputs, wrong[0], first[0]);
  bad |= report("f32_to_bf16", inputs, wrong[1], first[1]);
  bad |= report("f16_to_f32", 65536, wrong[2], first[2]);
  bad |= report("bf16_to_f32", 65536, wrong[3], first[3]);
  return bad;
}
