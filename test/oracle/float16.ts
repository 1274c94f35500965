// Operators on 16-bit floats (V9): the operator of float32 on the exact values, its results rounded once to the type. What
// moves or converts bits takes the type itself.
import { converted } from './operators/cast.ts';
import { stringOf } from './node.ts';
import type { OracleNode, OracleOperator, OracleType } from './types.ts';

const isFloat16 = (type: OracleType): boolean => type === 'float16' || type === 'bfloat16';

// "Movement" in docs/NUMERICS.md, the conversions, and what moves some of its elements (wideMoving).
const MOVES: ReadonlySet<string> = new Set(
  (
    'Reshape Flatten Squeeze Unsqueeze Identity Dropout Transpose Slice Split Concat Expand Tile Pad DepthToSpace ' +
    'SpaceToDepth Gather GatherND GatherElements ScatterND ScatterElements Scatter Trilu OneHot ConstantOfShape EyeLike ' +
    'Where Cast CastLike BitCast Constant Shape Size RotaryEmbedding GroupQueryAttention'
  ).split(' '),
);

function takesBits(node: OracleNode): boolean {
  if (node.opType.startsWith('Scatter')) return stringOf(node, 'reduction', 'none') === 'none';
  const isResize = node.opType === 'Resize' || node.opType === 'Upsample';
  if (isResize) return stringOf(node, 'mode', 'nearest') === 'nearest';
  return MOVES.has(node.opType);
}

/** The operator, with 16-bit floats. */
export function withFloat16(operator: OracleOperator): OracleOperator {
  return (node) => {
    const narrow = node.inputs.some((input) => input !== undefined && isFloat16(input.dtype));
    if (!narrow || takesBits(node)) return operator(node);
    const inputs = node.inputs.map((input) =>
      input !== undefined && isFloat16(input.dtype) ? converted(input, 'float32') : input,
    );
    // What float32 would be is of the type of the first float operand.
    const type = node.inputs.find((input) => input?.dtype.includes('float'))?.dtype ?? 'float32';
    return operator({ ...node, inputs }).map((result, i) => {
      const stored = node.opType === 'LayerNormalization' && i > 0;
      return result.dtype === 'float32' && !stored ? converted(result, type) : result;
    });
  };
}
