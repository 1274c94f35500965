// The oracle of the one-argument elementary functions: compares the WASM C (compiled natively) and the shader text
// (as C, wasm/math/words) with the correctly rounded result (V6), word by word.
// The expected word: libm's f64 result, widened by 2^-44 of its value either way (libm states errors under 2^-50 for
// these functions); where both ends round to the same f32 that is the answer, else MPFR decides at 200 bits. With
// --mpfr every input goes to MPFR. Then the rules of V2: NaN 0x7fc00000, under 2^-120 and zero +0.
// Usage: oracle NAME [--stride N] [--offset N] [--from HEX] [--to HEX] [--mpfr] [--worst BITS]
//        oracle NAME --words FILE      only the words of the file: input word, result word, hexadecimal, one pair a line
//   All words from..to (inclusive) in steps of N, after the special words: both ends and neighbours of every
//   binade. Without range: all 2^32. --worst prints every input whose result lies within 2^-BITS of a tie, relative.
// Exit status 0 if nothing differs; at most 20 differences are printed. See scripts/test_math.mjs.
#include <math.h>
#include <mpfr.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "functions.h"

static f32 canonical_result(f32 y) {
  u32 u = bits_of(y), magnitude = u & 0x7fffffffu;
  return f32_of(magnitude > 0x7f800000u ? 0x7fc00000u : magnitude < 0x03800000u ? 0u : u);
}

// Correctly rounded by MPFR: 200 bits rounded to odd (toward zero, and the last bit set if inexact), so that the
// second rounding, to 24 bits, cannot take for a tie what is none.
static u32 by_mpfr(const struct function *fn, f32 x) {
  static mpfr_t a, y;
  static bool ready = false;
  if (!ready) {
    mpfr_init2(a, 64);
    mpfr_init2(y, 200);
    ready = true;
  }
  mpfr_set_flt(a, x, MPFR_RNDN);
  int inexact = fn->mpfr(y, a);
  if (inexact != 0 && mpfr_regular_p(y) && mpfr_min_prec(y) < 200) {
    if (mpfr_sgn(y) > 0) mpfr_nextabove(y);
    else mpfr_nextbelow(y);
  }
  return bits_of(canonical_result(mpfr_get_flt(y, MPFR_RNDN)));
}

static u64 mpfr_calls = 0;

static inline u32 expected_word(const struct function *fn, u32 word, bool only_mpfr) {
  f32 x = f32_of(word);
  if ((word & 0x7fffffffu) > 0x7f800000u) return 0x7fc00000u;
  if ((word & 0x7fffffffu) < 0x03800000u) x = 0.0f;
  if (!only_mpfr) {
    f64 y = fn->approximate((f64)x);
    if (y != y) return 0x7fc00000u;
    if (isinf(y)) return y > 0.0 ? 0x7f800000u : 0xff800000u;
    f64 margin = fabs(y) * 0x1p-44;
    f32 down = (f32)(y - margin), up = (f32)(y + margin);
    if (bits_of(down) == bits_of(up) || (fabsf(down) < 0x1p-121f && fabsf(up) < 0x1p-121f)) return bits_of(canonical_result(down));
  }
  mpfr_calls++;
  return by_mpfr(fn, x);
}

// |result - nearest tie| / |result| < 2^-bits: printed as a hard case, as a line of a .worst.txt file.
static void report_worst(const struct function *fn, u32 word, int bits) {
  f32 x = f32_of(word);
  if ((word & 0x7fffffffu) >= 0x7f800000u || (word & 0x7fffffffu) < 0x03800000u) return;
  f64 d = fn->approximate((f64)x);
  if (!(fabs(d) >= 0x1p-120 && fabs(d) < 0x1p128)) return;
  i64 dropped = (i64)(bits_of_f64(d) & 0x1fffffff) - 0x10000000;
  if (dropped < -0x1000 || dropped > 0x1000) return; // 2^-40: the f64 is good enough to pass over the others
  static mpfr_t a, y, tie;
  static bool ready = false;
  if (!ready) {
    mpfr_init2(a, 64);
    mpfr_init2(y, 200);
    mpfr_init2(tie, 64);
    ready = true;
  }
  mpfr_set_flt(a, x, MPFR_RNDN);
  if (fn->mpfr(y, a) == 0) return;
  mpfr_set_d(tie, f64_of((bits_of_f64(d) & ~(u64)0x1fffffff) | 0x10000000), MPFR_RNDN);
  mpfr_sub(tie, y, tie, MPFR_RNDN);
  if (mpfr_zero_p(tie)) return;
  int gap = (int)(mpfr_get_exp(y) - mpfr_get_exp(tie));
  if (gap >= bits) printf("%08x %08x // %a: 2^-%d from a tie\n", word, by_mpfr(fn, x), (f64)x, gap);
}

static u64 differences = 0;

static void check(const struct function *fn, const u32 *words, u32 n, bool only_mpfr, int worst) {
  static f32 x[4096], y[4096];
  static u32 text[4096];
  for (u32 i = 0; i < n; i++) x[i] = f32_of(words[i]);
  fn->block(x, y, n);
  fn->text(words, text, n);
  for (u32 i = 0; i < n; i++) {
    u32 wanted = expected_word(fn, words[i], only_mpfr);
    u32 got = bits_of(y[i]);
    if (got != wanted || text[i] != wanted) {
      if (differences++ < 20)
        printf("%s(%08x = %a): expected %08x, C %08x, shader text %08x\n", fn->name, words[i], (f64)x[i], wanted, got, text[i]);
    }
    if (worst > 0) report_worst(fn, words[i], worst);
  }
}

int main(int argc, char **argv) {
  const struct function *fn = NULL;
  for (u32 i = 0; argc > 1 && i < sizeof functions / sizeof functions[0]; i++)
    if (strcmp(functions[i].name, argv[1]) == 0) fn = &functions[i];
  if (fn == NULL) {
    fprintf(stderr, "oracle: unknown function %s: known are", argc > 1 ? argv[1] : "(none)");
    for (u32 i = 0; i < sizeof functions / sizeof functions[0]; i++) fprintf(stderr, " %s", functions[i].name);
    fprintf(stderr, "\n");
    return 2;
  }
  u64 from = 0, to = 0xffffffffu, stride = 1, offset = 0;
  bool only_mpfr = false;
  int worst = 0;
  const char *file = NULL;
  for (int i = 2; i < argc; i++) {
    bool more = i + 1 < argc;
    if (strcmp(argv[i], "--mpfr") == 0) only_mpfr = true;
    else if (more && strcmp(argv[i], "--stride") == 0) stride = strtoull(argv[++i], NULL, 10);
    else if (more && strcmp(argv[i], "--offset") == 0) offset = strtoull(argv[++i], NULL, 10);
    else if (more && strcmp(argv[i], "--from") == 0) from = strtoull(argv[++i], NULL, 16);
    else if (more && strcmp(argv[i], "--to") == 0) to = strtoull(argv[++i], NULL, 16);
    else if (more && strcmp(argv[i], "--words") == 0) file = argv[++i];
    else if (more && strcmp(argv[i], "--worst") == 0) worst = atoi(argv[++i]);
    else {
      fprintf(stderr, "oracle: unknown argument %s\n", argv[i]);
      return 2;
    }
  }
  if (stride == 0 || to > 0xffffffffu) {
    fprintf(stderr, "oracle: the stride must be at least 1 and the range end at ffffffff at most\n");
    return 2;
  }
  static u32 words[4096];
  u64 count = 0;
  u32 n = 0;
  // Both signs; the 64 words either side of every power of two, so zeros, infinities and NaNs too.
  for (u32 exponent = 0; exponent < 512; exponent++) {
    n = 0;
    for (u32 k = 0; k < 128; k++) words[n++] = (exponent << 23) + k - 64u;
    check(fn, words, n, only_mpfr, 0);
    count += n;
  }
  n = 0;
  if (file != NULL) {
    FILE *list = fopen(file, "r");
    char line[256];
    if (list == NULL) {
      fprintf(stderr, "oracle: cannot read %s\n", file);
      return 2;
    }
    while (fgets(line, sizeof line, list) != NULL) {
      if (line[0] == '/' || line[0] == '\n') continue;
      char *rest;
      words[n++] = (u32)strtoul(line, &rest, 16);
      u32 stated = (u32)strtoul(rest, NULL, 16);
      if (stated != expected_word(fn, words[n - 1], true)) {
        printf("%s: %s states %08x for %08x\n", fn->name, file, stated, words[n - 1]);
        differences++;
      }
      if (n == 4096) {
        check(fn, words, n, only_mpfr, worst);
        count += n;
        n = 0;
      }
    }
    fclose(list);
    from = to + 1;
  }
  for (u64 word = from + offset; word <= to; word += stride) {
    words[n++] = (u32)word;
    if (n == 4096) {
      check(fn, words, n, only_mpfr, worst);
      count += n;
      n = 0;
    }
  }
  check(fn, words, n, only_mpfr, worst);
  count += n;
  printf("%s: %llu inputs, %llu decided by MPFR, %llu differ\n", fn->name, (unsigned long long)count, (unsigned long long)mpfr_calls,
         (unsigned long long)differences);
  return differences == 0 ? 0 : 1;
}
