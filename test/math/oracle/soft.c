// The shader text of the rung 'soft' (shaders/math/soft.wgsl, as C) against the processor's f32 arithmetic, word by
// word: sums and products of pairs, and the estimates of quotient and root against f64 ones.
// Pairs: random words of all exponents; few significant bits, so that ties occur; exponents that differ by 0..30, so
// that they cancel or lose one another; products about the ends of the range. A result is compared as it stands where
// the processor's is at least 2^-125 or zero; under that both must be under 2^-124 (the text promises zero).
// Usage: oracle_soft [PAIRS]     default 20,000,000 pairs, and every radicand of [1, 4): 2^24
// Exit status 0 if nothing differs.
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

#include "../../../wasm/math/words/soft.h"

static u64 state = 0x9e3779b97f4a7c15u;
static u32 draw(void) {
  state ^= state << 13;
  state ^= state >> 7;
  state ^= state << 17;
  return (u32)(state >> 16);
}
static u32 made(i32 exponent, u32 fraction) {
  u32 field = exponent < 1 ? 1u : exponent > 254 ? 254u : (u32)exponent;
  return (draw() & 0x80000000u) | field << 23 | (fraction & 0x7fffffu);
}
static u32 draw_fraction(void) {
  switch (draw() & 3u) {
  case 0: return draw();
  case 1: return (draw() & 63u) << 17 | (draw() & 1u);
  case 2: return 0x7fffffu - (draw() & 7u);
  default: return draw() & (0xffffffffu << (draw() & 31u));
  }
}

static u64 wrong;
static void report(const char *what, u32 x, u32 y, u32 expected, u32 got) {
  if (wrong++ < 20) printf("%s %08x %08x: expected %08x, got %08x\n", what, x, y, expected, got);
}
static void compare(const char *what, u32 x, u32 y, f32 hardware, u32 got) {
  u32 expected = bits_of(hardware), magnitude = expected & 0x7fffffffu;
  bool good = magnitude >= 0x01000000u ? got == expected
              : magnitude < 1u         ? (got & 0x7fffffffu) < 1u
                                       : (got & 0x7fffffffu) < 0x01800000u;
  if (!good) report(what, x, y, expected, got);
}

int main(int argc, char **argv) {
  u64 pairs = argc > 1 ? strtoull(argv[1], NULL, 10) : 20000000u;
  for (u64 i = 0; i < pairs; i++) {
    i32 exponent = (i32)(draw() % 254u) + 1;
    u32 x = made(exponent, draw_fraction());
    i32 near = exponent + (i32)(draw() % 61u) - 30;
    i32 partner = 254 - exponent + (i32)(draw() % 9u) - 4; // products about 2^127
    i32 small = 127 - 120 + 127 - exponent + (i32)(draw() % 16u) - 8; // and about 2^-120
    i32 second = (draw() & 1u) ? near : (draw() & 1u) ? partner + 127 : (draw() & 1u) ? small : (i32)(draw() % 254u) + 1;
    u32 y = made(second, draw_fraction());
    switch (draw() & 31u) {
    case 0: y = x ^ 0x80000000u ^ (draw() & 7u); break;
    case 1: y = draw() & 0x80000000u; break;
    case 2: x = draw() & 0x80000000u; break;
    default: break;
    }
    compare("sum", x, y, f32_of(x) + f32_of(y), wgsl_soft_add(x, y));
    compare("product", x, y, f32_of(x) * f32_of(y), wgsl_soft_mul(x, y));
    // Operands of the estimates: b in [1, 2), a in [1, 4), a / b in [1, 2).
    u32 b = 0x3f800000u | (y & 0x7fffffu), a = 0x3f800000u | (x & 0x7fffffu);
    if (a < b) a += 0x00800000u;
    f64 quotient = (f64)f32_of(a) / (f64)f32_of(b);
    f64 off = ((f64)wgsl_soft_quotient(a, b) - 0x3f800000) - (quotient - 1) * 0x1p23;
    if (fabs(off) > 2) report("quotient", a, b, bits_of((f32)quotient), wgsl_soft_quotient(a, b));
  }
  f64 worst = 0;
  for (u32 a = 0x3f800000u; a < 0x40800000u; a++) {
    f64 off = ((f64)wgsl_soft_root(a) - 0x3f800000) - (sqrt((f64)f32_of(a)) - 1) * 0x1p23;
    if (fabs(off) > worst) worst = fabs(off);
    if (fabs(off) > 4) report("root", a, 0, bits_of(sqrtf(f32_of(a))), wgsl_soft_root(a));
  }
  printf("soft: %llu pairs, 16777216 radicands (at most %.2f units off): %llu differ\n", (unsigned long long)pairs,
         worst, (unsigned long long)wrong);
  return wrong > 0;
}
