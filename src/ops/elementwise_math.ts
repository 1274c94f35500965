// Element-wise operators that are one elementary function of float32, correctly rounded (V6): a line each, alphabetical.
// The functions are in wasm/math and shaders/math; docs/NUMERICS.md has their special values. The older ones, from
// Exp to Erf, stand in elementwise.ts.
import { f32, unary } from './elementwise.ts';

export const Acos = unary({ type: 'Acos', kinds: f32('acos_f32'), since: 7 });
export const Asin = unary({ type: 'Asin', kinds: f32('asin_f32'), since: 7 });
export const Atan = unary({ type: 'Atan', kinds: f32('atan_f32'), since: 7 });
export const Cos = unary({ type: 'Cos', kinds: f32('cos_f32'), since: 7 });
export const Cosh = unary({ type: 'Cosh', kinds: f32('cosh_f32'), since: 9 });
export const Sin = unary({ type: 'Sin', kinds: f32('sin_f32'), since: 7 });
export const Sinh = unary({ type: 'Sinh', kinds: f32('sinh_f32'), since: 9 });
export const Tan = unary({ type: 'Tan', kinds: f32('tan_f32'), since: 7 });

// Of functions that ONNX has no operator for: domain isobit, opset 1.

export const Exp2 = unary({ type: 'Exp2', domain: 'isobit', kinds: f32('exp2_f32') });
export const Expm1 = unary({ type: 'Expm1', domain: 'isobit', kinds: f32('expm1_f32') });
export const Rsqrt = unary({ type: 'Rsqrt', domain: 'isobit', kinds: f32('rsqrt_f32') });
