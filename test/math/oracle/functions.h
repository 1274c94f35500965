// The functions the oracle knows: one line each, ONE(name, f64 function of libm, MPFR call).
// name_f32_block is the WASM function, wgsl_name_f32 the shader text as C.
#ifndef ISOBIT_ORACLE_FUNCTIONS_H
#define ISOBIT_ORACLE_FUNCTIONS_H
#include "../../../wasm/math/math.h"
#include "../../../wasm/math/words/exp.h"
#include "../../../wasm/math/words/sigmoid.h"
#include "../../../wasm/math/words/tanh.h"
#include "../../../wasm/math/words/erf.h"
#include "../../../wasm/math/words/log.h"

struct function {
  const char *name;
  void (*block)(const f32 *x, f32 *y, u32 n);
  void (*text)(const u32 *x, u32 *y, u32 n);
  f64 (*approximate)(f64 x);
  int (*mpfr)(mpfr_ptr y, mpfr_srcptr x); // rounds toward zero, returns 0 if exact
};

#define ONE(fn, libm, call)                                                                        \
  __attribute__((flatten)) static void text_##fn(const u32 *restrict x, u32 *restrict y, u32 n) {  \
    for (u32 i = 0; i < n; i++) y[i] = wgsl_##fn##_f32(x[i]);                                      \
  }                                                                                                \
  static f64 approximate_##fn(f64 x) { return libm; }                                              \
  static int oracle_##fn(mpfr_ptr y, mpfr_srcptr x) { return call; }
#define ROW(fn) {#fn, fn##_f32_block, text_##fn, approximate_##fn, oracle_##fn},

// 1 / (1 + e^-x) at 400 bits; it is never exact but at 0.
static int sigmoid_mpfr(mpfr_ptr y, mpfr_srcptr x) {
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

ONE(exp, exp(x), mpfr_exp(y, x, MPFR_RNDZ))
ONE(sigmoid, 1.0 / (1.0 + exp(-x)), sigmoid_mpfr(y, x))
ONE(tanh, tanh(x), mpfr_tanh(y, x, MPFR_RNDZ))
ONE(erf, erf(x), mpfr_erf(y, x, MPFR_RNDZ))
ONE(log, log(x), mpfr_log(y, x, MPFR_RNDZ))

static const struct function functions[] = {
  ROW(exp)
  ROW(sigmoid)
  ROW(tanh)
  ROW(erf)
  ROW(log)
};

#endif
