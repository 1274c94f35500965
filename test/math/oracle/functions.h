// The functions the oracle knows: one line each, ONE(name, f64 function of libm, MPFR call), and its ROW.
// name_f32_block is the WASM function, wgsl_name_f32 the shader text as C. The f64 function must be within a relative
// 2^-44 of the true value for every f32; each run over all inputs measures how near it is (oracle.c).
#ifndef ISOBIT_ORACLE_FUNCTIONS_H
#define ISOBIT_ORACLE_FUNCTIONS_H
#include "../../../wasm/math/math.h"
#include "../../../wasm/math/words/exp.h"
#include "../../../wasm/math/words/sigmoid.h"
#include "../../../wasm/math/words/tanh.h"
#include "../../../wasm/math/words/erf.h"
#include "../../../wasm/math/words/exp2.h"
#include "../../../wasm/math/words/expm1.h"
#include "../../../wasm/math/words/sinh.h"
#include "../../../wasm/math/words/cosh.h"
#include "../../../wasm/math/words/erfc.h"
#include "../../../wasm/math/words/log.h"
#include "../../../wasm/math/words/rsqrt.h"
#include "../../../wasm/math/words/sin.h"
#include "../../../wasm/math/words/cos.h"
#include "../../../wasm/math/words/tan.h"
#include "../../../wasm/math/words/atan.h"
#include "../../../wasm/math/words/asin.h"
#include "../../../wasm/math/words/acos.h"
#include "machine.h"
#include "../../../wasm/math/words/log2.h"
#include "../../../wasm/math/words/log10.h"
#include "../../../wasm/math/words/log1p.h"
#include "../../../wasm/math/words/asinh.h"
#include "../../../wasm/math/words/acosh.h"
#include "../../../wasm/math/words/atanh.h"
#include "../../../wasm/math/words/softplus.h"

struct function {
  const char *name;
  void (*block)(const f32 *x, f32 *y, u32 n);
  void (*text)(const u32 *x, u32 *y, u32 n);
  f64 (*approximate)(f64 x);
  int (*mpfr)(mpfr_ptr y, mpfr_srcptr x); // rounds toward zero, returns 0 if exact
};

#define ONE(fn, libm, call)                                                                        \
  __attribute__((flatten, unused)) static void text_##fn(const u32 *restrict x, u32 *restrict y, u32 n) {  \
    for (u32 i = 0; i < n; i++) y[i] = wgsl_##fn##_f32(x[i]);                                      \
  }                                                                                                \
  static inline f64 approximate_##fn(f64 x) { return libm; }                                       \
  static inline int oracle_##fn(mpfr_ptr y, mpfr_srcptr x) { return call; }
// The comparison of names is decided by the compiler where `wanted` is known to it: see choose_function.
#define ROW(fn)                                                                                    \
  if (__builtin_strcmp(wanted, #fn) == 0)                                                          \
    *chosen = (struct function){#fn, fn##_f32_block, text_##fn, approximate_##fn, oracle_##fn};

// Helpers are `static inline`: a program for one function leaves the others' out.
// 1 / (1 + e^-x) at 400 bits; it is never exact but at 0.
static inline int sigmoid_mpfr(mpfr_ptr y, mpfr_srcptr x) {
  mpfr_t e;
  mpfr_init2(e, 400);
  mpfr_neg(e, x, MPFR_RNDN);
  mpfr_exp(e, e, MPFR_RNDN);
  mpfr_add_ui(e, e, 1, MPFR_RNDN);
  mpfr_ui_div(e, 1, e, MPFR_RNDN);
  int inexact = mpfr_set(y, e, MPFR_RNDZ);
  mpfr_clear(e);
  return inexact;
}

// ln(1 + e^x) at 400 bits: e^x is off by 2^-400 of itself, of which log1p passes on no more, and log1p by as much. It is
// never exact; where 400 bits do not tell it from x, the answer is x: so it is over 1024, and e^x has no place in MPFR's
// exponents from 2^29.4 on.
static inline int softplus_mpfr(mpfr_ptr y, mpfr_srcptr x) {
  if (mpfr_cmp_ui(x, 1024) > 0) return mpfr_set(y, x, MPFR_RNDZ);
  mpfr_t e;
  mpfr_init2(e, 400);
  mpfr_exp(e, x, MPFR_RNDN);
  mpfr_log1p(e, e, MPFR_RNDN);
  int inexact = mpfr_set(y, e, MPFR_RNDZ);
  mpfr_clear(e);
  return inexact;
}

ONE(exp, exp(x), mpfr_exp(y, x, MPFR_RNDZ))
ONE(sigmoid, 1.0 / (1.0 + exp(-x)), sigmoid_mpfr(y, x))
ONE(tanh, tanh(x), mpfr_tanh(y, x, MPFR_RNDZ))
ONE(erf, erf(x), mpfr_erf(y, x, MPFR_RNDZ))
ONE(exp2, exp2(x), mpfr_exp2(y, x, MPFR_RNDZ))
ONE(expm1, expm1(x), mpfr_expm1(y, x, MPFR_RNDZ))
ONE(sinh, sinh(x), mpfr_sinh(y, x, MPFR_RNDZ))
ONE(cosh, cosh(x), mpfr_cosh(y, x, MPFR_RNDZ))
ONE(erfc, erfc(x), mpfr_erfc(y, x, MPFR_RNDZ))
ONE(log, log(x), mpfr_log(y, x, MPFR_RNDZ))
ONE(sqrt, sqrt(x), mpfr_sqrt(y, x, MPFR_RNDZ))
ONE(reciprocal, 1.0 / x, mpfr_ui_div(y, 1, x, MPFR_RNDZ))
ONE(rsqrt, 1.0 / sqrt(x), mpfr_rec_sqrt(y, x, MPFR_RNDZ))
ONE(sin, sin(x), mpfr_sin(y, x, MPFR_RNDZ))
ONE(cos, cos(x), mpfr_cos(y, x, MPFR_RNDZ))
ONE(tan, tan(x), mpfr_tan(y, x, MPFR_RNDZ))
ONE(atan, atan(x), mpfr_atan(y, x, MPFR_RNDZ))
ONE(asin, asin(x), mpfr_asin(y, x, MPFR_RNDZ))
ONE(acos, acos(x), mpfr_acos(y, x, MPFR_RNDZ))
ONE(log2, log2(x), mpfr_log2(y, x, MPFR_RNDZ))
ONE(log10, log10(x), mpfr_log10(y, x, MPFR_RNDZ))
ONE(log1p, log1p(x), mpfr_log1p(y, x, MPFR_RNDZ))
ONE(asinh, asinh(x), mpfr_asinh(y, x, MPFR_RNDZ))
ONE(acosh, acosh(x), mpfr_acosh(y, x, MPFR_RNDZ))
ONE(atanh, atanh(x), mpfr_atanh(y, x, MPFR_RNDZ))
ONE(softplus, x > 0.0 ? x + log1p(exp(-x)) : log1p(exp(x)), softplus_mpfr(y, x))

// Leaves *chosen as it is if there is no such function. A program built for one function (ORACLE_FUNCTION) holds that
// function alone, so that its bytes change only when the function, the oracle or the compiler does.
static inline __attribute__((always_inline)) void choose_function(const char *wanted, struct function *chosen) {
  ROW(exp)
  ROW(sigmoid)
  ROW(tanh)
  ROW(erf)
  ROW(exp2)
  ROW(expm1)
  ROW(sinh)
  ROW(cosh)
  ROW(erfc)
  ROW(log)
  ROW(sqrt)
  ROW(reciprocal)
  ROW(rsqrt)
  ROW(sin)
  ROW(cos)
  ROW(tan)
  ROW(atan)
  ROW(asin)
  ROW(acos)
  ROW(log2)
  ROW(log10)
  ROW(log1p)
  ROW(asinh)
  ROW(acosh)
  ROW(atanh)
  ROW(softplus)
}

#endif
