// FlexAttention of ai.onnx.preview where graphs modify its scores or weights: they run between the two products. The other
// form, without graphs, is planned (src/ops/flex_attention.ts).
//   r = √scale;  s = score_mod((q · r)·(k · r)ᵀ);  y = prob_mod(softmax(s))·v
// Every step is an operator's own, so the bits are those of the same graph written out. float32 only.
import type { HostContext, HostOp } from '../core/host_op.ts';
import { Tensor } from '../core/tensor.ts';
import { formatShape } from '../core/shape.ts';

const GRAPHS = ['score_mod', 'prob_mod'];

function headsOf(
  node: HostContext,
  i: number,
): { tensor: Tensor; dims: [number, number, number, number] } {
  const tensor = node.tensorAt(i);
  const [batch, heads, rows, size] = tensor.dims;
  if (
    tensor.dims.length !== 4 ||
    batch === undefined ||
    heads === undefined ||
    rows === undefined ||
    size === undefined
  ) {
    throw new RangeError(
      `FlexAttention: input ${i}: expected [batch, heads, rows, size], got ${formatShape(tensor.dims)}. Reshape it.`,
    );
  }
  return { tensor, dims: [batch, heads, rows, size] };
}

const reshaped = (tensor: Tensor, dims: readonly number[]): Tensor =>
  new Tensor(tensor.dtype, tensor.data, dims);

async function called(
  node: HostContext,
  type: string,
  inputs: readonly Tensor[],
  attributes: Readonly<Record<string, number | readonly number[]>> = {},
): Promise<Tensor> {
  const [result] = await node.call(type, inputs, { attributes });
  if (result === undefined) throw new TypeError(`FlexAttention: ${type} gave nothing.`);
  return result;
}

async function modified(node: HostContext, attribute: string, x: Tensor): Promise<Tensor> {
  if (!node.has(attribute)) return x;
  const [result] = await node.graph(attribute).run([x]);
  if (
    !(result instanceof Tensor) ||
    result.dtype !== 'float32' ||
    result.dims.join() !== x.dims.join()
  ) {
    throw new TypeError(
      `FlexAttention: ${attribute}: expected float32 ${formatShape(x.dims)}, got something else. Correct the graph.`,
    );
  }
  return result;
}

export const FlexAttention: HostOp = {
  type: 'FlexAttention',
  domain: 'ai.onnx.preview',
  opsets: [1, 1],
  inputs: [3, 3],
  attributes: {
    scale: { kind: 'float' },
    softmax_precision: { kind: 'int', oneOf: [1, 10, 16] },
    score_mod: { kind: 'graph' },
    prob_mod: { kind: 'graph' },
  },
  takes: (node) => GRAPHS.some((name) => node.has(name)),
  bodyTypes: () => [{ kind: 'tensor', dtype: 'float32' }],
  types(node) {
    for (let i = 0; i < 3; i += 1) {
      if (node.dtypeOf(i) !== 'float32') {
        throw new TypeError(
          `FlexAttention: input ${i}: expected float32 beside score_mod or prob_mod, got ${node.dtypeOf(i) ?? 'nothing'}. Cast it.`,
        );
      }
    }
    return [{ kind: 'tensor', dtype: 'float32' }];
  },
  async run(node) {
    const [q, k, v] = [headsOf(node, 0), headsOf(node, 1), headsOf(node, 2)];
    const [batch, heads, rows, size] = q.dims;
    const [, shared, keys] = k.dims;
    const valueSize = v.dims[3];
    const fits =
      shared > 0 &&
      heads % shared === 0 &&
      k.dims.join() === [batch, shared, keys, size].join() &&
      v.dims.join() === [batch, shared, keys, valueSize].join();
    if (!fits) {
      throw new RangeError(
        `FlexAttention: shapes do not fit: expected keys and values of one length for ${formatShape(q.dims)}, got ${formatShape(k.dims)} and ${formatShape(v.dims)}. Correct them.`,
      );
    }
    const standard = Math.fround(1 / Math.fround(Math.sqrt(size)));
    const root = Math.fround(Math.sqrt(Math.fround(node.float('scale', standard))));
    const factor = new Tensor('float32', [root], []);
    const [scaledQ, scaledK] = [
      await called(node, 'Mul', [q.tensor, factor]),
      await called(node, 'Mul', [k.tensor, factor]),
    ];
    const columns = await called(node, 'Transpose', [scaledK], { perm: [0, 1, 3, 2] });
    // Query heads that share a key head are rows of one product.
    const grouped = [batch, shared, (heads / shared) * rows];
    const dots = await called(node, 'MatMul', [reshaped(scaledQ, [...grouped, size]), columns]);
    const scores = await modified(node, 'score_mod', reshaped(dots, [batch, heads, rows, keys]));
    const softmax = await called(node, 'Softmax', [scores], { axis: -1 });
    const weights = await modified(node, 'prob_mod', softmax);
    const y = await called(node, 'MatMul', [reshaped(weights, [...grouped, keys]), v.tensor]);
    return [reshaped(y, [batch, heads, rows, valueSize])];
  },
};
