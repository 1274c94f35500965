// The oracle of the quotient, and of a device that computes quotients and roots badly. Compared, word by word: the text of
// shaders/math/arith, as C, whose device is off by -3..3 units in the last place in quotients and -7..7 in roots; and
// what the core does (wasm/chain_steps.h): the machine's own operation, IEEE-754, between canonical reads and stores.
//   div          pairs made where implementations differ: exact quotients; the nearest ones to a tie, made by the inverse
//                of the divisor mod 2^25; results at T and at overflow with their neighbours; special words; the device's
//                error changes from block to block. One pair in 64 is also divided in 128-bit integers.
//   reciprocal   every significand, each error; sqrt: every significand of both binades, each error: the exponent
//                only shifts, so that is every number.
//   worse errors, up to 64 units: a word that differs must come with a raised flag (B6); within the bound none may be.
// Usage: div [PAIRS]      default 10,000,000
// Exit status 0 if nothing differs; at most 20 differences are printed. See scripts/test_math.mjs.
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

#include "machine.h"

static u64 state = 88172645463325252u;
static u32 draw(void) {
  state ^= state << 13;
  state ^= state >> 7;
  state ^= state << 17;
  return (u32)(state >> 16);
}
static u32 below(u32 n) { return (u32)(((u64)draw() * n) >> 32); }
static u32 made(u32 sign, u32 exponent, u32 significand) { return (sign & 0x80000000u) | ((exponent & 255u) << 23) | (significand & 0x7fffffu); }

static const u32 special[] = {
  0x00000000, 0x00000001, 0x007fffff, 0x00800000, 0x037fffff, 0x03800000, 0x03800001, 0x3f7fffff, 0x3f800000, 0x3f800001,
  0x40000000, 0x40400000, 0x4b7fffff, 0x7e7fffff, 0x7e800000, 0x7effffff, 0x7f000000, 0x7f7fffff, 0x7f800000, 0x7f800001,
  0x7fc00000, 0x7fffffff,
};

// A dividend whose quotient by the odd significand b is as near to a tie as d units of 2^-25 / b: t b = 2^25 a + d for a
// quotient t of 25 bits, the last of which is 1.
static bool near_tie(u32 b, i32 d, u32 *a) {
  u32 inverse = b;
  for (int i = 0; i < 4; i++) inverse *= 2u - b * inverse;
  u32 t = ((u32)d * inverse & 0x1ffffffu) | 0x1000000u;
  u64 product = (u64)t * b - (u64)(i64)d;
  *a = (u32)(product >> 25);
  return (product & 0x1ffffffu) == 0 && *a >= 0x800000u && *a < 0x1000000u;
}

static void draw_pair(u32 *x, u32 *y) {
  u32 sx = draw(), sy = draw(), exponent = 1 + below(254), b = 0x800000u | draw();
  switch (below(8)) {
    case 0: // exact: short quotient, short divisor
      *y = bits_of((f32)(1 + below(4096)));
      *x = bits_of((f32)((1 + below(4096)) * (u32)f32_of(*y)));
      *x = (*x & 0x7fffffffu) + ((below(160) + 1u) << 23) - (80u << 23);
      *y |= sy & 0x80000000u;
      return;
    case 1:
    case 2: { // next to a tie
      u32 a;
      b = (b & 0xffffffu) | 1u;
      while (!near_tie(b, (i32)(2 * below(4) + 1) * (below(2) ? 1 : -1), &a)) b = ((b + 2u * below(0x7fffff)) & 0xffffffu) | 0x800001u;
      *x = made(sx, 64 + below(128), a);
      *y = made(sy, 64 + below(128), b);
      return;
    }
    case 3: { // 2^-120 and its neighbours, and 2^128: the exponents' difference decides, or the significands
      i32 target = below(2) ? -120 : 128;
      i32 ey = target < 0 ? 127 + (i32)below(120) : 1 + (i32)below(126), ex = ey + target + (i32)below(3) - 1;
      if (ex < 0) ex = 0;
      if (ex > 254) ex = 254;
      *y = made(sy, (u32)ey, b);
      *x = made(sx, (u32)ex, b + below(9) - 4u);
      return;
    }
    case 4: // equal or neighbouring significands
      *x = made(sx, exponent, b);
      *y = made(sy, 64 + below(128), b + below(5) - 2u);
      return;
    case 5:
      *x = (special[below(sizeof special / sizeof special[0])] + (below(4) ? 0 : below(5) - 2u)) ^ (sx & 0x80000000u);
      *y = below(2) ? (special[below(sizeof special / sizeof special[0])] ^ (sy & 0x80000000u)) : sy;
      return;
    case 6: // a significand of few bits, or all but few
      *x = made(sx, 64 + below(128), below(2) ? 1u << below(24) : 0x7fffffu - below(4));
      *y = made(sy, 64 + below(128), below(2) ? 1u << below(24) : 0x7fffffu - below(4));
      return;
    default:
      *x = sx;
      *y = sy;
  }
}

static u32 divided(u32 x, u32 y) {
  f32 q = canonical(f32_of(x)) / canonical(f32_of(y));
  return bits_of(canonical(q));
}

// The nearest word to x / y by integer division, ties to even, for finite operands of at least 2^-120.
static bool divided_exactly(u32 x, u32 y, u32 *word) {
  u32 ex = (x >> 23) & 255u, ey = (y >> 23) & 255u;
  if (ex < 7 || ey < 7 || ex == 255 || ey == 255) return false;
  u64 a = (u64)((x & 0x7fffffu) | 0x800000u) << 26, b = (y & 0x7fffffu) | 0x800000u;
  i32 exponent = (i32)ex - (i32)ey - 26 + 23; // of the quotient's lowest kept bit, if none is dropped
  u64 q = a / b, rest = a % b;                // q has 26 or 27 bits
  u32 drop = q >> 26 ? 3 : 2;
  u64 half = (u64)1 << (drop - 1), low = q & (2 * half - 1), kept = q >> drop;
  if (low > half || (low == half && (rest != 0 || (kept & 1)))) kept++;
  exponent += (i32)drop - 23 + 127; // exponent field less 1: kept carries the implicit bit
  u32 sign = (x ^ y) & 0x80000000u;
  i64 magnitude = (((i64)exponent + 22) << 23) + (i64)kept;
  if (magnitude < 0x03800000) *word = 0;
  else if (magnitude >= 0x7f800000) *word = sign | 0x7f800000u;
  else *word = sign | (u32)magnitude;
  return true;
}

static u64 differences = 0;
static void differs(const char *name, u32 x, u32 y, u32 wanted, u32 got) {
  if (differences++ < 20)
    printf("%s(%08x, %08x), device off by %d: expected %08x, got %08x, flags %llu\n", name, x, y, (i32)device_error, wanted, got,
           (unsigned long long)device_flags);
}

int main(int argc, char **argv) {
  enum { BLOCK = 1024, WORST = 64 };
  const u64 pairs = argc > 1 ? strtoull(argv[1], NULL, 10) : 10000000;
  u64 exact = 0, roots = 0, reciprocals = 0, worse = 0, noticed = 0;
  for (u64 done = 0, block = 0; done < pairs; done += BLOCK, block++) {
    device_error = (u32)(block % 7) - 3u;
    for (u32 i = 0; i < BLOCK; i++) {
      u32 x, y, word;
      draw_pair(&x, &y);
      u32 wanted = divided(x, y), got = wgsl_div_f32(x, y);
      if (got != wanted) differs("div", x, y, wanted, got);
      if (i % 64 == 0 && divided_exactly(x, y, &word)) {
        exact++;
        if (word != wanted) differs("div in integers", x, y, word, wanted);
      }
    }
  }
  for (i32 error = -7; error <= 7; error++) {
    device_error = (u32)error;
    for (u32 x = 0x3f800000u; x < 0x40800000u; x++) {
      u32 wanted = bits_of(__builtin_sqrtf(f32_of(x))), got = wgsl_sqrt_f32(x);
      if (got != wanted) differs("sqrt", x, 0, wanted, got);
      roots++;
      if (error < -3 || error > 3 || x >= 0x40000000u) continue;
      wanted = bits_of(1.0f / f32_of(x)), got = wgsl_reciprocal_f32(x);
      if (got != wanted) differs("reciprocal", x, 0, wanted, got);
      reciprocals++;
    }
  }
  if (device_flags > 0) differs("a flag within the bound", 0, 0, 0, 0);
  for (i32 error = -WORST; error <= WORST; error++) {
    device_error = (u32)error;
    for (u32 i = 0; i < 20000; i++) {
      u32 x = 0x3f800000u + below(0x1000000u), y = 0x3f800000u + below(0x800000u);
      u64 flags = device_flags;
      u32 root = wgsl_sqrt_f32(x);
      if (root != bits_of(__builtin_sqrtf(f32_of(x))) && device_flags == flags) differs("sqrt without a flag", x, 0, 0, root);
      noticed += device_flags - flags;
      flags = device_flags;
      u32 quotient = wgsl_div_f32(x, y);
      if (quotient != divided(x, y) && device_flags == flags) differs("div without a flag", x, y, divided(x, y), quotient);
      noticed += device_flags - flags;
      worse += 2;
    }
  }
  typedef unsigned long long ull;
  printf("div: %llu pairs, %llu of them also in integers, %llu roots and %llu reciprocals, with every error of the device: %llu differ\n",
         (ull)pairs, (ull)exact, (ull)roots, (ull)reciprocals, (ull)differences);
  printf("div: %llu operations of a device off by up to %d: %llu flags, no wrong word without one\n", (ull)worse, WORST, (ull)noticed);
  return differences == 0 ? 0 : 1;
}
