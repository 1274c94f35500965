// FlexAttention of ai.onnx.preview without graphs: Attention of ai.onnx without mask, cache and cap, bit for bit (V7). Where graphs
// modify scores or weights, the operator runs between plans (src/host/flex_attention.ts).
import type { OpDef } from '../core/op.ts';
import { formatShape } from '../core/shape.ts';
import { floatOf } from './wide.ts';

export const FlexAttention: OpDef = {
  type: 'FlexAttention',
  domain: 'ai.onnx.preview',
  opsets: [1, 1],
  inputs: [3, 3],
  attributes: {
    scale: { kind: 'float' },
    softmax_precision: { kind: 'int', oneOf: [1, 10, 16] },
  },
  dtypes: (node) => [floatOf(node, 0, 1, 2)],
  infer(node) {
    const [q, v] = [node.input(0).dims, node.input(2).dims];
    if (q.length !== 4 || v.length !== 4) {
      throw new RangeError(
        `FlexAttention: expected three tensors [batch, heads, rows, size], got ${formatShape(q)} and ${formatShape(v)}. Reshape them.`,
      );
    }
    return [[...q.slice(0, 3), v[3] ?? 0]];
  },
  lower(node) {
    node.call('Attention', [node.input(0), node.input(1), node.input(2)], {
      opset: 23,
      to: node.output(0),
      attributes: node.has('scale') ? { scale: { float: node.float('scale') } } : {},
    });
  },
};
