// What shaders/math/arith.wgsl takes from math/rounded, as C: the text of arith is translated beside it
// (scripts/wgsl_to_c.mjs, build/oracle/arith.h) and calls these. + and x are IEEE-754's. Quotient and root are a device's
// approximation: the correctly rounded one, off by as many units in the last place as device_error says. WGSL
// allows 2.5 ulp and about 5; arith says that it bears 3 and 7. A raised flag is counted.
// Included by the generated arith.h, after nothing.
#ifndef ISOBIT_ORACLE_DEVICE_H
#define ISOBIT_ORACLE_DEVICE_H
#include "../../../wasm/math/words.h"

static u32 device_error = 0; // added to the word: of two's complement, so that it may be negative
static u64 device_flags = 0;

static inline u32 wgsl_add_rounded(u32 a, u32 b) { return bits_of(f32_of(a) + f32_of(b)); }
static inline u32 wgsl_mul_rounded(u32 a, u32 b) { return bits_of(f32_of(a) * f32_of(b)); }
static inline u32 wgsl_quotient_estimate(u32 a, u32 b) { return bits_of(f32_of(a) / f32_of(b)) + device_error; }
static inline u32 wgsl_root_estimate(u32 x) { return bits_of(__builtin_sqrtf(f32_of(x))) + device_error; }
static inline void wgsl_raise_flag(void) { device_flags++; }

#endif
