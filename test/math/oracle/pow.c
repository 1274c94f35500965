// The oracle of pow: compares the WASM C (compiled natively; one value, and blocks) and the shader text (as C) with
// the correctly rounded result (V6), word by word. pow has too many inputs to run through. What is compared:
//   the hard pairs of a file (test/math/pow.pairs.txt): powers within 2^-55 of a tie, found by pow_worst.c; MPFR decides each;
//   every kind of exact power and of tie: g^p of at most 25 bits, as the power p / 2^q of g^(2^q), times powers of two;
//   a sample, the same for the same count, of pairs made where implementations differ: bases near 1 with large exponents,
//   results at both ends of the range, powers and roots of short integers, every special value.
// The expected word: libm's f64 pow, widened by 2^-48 of its value either way; where both ends round to the same f32
// that is the answer, else MPFR decides at 250 bits. One pair in 64 also goes through power_wide alone.
// Usage: pow [COUNT] [--mpfr] [--words FILE]      default 1,000,000 pairs; --mpfr lets MPFR decide every pair
// Exit status 0 if nothing differs; at most 20 differences are printed. See scripts/test_math.mjs.
#include <math.h>
#include <mpfr.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../../../wasm/canonical.h"
#include "../../../wasm/math/math.h"
#include "../../../wasm/math/power_wide.h"
#include "../../../wasm/math/words/power.h"

static u64 state = 88172645463325252u;
static u32 draw(void) {
  state ^= state << 13;
  state ^= state >> 7;
  state ^= state << 17;
  return (u32)(state >> 16);
}
static u32 below(u32 n) { return draw() % n; }
static f64 unit(void) { return draw() * 0x1p-32; }

static const u32 special[] = {
  0x00000000, 0x80000000, 0x00000001, 0x80000001, 0x037fffff, 0x03800000, 0x83800000, 0x3d800000, 0x3e800000, 0x3f000000,
  0xbf000000, 0x3f400000, 0x3f7fffff, 0xbf7fffff, 0x3f800000, 0xbf800000, 0x3f800001, 0xbf800001, 0x3fc00000, 0xbfc00000,
  0x40000000, 0xc0000000, 0x40200000, 0x40400000, 0xc0400000, 0x40a00000, 0xc0a00000, 0x41700000, 0x42fe0000, 0x43000000,
  0xc2f00000, 0xc2f20000, 0x4a7fffff, 0x4a800000, 0x4a800002, 0x4b000001, 0xcb000001, 0x4b7fffff, 0xcb7fffff, 0x4b800000,
  0x4b800001, 0x7f7fffff, 0xff7fffff, 0x7f800000, 0xff800000, 0x7f800001, 0x7fc00000, 0xffffffff,
};
static u32 draw_special(void) { return special[below(sizeof special / sizeof special[0])]; }

static u32 draw_base(void) {
  switch (below(8)) {
    case 0: return draw_special();
    case 1: return draw();
    case 2: return 0x3f800000u + below(1u << (1 + below(23))) - below(1u << (1 + below(22))); // near 1
    case 3: return bits_of((f32)(1 + below(6000)));
    case 4: return bits_of(ldexpf((f32)(1 + below(6000)), (int)below(40) - 20));
    case 5: { // squares and fourth powers: exact roots
      f32 g = (f32)(1 + below(64)), square = g * g;
      return bits_of(ldexpf(below(2) ? square : square * square, ((int)below(9) - 4) * 8));
    }
    default: return (draw() & 0x80000000u) | (0x3c000000u + below(0x08000000u)); // 2^-7 to 2^9
  }
}
static u32 draw_exponent(u32 base) {
  f64 l = log2(fabs((f64)f32_of(base)));
  bool finite = l == l && l != 0.0 && !isinf(l);
  switch (below(8)) {
    case 0: return draw_special();
    case 1: return draw();
    case 2: return bits_of((f32)below(32));
    case 3: return bits_of((f32)((i32)below(64) - 32) / (f32)(1u << below(5)));
    case 4: return finite ? bits_of((f32)((unit() * 256.0 - 128.0) / l)) : draw();
    case 5: return finite ? bits_of((f32)(((below(2) ? 128.0 : -120.0) + (unit() - 0.5) * 0x1p-18) / l)) : draw(); // the ends
    default: return (draw() & 0x80000000u) | (0x3c000000u + below(0x08000000u));
  }
}

static u32 canonical_word(u32 u) { return flush_bits(u, CANONICAL_LIMIT); }
static u64 mpfr_calls = 0;

// *near: libm's value is too near a tie to decide.
static u32 expected_word(u32 base, u32 exponent, bool only_mpfr, bool *near) {
  f32 x = f32_of(canonical_word(base)), y = f32_of(canonical_word(exponent));
  *near = false;
  if (y == 0.0f || x == 1.0f) return 0x3f800000u;
  if (x != x || y != y) return CANONICAL_NAN;
  if (x == 0.0f) return y < 0.0f ? 0x7f800000u : 0u;
  f64 d = pow((f64)x, (f64)y);
  if (d != d) return CANONICAL_NAN;
  if (isinf(d)) return d > 0.0 ? 0x7f800000u : 0xff800000u;
  if (fabs(d) < 0x1p-122) return 0u;
  if (isinf(x) || isinf(y)) return canonical_word(bits_of((f32)d));
  f32 down = (f32)(d - fabs(d) * 0x1p-48), up = (f32)(d + fabs(d) * 0x1p-48);
  *near = bits_of(down) != bits_of(up);
  if (!*near && !only_mpfr) return canonical_word(bits_of(down));
  static mpfr_t a, b, z;
  static bool ready = false;
  if (!ready) {
    mpfr_inits2(250, a, b, z, (mpfr_ptr)0);
    ready = true;
  }
  mpfr_calls++;
  mpfr_set_flt(a, x, MPFR_RNDN);
  mpfr_set_flt(b, y, MPFR_RNDN);
  // To odd, so that the second rounding cannot take for a tie what is none.
  int inexact = mpfr_pow(z, a, b, MPFR_RNDZ);
  if (inexact != 0 && mpfr_regular_p(z) && mpfr_min_prec(z) < 250) {
    if (mpfr_sgn(z) > 0) mpfr_nextabove(z);
    else mpfr_nextbelow(z);
  }
  return canonical_word(bits_of(mpfr_get_flt(z, MPFR_RNDN)));
}

// Whether power_wide takes this pair; ties are not its business, and `near` may be one.
static bool wide_takes(u32 base, u32 exponent, u32 wanted, bool near) {
  u32 x = base & 0x7fffffffu, y = exponent & 0x7fffffffu, z = wanted & 0x7fffffffu;
  return !near && x >= CANONICAL_LIMIT && x < 0x7f800000u && x != 0x3f800000u && y >= CANONICAL_LIMIT && y < 0x7f800000u &&
         z >= CANONICAL_LIMIT && z < 0x7f800000u;
}

static u64 undecided = 0, wide = 0, differences = 0, pairs = 0;

// Compares the block's words z of x ^ y, and what one value at a time and the shader text give.
static void compare(const f32 *x, const f32 *y, const f32 *z, u32 n, bool only_mpfr) {
  for (u32 i = 0; i < n; i++) {
    u32 base = bits_of(x[i]), exponent = bits_of(y[i]);
    bool near;
    u32 wanted = expected_word(base, exponent, only_mpfr, &near);
    u32 block = bits_of(z[i]), one = bits_of(pow_f32(x[i], y[i])), wide_word = wanted;
    wgsl_Power text = wgsl_power(base, exponent);
    undecided += text.undecided;
    if (i % 64 == 0 && wide_takes(base, exponent, wanted, near)) {
      wide_word = (wanted & 0x80000000u) | power_wide(base & 0x7fffffffu, exponent & 0x7fffffffu, exponent >> 31);
      wide++;
    }
    bool text_differs = text.undecided == 0 && text.word != wanted;
    if (block != wanted || one != wanted || text_differs || wide_word != wanted) {
      if (differences++ < 20)
        printf("pow(%08x = %a, %08x = %a): expected %08x, block %08x, one %08x, shader text %08x, wide %08x\n", base, (f64)x[i], exponent,
               (f64)y[i], wanted, block, one, text.word, wide_word);
    }
  }
  pairs += n;
}

enum { BLOCK = 1024 };
static f32 x[BLOCK], y[BLOCK], z[BLOCK];
static u32 held = 0;

static void flush_block(bool only_mpfr) {
  pow_f32_block(x, y, z, held);
  compare(x, y, z, held, only_mpfr);
  held = 0;
}
static void take(f32 base, f32 exponent, bool only_mpfr) {
  x[held] = base;
  y[held++] = exponent;
  if (held == BLOCK) flush_block(only_mpfr);
}

// (2^k g)^(2^q) to the power p / 2^q = 2^(k p) g^p: exact, or a tie where g^p has 25 bits. Returns how many are ties.
static u64 short_powers(bool only_mpfr) {
  u64 ties = 0;
  for (u32 q = 0; q <= 4; q++) {
    for (u32 g = 1; g <= 0x1ffffff; g += 2) {
      u64 root = 1; // g^(2^q) must be an f32
      for (u32 i = 0; i < 1u << q && root <= 0xffffff; i++) root *= g;
      if (root > 0xffffff) break;
      u64 power = g;
      for (u32 p = 1; power <= 0x1ffffff; p++, power *= g) {
        if (p == 64) break; // g = 1
        if (p == 1 && q == 0 && g > 4096) continue;
        if (p % 2 == 0 && q > 0) continue;
        ties += power > 0xffffff;
        for (i32 k = -6; k <= 6; k++) {
          if (k > 2 && (g + p) % 7 > 0) continue; // the same powers of two for a part of them: the rest says nothing new
          f32 base = ldexpf((f32)root, k * (1 << q));
          f32 exponent = (f32)p / (f32)(1u << q);
          take(base, exponent, only_mpfr);
          if (g == 1) take(base, -exponent, only_mpfr);
          if (q == 0) take(-base, exponent, only_mpfr);
          // Next to it: an exponent or a base one unit away is no tie, but nothing of 53 bits can see that.
          if ((g + p) % 5 == 0) {
            take(f32_of(bits_of(base) + 1), exponent, only_mpfr);
            take(base, f32_of(bits_of(exponent) - 1), only_mpfr);
          }
        }
      }
    }
  }
  flush_block(only_mpfr);
  return ties;
}

static void words_of(const char *file) {
  FILE *list = fopen(file, "r");
  char line[256];
  if (list == NULL) {
    fprintf(stderr, "pow: cannot read %s\n", file);
    exit(2);
  }
  while (fgets(line, sizeof line, list) != NULL) {
    if (line[0] == '/' || line[0] == '\n') continue;
    char *rest;
    u32 base = (u32)strtoul(line, &rest, 16), exponent = (u32)strtoul(rest, &rest, 16), stated = (u32)strtoul(rest, NULL, 16);
    bool near;
    if (stated != expected_word(base, exponent, true, &near)) {
      printf("pow: %s states %08x for %08x, %08x\n", file, stated, base, exponent);
      differences++;
    }
    take(f32_of(base), f32_of(exponent), true);
  }
  fclose(list);
  flush_block(true);
  printf("pow: %llu hard pairs, %llu undecided by the shader text, %llu differ\n", (unsigned long long)pairs, (unsigned long long)undecided,
         (unsigned long long)differences);
  if (pairs == 0) differences++;
  pairs = undecided = 0;
}

int main(int argc, char **argv) {
  u64 count = 1000000;
  bool only_mpfr = false;
  for (int i = 1; i < argc; i++) {
    if (strcmp(argv[i], "--mpfr") == 0) only_mpfr = true;
    else if (i + 1 < argc && strcmp(argv[i], "--words") == 0) words_of(argv[++i]);
    else count = strtoull(argv[i], NULL, 10);
  }
  u64 ties = short_powers(only_mpfr);
  printf("pow: %llu exact powers, ties (%llu short ones) and their neighbours, %llu undecided by the shader text, %llu differ\n",
         (unsigned long long)pairs, (unsigned long long)ties, (unsigned long long)undecided, (unsigned long long)differences);
  pairs = undecided = mpfr_calls = 0;
  while (pairs < count) {
    for (u32 i = 0; i < BLOCK; i++) {
      x[i] = f32_of(draw_base());
      y[i] = f32_of(draw_exponent(bits_of(x[i])));
    }
    // The exponents with paths of their own, four lanes at a time and on words of every kind: one block in four.
    static const f32 common[] = {2.0f, 3.0f, 0.5f, -1.0f};
    for (u32 i = 0; i < BLOCK / 4; i++) {
      if (i % 4 == 0 && below(2)) x[i] = x[i + 1] = x[i + 2] = x[i + 3] = f32_of(draw());
      y[i] = common[i / 4 % 4];
    }
    held = BLOCK;
    flush_block(only_mpfr);
  }
  printf("pow: %llu pairs, %llu decided by MPFR, %llu undecided by the shader text, %llu by power_wide, %llu differ\n",
         (unsigned long long)pairs, (unsigned long long)mpfr_calls, (unsigned long long)undecided, (unsigned long long)wide,
         (unsigned long long)differences);
  return differences == 0 ? 0 : 1;
}
