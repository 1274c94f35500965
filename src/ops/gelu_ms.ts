// The Gelu family of com.microsoft, as element-wise programs:
//   gelu(x) = (0.5 · x) · (1 + erf(x ÷ √2)): Gelu, BiasGelu of x + bias
//   fast(x) = (0.5 · x) · (1 + tanh(√(2/π) · (x + 0.044715 · x³))): FastGelu of x, or of x + bias
//   QuickGelu: x · sigmoid(alpha · x)       BiasSplitGelu: left · gelu(right), the halves of x + bias
// Constants are f32, √(2/π) the root of f32(2/π) rounded; x³ is one operation (V6).
import type { AttributeSpec, LowerContext, NodeContext, OpDef } from '../core/op.ts';
import type { Value } from '../core/value.ts';
import { formatShape } from '../core/shape.ts';
import { storable } from './named_activations.ts';
import { part } from './attend.ts';
import { mapped, type ChainBuilder } from './chain_builder.ts';
import { floatOf, narrowed, widened } from './wide.ts';

const ROOT_TWO = Math.fround(Math.sqrt(2));
const ROOT_TWO_OVER_PI = Math.fround(Math.sqrt(Math.fround(2 / Math.PI)));
const CUBIC = Math.fround(0.044715);

/** (0.5 · x) · (1 + e). */
const halfTimes = (c: ChainBuilder, x: number, e: number): number =>
  c.op('mul_f32', c.op('mul_f32', c.scalar(0.5), x), c.op('add_f32', c.scalar(1), e));

const gelu = (c: ChainBuilder, x: number): number =>
  halfTimes(c, x, c.op('erf_f32', c.op('div_f32', x, c.scalar(ROOT_TWO))));

function fast(c: ChainBuilder, x: number): number {
  const cubed = c.op('mul_f32', c.scalar(CUBIC), c.op('pow_f32', x, c.scalar(3)));
  const inner = c.op('mul_f32', c.scalar(ROOT_TWO_OVER_PI), c.op('add_f32', x, cubed));
  return halfTimes(c, x, c.op('tanh_f32', inner));
}

type Steps = (c: ChainBuilder, x: number, node: NodeContext) => number;

/** x plus the bias of input 1, where there is one. */
function biased(node: LowerContext): Value {
  const x = widened(node, node.input(0));
  const own = node.optional(1);
  if (own === undefined) return x;
  const bias = widened(node, own);
  return mapped(node, x.dims, (c) => c.op('add_f32', c.f32(x), c.f32(bias)));
}

function define(
  type: string,
  inputs: readonly [number, number],
  attributes: Readonly<Record<string, AttributeSpec>>,
  steps: Steps,
  splits = false,
): OpDef {
  return {
    type,
    domain: 'com.microsoft',
    opsets: [1, 1],
    inputs,
    attributes,
    dtypes: (node) => [floatOf(node, 0, 1)],
    infer(node) {
      const { dims } = node.input(0);
      const [width, bias] = [dims.at(-1) ?? 0, node.optional(1)?.dims];
      if ((bias !== undefined && bias.join() !== String(width)) || (splits && width % 2 !== 0)) {
        throw new RangeError(
          `${type}: bias: expected [${width}]${splits ? ', an even number' : ''}, got ${formatShape(bias ?? [])}. Correct it.`,
        );
      }
      return [splits ? [...dims.slice(0, -1), width / 2] : dims];
    },
    lower(node) {
      const x = biased(node);
      const half = (x.dims.at(-1) ?? 0) / 2;
      const axis = x.dims.length - 1;
      narrowed(node, node.output(0), (to) => {
        if (!splits) {
          mapped(node, to.dims, (c) => steps(c, c.f32(x), node), to);
          return;
        }
        const [left, right] = [part(node, x, axis, 0, half), part(node, x, axis, half, half)];
        const factor = mapped(node, to.dims, (c) => steps(c, c.f32(right), node));
        mapped(node, to.dims, (c) => c.op('mul_f32', c.f32(left), c.f32(factor)), to);
      });
    },
  };
}

export const MicrosoftGelu = define('Gelu', [1, 1], {}, gelu);
export const BiasGelu = define('BiasGelu', [2, 2], {}, gelu);
export const FastGelu = define('FastGelu', [1, 2], {}, fast);
export const BiasSplitGelu = define('BiasSplitGelu', [2, 2], {}, gelu, true);
export const QuickGelu = define('QuickGelu', [1, 1], { alpha: { kind: 'float' } }, (c, x, node) =>
  c.op(
    'mul_f32',
    x,
    c.op('sigmoid_f32', c.op('mul_f32', c.scalar(storable(node.float('alpha', 1.702))), x)),
  ),
);
