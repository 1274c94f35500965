// Operators that are one elementary function of float32, beside those of elementwise.ts. What ONNX has no operator for
// stands in the domain `isobit`.
import * as elementary from '../elementary.ts';
import type { OracleOperator } from '../types.ts';
import { unary } from './elementwise.ts';

export const operators: Readonly<Record<string, OracleOperator>> = {
  Acos: unary(elementary.acos),
  Acosh: unary(elementary.acosh),
  Asin: unary(elementary.asin),
  Asinh: unary(elementary.asinh),
  Atan: unary(elementary.atan),
  Atanh: unary(elementary.atanh),
  Cos: unary(elementary.cos),
  Cosh: unary(elementary.cosh),
  Sin: unary(elementary.sin),
  Sinh: unary(elementary.sinh),
  Softplus: unary(elementary.softplus),
  Tan: unary(elementary.tan),
  'isobit:Erfc': unary(elementary.erfc),
  'isobit:Exp2': unary(elementary.exp2),
  'isobit:Expm1': unary(elementary.expm1),
  'isobit:Log10': unary(elementary.log10),
  'isobit:Log1p': unary(elementary.log1p),
  'isobit:Log2': unary(elementary.log2),
  'isobit:Rsqrt': unary(elementary.rsqrt),
};
