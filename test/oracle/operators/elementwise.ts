// Element-wise operators of float32: one V2 or V6 operation an element, after broadcasting; and the same operators of
// integers (V8).
import * as f from '../float.ts';
import { inputOf, tensorOf, wordsOf } from '../node.ts';
import type { OracleOperator } from '../types.ts';

/** y = step(x) for each word. */
const unary =
  (step: (x: number) => number): OracleOperator =>
  (node) => {
    const x = inputOf(node, 0);
    return [tensorOf('float32', x.dims, wordsOf(x).map(step))];
  };

export const operators: Readonly<Record<string, OracleOperator>> = {
  Relu: unary((x) => f.maximum(x, f.kZero)),
  Sqrt: unary(f.sqrt),
};
