// How element-wise operators are made: one step a type and an element, in a chain (V1, V2, V6, V8), or one operation of a 64-bit
// kernel. Shapes broadcast as numpy's do, before opset 7 as the attributes `axis` and `broadcast` say. Types that are not
// listed for an operator are refused at load. The operators themselves: arithmetic.ts, comparison.ts, activation.ts.
import type { ChainOpName } from '../core/chain.ts';
import type { DType } from '../core/dtype.ts';
import { NEWEST_OPSET } from '../core/op.ts';
import type { AttributeSpec, LowerContext, NodeContext, OpDef, ShapeContext } from '../core/op.ts';
import { broadcastShapes, formatShape } from '../core/shape.ts';
import type { Value } from '../core/value.ts';
import { emitChain } from './chain_builder.ts';
import {
  dtypesOf,
  isWide,
  readElement,
  stepOf,
  storeElement,
  type Steps,
} from './element_types.ts';
import { emitFloat64 } from './elementwise_f64.ts';
import { emitInt64 } from './elementwise_i64.ts';

export function refuse(
  node: NodeContext,
  dtype: DType | undefined,
  kinds: readonly string[],
): TypeError {
  return new TypeError(
    `${node.opType}: expected ${kinds.join(' or ')}, got ${dtype ?? 'nothing'}.`,
  );
}

/** The one dtype of all inputs. */
export function sameDtypes(node: NodeContext): DType {
  const first = node.dtypeOf(0);
  for (let i = 1; i < node.inputCount; i += 1) {
    if (node.dtypeOf(i) !== first) {
      throw new TypeError(
        `${node.opType}: inputs differ in dtype: expected ${first ?? 'a tensor'}, got ${node.dtypeOf(i) ?? 'nothing'}.`,
      );
    }
  }
  if (first === undefined) throw refuse(node, first, ['a tensor']);
  return first;
}

export function broadcast(node: ShapeContext): (readonly number[])[] {
  const shapes = Array.from({ length: node.inputCount }, (_, i) => node.input(i).dims);
  return [broadcastShapes(node.opType, ...shapes)];
}

/** Emits `out` = the operation of `out`'s and the inputs' type on the elements, broadcast. */
export function emitSteps(
  node: LowerContext,
  steps: Steps,
  out: Value,
  inputs: readonly Value[],
): void {
  const dtype = inputs[0]?.dtype ?? out.dtype;
  if (isWide(dtype)) {
    if (steps.int64 !== undefined) emitInt64(node, steps.int64, out, inputs);
    return;
  }
  if (dtype === 'float64') {
    if (steps.float64 !== undefined) emitFloat64(node, steps.float64, out, inputs);
    return;
  }
  const op = stepOf(steps, dtype);
  if (op === undefined) throw new Error(`${node.opType}: no step for ${dtype}.`);
  emitChain(node, out, (c) =>
    storeElement(c, out.dtype, c.op(op, ...inputs.map((x) => readElement(c, x)))),
  );
}

interface Family {
  readonly type: string;
  /** `isobit` for functions that ONNX has no operator for, at its opset 1. */
  readonly domain?: string;
  readonly kinds: Steps;
  /** The output's dtype, where it is not the inputs'. */
  readonly gives?: DType;
  readonly attributes?: Readonly<Record<string, AttributeSpec>>;
  readonly since?: number;
}

/** The type of the inputs, if there is a step for it. */
export function stepDtype(node: NodeContext, kinds: Steps): DType {
  const dtype = sameDtypes(node);
  const known = dtypesOf(kinds);
  if (!known.includes(dtype)) throw refuse(node, dtype, known);
  return dtype;
}

/** An operator of one operand, and of one step a kind. */
export function unary({ type, domain = '', kinds, gives, since = 1 }: Family): OpDef {
  return {
    type,
    domain,
    opsets: [since, domain === '' ? NEWEST_OPSET : 1],
    inputs: [1, 1],
    attributes: { consumed_inputs: { kind: 'ints' } },
    dtypes(node) {
      const dtype = stepDtype(node, kinds);
      return [gives ?? dtype];
    },
    infer: (node) => [node.input(0).dims],
    lower: (node) => emitSteps(node, kinds, node.output(0), [node.input(0)]),
  };
}

/** Attributes that operators of two operands had before opset 7. */
export const LEGACY_BROADCAST: Readonly<Record<string, AttributeSpec>> = {
  axis: { kind: 'int' },
  broadcast: { kind: 'int' },
  consumed_inputs: { kind: 'ints' },
};

/**
 * The shape of the second operand by the rules of today. Before opset 7 shapes are equal, or with `broadcast` the second is
 * a run of axes of the first, from `axis` on, the last ones if that is not given.
 */
export function legacyDims(node: ShapeContext): readonly number[] {
  const [a, b] = [node.input(0).dims, node.input(1).dims];
  if (node.opset >= 7) return b;
  if (node.int('broadcast', 0) === 0) {
    if (a.join() === b.join()) return b;
    throw new RangeError(
      `${node.opType}: shapes: expected two like ${formatShape(a)} before opset 7, got ${formatShape(b)}. Set broadcast.`,
    );
  }
  const given = node.int('axis', a.length - b.length);
  const axis = given < 0 ? given + a.length : given;
  const behind = a.length - axis - b.length;
  if (axis < 0 || behind < 0) {
    throw new RangeError(
      `${node.opType}: axis: expected ${formatShape(b)} to lie in ${formatShape(a)}, got axis ${given}. Correct it.`,
    );
  }
  return [...b, ...Array.from({ length: behind }, () => 1)];
}

/** Input 1 under `legacyDims`. */
export function legacyOperand(node: LowerContext): Value {
  const y = node.input(1);
  const dims = legacyDims(node);
  if (dims.length === y.dims.length) return y;
  const seen = node.temp(y.dtype, dims);
  node.alias(seen, y);
  return seen;
}

function checkLegacy(node: NodeContext): void {
  const found = ['axis', 'broadcast'].find((name) => node.has(name));
  if (node.opset < 7 || found === undefined) return;
  throw new TypeError(
    `${node.opType}: attribute ${found} is of opsets before 7, got opset ${node.opset}. Leave it out.`,
  );
}

/** An operator of two operands of one type. */
export function binary({ type, kinds, gives, attributes, since = 1 }: Family): OpDef {
  return {
    type,
    opsets: [since, NEWEST_OPSET],
    inputs: [2, 2],
    attributes: since < 7 ? { ...attributes, ...LEGACY_BROADCAST } : (attributes ?? {}),
    dtypes(node) {
      checkLegacy(node);
      const dtype = stepDtype(node, kinds);
      return [gives ?? dtype];
    },
    infer: (node) => [broadcastShapes(type, node.input(0).dims, legacyDims(node))],
    lower: (node) => emitSteps(node, kinds, node.output(0), [node.input(0), legacyOperand(node)]),
  };
}

/** Operators of any number of tensors, combined left to right; of one shape before opset 8. */
export function variadic({ type, kinds, since = 1 }: Family): OpDef {
  return {
    type,
    opsets: [since, NEWEST_OPSET],
    inputs: [1, 2147483647],
    attributes: { consumed_inputs: { kind: 'ints' } },
    dtypes: (node) => [stepDtype(node, kinds)],
    infer(node) {
      const [dims] = broadcast(node);
      const other = Array.from({ length: node.inputCount }, (_, i) => node.input(i).dims).find(
        (one) => one.join() !== dims?.join(),
      );
      if (node.opset < 8 && other !== undefined) {
        throw new RangeError(
          `${type}: shapes: expected one for all inputs before opset 8, got ${formatShape(other)}. Expand it.`,
        );
      }
      return [dims ?? []];
    },
    lower: (node) => emitFolded(node, kinds, node.output(0)),
  };
}

/** Emits `out` = all inputs combined left to right; one alone is read and stored canonically. */
export function emitFolded(node: LowerContext, kinds: Steps, out: Value): void {
  let so_far = node.input(0);
  if (node.inputCount === 1) {
    if (out.dtype === 'float64') emitFloat64(node, 'canonical', out, [so_far]);
    else if (out.dtype === 'float32')
      emitChain(node, out, (c) => c.op('canonical', c.word(so_far)));
    else node.alias(out, so_far);
    return;
  }
  for (let i = 1; i < node.inputCount; i += 1) {
    const next = node.input(i);
    const dims = broadcastShapes(node.opType, so_far.dims, next.dims);
    const to = i === node.inputCount - 1 ? out : node.temp(out.dtype, dims);
    emitSteps(node, kinds, to, [so_far, next]);
    so_far = to;
  }
}

/** The kinds of an operator that takes float32 only. */
export const f32 = (op: ChainOpName): Steps => ({ float32: op });
