// LinearAttention (opset 27 of ai.onnx, and com.microsoft): a state [size of k, size of v] a head that every row decays, corrects,
// extends and reads (V7), as ONNX's own function body composes it:
//   S = S · exp(decay);  δ = β · (v − kᵀ·S), or v without the delta rule;  S = S + k ⊗ δ;  y = scale · (qᵀ·S)
// kᵀ·S and qᵀ·S are V4 sums over the size of k, k ⊗ δ their products of one term. Query heads share the states of key heads.
// The rows are a chain of dispatches each: made for decoding and short runs. Not here: chunks, which would be other bits.
import type { DType } from '../core/dtype.ts';
import { NEWEST_OPSET } from '../core/op.ts';
import type { AttributeSpec, LowerContext, OpDef, ShapeContext } from '../core/op.ts';
import type { Value } from '../core/value.ts';
import { formatShape } from '../core/shape.ts';
import { emitWeighted, inverseRootOf, joined, part } from './attend.ts';
import { emitProduct } from './product.ts';
import { storable } from './named_activations.ts';
import { floatOf, narrowed, view, widened, zeros } from './wide.ts';
import { mapped } from './chain_builder.ts';

interface Sizes {
  readonly batch: number;
  readonly rows: number;
  readonly heads: number;
  readonly shared: number;
  readonly size: number;
  readonly valueSize: number;
  /** Decays a head: one, or one for each element of k. */
  readonly decays: number;
  readonly betas: number;
  readonly isGated: boolean;
  readonly isDelta: boolean;
}

function wrong(what: string, expected: string, got: readonly number[]): RangeError {
  return new RangeError(
    `LinearAttention: ${what}: expected ${expected}, got ${formatShape(got)}. Correct it.`,
  );
}

function sizesOf(node: ShapeContext): Sizes {
  const [q, k, v] = [node.input(0).dims, node.input(1).dims, node.input(2).dims];
  const [heads, shared] = [node.int('q_num_heads'), node.int('kv_num_heads')];
  const [batch = 0, rows = 0, hidden = 0] = q;
  const size = hidden / heads;
  const valueSize = (v[2] ?? 0) / shared;
  if (
    q.length !== 3 ||
    heads < 1 ||
    shared < 1 ||
    heads % shared !== 0 ||
    !Number.isInteger(size)
  ) {
    throw wrong('query', `[batch, rows, ${heads} heads], a multiple of ${shared}`, q);
  }
  if (k.join() !== [batch, rows, shared * size].join()) {
    throw wrong('key', `[${batch}, ${rows}, ${shared * size}]`, k);
  }
  if (v.length !== 3 || v[0] !== batch || v[1] !== rows || !Number.isInteger(valueSize)) {
    throw wrong('value', `[${batch}, ${rows}, ${shared} heads]`, v);
  }
  const state = node.optional(3)?.dims;
  const own = [batch, shared, size, valueSize];
  if (state !== undefined && state.join() !== own.join()) {
    throw wrong('past_state', formatShape(own), state);
  }
  const rule = node.string('update_rule', 'gated_delta');
  const [isGated, isDelta] = [rule.includes('gated'), rule.includes('delta')];
  const widths = (i: number, name: string, isUsed: boolean, each: readonly number[]): number => {
    const dims = node.optional(i)?.dims;
    if ((dims !== undefined) !== isUsed) {
      throw new TypeError(
        `LinearAttention: ${name}: expected ${isUsed ? 'one' : 'none'} for update_rule ${rule}, got ${isUsed ? 'none' : 'one'}. Connect what the rule takes.`,
      );
    }
    const found = each.find((width) => dims?.join() === [batch, rows, width].join());
    if (dims !== undefined && found === undefined) {
      throw wrong(name, `[${batch}, ${rows}, ${each.join(' or ')}]`, dims);
    }
    return found ?? 0;
  };
  const decays = widths(4, 'decay', isGated, [shared, shared * size]) / shared;
  const betas = widths(5, 'beta', isDelta, [shared, 1]);
  return { batch, rows, heads, shared, size, valueSize, decays, betas, isGated, isDelta };
}

function define(
  domain: string,
  opsets: readonly [number, number],
  extra: Readonly<Record<string, AttributeSpec>>,
): OpDef {
  return {
    type: 'LinearAttention',
    domain,
    opsets,
    inputs: [3, 6],
    attributes: {
      chunk_size: { kind: 'int' },
      kv_num_heads: { kind: 'int' },
      q_num_heads: { kind: 'int' },
      scale: { kind: 'float' },
      update_rule: { kind: 'string', oneOf: ['linear', 'gated', 'delta', 'gated_delta'] },
      ...extra,
    },
    dtypes(node): DType[] {
      const dtype = floatOf(node, 0, 1, 2, 4, 5);
      return [dtype, node.dtypeOf(3) === undefined ? dtype : floatOf(node, 3)];
    },
    infer(node) {
      const { batch, rows, heads, shared, size, valueSize } = sizesOf(node);
      return [
        [batch, rows, heads * valueSize],
        [batch, shared, size, valueSize],
      ];
    },
    lower,
  };
}

function lower(node: LowerContext): void {
  const sizes = sizesOf(node);
  const { batch, rows, heads, shared, size, valueSize, decays, betas } = sizes;
  const f32 = (i: number): Value | undefined => {
    const value = node.optional(i);
    return value === undefined ? undefined : widened(node, value);
  };
  const [q, k, v, given, decay, beta] = [0, 1, 2, 3, 4, 5].map(f32);
  if (q === undefined || k === undefined || v === undefined) return;
  const scaling = storable(node.float('scale', 0));
  const scale = scaling === 0 ? inverseRootOf(size) : scaling;
  const factors = decay && mapped(node, decay.dims, (c) => c.op('exp_f32', c.f32(decay)));
  const row = (x: Value, t: number, dims: readonly number[]): Value =>
    view(node, part(node, x, 1, t, 1), dims);
  let state = given ?? zeros(node, 'float32', [batch, shared, size, valueSize]);
  const outputs: Value[] = [];
  for (let t = 0; t < rows; t += 1) {
    const [key, query] = [row(k, t, [batch, shared, 1, size]), row(q, t, [batch, heads, 1, size])];
    let delta = row(v, t, [batch, shared, 1, valueSize]);
    if (factors !== undefined) {
      const [before, factor] = [state, row(factors, t, [batch, shared, decays, 1])];
      state = mapped(node, before.dims, (c) => c.op('mul_f32', c.f32(before), c.f32(factor)));
    }
    if (beta !== undefined) {
      const [retrieved, value] = [emitWeighted(node, key, state), delta];
      const rate = row(beta, t, [batch, betas, 1, 1]);
      delta = mapped(node, value.dims, (c) =>
        c.op('mul_f32', c.f32(rate), c.op('sub_f32', c.f32(value), c.f32(retrieved))),
      );
    }
    const outer = node.temp('float32', state.dims);
    emitProduct(
      node,
      outer,
      { value: key, batch: [batch, shared], rowStride: 1, columnStride: 1 },
      { value: delta, batch: [batch, shared], rowStride: valueSize, columnStride: 1 },
      size,
      valueSize,
      1,
    );
    const kept = state;
    state = mapped(node, kept.dims, (c) => c.op('add_f32', c.f32(kept), c.f32(outer)));
    const read = emitWeighted(node, query, state);
    const scaled = mapped(node, read.dims, (c) => c.op('mul_f32', c.scalar(scale), c.f32(read)));
    outputs.push(view(node, scaled, [batch, 1, heads * valueSize]));
  }
  if (node.wants(0)) {
    narrowed(node, node.output(0), (to) => {
      if (rows === 0) node.alias(to, zeros(node, 'float32', to.dims));
      else joined(node, outputs, 1, to);
    });
  }
  if (node.wants(1)) narrowed(node, node.output(1), (to) => node.alias(to, state));
}

export const LinearAttention = define('', [27, NEWEST_OPSET], {});
export const MicrosoftLinearAttention = define('com.microsoft', [1, 1], {
  state_window: { kind: 'int', oneOf: [0] },
});
