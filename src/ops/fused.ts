// Products of com.microsoft with something behind them (V7), each the composition of the operators it names, in the order written:
//   FusedMatMul: (A·B) · alpha, either side transposed      FusedGemm: activation(Gemm)
//   FusedConv: activation(Conv + Z)
import type {
  AttributeSpec,
  CallAttribute,
  LowerContext,
  NodeContext,
  OpDef,
  ShapeContext,
} from '../core/op.ts';
import type { Value } from '../core/value.ts';
import { broadcastShapes, formatShape } from '../core/shape.ts';
import { activationsOf, storable, type Activation } from './named_activations.ts';
import { Conv } from './conv.ts';
import { Gemm } from './mat_mul.ts';
import { emitProduct } from './product.ts';
import { floatOf, narrowed, widened } from './wide.ts';
import { mapped } from './chain_builder.ts';

const MICROSOFT = 'com.microsoft';
const KERNEL_OPSET = 17; // of the operators called

const f32 = (node: LowerContext, i: number): Value | undefined => {
  const value = node.optional(i);
  return value === undefined ? undefined : widened(node, value);
};

/** The axes of an operand of FusedMatMul in the order in which it is multiplied. */
function permuted(rank: number, isTransposed: boolean, isBatchTransposed: boolean): number[] {
  const axes = Array.from({ length: rank }, (_, i) => i);
  if (rank < 2) return axes;
  const [first = 0, ...rest] = axes;
  const order = isBatchTransposed ? [...rest.slice(0, -1), first, rank - 1] : axes;
  if (!isTransposed) return order;
  return [...order.slice(0, -2), ...order.slice(-2).reverse()];
}

interface Side {
  readonly dims: readonly number[];
  readonly order: readonly number[];
}
function sides(node: ShapeContext): { a: Side; b: Side } {
  const side = (i: number, letter: string): Side => {
    const { dims } = node.input(i);
    const order = permuted(
      dims.length,
      node.int(`trans${letter}`, 0) !== 0,
      node.int(`transBatch${letter}`, 0) !== 0,
    );
    return { dims: order.map((axis) => dims[axis] ?? 0), order };
  };
  const [a, b] = [side(0, 'A'), side(1, 'B')];
  const [rows, columns] = [a.dims.at(-1), b.dims.length === 1 ? b.dims[0] : b.dims.at(-2)];
  if (a.dims.length === 0 || b.dims.length === 0 || rows !== columns) {
    throw new RangeError(
      `FusedMatMul: operands do not fit: expected inner sizes that agree, got ${formatShape(a.dims)} and ${formatShape(b.dims)}. Transpose or reshape one.`,
    );
  }
  return { a, b };
}

export const FusedMatMul: OpDef = {
  type: 'FusedMatMul',
  domain: MICROSOFT,
  opsets: [1, 1],
  inputs: [2, 2],
  attributes: {
    alpha: { kind: 'float' },
    transA: { kind: 'int' },
    transB: { kind: 'int' },
    transBatchA: { kind: 'int' },
    transBatchB: { kind: 'int' },
  },
  dtypes: (node) => [floatOf(node, 0, 1)],
  infer(node) {
    const { a, b } = sides(node);
    const batch = broadcastShapes('FusedMatMul', a.dims.slice(0, -2), b.dims.slice(0, -2));
    return [
      [
        ...batch,
        ...(a.dims.length === 1 ? [] : a.dims.slice(-2, -1)),
        ...(b.dims.length === 1 ? [] : b.dims.slice(-1)),
      ],
    ];
  },
  lower(node) {
    const { a, b } = sides(node);
    const ordered = (i: number, { order }: Side): Value => {
      const x = widened(node, node.input(i));
      if (order.every((axis, k) => axis === k)) return x;
      const [y = x] = node.call('Transpose', [x], { attributes: { perm: order } });
      return y;
    };
    const alpha = storable(node.float('alpha', 1));
    narrowed(node, node.output(0), (to) => {
      const isPlain = node.int('transBatchA', 0) === 0 && node.int('transBatchB', 0) === 0;
      const product = alpha === 1 ? to : node.temp('float32', to.dims);
      if (isPlain && a.dims.length > 1 && b.dims.length > 1) {
        // Transposed operands are read where they lie.
        const [m = 0, k = 0] = a.dims.slice(-2);
        const n = b.dims.at(-1) ?? 0;
        const [transA, transB] = [node.int('transA', 0) !== 0, node.int('transB', 0) !== 0];
        emitProduct(
          node,
          product,
          {
            value: widened(node, node.input(0)),
            batch: a.dims.slice(0, -2),
            rowStride: transA ? 1 : k,
            columnStride: transA ? m : 1,
          },
          {
            value: widened(node, node.input(1)),
            batch: b.dims.slice(0, -2),
            rowStride: transB ? 1 : n,
            columnStride: transB ? k : 1,
          },
          m,
          n,
          k,
        );
      } else {
        node.call('MatMul', [ordered(0, a), ordered(1, b)], { to: product });
      }
      if (product !== to) {
        mapped(node, to.dims, (c) => c.op('mul_f32', c.f32(product), c.scalar(alpha)), to);
      }
    });
  },
};

/** The activation that attributes name, or undefined. */
function activationOf(
  node: NodeContext,
  params: readonly number[],
): Activation['steps'] | undefined {
  const name = node.string('activation', '');
  if (name === '') return undefined;
  if (name === 'Clip') {
    const [low = -Infinity, high = Infinity] = params.map(storable);
    return (c, x) => c.op('min_f32', c.op('max_f32', x, c.scalar(low)), c.scalar(high));
  }
  const [first] = activationsOf(node.opType, [name], params.slice(0, 1), params.slice(1));
  return first?.steps;
}

/** Calls an operator with the attributes that the node has of those listed. */
function passed(
  node: NodeContext,
  specs: Readonly<Record<string, AttributeSpec>>,
): Record<string, CallAttribute> {
  const out: Record<string, CallAttribute> = {};
  for (const [name, { kind }] of Object.entries(specs)) {
    if (!node.has(name)) continue;
    if (kind === 'int') out[name] = node.int(name);
    else if (kind === 'float') out[name] = { float: node.float(name) };
    else if (kind === 'string') out[name] = node.string(name);
    else if (kind === 'ints') out[name] = node.ints(name);
  }
  return out;
}

const GEMM: Readonly<Record<string, AttributeSpec>> = {
  alpha: { kind: 'float' },
  beta: { kind: 'float' },
  transA: { kind: 'int' },
  transB: { kind: 'int' },
};
const CONV: Readonly<Record<string, AttributeSpec>> = {
  auto_pad: { kind: 'string' },
  dilations: { kind: 'ints' },
  group: { kind: 'int' },
  kernel_shape: { kind: 'ints' },
  pads: { kind: 'ints' },
  strides: { kind: 'ints' },
};

/** Shapes and dtypes of a node that calls `type` with its first inputs. */
function fused(
  type: 'Gemm' | 'Conv',
  specs: Readonly<Record<string, AttributeSpec>>,
  extra: Readonly<Record<string, AttributeSpec>>,
  inputs: number,
  paramsOf: (node: NodeContext) => readonly number[],
  infer: OpDef['infer'],
): OpDef {
  return {
    type: `Fused${type}`,
    domain: MICROSOFT,
    opsets: [1, 1],
    inputs: [2, inputs],
    attributes: { ...specs, ...extra, activation: { kind: 'string' } },
    dtypes(node) {
      activationOf(node, paramsOf(node));
      return [floatOf(node, 0, 1, 2, 3)];
    },
    infer,
    lower(node) {
      narrowed(node, node.output(0), (to) => {
        const activation = activationOf(node, paramsOf(node));
        const added = inputs > 3 ? f32(node, 3) : undefined;
        const isPlain = activation === undefined && added === undefined;
        const [y = to] = node.call(type, [f32(node, 0), f32(node, 1), f32(node, 2)], {
          attributes: passed(node, specs),
          opset: KERNEL_OPSET,
          ...(isPlain ? { to } : {}),
        });
        if (isPlain) return;
        if (added !== undefined && added.dims.join() !== y.dims.join()) {
          throw new RangeError(
            `${node.opType}: Z: expected ${formatShape(y.dims)}, got ${formatShape(added.dims)}. Correct it.`,
          );
        }
        mapped(
          node,
          to.dims,
          (c) => {
            const sum = added === undefined ? c.f32(y) : c.op('add_f32', c.f32(y), c.f32(added));
            return activation === undefined ? sum : activation(c, sum);
          },
          to,
        );
      });
    },
  };
}

export const FusedGemm = fused(
  'Gemm',
  GEMM,
  {
    activation_alpha: { kind: 'float' },
    activation_beta: { kind: 'float' },
    activation_gamma: { kind: 'float' },
  },
  3,
  (node) =>
    ['activation_alpha', 'activation_beta'].flatMap((name) =>
      node.has(name) ? [node.float(name)] : [],
    ),
  (node) => Gemm.infer(node),
);
export const FusedConv = fused(
  'Conv',
  CONV,
  { activation_params: { kind: 'floats' } },
  4,
  (node) => node.floats('activation_params', []),
  (node) => Conv.infer(node),
);
