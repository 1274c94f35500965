// Einsum as a composition of Transpose, ReduceSum, Mul and MatMul. Operands are joined from left to right: of two, labels
// that only one of them has, and nothing later needs, are summed first (V4, in the order in which they stand there); labels of
// both that nothing later needs are contracted by MatMul (V3, V4), in the order of the left operand; without such
// labels the product is Mul (V2). A label that repeats in an operand takes its diagonal.
// Element types are those that these operators take: they refuse others themselves.
import type { DType } from '../core/dtype.ts';
import { NEWEST_OPSET } from '../core/op.ts';
import type { LowerContext, NodeContext, OpDef, ShapeContext } from '../core/op.ts';
import type { Value } from '../core/value.ts';
import { formatShape, sizeOf, stridesOf } from '../core/shape.ts';
import { emitStridedCopy } from './strided_copy.ts';
import { view } from './wide.ts';

// Products of them are contracted by MatMul; of others, for which there is none, by Mul and ReduceSum.
const BY_MATMUL: readonly DType[] = ['float32', 'float16', 'bfloat16'];

/** A tensor whose axes have names; all differ. */
interface Labelled {
  readonly value: Value;
  readonly labels: readonly string[];
}

interface Equation {
  readonly inputs: readonly (readonly string[])[];
  readonly output: readonly string[];
  readonly sizes: ReadonlyMap<string, number>;
}

/** Letters, and for the axes of an ellipsis the names `.0`, `.1` … counted from the last of them. */
function labelsOf(op: string, text: string, rank: number | undefined, most: number): string[] {
  const [before = '', after, ...more] = text.split('...');
  if (more.length > 0 || /[^A-Za-z]/.test(before + (after ?? ''))) {
    throw new RangeError(
      `${op}: equation: expected letters and at most one ellipsis a term, got '${text}'. Correct it.`,
    );
  }
  if (after === undefined) return before.split('');
  const hidden = rank === undefined ? most : rank - before.length - after.length;
  const names = Array.from({ length: Math.max(0, hidden) }, (_, i) => `.${hidden - 1 - i}`);
  return [...before.split(''), ...names, ...after.split('')];
}

function equationOf(node: ShapeContext): Equation {
  const op = 'Einsum';
  const text = node.string('equation').replaceAll(/\s/g, '');
  const [left = '', right, ...more] = text.split('->');
  const terms = left.split(',');
  if (more.length > 0 || terms.length !== node.inputCount) {
    throw new RangeError(
      `Einsum: equation: expected ${node.inputCount} terms and at most one ->, got '${text}'. Correct it.`,
    );
  }
  const dims = terms.map((_, i) => node.input(i).dims);
  const inputs = terms.map((term, i) => labelsOf(op, term, dims[i]?.length, 0));
  const sizes = new Map<string, number>();
  let hidden = 0;
  inputs.forEach((labels, i) => {
    const own = dims[i] ?? [];
    if (labels.length !== own.length) {
      throw new RangeError(
        `Einsum: input ${i}: expected ${labels.length} axes as in '${terms[i] ?? ''}', got ${formatShape(own)}. Correct the equation.`,
      );
    }
    labels.forEach((label, axis) => {
      const [size, known] = [own[axis] ?? 1, sizes.get(label) ?? 1];
      // A size of 1 is broadcast, as numpy does it.
      if (size !== known && size !== 1 && known !== 1) {
        throw new RangeError(
          `Einsum: label ${label}: expected one size, got ${known} and ${size}. Correct the equation or the inputs.`,
        );
      }
      sizes.set(label, sizes.has(label) && size === 1 ? known : size);
      if (label.startsWith('.')) hidden = Math.max(hidden, Number(label.slice(1)) + 1);
    });
  });
  const all = inputs.flat();
  const names = [...new Set(all)].filter((label) => !label.startsWith('.')).toSorted();
  const ellipsis = Array.from({ length: hidden }, (_, i) => `.${hidden - 1 - i}`);
  const output =
    right === undefined
      ? [...ellipsis, ...names.filter((label) => all.filter((one) => one === label).length === 1)]
      : labelsOf(op, right, undefined, hidden);
  if (new Set(output).size !== output.length || output.some((label) => !sizes.has(label))) {
    throw new RangeError(
      `Einsum: output: expected labels of the inputs, each once, got '${right ?? ''}'. Correct the equation.`,
    );
  }
  return { inputs, output, sizes };
}

function only(
  node: LowerContext,
  ...[type, inputs, options]: Parameters<LowerContext['call']>
): Value {
  const [value] = node.call(type, inputs, options);
  if (value === undefined) throw new Error(`Einsum: ${type} gives nothing.`);
  return value;
}

/** The operand with one axis a label: diagonals are taken. */
function distinct(node: LowerContext, value: Value, labels: readonly string[]): Labelled {
  const own = [...new Set(labels)];
  if (own.length === labels.length) return { value, labels };
  const strides = stridesOf(value.dims);
  const dims = own.map(
    (label) => value.dims.find((dim, axis) => labels[axis] === label && dim !== 1) ?? 1,
  );
  const steps = own.map((label) =>
    labels.reduce(
      (sum, one, axis) =>
        sum + (one === label && value.dims[axis] !== 1 ? (strides[axis] ?? 0) : 0),
      0,
    ),
  );
  const to = node.temp(value.dtype, dims);
  emitStridedCopy(node, to, value, { dims, strides: steps, offset: 0 });
  return { value: to, labels: own };
}

/** Sums over the labels that `keep` does not hold. */
function summed(
  node: LowerContext,
  { value, labels }: Labelled,
  keep: ReadonlySet<string>,
): Labelled {
  const axes = labels.flatMap((label, axis) => (keep.has(label) ? [] : [axis]));
  if (axes.length === 0) return { value, labels };
  const list = node.constantValue('int64', [axes.length], BigInt64Array.from(axes, BigInt));
  const sum = only(node, 'ReduceSum', [value, list], { attributes: { keepdims: 0 } });
  return { value: sum, labels: labels.filter((label) => keep.has(label)) };
}

/** The axes in this order; labels that the tensor lacks become axes of size 1. */
function ordered(
  node: LowerContext,
  { value, labels }: Labelled,
  wanted: readonly string[],
): Value {
  const present = wanted.filter((label) => labels.includes(label));
  const perm = present.map((label) => labels.indexOf(label));
  const turned = perm.every((axis, i) => axis === i)
    ? value
    : only(node, 'Transpose', [value], { attributes: { perm } });
  const dims = wanted.map((label) => value.dims[labels.indexOf(label)] ?? 1);
  return view(node, turned, dims);
}

/** Broadcast along the given labels to their whole sizes. */
function expanded(node: LowerContext, value: Value, dims: readonly number[]): Value {
  if (value.dims.join() === dims.join()) return value;
  const shape = node.constantValue('int64', [dims.length], BigInt64Array.from(dims, BigInt));
  return only(node, 'Expand', [value, shape]);
}

function joined(
  node: LowerContext,
  first: Labelled,
  second: Labelled,
  later: ReadonlySet<string>,
  sizes: ReadonlyMap<string, number>,
): Labelled {
  const a = summed(node, first, new Set([...later, ...second.labels]));
  const b = summed(node, second, new Set([...later, ...first.labels]));
  const shared = a.labels.filter((label) => b.labels.includes(label));
  const contracted = shared.filter((label) => !later.has(label));
  const dtype = a.value.dtype;
  if (contracted.length === 0 || !BY_MATMUL.includes(dtype)) {
    const labels = [...a.labels, ...b.labels.filter((label) => !a.labels.includes(label))];
    const product = only(node, 'Mul', [ordered(node, a, labels), ordered(node, b, labels)]);
    return summed(node, { value: product, labels }, later);
  }
  const batch = shared.filter((label) => later.has(label));
  const rows = a.labels.filter((label) => !b.labels.includes(label));
  const columns = b.labels.filter((label) => !a.labels.includes(label));
  const own = ({ value, labels }: Labelled, wanted: readonly string[]): number[] =>
    wanted.map((label) => value.dims[labels.indexOf(label)] ?? 1);
  const whole = (labels: readonly string[]): number[] =>
    labels.map((label) => sizes.get(label) ?? 1);
  const [matrices, inner] = [whole(batch), whole(contracted)];
  const [above, beside] = [own(a, rows), own(b, columns)];
  const left = expanded(node, ordered(node, a, [...batch, ...rows, ...contracted]), [
    ...matrices,
    ...above,
    ...inner,
  ]);
  const right = expanded(node, ordered(node, b, [...batch, ...contracted, ...columns]), [
    ...matrices,
    ...inner,
    ...beside,
  ]);
  const [m, k, n] = [sizeOf(above), sizeOf(inner), sizeOf(beside)];
  const product = only(node, 'MatMul', [
    view(node, left, [...matrices, m, k]),
    view(node, right, [...matrices, k, n]),
  ]);
  return {
    value: view(node, product, [...matrices, ...above, ...beside]),
    labels: [...batch, ...rows, ...columns],
  };
}

export const Einsum: OpDef = {
  type: 'Einsum',
  opsets: [12, NEWEST_OPSET],
  inputs: [1, 2147483647],
  attributes: { equation: { kind: 'string' } },
  dtypes(node: NodeContext) {
    const dtype = node.dtypeOf(0);
    for (let i = 0; i < node.inputCount; i += 1) {
      const own = node.dtypeOf(i);
      if (own === undefined || own !== dtype || own === 'bool' || own === 'string') {
        throw new TypeError(
          `Einsum: input ${i}: expected numbers, all of one dtype, got ${own ?? 'nothing'}. Cast it.`,
        );
      }
    }
    return [dtype ?? 'float32'];
  },
  infer(node) {
    const { output, sizes } = equationOf(node);
    return [output.map((label) => sizes.get(label) ?? 1)];
  },
  lower(node) {
    const { inputs, output, sizes } = equationOf(node);
    const operands = inputs.map((labels, i) => distinct(node, node.input(i), labels));
    const [head] = operands;
    if (head === undefined) return;
    let result = head;
    for (let i = 1; i < operands.length; i += 1) {
      const next = operands[i];
      if (next === undefined) break;
      const later = new Set([...output, ...operands.slice(i + 1).flatMap((one) => one.labels)]);
      result = joined(node, result, next, later, sizes);
    }
    result = summed(node, result, new Set(output));
    const dims = output.map((label) => sizes.get(label) ?? 1);
    node.alias(node.output(0), expanded(node, ordered(node, result, output), dims));
  },
};
