// The optimisers of ai.onnx.preview.training: Adagrad, Adam and Momentum, each of any number of tensors, as the formulas of
// their ONNX pages, every step a V2 or V6 operation from left to right. g = norm_coefficient · x + gradient.
//   Adagrad: r = R ÷ (1 + T · decay_factor); h' = h + g · g; x' = x - r · g ÷ (√h' + epsilon)
//   Adam: v' = alpha · v + (1 - alpha) · g; h' = beta · h + (1 - beta) · g · g; r = R · √(1 - beta^T) ÷ (1 - alpha^T), R for T = 0;
//         x' = (1 - norm_coefficient_post) · (x - r · v' ÷ (√h' + epsilon))
//   Momentum: v' = alpha · v + beta · g, beta 1 for T = 0; x' = x - R · v', nesterov: x - R · (g + alpha · v')
// Not here: Gradient, which is a program transformation, not an operator.
import type { AttributeSpec, LowerContext, OpDef } from '../core/op.ts';
import type { Value } from '../core/value.ts';
import { formatShape, sizeOf } from '../core/shape.ts';
import { mapped, type ChainBuilder } from './chain_builder.ts';

const DOMAIN = 'ai.onnx.preview.training';

/** One tensor that is optimised, and what belongs to it. */
interface Group {
  readonly x: Value;
  readonly gradient: Value;
  readonly states: readonly Value[];
}

interface Optimiser {
  readonly type: string;
  /** Tensors kept beside each x. */
  readonly states: number;
  readonly attributes: Readonly<Record<string, AttributeSpec>>;
  /** What is made of R and T once, a scalar. */
  readonly rate: (node: LowerContext, rate: Value, count: Value) => Value;
  /** The new states, then the new x. */
  readonly step: (node: LowerContext, group: Group, rate: Value, g: Value, count: Value) => Value[];
}

const attribute = (node: LowerContext, name: string, otherwise: number): number =>
  Math.fround(node.float(name, otherwise));

/** a · x + b · y, two products and their sum. */
const blend = (c: ChainBuilder, a: number, x: number, b: number, y: number): number =>
  c.op('add_f32', c.op('mul_f32', a, x), c.op('mul_f32', b, y));

/** x - factor · v ÷ (√h + epsilon), or without the root's part x - factor · v. */
function moved(node: LowerContext, x: Value, factor: Value, v: Value, h: Value): Value {
  const epsilon = attribute(node, 'epsilon', 1e-6);
  return mapped(node, x.dims, (c) => {
    const root = c.op('add_f32', c.op('sqrt_f32', c.f32(h)), c.scalar(epsilon));
    const change = c.op('div_f32', c.op('mul_f32', c.f32(factor), c.f32(v)), root);
    return c.op('sub_f32', c.f32(x), change);
  });
}

function define({ type, states, attributes, rate, step }: Optimiser): OpDef {
  const each = 2 + states;
  return {
    type,
    domain: DOMAIN,
    opsets: [1, 1],
    inputs: [2 + each, 2147483647],
    attributes: { ...attributes, norm_coefficient: { kind: 'float' } },
    dtypes(node) {
      const count = (node.inputCount - 2) / each;
      if (!Number.isInteger(count) || node.dtypeOf(1) !== 'int64') {
        throw new TypeError(
          `${type}: expected R, T of int64 and ${each} tensors for each that is optimised, got ${node.inputCount} inputs and T of ${node.dtypeOf(1) ?? 'nothing'}. Correct them.`,
        );
      }
      for (let i = 0; i < node.inputCount; i += 1) {
        if (i !== 1 && node.dtypeOf(i) !== 'float32') {
          throw new TypeError(
            `${type}: input ${i}: expected float32, got ${node.dtypeOf(i) ?? 'nothing'}. Cast it.`,
          );
        }
      }
      return Array.from({ length: count * (1 + states) }, () => 'float32');
    },
    infer(node) {
      const count = (node.inputCount - 2) / each;
      for (let i = 2; i < node.inputCount; i += 1) {
        const [own, first] = [node.input(i).dims, node.input(2 + ((i - 2) % count)).dims];
        if (own.join() !== first.join()) {
          throw new RangeError(
            `${type}: input ${i}: expected shape ${formatShape(first)}, got ${formatShape(own)}. Correct it.`,
          );
        }
      }
      if (sizeOf(node.input(0).dims) !== 1 || sizeOf(node.input(1).dims) !== 1) {
        throw new RangeError(
          `${type}: expected one number as R and as T, got ${formatShape(node.input(0).dims)} and ${formatShape(node.input(1).dims)}. Correct them.`,
        );
      }
      return Array.from(
        { length: count * (1 + states) },
        (_, i) => node.input(2 + (i % count)).dims,
      );
    },
    lower(node) {
      const count = (node.inputCount - 2) / each;
      const scalars = [node.temp('float32', []), node.temp('int64', [])] as const;
      scalars.forEach((scalar, i) => node.alias(scalar, node.input(i)));
      const [steps = scalars[0]] = node.call('Cast', [scalars[1]], { attributes: { to: 1 } });
      const factor = rate(node, scalars[0], steps);
      const norm = attribute(node, 'norm_coefficient', 0);
      for (let i = 0; i < count; i += 1) {
        const at = (k: number): Value => node.input(2 + k * count + i);
        const group: Group = {
          x: at(0),
          gradient: at(1),
          states: Array.from({ length: states }, (_, k) => at(2 + k)),
        };
        const g = mapped(node, group.x.dims, (c) =>
          c.op('add_f32', c.op('mul_f32', c.scalar(norm), c.f32(group.x)), c.f32(group.gradient)),
        );
        const results = step(node, group, factor, g, steps);
        [results.at(-1), ...results.slice(0, -1)].forEach((value, k) => {
          const to = k * count + i;
          if (value !== undefined && node.wants(to)) node.alias(node.output(to), value);
        });
      }
    },
  };
}

export const Adagrad = define({
  type: 'Adagrad',
  states: 1,
  attributes: { decay_factor: { kind: 'float' }, epsilon: { kind: 'float' } },
  rate: (node, rate, count) =>
    mapped(node, [], (c) => {
      const decay = c.op('mul_f32', c.f32(count), c.scalar(attribute(node, 'decay_factor', 0)));
      return c.op('div_f32', c.f32(rate), c.op('add_f32', c.scalar(1), decay));
    }),
  step(node, { x, states: [h] }, rate, g) {
    const sum = mapped(node, x.dims, (c) => {
      const square = c.op('mul_f32', c.f32(g), c.f32(g));
      return h === undefined ? square : c.op('add_f32', c.f32(h), square);
    });
    return [sum, moved(node, x, rate, g, sum)];
  },
});

export const Adam = define({
  type: 'Adam',
  states: 2,
  attributes: {
    alpha: { kind: 'float' },
    beta: { kind: 'float' },
    epsilon: { kind: 'float' },
    norm_coefficient_post: { kind: 'float' },
  },
  rate(node, rate, count) {
    const [alpha, beta] = [attribute(node, 'alpha', 0.9), attribute(node, 'beta', 0.999)];
    return mapped(node, [], (c) => {
      const t = c.f32(count);
      const rest = (base: number): number =>
        c.op('sub_f32', c.scalar(1), c.op('pow_f32', c.scalar(base), t));
      const adjusted = c.op(
        'div_f32',
        c.op('mul_f32', c.f32(rate), c.op('sqrt_f32', rest(beta))),
        rest(alpha),
      );
      return c.op('select_word', c.op('greater_f32', t, c.scalar(0)), adjusted, c.f32(rate));
    });
  },
  step(node, { x, states: [v, h] }, rate, g) {
    if (v === undefined || h === undefined) return [];
    const [alpha, beta] = [attribute(node, 'alpha', 0.9), attribute(node, 'beta', 0.999)];
    const rest = (c: ChainBuilder, of: number): number =>
      c.op('sub_f32', c.scalar(1), c.scalar(of));
    const first = mapped(node, x.dims, (c) =>
      blend(c, c.scalar(alpha), c.f32(v), rest(c, alpha), c.f32(g)),
    );
    const second = mapped(node, x.dims, (c) => {
      const own = c.op('mul_f32', c.scalar(beta), c.f32(h));
      const part = c.op('mul_f32', rest(c, beta), c.f32(g));
      return c.op('add_f32', own, c.op('mul_f32', part, c.f32(g)));
    });
    const next = moved(node, x, rate, first, second);
    const post = attribute(node, 'norm_coefficient_post', 0);
    const y = mapped(node, x.dims, (c) => c.op('mul_f32', rest(c, post), c.f32(next)));
    return [first, second, y];
  },
});

export const Momentum = define({
  type: 'Momentum',
  states: 1,
  attributes: {
    alpha: { kind: 'float' },
    beta: { kind: 'float' },
    mode: { kind: 'string', oneOf: ['nesterov', 'standard'] },
  },
  rate: (_, rate) => rate,
  step(node, { x, states: [v] }, rate, g, count) {
    if (v === undefined) return [];
    const [alpha, beta] = [attribute(node, 'alpha', 0), attribute(node, 'beta', 0)];
    const next = mapped(node, x.dims, (c) => {
      const late = c.op('greater_f32', c.f32(count), c.scalar(0));
      const factor = c.op('select_word', late, c.scalar(beta), c.scalar(1));
      return blend(c, c.scalar(alpha), c.f32(v), factor, c.f32(g));
    });
    const nesterov = node.string('mode', 'standard') === 'nesterov';
    const y = mapped(node, x.dims, (c) => {
      const velocity = c.f32(next);
      const way = nesterov
        ? c.op('add_f32', c.f32(g), c.op('mul_f32', c.scalar(alpha), velocity))
        : velocity;
      return c.op('sub_f32', c.f32(x), c.op('mul_f32', c.f32(rate), way));
    });
    return [next, y];
  },
});
