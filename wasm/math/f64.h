// float64 on the reference (V9): one NaN, 0x7ff8000000000000, no -0; subnormals are numbers like others.
// Promises: exp_f64 and log_f64 are correctly rounded (V6), by 256-bit numbers, in microseconds; fmod_f64 is
// exact.
#ifndef ISOBIT_F64_H
#define ISOBIT_F64_H
#include "../repro.h"

static inline f64 canonical_f64(f64 x) { return x != x ? f64_of(0x7ff8000000000000u) : x + 0.0; }

f64 exp_f64(f64 x);
f64 log_f64(f64 x);
f64 fmod_f64(f64 x, f64 y);

#endif
