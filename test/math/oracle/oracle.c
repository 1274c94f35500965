// The oracle of the elementary functions of one argument: compares the WASM C (compiled natively) and the shader text
// (as C) with the correctly rounded result (V6), word by word.
// The expected word: libm's f64 result, widened by 2^-44 of its value either way; where both ends round to the same f32
// that is the answer, else MPFR decides at 200 bits. libm states errors of a few 2^-53 for these functions; with --spot
// one input in N goes to MPFR as well, and a libm that is off by more than 2^-48 there counts as a difference, as does
// another word. With --mpfr every input goes to MPFR. Then the rules of V2: NaN 0x7fc00000, under 2^-120 and zero +0.
// Usage: oracle NAME [--stride N] [--offset N] [--from HEX] [--to HEX] [--mpfr] [--spot N] [--worst BITS]
//        oracle NAME --words FILE      only the words of the file: input word, result word, hexadecimal, one pair a line
//        oracle NAME --from HEX --to HEX --outputs C TEXT     a shard of scripts/test_math.mjs --all: no special words; the
//                                      result words go to the file descriptors C and TEXT, the counts to stdout as JSON
//   All words from..to (inclusive) in steps of N, after the special words: both ends and neighbours of every
//   binade. Without range: all 2^32. --worst prints every input whose result lies within 2^-BITS of a tie, relative.
// Exit status 0 if nothing differs; at most 20 differences are printed. See scripts/test_math.mjs.
#include <math.h>
#include <mpfr.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "functions.h"

enum { BLOCK = 16384 };

static struct {
  u64 inputs, undecided, spots, differences;
  f64 libm_error; // the largest one seen, relative
} total;

static f32 canonical_result(f32 y) {
  u32 u = bits_of(y), magnitude = u & 0x7fffffffu;
  return f32_of(magnitude > 0x7f800000u ? 0x7fc00000u : magnitude < 0x03800000u ? 0u : u);
}

// |approximation - y| / |y|; 0 where either is not a number of the normal range of f32.
static f64 relative_error(f64 approximation, mpfr_srcptr y) {
  static mpfr_t d;
  static bool ready = false;
  if (!ready) mpfr_init2(d, 64);
  ready = true;
  if (!mpfr_regular_p(y) || !(fabs(approximation) >= 0x1p-126 && fabs(approximation) < 0x1p128)) return 0.0;
  mpfr_d_sub(d, approximation, y, MPFR_RNDN);
  mpfr_div(d, d, y, MPFR_RNDN);
  return fabs(mpfr_get_d(d, MPFR_RNDU));
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
  f64 error = relative_error(fn->approximate((f64)x), y);
  if (error > total.libm_error) total.libm_error = error;
  if (inexact != 0 && mpfr_regular_p(y) && mpfr_min_prec(y) < 200) {
    if (mpfr_sgn(y) > 0) mpfr_nextabove(y);
    else mpfr_nextbelow(y);
  }
  return bits_of(canonical_result(mpfr_get_flt(y, MPFR_RNDN)));
}

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
    total.undecided++;
  }
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

struct options {
  bool only_mpfr;
  int worst;
  u64 spot;
  int outputs[2]; // file descriptors, -1 for none
};

static void write_words(int descriptor, const void *words, size_t bytes) {
  const char *at = words;
  while (bytes > 0) {
    ssize_t done = write(descriptor, at, bytes);
    if (done <= 0) {
      perror("oracle: the results could not be written");
      exit(2);
    }
    at += done;
    bytes -= (size_t)done;
  }
}

static void check(const struct function *fn, const u32 *words, u32 n, const struct options *options) {
  static f32 x[BLOCK], y[BLOCK];
  static u32 text[BLOCK];
  for (u32 i = 0; i < n; i++) x[i] = f32_of(words[i]);
  fn->block(x, y, n);
  fn->text(words, text, n);
  if (options->outputs[0] >= 0) {
    write_words(options->outputs[0], y, n * sizeof(f32));
    write_words(options->outputs[1], text, n * sizeof(u32));
  }
  for (u32 i = 0; i < n; i++) {
    u32 wanted = expected_word(fn, words[i], options->only_mpfr);
    u32 got = bits_of(y[i]);
    if (got != wanted || text[i] != wanted) {
      if (total.differences++ < 20)
        printf("%s(%08x = %a): expected %08x, C %08x, shader text %08x\n", fn->name, words[i], (f64)x[i], wanted, got, text[i]);
    }
    // The high bits of a multiplicative hash pick the spots: a stride would give all of them the same low bits.
    if (options->spot > 0 && ((u64)(words[i] * 2654435761u) * options->spot) >> 32 == 0) {
      total.spots++;
      if (expected_word(fn, words[i], true) != wanted && total.differences++ < 20)
        printf("%s(%08x): libm's f64 gives %08x, MPFR another word\n", fn->name, words[i], wanted);
    }
    if (options->worst > 0) report_worst(fn, words[i], options->worst);
  }
  total.inputs += n;
}

static void usage(const char *what, const char *detail) {
  fprintf(stderr, "oracle: %s %s. See the heads of oracle.c and functions.h.\n", what, detail);
  exit(2);
}

int main(int argc, char **argv) {
  struct function chosen = {0}, *fn = &chosen;
  const char *name = argc > 1 ? argv[1] : "(none)";
#ifdef ORACLE_FUNCTION
  if (strcmp(name, ORACLE_FUNCTION) == 0) choose_function(ORACLE_FUNCTION, &chosen);
#else
  choose_function(name, &chosen);
#endif
  if (fn->name == NULL) usage("unknown function", name);
  u64 from = 0, to = 0xffffffffu, stride = 1, offset = 0;
  struct options options = {.outputs = {-1, -1}};
  const char *file = NULL;
  for (int i = 2; i < argc; i++) {
    bool more = i + 1 < argc;
    if (strcmp(argv[i], "--mpfr") == 0) options.only_mpfr = true;
    else if (more && strcmp(argv[i], "--stride") == 0) stride = strtoull(argv[++i], NULL, 10);
    else if (more && strcmp(argv[i], "--offset") == 0) offset = strtoull(argv[++i], NULL, 10);
    else if (more && strcmp(argv[i], "--from") == 0) from = strtoull(argv[++i], NULL, 16);
    else if (more && strcmp(argv[i], "--to") == 0) to = strtoull(argv[++i], NULL, 16);
    else if (more && strcmp(argv[i], "--words") == 0) file = argv[++i];
    else if (more && strcmp(argv[i], "--worst") == 0) options.worst = atoi(argv[++i]);
    else if (more && strcmp(argv[i], "--spot") == 0) options.spot = strtoull(argv[++i], NULL, 10);
    else if (i + 2 < argc && strcmp(argv[i], "--outputs") == 0) {
      options.outputs[0] = atoi(argv[++i]);
      options.outputs[1] = atoi(argv[++i]);
    } else usage("unknown argument", argv[i]);
  }
  if (stride == 0 || to > 0xffffffffu) usage("the stride must be at least 1 and the range end at", "ffffffff at most");
  const bool shard = options.outputs[0] >= 0;
  static u32 words[BLOCK];
  u32 n = 0;
  // Both signs; the 64 words either side of every power of two, so zeros, infinities and NaNs too.
  for (u32 exponent = 0; exponent < 512 && !shard; exponent++) {
    const struct options plain = {.only_mpfr = options.only_mpfr, .outputs = {-1, -1}};
    n = 0;
    for (u32 k = 0; k < 128; k++) words[n++] = (exponent << 23) + k - 64u;
    check(fn, words, n, &plain);
  }
  n = 0;
  if (file != NULL) {
    FILE *list = fopen(file, "r");
    char line[256];
    if (list == NULL) usage("cannot read", file);
    while (fgets(line, sizeof line, list) != NULL) {
      if (line[0] == '/' || line[0] == '\n') continue;
      char *rest;
      words[n++] = (u32)strtoul(line, &rest, 16);
      u32 stated = (u32)strtoul(rest, NULL, 16);
      if (stated != expected_word(fn, words[n - 1], true)) {
        printf("%s: %s states %08x for %08x\n", fn->name, file, stated, words[n - 1]);
        total.differences++;
      }
      if (n == BLOCK) {
        check(fn, words, n, &options);
        n = 0;
      }
    }
    fclose(list);
    from = to + 1;
  }
  for (u64 word = from + offset; word <= to; word += stride) {
    words[n++] = (u32)word;
    if (n == BLOCK) {
      check(fn, words, n, &options);
      n = 0;
    }
  }
  check(fn, words, n, &options);
  if (total.libm_error > 0x1p-48) {
    printf("%s: libm is off by 2^%.1f: the margin of 2^-44 proves nothing\n", fn->name, log2(total.libm_error));
    total.differences++;
  }
  typedef unsigned long long ull;
  if (shard)
    printf("{\"inputs\": %llu, \"undecided\": %llu, \"spots\": %llu, \"differences\": %llu, \"libm_error\": %.3g}\n", (ull)total.inputs,
           (ull)total.undecided, (ull)total.spots, (ull)total.differences, total.libm_error);
  else
    printf("%s: %llu inputs, %llu decided by MPFR, %llu differ\n", fn->name, (ull)total.inputs, (ull)total.undecided,
           (ull)total.differences);
  return total.differences == 0 ? 0 : 1;
}
