// Cast between numbers and text, and Constant of strings. The forms are those of number_text.ts.
import { dtypeOfOnnx, typedArrayOf, type DType } from '../core/dtype.ts';
import type { HostOp, HostTypeContext } from '../core/host_op.ts';
import { NEWEST_OPSET } from '../core/op.ts';
import { Tensor } from '../core/tensor.ts';
import { bitsOf16, floatOfText, floatsOf, integerOfText, textOfFloat } from './number_text.ts';

const FLOATS: readonly DType[] = ['float32', 'float64', 'float16', 'bfloat16'];
const INTEGERS: readonly DType[] = [
  ...(['int8', 'int16', 'int32', 'int64', 'uint8', 'uint16', 'uint32', 'uint64'] as const),
  'bool',
];
/** What has a text form; types of fewer than 8 bits and their like go by way of another. */
const WITH_TEXT: readonly DType[] = ['string', ...FLOATS, ...INTEGERS];

/** The type that a Cast gives; CastLike takes it from its second input. */
function target(node: HostTypeContext): DType | undefined {
  return node.opType === 'Cast' ? dtypeOfOnnx(node.int('to', 0)) : node.dtypeOf(1);
}

function textsOf(tensor: Tensor): string[] {
  const { data, dtype } = tensor;
  if (Array.isArray(data)) return data;
  if (FLOATS.includes(dtype)) return floatsOf(data, dtype).map((x) => textOfFloat(x, dtype));
  const texts: string[] = [];
  for (const value of data) {
    texts.push(dtype === 'bool' ? (Number(value) === 1 ? 'True' : 'False') : String(value));
  }
  return texts;
}

function truthOf(text: string): boolean {
  const plain = text.trim().toLowerCase();
  if (plain === 'true' || plain === 'false') return plain === 'true';
  return floatOfText(text, 'float64') !== 0;
}

function fromTexts(texts: readonly string[], dtype: DType, dims: readonly number[]): Tensor {
  if (dtype === 'bool') return new Tensor('bool', texts.map(truthOf), dims);
  if (dtype === 'float16' || dtype === 'bfloat16') {
    return new Tensor(
      dtype,
      Uint16Array.from(texts, (text) => bitsOf16(floatOfText(text, dtype), dtype)),
      dims,
    );
  }
  if (FLOATS.includes(dtype)) {
    const data = typedArrayOf(dtype, new ArrayBuffer(8 * texts.length), 0, texts.length);
    if (data instanceof Float32Array || data instanceof Float64Array) {
      texts.forEach((text, i) => (data[i] = floatOfText(text, dtype)));
    }
    return new Tensor(dtype, data, dims);
  }
  return new Tensor(
    dtype,
    texts.map((text) => integerOfText(text, dtype)),
    dims,
  );
}

function castOf(
  type: 'Cast' | 'CastLike',
  inputs: number,
  opsets: readonly [number, number],
): HostOp {
  return {
    type,
    opsets,
    inputs: [inputs, inputs],
    attributes: {
      ...(type === 'Cast' ? { to: { kind: 'int' as const } } : {}),
      saturate: { kind: 'int' },
      round_mode: { kind: 'string' },
    },
    takes: (node) => node.dtypeOf(0) === 'string' || target(node) === 'string',
    types(node) {
      const dtype = target(node);
      const from = node.dtypeOf(0);
      for (const one of [from, dtype]) {
        if (one !== undefined && WITH_TEXT.includes(one)) continue;
        throw new TypeError(
          `${type}: expected a type that has a text form, got ${one ?? '?'}. Cast it to float32 or int32 before.`,
        );
      }
      return [{ kind: 'tensor', dtype: dtype ?? 'string' }];
    },
    run(node) {
      const tensor = node.tensorAt(0);
      const dtype = target(node) ?? 'string';
      const texts = textsOf(tensor);
      if (dtype === 'string') return [new Tensor('string', texts, tensor.dims)];
      return [fromTexts(texts, dtype, tensor.dims)];
    },
  };
}

export const Cast = castOf('Cast', 1, [6, NEWEST_OPSET]);
export const CastLike = castOf('CastLike', 2, [15, NEWEST_OPSET]);

const isOfStrings = (node: HostTypeContext): boolean =>
  node.has('value_string') ||
  node.has('value_strings') ||
  node.tensorAttribute('value')?.dtype === 'string';

/** Of strings; numbers are planned. */
export const Constant: HostOp = {
  type: 'Constant',
  opsets: [1, NEWEST_OPSET],
  inputs: [0, 0],
  attributes: {
    value: { kind: 'tensor' },
    value_string: { kind: 'string' },
    value_strings: { kind: 'strings' },
  },
  takes: isOfStrings,
  types: () => [{ kind: 'tensor', dtype: 'string' }],
  run(node) {
    const tensor = node.tensorAttribute('value');
    if (tensor !== undefined) return [tensor];
    if (node.has('value_string')) {
      return [new Tensor('string', [node.string('value_string')], [])];
    }
    const texts = node.strings('value_strings');
    return [new Tensor('string', [...texts], [texts.length])];
  },
};

/** Of strings. */
export const ConstantOfShape: HostOp = {
  type: 'ConstantOfShape',
  opsets: [9, NEWEST_OPSET],
  inputs: [1, 1],
  attributes: { value: { kind: 'tensor' } },
  takes: isOfStrings,
  types: () => [{ kind: 'tensor', dtype: 'string' }],
  run(node) {
    const dims = node.tensorAt(0).numbers();
    const { data } = node.tensorAttribute('value') ?? {};
    const text = Array.isArray(data) ? (data[0] ?? '') : '';
    const size = dims.reduce((product, dim) => product * dim, 1);
    return [
      new Tensor(
        'string',
        Array.from({ length: size }, () => text),
        dims,
      ),
    ];
  },
};
