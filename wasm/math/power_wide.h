// x^y by 256-bit fixed-point numbers: what decides pow where the 64-bit algorithm cannot. Slow
// (microseconds). Not here: special values and ties (shaders/math/power.wgsl).
#ifndef ISOBIT_POWER_WIDE_H
#define ISOBIT_POWER_WIDE_H
#include "../repro.h"

// The word of x^y rounded to nearest, for the words of two positive finite numbers of at least 2^-120, x not
// 1, and x^-y where y_negative = 1; the result must lie in [2^-121, 2^128) and not be a tie. An overflow
// gives infinity.
u32 power_wide(u32 x, u32 y, u32 y_negative);

#endif
