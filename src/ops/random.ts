// Random operators (V10): words by Philox4x32-10 from the run's seed, the node and the element, everything else element-wise
// V2 and V6 operations, so that all stacks draw the same numbers.
//   uniform u = (word >> 8) · 2^-24, in [0, 1)           RandomUniform: low + u · (high - low)
//   normal z = √(-2 log v) · cos(2π u), v = word · 2^-32, at least 2^-33      RandomNormal: mean + z · scale
//   Bernoulli: u < p      Multinomial: how many partial sums of exp(x - max) are <= u · their total
// Not here: how words and uniforms are drawn (drawn.ts).
import { dtypeInfo, dtypeOfOnnx, type DType } from '../core/dtype.ts';
import { NEWEST_OPSET } from '../core/op.ts';
import type { AttributeSpec, LowerContext, NodeContext, OpDef } from '../core/op.ts';
import type { Value } from '../core/value.ts';
import { formatShape } from '../core/shape.ts';
import { uniforms, words } from './drawn.ts';
import { reduced } from './reduction.ts';
import { mapped } from './chain_builder.ts';

const TURN = Math.fround(2 * Math.PI);

/** z, one an element: of each pair of words the first is the radius, the second the angle. */
function normals(node: LowerContext, dims: readonly number[]): Value {
  const bits = words(node, dims, { step: 2, offset: 0, shift: 0 });
  const u = uniforms(node, dims, 2, 1);
  return mapped(node, dims, (c) => {
    const part = c.op('mul_f32', c.op('u32_to_f32', c.word(bits)), c.scalar(2 ** -32));
    const v = c.op('max_f32', part, c.scalar(2 ** -33));
    const radius = c.op('sqrt_f32', c.op('mul_f32', c.op('log_f32', v), c.scalar(-2)));
    const angle = c.op('mul_f32', c.scalar(TURN), c.f32(u));
    return c.op('mul_f32', radius, c.op('cos_f32', angle));
  });
}

const uniformAttributes: Readonly<Record<string, AttributeSpec>> = {
  dtype: { kind: 'int' },
  high: { kind: 'float' },
  low: { kind: 'float' },
  seed: { kind: 'float' },
};
const normalAttributes: Readonly<Record<string, AttributeSpec>> = {
  dtype: { kind: 'int' },
  mean: { kind: 'float' },
  scale: { kind: 'float' },
  seed: { kind: 'float' },
};

/** The output, or a float32 that is rounded to it (V9) by the function that comes with it. */
function floatOutput(node: LowerContext): { out: Value; round: () => void } {
  const out = node.output(0);
  if (out.dtype === 'float32') return { out, round: () => undefined };
  const drawn = node.temp('float32', out.dims);
  const attributes = { to: dtypeInfo(out.dtype).onnx };
  return { out: drawn, round: () => void node.call('Cast', [drawn], { attributes, to: out }) };
}

function lowerUniform(node: LowerContext): void {
  const { out, round } = floatOutput(node);
  const u = uniforms(node, out.dims);
  const [low, high] = [Math.fround(node.float('low', 0)), Math.fround(node.float('high', 1))];
  mapped(
    node,
    out.dims,
    (c) => {
      const from = c.scalar(low);
      const span = c.op('sub_f32', c.scalar(high), from);
      return c.op('add_f32', from, c.op('mul_f32', c.f32(u), span));
    },
    out,
  );
  round();
}

function lowerNormal(node: LowerContext): void {
  const { out, round } = floatOutput(node);
  const z = normals(node, out.dims);
  const [mean, scale] = [Math.fround(node.float('mean', 0)), Math.fround(node.float('scale', 1))];
  mapped(
    node,
    out.dims,
    (c) => c.op('add_f32', c.scalar(mean), c.op('mul_f32', c.f32(z), c.scalar(scale))),
    out,
  );
  round();
}

const FLOATS: readonly DType[] = ['float32', 'float16', 'bfloat16', 'float64'];

function drawnDtype(node: NodeContext, otherwise: DType | undefined): DType[] {
  const dtype = node.has('dtype') ? dtypeOfOnnx(node.int('dtype')) : otherwise;
  if (dtype === undefined || !FLOATS.includes(dtype)) {
    throw new TypeError(
      `${node.opType}: dtype: expected ${FLOATS.join(' or ')}, got ${dtype ?? 'nothing'}. Cast the output.`,
    );
  }
  return [dtype];
}

function shaped(
  type: string,
  attributes: Readonly<Record<string, AttributeSpec>>,
  lower: OpDef['lower'],
): OpDef {
  return {
    type,
    opsets: [1, NEWEST_OPSET],
    inputs: [0, 0],
    attributes: { ...attributes, shape: { kind: 'ints' } },
    dtypes: (node) => drawnDtype(node, 'float32'),
    infer(node) {
      const shape = node.ints('shape');
      if (shape.some((size) => size < 0)) {
        throw new RangeError(
          `${type}: shape: expected sizes of at least 0, got ${formatShape(shape)}. Correct it.`,
        );
      }
      return [shape];
    },
    lower,
  };
}

function like(
  type: string,
  attributes: Readonly<Record<string, AttributeSpec>>,
  lower: OpDef['lower'],
): OpDef {
  return {
    type,
    opsets: [1, NEWEST_OPSET],
    inputs: [1, 1],
    attributes,
    dtypes: (node) => drawnDtype(node, node.dtypeOf(0)),
    infer: (node) => [node.input(0).dims],
    lower,
  };
}

export const RandomUniform = shaped('RandomUniform', uniformAttributes, lowerUniform);
export const RandomUniformLike = like('RandomUniformLike', uniformAttributes, lowerUniform);
export const RandomNormal = shaped('RandomNormal', normalAttributes, lowerNormal);
export const RandomNormalLike = like('RandomNormalLike', normalAttributes, lowerNormal);

export const Bernoulli: OpDef = {
  type: 'Bernoulli',
  opsets: [15, NEWEST_OPSET],
  inputs: [1, 1],
  attributes: { dtype: { kind: 'int' }, seed: { kind: 'float' } },
  dtypes(node) {
    const p = node.dtypeOf(0);
    const dtype = node.has('dtype') ? dtypeOfOnnx(node.int('dtype')) : p;
    if (p === undefined || !FLOATS.includes(p) || dtype === undefined || dtype === 'string') {
      throw new TypeError(
        `Bernoulli: expected floats and a numeric dtype, got ${p ?? 'nothing'} and ${dtype ?? node.int('dtype')}. Cast them.`,
      );
    }
    return [dtype];
  },
  infer: (node) => [node.input(0).dims],
  lower(node) {
    const [p, out] = [node.input(0), node.output(0)];
    const u = uniforms(node, p.dims);
    const hit = node.temp('bool', p.dims);
    if (p.dtype === 'float32') {
      mapped(node, p.dims, (c) => c.op('less_f32', c.f32(u), c.f32(p)), hit);
    } else {
      // u has 24 bits: where the type has fewer, it is p that is widened.
      const isWide = p.dtype === 'float64';
      const to = isWide ? p.dtype : 'float32';
      const attributes = { to: dtypeInfo(to).onnx };
      const [other = p] = node.call('Cast', [isWide ? u : p], { attributes });
      node.call('Less', isWide ? [other, p] : [u, other], { to: hit });
    }
    if (out.dtype === 'bool') node.alias(out, hit);
    else node.call('Cast', [hit], { attributes: { to: dtypeInfo(out.dtype).onnx }, to: out });
  },
};

export const Multinomial: OpDef = {
  type: 'Multinomial',
  opsets: [7, NEWEST_OPSET],
  inputs: [1, 1],
  attributes: {
    dtype: { kind: 'int', oneOf: [6, 7] },
    sample_size: { kind: 'int' },
    seed: { kind: 'float' },
  },
  dtypes(node) {
    if (node.dtypeOf(0) !== 'float32') {
      throw new TypeError(
        `Multinomial: expected float32, got ${node.dtypeOf(0) ?? 'nothing'}. Cast the input.`,
      );
    }
    return [node.int('dtype', 6) === 7 ? 'int64' : 'int32'];
  },
  infer(node) {
    const { dims } = node.input(0);
    const samples = node.int('sample_size', 1);
    if (dims.length !== 2 || (dims[1] ?? 0) < 1 || samples < 1) {
      throw new RangeError(
        `Multinomial: expected [batch, classes] of at least one class and a sample_size of at least 1, got ${formatShape(dims)} and ${samples}. Correct them.`,
      );
    }
    return [[dims[0] ?? 0, samples]];
  },
  lower(node) {
    const [x, out] = [node.input(0), node.output(0)];
    const [batch = 0, samples = 0] = out.dims;
    const [, classes = 1] = x.dims;
    const most = reduced(node, 'max', x, [1]);
    const weights = mapped(node, x.dims, (c) =>
      c.op('exp_f32', c.op('sub_f32', c.f32(x), c.f32(most))),
    );
    const axis = node.constantValue('int64', [], BigInt64Array.of(1n));
    const [sums = weights] = node.call('CumSum', [weights, axis]);
    const steps = node.temp('float32', [batch, 1, classes]);
    node.alias(steps, sums);
    const ends = [classes - 1, classes].map((end) =>
      node.constantValue('int64', [1], BigInt64Array.of(BigInt(end))),
    );
    const [total = sums] = node.call('Slice', [
      sums,
      ...ends,
      node.constantValue('int64', [1], BigInt64Array.of(1n)),
    ]);
    const u = uniforms(node, out.dims);
    const at = mapped(node, out.dims, (c) => c.op('mul_f32', c.f32(u), c.f32(total)));
    const goals = node.temp('float32', [batch, samples, 1]);
    node.alias(goals, at);
    // The last sum is not asked: the index is always one of a class.
    const passed = node.temp('int32', [batch, samples, classes]);
    const isLast = node.constantValue(
      'bool',
      [classes],
      Uint8Array.from({ length: classes }, (_, i) => (i === classes - 1 ? 0 : 1)),
    );
    mapped(
      node,
      passed.dims,
      (c) => c.op('and_bool', c.op('less_equal_f32', c.f32(steps), c.f32(goals)), c.word(isLast)),
      passed,
    );
    const count = out.dtype === 'int32' ? out : node.temp('int32', out.dims);
    const last = node.constantValue('int64', [1], BigInt64Array.of(2n));
    node.call('ReduceSum', [passed, last], { attributes: { keepdims: 0 }, to: count });
    if (out.dtype === 'int64') node.call('Cast', [count], { attributes: { to: 7 }, to: out });
  },
};
