// Stands in for the compiler's header of the same name where the core is built without SIMD: every v128 operation is
// SIMDe's portable C, one lane after the other, by people who know nothing of this core. The operator cases must have
// the same digests (test/stacks/scalar.test.ts). Not part of the library.
#ifndef ISOBIT_SCALAR_SIMD128_H
#define ISOBIT_SCALAR_SIMD128_H
#define SIMDE_NO_NATIVE
#define SIMDE_ENABLE_NATIVE_ALIASES
#include <simde/wasm/simd128.h>
// wasm/canonical.h: nothing to hide from a compiler that has no such instructions.
#define OPAQUE_X4(v) ((void)(v))
#endif
