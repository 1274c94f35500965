// Sums and embeddings of com.microsoft with a normalisation behind them (V7):
//   SkipLayerNormalization: LayerNormalization of (input + skip) + bias; Simplified: of its simplified form
//   EmbedLayerNormalization: LayerNormalization of (word + position) + segment; mask_index counts the ones of a mask
//   BiasAdd: (X + bias) + skip
import type { AttributeSpec, LowerContext, OpDef } from '../core/op.ts';
import type { Value } from '../core/value.ts';
import { broadcastShapes, formatShape } from '../core/shape.ts';
import { castTo, floatOf, integerOf, longs, narrowed, view, widened, zeros } from './wide.ts';
import { mapped } from './chain_builder.ts';

const MICROSOFT = 'com.microsoft';
const KERNEL_OPSET = 17; // of LayerNormalization

const f32 = (node: LowerContext, i: number): Value | undefined => {
  const value = node.optional(i);
  return value === undefined ? undefined : widened(node, value);
};

const LAYER: Readonly<Record<string, AttributeSpec>> = { epsilon: { kind: 'float' } };
const EPSILON = 1e-12;

/** Normalises rows of `x` into outputs 0 to 2, which may be absent. */
function emitNormal(
  node: LowerContext,
  x: Value,
  gamma: Value,
  beta: Value | undefined,
  isSimple: boolean,
): void {
  const attributes = { axis: -1, epsilon: { float: node.float('epsilon', EPSILON) } };
  const statistics = [1, 2].filter((i) => node.wants(i));
  const outputs = isSimple ? 2 : 3;
  narrowed(node, node.output(0), (to) => {
    const type = isSimple ? 'SimplifiedLayerNormalization' : 'LayerNormalization';
    const made = node.call(type, isSimple ? [x, gamma] : [x, gamma, beta], {
      attributes,
      to,
      ...(isSimple ? { domain: MICROSOFT } : { opset: KERNEL_OPSET }),
      ...(statistics.length > 0 ? { outputs } : {}),
    });
    // The simplified form has no mean.
    const [, first, second] = made;
    const found = isSimple ? [undefined, undefined, first] : [undefined, first, second];
    for (const i of statistics) {
      const value = found[i];
      if (value !== undefined) node.alias(node.output(i), value);
    }
  });
}

function skip(type: string, isSimple: boolean): OpDef {
  const [beta, bias] = isSimple ? [undefined, 3] : [3, 4];
  return {
    type,
    domain: MICROSOFT,
    opsets: [1, 1],
    inputs: [3, isSimple ? 4 : 5],
    attributes: LAYER,
    dtypes(node) {
      const dtype = floatOf(node, 0, 1, 2, 3, 4);
      return [dtype, 'float32', 'float32', dtype];
    },
    infer(node) {
      const { dims } = node.input(0);
      const hidden = dims.at(-1) ?? 0;
      const fits = (i: number): boolean =>
        (node.optional(i)?.dims ?? [hidden]).join() === String(hidden);
      const joint = broadcastShapes(type, dims, node.input(1).dims);
      if (joint.join() !== dims.join() || ![2, 3, 4].every(fits)) {
        throw new RangeError(
          `${type}: shapes do not fit: expected a skip that broadcasts to ${formatShape(dims)} and vectors [${hidden}], got ${formatShape(node.input(1).dims)} and ${formatShape(node.input(2).dims)}. Correct them.`,
        );
      }
      const row = [...dims.slice(0, -1), 1];
      return [dims, row, row, dims];
    },
    lower(node) {
      const [x, other, gamma] = [f32(node, 0), f32(node, 1), f32(node, 2)];
      if (x === undefined || other === undefined || gamma === undefined) return;
      const extra = f32(node, bias ?? 4);
      const sum = mapped(node, x.dims, (c) => {
        const s = c.op('add_f32', c.f32(x), c.f32(other));
        return extra === undefined ? s : c.op('add_f32', s, c.f32(extra));
      });
      if (node.wants(3)) narrowed(node, node.output(3), (to) => node.alias(to, sum));
      if (isSimple && node.wants(1)) {
        throw new TypeError(`${type}: output 1: expected no mean, got one. Leave it out.`);
      }
      if (node.wants(0)) {
        emitNormal(node, sum, gamma, beta === undefined ? undefined : f32(node, beta), isSimple);
      }
    },
  };
}
export const SkipLayerNormalization = skip('SkipLayerNormalization', false);
export const SkipSimplifiedLayerNormalization = skip('SkipSimplifiedLayerNormalization', true);

export const EmbedLayerNormalization: OpDef = {
  type: 'EmbedLayerNormalization',
  domain: MICROSOFT,
  opsets: [1, 1],
  inputs: [7, 9],
  attributes: { ...LAYER, mask_index_type: { kind: 'int', oneOf: [0, 1] } },
  dtypes(node) {
    for (const i of [0, 1, 7, 8]) integerOf(node, i, 'int32');
    const dtype = floatOf(node, 2, 3, 4, 5, 6);
    return [dtype, 'int32', dtype];
  },
  infer(node) {
    const { dims } = node.input(0);
    for (const i of [2, 3, 5, 6]) node.input(i); // the others between them may be absent
    const whole = [...dims, node.input(2).dims[1] ?? 0];
    for (const i of [0, 1, 7, 8]) {
      const own = node.optional(i)?.dims ?? dims;
      const fits = own.join() === dims.join() || (i === 8 && own.join() === [1, dims[1]].join());
      if (dims.length !== 2 || !fits) {
        throw new RangeError(
          `EmbedLayerNormalization: input ${i}: expected [batch, rows] as input_ids, got ${formatShape(own)}. Reshape it.`,
        );
      }
    }
    return [whole, dims.slice(0, 1), whole];
  },
  lower(node) {
    const ids = node.input(0);
    const [batch = 0, rows = 0] = ids.dims;
    const given = node.optional(8);
    const places =
      given ?? view(node, longs(node, ...Array.from({ length: rows }, (_, i) => i)), [1, rows]);
    const found = (table: Value, indices: Value): Value => {
      const [y = table] = node.call('Gather', [widened(node, table), indices]);
      return y;
    };
    const [word, place] = [found(node.input(2), ids), found(node.input(3), places)];
    const [segments, table] = [node.optional(1), node.optional(4)];
    const segment = segments && table ? found(table, segments) : undefined;
    const sum = mapped(node, word.dims, (c) => {
      const s = c.op('add_f32', c.f32(word), c.f32(place));
      return segment === undefined ? s : c.op('add_f32', s, c.f32(segment));
    });
    if (node.wants(2)) narrowed(node, node.output(2), (to) => node.alias(to, sum));
    if (node.wants(1)) {
      const mask = node.optional(7);
      if (mask === undefined) node.alias(node.output(1), zeros(node, 'int32', [batch]));
      else {
        const one = node.constantValue('int32', [], Int32Array.of(1));
        const [isOne = mask] = node.call('Equal', [mask, one]);
        node.call('ReduceSum', [castTo(node, isOne, 'int32'), longs(node, 1)], {
          attributes: { keepdims: 0 },
          to: node.output(1),
        });
      }
    }
    const [gamma, beta] = [f32(node, 5), f32(node, 6)];
    if (!node.wants(0) || gamma === undefined || beta === undefined) return;
    narrowed(node, node.output(0), (to) => {
      node.call('LayerNormalization', [sum, gamma, beta], {
        attributes: { axis: -1, epsilon: { float: node.float('epsilon', EPSILON) } },
        opset: KERNEL_OPSET,
        to,
      });
    });
  },
};

export const BiasAdd: OpDef = {
  type: 'BiasAdd',
  domain: MICROSOFT,
  opsets: [1, 1],
  inputs: [3, 3],
  attributes: {},
  dtypes: (node) => [floatOf(node, 0, 1, 2)],
  infer(node) {
    const [x, bias, other] = [node.input(0).dims, node.input(1).dims, node.input(2).dims];
    if (bias.join() !== String(x.at(-1) ?? 0) || other.join() !== x.join()) {
      throw new RangeError(
        `BiasAdd: shapes do not fit: expected [${x.at(-1) ?? 0}] and ${formatShape(x)}, got ${formatShape(bias)} and ${formatShape(other)}. Correct them.`,
      );
    }
    return [x];
  },
  lower(node) {
    const [x, bias, other] = [f32(node, 0), f32(node, 1), f32(node, 2)];
    if (x === undefined || bias === undefined || other === undefined) return;
    narrowed(node, node.output(0), (to) => {
      mapped(
        node,
        to.dims,
        (c) => c.op('add_f32', c.op('add_f32', c.f32(x), c.f32(bias)), c.f32(other)),
        to,
      );
    });
  },
};
