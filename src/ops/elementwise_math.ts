// Element-wise operators that are one elementary function of float32, correctly rounded (V6): a line each, alphabetical.
// The functions are in wasm/math and shaders/math; docs/NUMERICS.md has their special values. The older ones, from
// Exp to Erf, stand in elementwise.ts.
import { f32, unary } from './elementwise.ts';

export const Acos = unary({ type: 'Acos', kinds: f32('acos_f32'), since: 7 });
export const Acosh = unary({ type: 'Acosh', kinds: f32('acosh_f32'), since: 9 });
export const Asin = unary({ type: 'Asin', kinds: f32('asin_f32'), since: 7 });
export const Asinh = unary({ type: 'Asinh', kinds: f32('asinh_f32'), since: 9 });
export const Atan = unary({ type: 'Atan', kinds: f32('atan_f32'), since: 7 });
export const Atanh = unary({ type: 'Atanh', kinds: f32('atanh_f32'), since: 9 });
export const Cos = unary({ type: 'Cos', kinds: f32('cos_f32'), since: 7 });
export const Cosh = unary({ type: 'Cosh', kinds: f32('cosh_f32'), since: 9 });
export const Sin = unary({ type: 'Sin', kinds: f32('sin_f32'), since: 7 });
export const Sinh = unary({ type: 'Sinh', kinds: f32('sinh_f32'), since: 9 });
export const Softplus = unary({ type: 'Softplus', kinds: f32('softplus_f32') });
export const Tan = unary({ type: 'Tan', kinds: f32('tan_f32'), since: 7 });

// Of functions that ONNX has no operator for: domain isobit, opset 1.

export const Erfc = unary({ type: 'Erfc', domain: 'isobit', kinds: f32('erfc_f32') });
export const Exp2 = unary({ type: 'Exp2', domain: 'isobit', kinds: f32('exp2_f32') });
export const Expm1 = unary({ type: 'Expm1', domain: 'isobit', kinds: f32('expm1_f32') });
export const Log10 = unary({ type: 'Log10', domain: 'isobit', kinds: f32('log10_f32') });
export const Log1p = unary({ type: 'Log1p', domain: 'isobit', kinds: f32('log1p_f32') });
export const Log2 = unary({ type: 'Log2', domain: 'isobit', kinds: f32('log2_f32') });
export const Rsqrt = unary({ type: 'Rsqrt', domain: 'isobit', kinds: f32('rsqrt_f32') });
