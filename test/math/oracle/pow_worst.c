// Finds hard cases of pow: pairs whose exact power lies extraordinarily near to a tie of two f32.
// For a base, 256 exponents next to each other make 256 powers each of which is the one before times the same factor: a
// 64-bit product a pair. Those whose 64-bit significand is near a tie are looked at by MPFR. So 10^9 pairs take
// seconds, and of N pairs one is expected within a relative 2^-24 / N. Bases are near 1, short, and of every size; powers anywhere
// in the range. Powers that are a tie, or exact, have short forms and are none of these: pow.c lists them.
// Usage: pow_worst BITS [PAIRS] [SEED]      pairs within 2^-BITS, relative: lines of test/math/pow.pairs.txt; default 10^9 pairs
#include <math.h>
#include <mpfr.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

#include "../../../wasm/repro.h"

enum { RUN = 256 };

static u64 state = 88172645463325252u;
static u32 draw(void) {
  state ^= state << 13;
  state ^= state >> 7;
  state ^= state << 17;
  return (u32)(state >> 16);
}
static u32 below(u32 n) { return (u32)(((u64)draw() * n) >> 32); }

static u32 draw_base(void) {
  switch (below(4)) {
    case 0: return 0x3f800000u + below(1u << (1 + below(23))) - below(1u << (1 + below(22))); // near 1
    case 1: return bits_of((f32)(2 + below(4096)));
    default: return 0x20000000u + below(0x40000000u); // 2^-63 to 2^65
  }
}

// Prints the pair if its power is within 2^-bits of a tie and no tie.
static bool report(u32 base, u32 exponent, int bits) {
  static mpfr_t x, y, z, tie;
  static bool ready = false;
  if (!ready) mpfr_inits2(200, x, y, z, tie, (mpfr_ptr)0);
  ready = true;
  mpfr_set_flt(x, f32_of(base), MPFR_RNDN);
  mpfr_set_flt(y, f32_of(exponent), MPFR_RNDN);
  if (mpfr_pow(z, x, y, MPFR_RNDZ) == 0) return false;
  mpfr_set(tie, z, MPFR_RNDN);
  mpfr_prec_round(tie, 25, MPFR_RNDN); // the nearest number of 25 bits: a tie if it is none of 24
  bool is_tie = mpfr_min_prec(tie) == 25;
  mpfr_prec_round(tie, 200, MPFR_RNDN);
  mpfr_sub(tie, z, tie, MPFR_RNDN);
  if (!is_tie || mpfr_zero_p(tie)) return false;
  int gap = (int)(mpfr_get_exp(z) - mpfr_get_exp(tie));
  if (gap < bits) return false;
  printf("%08x %08x %08x // %a ^ %a: 2^-%d from a tie\n", base, exponent, bits_of(mpfr_get_flt(z, MPFR_RNDN)), (f64)f32_of(base),
         (f64)f32_of(exponent), gap);
  fflush(stdout);
  return true;
}

int main(int argc, char **argv) {
  const int bits = argc > 1 ? atoi(argv[1]) : 0;
  const u64 pairs = argc > 2 ? strtoull(argv[2], NULL, 10) : 1000000000;
  if (argc > 3) state ^= strtoull(argv[3], NULL, 10) * 0x9e3779b97f4a7c15u;
  if (bits < 40 || bits > 100) {
    fprintf(stderr, "pow_worst: BITS must be 40 to 100. See the head of pow_worst.c.\n");
    return 2;
  }
  // The dropped 40 bits of a significand of 64 are known to about 2^9 of their units, which are 2^-64 relative.
  const i64 limit = ((i64)1 << (bits < 54 ? 64 - bits : 10)) + 1024;
  u64 done = 0, found = 0;
  while (done < pairs) {
    u32 base = draw_base();
    long double x = f32_of(base), log2_x = log2l(x);
    if (log2_x == 0.0L) continue;
    // A power between 2^-118 and 2^127, spread evenly in its logarithm or, one time in four, near 1.
    long double wanted = (long double)draw() * 0x1p-32L * 245.0L - 118.0L;
    if (below(4) == 0) wanted *= 0x1p-6L;
    f32 first = (f32)(wanted / log2_x);
    u32 exponent = bits_of(first) & ~(u32)(RUN - 1);
    u32 magnitude = exponent & 0x7fffffffu;
    if (magnitude < 0x03800000u || magnitude >= 0x7f000000u) continue;
    long double y = f32_of(exponent), unit = f32_of(exponent + 1u) - y;
    int scale;
    long double power = frexpl(powl(x, y), &scale), step = expm1l(unit * logl(x));
    if (scale < -118 || scale > 127 || fabsl(step) < 0x1p-60L) continue;
    // value in units of 2^-64; step in units of 2^-(64 + shift), so that it has 63 bits.
    int exponent_of_step;
    frexpl(step, &exponent_of_step);
    const int shift = -exponent_of_step;
    const bool down = step < 0.0L;
    const u64 factor = (u64)ldexpl(fabsl(step), 63 + shift);
    u64 value = (u64)ldexpl(power, 64);
    done += RUN;
    for (u32 i = 0; i < RUN; i++) {
      i64 distance = (i64)(value & 0xffffffffffu) - (i64)0x8000000000;
      if (distance < limit && distance > -limit) found += report(base, exponent + i, bits);
      u64 change = (u64)(((unsigned __int128)value * factor) >> 64) >> (shift - 1);
      u64 next = down ? value - change : value + change;
      if ((down && next < (u64)1 << 63) || (!down && next < value)) break; // the next binade
      value = next;
    }
  }
  fprintf(stderr, "pow_worst: %llu pairs, %llu within 2^-%d of a tie\n", (unsigned long long)done, (unsigned long long)found, bits);
  return 0;
}
