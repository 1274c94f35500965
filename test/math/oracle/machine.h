// The root and the reciprocal as the chain steps of the core compute them (wasm/chain_steps.h): the machine's own operation,
// IEEE-754, between canonical reads and stores. And the shader text of both (math/arith) as C.
#ifndef ISOBIT_ORACLE_MACHINE_H
#define ISOBIT_ORACLE_MACHINE_H
#include "../../../wasm/canonical.h"
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wunused-function"
#include "arith.h" // made by scripts/test_math.mjs, in build/oracle
#pragma GCC diagnostic pop

static inline void sqrt_f32_block(const f32 *x, f32 *y, u32 n) {
  for (u32 i = 0; i < n; i++) y[i] = canonical(__builtin_sqrtf(canonical(x[i])));
}
static inline void reciprocal_f32_block(const f32 *x, f32 *y, u32 n) {
  for (u32 i = 0; i < n; i++) y[i] = canonical(1.0f / canonical(x[i]));
}

#endif
