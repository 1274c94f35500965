// Softmax, LogSoftmax and Hardmax over one axis; before opset 13 over all axes from `axis` on, as one row.
//   Softmax: e = exp(x - max); y = e / sum of e, by the V4 tree (V7).
//   LogSoftmax: y = (x - max) - log(sum of exp(x - max)), every step a V2 or V6 operation.
//   Hardmax: 1 where ArgMax lies (first of equals, NaN above all numbers), else 0.
import { NEWEST_OPSET } from '../core/op.ts';
import type { Kernel, LowerContext, NodeContext, OpDef, ShapeContext } from '../core/op.ts';
import type { Value } from '../core/value.ts';
import { paramFields } from '../core/op.ts';
import { normalizeAxis, sizeOf } from '../core/shape.ts';
import type { DType } from '../core/dtype.ts';
import { DIVIDE, SUBTRACT } from './arithmetic.ts';
import type { Steps } from './element_types.ts';
import { emitSteps } from './elementwise.ts';
import { gridOf } from './grid.ts';
import { reduced } from './reduction.ts';
import hardmaxShader from '../../shaders/ops/hardmax.wgsl';
import softmaxShader from '../../shaders/ops/softmax.wgsl';
import softmaxLanesShader from '../../shaders/ops/softmax_lanes.wgsl';

const LANE_BITS = 4; // its place among the params
export const softmax: Kernel = {
  name: 'softmax',
  params: paramFields('outer', 'count', 'inner', 'block', 'lane_bits', 'pad0', 'pad1', 'pad2'),
  shader: (dispatch) =>
    (dispatch.params[LANE_BITS] ?? 0) > 0 ? softmaxLanesShader : softmaxShader,
};
export const hardmax: Kernel = {
  name: 'hardmax',
  params: paramFields('outer', 'count', 'inner', 'pad0'),
  shader: hardmaxShader,
};

const UNIT_TERMS = 2048; // terms a work unit of the reference, unless one row has more
const FEW_ROWS = 4096;
const MAX_WIDTH = 64; // columns a work unit

/** The tensor as [outer, count, inner] around the axis. */
function rowsOf(node: ShapeContext): { outer: number; count: number; inner: number } {
  const { dims } = node.input(0);
  const flattens = node.opset < 13;
  const given = node.int('axis', flattens ? 1 : -1);
  // A flattening axis may also point behind the last one.
  const axis =
    flattens && given === dims.length ? given : normalizeAxis(node.opType, given, dims.length);
  if (flattens)
    return { outer: sizeOf(dims.slice(0, axis)), count: sizeOf(dims.slice(axis)), inner: 1 };
  return {
    outer: sizeOf(dims.slice(0, axis)),
    count: dims[axis] ?? 1,
    inner: sizeOf(dims.slice(axis + 1)),
  };
}

/** Emits `out` = softmax of `x` seen as [outer, count, inner]. */
export function emitSoftmax(
  node: LowerContext,
  out: Value,
  x: Value,
  { outer, count, inner }: { outer: number; count: number; inner: number },
): void {
  // Several invocations a row where rows are few and long.
  let laneBits = 0;
  if (outer * inner < FEW_ROWS) while (laneBits < 6 && 1 << (laneBits + 3) <= count) laneBits += 1;
  const wanted = Math.max(1, Math.floor(UNIT_TERMS / count));
  const block = inner === 1 ? wanted : Math.min(MAX_WIDTH, Math.max(4, wanted - (wanted % 4)));
  node.emit(softmax, {
    params: { outer, count, inner, block, lane_bits: laneBits, pad0: 0, pad1: 0, pad2: 0 },
    inputs: [x],
    outputs: [out],
    units: inner === 1 ? Math.ceil(outer / block) : outer * Math.ceil(inner / block),
    unitCost: 16 * count * block,
    scratch: inner === 1 ? 0 : 4 * count * block,
    grid: gridOf(outer * inner * 2 ** laneBits),
  });
  out.canonical = true;
}

function define(
  type: string,
  lower: OpDef['lower'],
  dtypes: readonly DType[] = ['float32'],
): OpDef {
  return {
    type,
    opsets: [1, NEWEST_OPSET],
    inputs: [1, 1],
    attributes: { axis: { kind: 'int' } },
    dtypes(node: NodeContext) {
      const dtype = node.dtypeOf(0);
      if (dtype === undefined || !dtypes.includes(dtype)) {
        throw new TypeError(`${type}: expected ${dtypes.join(' or ')}, got ${dtype ?? 'nothing'}.`);
      }
      return [dtype];
    },
    infer(node) {
      rowsOf(node);
      return [node.input(0).dims];
    },
    lower,
  };
}

const FLOATS: readonly DType[] = ['float32', 'float64'];
const EXPONENTIAL = { float32: 'exp_f32', float64: 'exp' } as const;
const LOGARITHM = { float32: 'log_f32', float64: 'log' } as const;

/** The result of a step a type on new values. */
function stepped(node: LowerContext, steps: Steps, a: Value, b?: Value): Value {
  const to = node.temp(a.dtype, a.dims);
  emitSteps(node, steps, to, b === undefined ? [a] : [a, b]);
  return to;
}

/** The operand as [outer, count, inner], less the maximum of its row. */
function lessMaximum(node: LowerContext): Value {
  const { outer, count, inner } = rowsOf(node);
  const x = node.temp(node.input(0).dtype, [outer, count, inner]);
  node.alias(x, node.input(0));
  return stepped(node, SUBTRACT, x, reduced(node, 'max', x, [1]));
}

export const Softmax = define(
  'Softmax',
  (node) => {
    if (node.input(0).dtype === 'float32') {
      emitSoftmax(node, node.output(0), node.input(0), rowsOf(node));
      return;
    }
    const terms = stepped(node, EXPONENTIAL, lessMaximum(node));
    node.alias(node.output(0), stepped(node, DIVIDE, terms, reduced(node, 'sum', terms, [1])));
  },
  FLOATS,
);

export const LogSoftmax = define(
  'LogSoftmax',
  (node) => {
    const less = lessMaximum(node);
    const sum = reduced(node, 'sum', stepped(node, EXPONENTIAL, less), [1]);
    const y = stepped(node, SUBTRACT, less, stepped(node, LOGARITHM, sum));
    node.alias(node.output(0), y);
  },
  FLOATS,
);

export const Hardmax = define('Hardmax', (node) => {
  const { outer, count, inner } = rowsOf(node);
  const out = node.output(0);
  node.emit(hardmax, {
    params: { outer, count, inner, pad0: 0 },
    inputs: [node.input(0)],
    outputs: [out],
    units: outer * inner,
    unitCost: count,
    grid: gridOf(outer * inner),
  });
  out.canonical = true;
});
