// Binarizer, Scaler and LinearRegressor (ai.onnx.ml) on float32, as the compositions that they are by definition (V7).
import { dtypeInfo } from '../core/dtype.ts';
import type { LowerContext, NodeContext, OpDef, ShapeContext } from '../core/op.ts';
import { formatShape } from '../core/shape.ts';
import type { Value } from '../core/value.ts';

const DOMAIN = 'ai.onnx.ml';
/** The newest opset of the domain. */
const NEWEST_ML = 5;

function onlyFloat32(node: NodeContext): void {
  const dtype = node.dtypeOf(0) ?? '';
  if (dtype !== 'float32') throw new TypeError(`${node.opType}: expected float32, got ${dtype}.`);
}

const floats = (node: LowerContext, values: readonly number[], dims: readonly number[]): Value =>
  node.constantValue('float32', dims, Float32Array.from(values));

export const Binarizer: OpDef = {
  type: 'Binarizer',
  domain: DOMAIN,
  opsets: [1, NEWEST_ML],
  inputs: [1, 1],
  attributes: { threshold: { kind: 'float' } },
  dtypes(node) {
    onlyFloat32(node);
    return ['float32'];
  },
  infer: (node) => [node.input(0).dims],
  lower(node) {
    const threshold = floats(node, [node.float('threshold', 0)], []);
    const over = node.call('Greater', [node.input(0), threshold]);
    const to = dtypeInfo('float32').onnx;
    node.call('Cast', over, { attributes: { to }, to: node.output(0) });
  },
};

/** An attribute with one number, or one for each column. */
function columns(node: ShapeContext, attribute: string): readonly number[] {
  const values = node.floats(attribute);
  const count = node.input(0).dims.at(-1) ?? 1;
  if (values.length === 1 || values.length === count) return values;
  throw new RangeError(
    `${node.opType}: ${attribute}: expected 1 or ${count} numbers, got ${values.length}.`,
  );
}

export const Scaler: OpDef = {
  type: 'Scaler',
  domain: DOMAIN,
  opsets: [1, NEWEST_ML],
  inputs: [1, 1],
  attributes: { offset: { kind: 'floats' }, scale: { kind: 'floats' } },
  dtypes(node) {
    onlyFloat32(node);
    return ['float32'];
  },
  infer(node) {
    columns(node, 'offset');
    columns(node, 'scale');
    return [node.input(0).dims];
  },
  lower(node) {
    // One number is a scalar: a list of one would give a scalar input an axis.
    const list = (attribute: string): Value => {
      const values = columns(node, attribute);
      return floats(node, values, values.length === 1 ? [] : [values.length]);
    };
    const [moved] = node.call('Sub', [node.input(0), list('offset')]);
    node.call('Mul', [moved, list('scale')], { to: node.output(0) });
  },
};

export const LinearRegressor: OpDef = {
  type: 'LinearRegressor',
  domain: DOMAIN,
  opsets: [1, NEWEST_ML],
  inputs: [1, 1],
  attributes: {
    coefficients: { kind: 'floats' },
    intercepts: { kind: 'floats' },
    post_transform: { kind: 'string', oneOf: ['NONE'] },
    targets: { kind: 'int' },
  },
  dtypes(node) {
    onlyFloat32(node);
    return ['float32'];
  },
  infer(node) {
    const { dims } = node.input(0);
    const [rows = 0, width = 0] = dims;
    const targets = node.int('targets', 1);
    const count = node.floats('coefficients').length;
    const biases = node.floats('intercepts', []).length;
    if (dims.length !== 2 || count !== targets * width || (biases !== 0 && biases !== targets)) {
      throw new RangeError(
        `LinearRegressor: expected [N, C] with ${targets} × C coefficients and ${targets} intercepts, got ${formatShape(dims)}, ${count} and ${biases}.`,
      );
    }
    return [[rows, targets]];
  },
  lower(node) {
    const targets = node.int('targets', 1);
    const width = node.input(0).dims[1] ?? 0;
    const weights = floats(node, node.floats('coefficients'), [targets, width]);
    const given = node.floats('intercepts', []);
    const biases = given.length === 0 ? [] : [floats(node, given, [targets])];
    const attributes = { transB: 1 };
    node.call('Gemm', [node.input(0), weights, ...biases], { attributes, to: node.output(0) });
  },
};
