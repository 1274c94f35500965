// Mod on integers, exactly, on the reference (V8): the result has the sign of the divisor, with fmod = 1 of the
// dividend; by zero it is 0.
import type { OpDef } from '../core/op.ts';
import { broadcastShapes } from '../core/shape.ts';
import { emitInt64, hasInt64 } from './elementwise_i64.ts';

export const Mod: OpDef = {
  type: 'Mod',
  opsets: [10, 27],
  inputs: [2, 2],
  attributes: { fmod: { kind: 'int' } },
  dtypes(node) {
    const [x, y] = [node.dtypeOf(0), node.dtypeOf(1)];
    if (x === undefined || x !== y || x === 'float32' || x === 'bool' || !hasInt64(x, 'int64')) {
      throw new TypeError(
        `Mod: expected two integer tensors of one dtype of at most 32 bits or int64, got ${x ?? 'nothing'} and ${y ?? 'nothing'}. Cast them to int64.`,
      );
    }
    return [x];
  },
  infer: (node) => [broadcastShapes('Mod', node.input(0).dims, node.input(1).dims)],
  lower(node) {
    const op = node.int('fmod', 0) === 0 ? 'mod' : 'fmod';
    emitInt64(node, op, node.output(0), [node.input(0), node.input(1)]);
  },
};
