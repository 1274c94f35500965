// The elementary functions of the contract, correctly rounded to f32 (V6): one value, and a block of n values
// (x may equal y, any n). All read and write canonically (V2): NaN is 0x7fc00000, zero is +0, a result under
// 2^-120 is +0, overflow is infinity. Every input has a result: the special values stand in each file.
#ifndef ISOBIT_MATH_H
#define ISOBIT_MATH_H
#include "../repro.h"

f32 exp_f32(f32 x);
void exp_f32_block(const f32 *x, f32 *y, u32 n);
f32 tanh_f32(f32 x);
void tanh_f32_block(const f32 *x, f32 *y, u32 n);
f32 sigmoid_f32(f32 x);
void sigmoid_f32_block(const f32 *x, f32 *y, u32 n);
f32 erf_f32(f32 x);
void erf_f32_block(const f32 *x, f32 *y, u32 n);
f32 log_f32(f32 x);
void log_f32_block(const f32 *x, f32 *y, u32 n);
f32 rsqrt_f32(f32 x);
void rsqrt_f32_block(const f32 *x, f32 *y, u32 n);
f32 sin_f32(f32 x);
void sin_f32_block(const f32 *x, f32 *y, u32 n);
f32 cos_f32(f32 x);
void cos_f32_block(const f32 *x, f32 *y, u32 n);
f32 tan_f32(f32 x);
void tan_f32_block(const f32 *x, f32 *y, u32 n);
f32 atan_f32(f32 x);
void atan_f32_block(const f32 *x, f32 *y, u32 n);
f32 asin_f32(f32 x);
void asin_f32_block(const f32 *x, f32 *y, u32 n);
f32 acos_f32(f32 x);
void acos_f32_block(const f32 *x, f32 *y, u32 n);
f32 log2_f32(f32 x);
void log2_f32_block(const f32 *x, f32 *y, u32 n);
f32 log10_f32(f32 x);
void log10_f32_block(const f32 *x, f32 *y, u32 n);
f32 log1p_f32(f32 x);
void log1p_f32_block(const f32 *x, f32 *y, u32 n);
f32 asinh_f32(f32 x);
void asinh_f32_block(const f32 *x, f32 *y, u32 n);
f32 acosh_f32(f32 x);
void acosh_f32_block(const f32 *x, f32 *y, u32 n);
f32 atanh_f32(f32 x);
void atanh_f32_block(const f32 *x, f32 *y, u32 n);
f32 softplus_f32(f32 x);
void softplus_f32_block(const f32 *x, f32 *y, u32 n);
f32 pow_f32(f32 x, f32 y);
void pow_f32_block(const f32 *x, const f32 *y, f32 *z, u32 n);
f32 expm1_f32(f32 x);
void expm1_f32_block(const f32 *x, f32 *y, u32 n);
f32 sinh_f32(f32 x);
void sinh_f32_block(const f32 *x, f32 *y, u32 n);
f32 cosh_f32(f32 x);
void cosh_f32_block(const f32 *x, f32 *y, u32 n);
f32 erfc_f32(f32 x);
void erfc_f32_block(const f32 *x, f32 *y, u32 n);
f32 exp2_f32(f32 x);
void exp2_f32_block(const f32 *x, f32 *y, u32 n);

#endif
