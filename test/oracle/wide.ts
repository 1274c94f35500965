// Operators that are compositions on 16-bit floats (V9): inputs widened to float32, outputs rounded once. What an operator
// only moves is not converted: the operator names those outputs and moves them itself.
import { operators as casts } from './operators/cast.ts';
import type { OracleNode, OracleOperator, OracleTensor, OracleType } from './types.ts';

const CODES: Readonly<Partial<Record<OracleType, number>>> = {
  float32: 1,
  float16: 10,
  bfloat16: 16,
};
const isNarrow = (type: OracleType): boolean => type === 'float16' || type === 'bfloat16';

function cast(x: OracleTensor, to: OracleType): OracleTensor {
  const node: OracleNode = {
    opType: 'Cast',
    domain: '',
    opset: 21,
    attributes: new Map([['to', { type: 'int', value: CODES[to] ?? 0 }]]),
    inputs: [x],
    outputs: 1,
    output: '',
  };
  const [y] = casts['Cast']?.(node) ?? [];
  if (y === undefined) throw new TypeError(`no cast to ${to}.`);
  return y;
}

/** The operator for 16-bit floats too: float32 outputs get the type of the first input, counted from `first`. */
export const wide =
  (operator: OracleOperator, first = 0): OracleOperator =>
  (node) => {
    const type = node.inputs.slice(first).find((x) => x !== undefined)?.dtype ?? 'float32';
    if (!isNarrow(type)) return operator(node);
    const inputs = node.inputs.map((x) => (x && isNarrow(x.dtype) ? cast(x, 'float32') : x));
    return operator({ ...node, inputs }).map((y) => (y.dtype === 'float32' ? cast(y, type) : y));
  };

/** The word of an element that is computed, where words are moved. */
export const COMPUTED = -1;

/**
 * The same for operators that also move elements: `moves` gives their words as they came, and COMPUTED for the others, from
 * inputs whose words are taken for those of float32.
 */
export const wideMoving =
  (operator: OracleOperator, moves: OracleOperator): OracleOperator =>
  (node) => {
    const outputs = wide(operator)(node);
    if (!isNarrow(node.inputs[0]?.dtype ?? 'float32')) return outputs;
    const inputs = node.inputs.map((x): OracleTensor | undefined =>
      x && isNarrow(x.dtype) ? { ...x, dtype: 'float32' } : x,
    );
    const moved = moves({ ...node, inputs });
    return outputs.map((y, i) => {
      const words = moved[i]?.data;
      const data = y.data.map((word, k) => {
        const own = words?.[k] ?? COMPUTED;
        return own === COMPUTED ? word : own;
      });
      return { ...y, data };
    });
  };
