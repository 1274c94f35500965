// The module `functions`: steps of element-wise chains that few networks have. They take the places that
// chain_steps.h keeps for them in the table when the module is loaded (docs/decisions/0005-modules.md).
// Rules: those of math.h (V6).
#include "chain_math.h"

#define FUNCTION_1(name) __attribute__((export_name("step_" #name), used)) MATH_1(name)

FUNCTION_1(exp2_f32)
FUNCTION_1(expm1_f32)
FUNCTION_1(sinh_f32)
FUNCTION_1(cosh_f32)
FUNCTION_1(erfc_f32)
FUNCTION_1(sin_f32)
FUNCTION_1(cos_f32)
FUNCTION_1(tan_f32)
FUNCTION_1(asin_f32)
FUNCTION_1(acos_f32)
FUNCTION_1(atan_f32)
FUNCTION_1(log2_f32)
FUNCTION_1(log10_f32)
FUNCTION_1(log1p_f32)
FUNCTION_1(asinh_f32)
FUNCTION_1(acosh_f32)
FUNCTION_1(atanh_f32)

__attribute__((export_name("step_pow_f32"), used)) void step_pow_f32(const ChainOperand *o, u32 *to, u32 n) {
  Register x, y;
  pow_f32_block((const f32 *)block(o, &x, n), (const f32 *)block(o + 1, &y, n), (f32 *)to, n);
}
