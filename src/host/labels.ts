// Tables of labels (ai.onnx.ml): LabelEncoder, CategoryMapper, ArrayFeatureExtractor, OneHotEncoder, Imputer. Keys are
// compared as order_keys.ts says, so that −0 finds 0 and a NaN a NaN; what is given is copied (V1).
import type { DataType } from '../core/data.ts';
import type { DType } from '../core/dtype.ts';
import type { HostOp, HostTypeContext } from '../core/host_op.ts';
import { formatShape } from '../core/shape.ts';
import { Tensor } from '../core/tensor.ts';
import { expectKeys, orderKeys, type OrderKey } from './order_keys.ts';
import { emptyOf, copyElements, gathered } from './tensors.ts';

const DOMAIN = 'ai.onnx.ml';
/** The newest opset of the domain. */
const NEWEST_ML = 5;
const MANY = 2147483647;

const KINDS = ['tensor', 'strings', 'int64s', 'floats'] as const;
const kindOf = { tensor: 'tensor', strings: 'strings', int64s: 'ints', floats: 'floats' } as const;

/** `keys_…` or `values_…`, of whatever kind, as a tensor. */
function listOf(node: HostTypeContext, name: string): Tensor {
  const given = KINDS.filter((kind) => node.has(`${name}_${kind}`));
  const [kind] = given;
  if (kind === undefined || given.length > 1) {
    const names = KINDS.map((one) => `${name}_${one}`).join(', ');
    throw new TypeError(`${node.opType}: expected one of ${names}, got ${given.length}.`);
  }
  const attribute = `${name}_${kind}`;
  switch (kind) {
    case 'strings': {
      const texts = node.strings(attribute);
      return new Tensor('string', [...texts], [texts.length]);
    }
    case 'int64s': {
      const numbers = node.ints(attribute);
      return new Tensor('int64', BigInt64Array.from(numbers, BigInt), [numbers.length]);
    }
    case 'floats': {
      const numbers = node.floats(attribute);
      return new Tensor('float32', Float32Array.from(numbers), [numbers.length]);
    }
    case 'tensor': {
      const tensor = node.tensorAttribute(attribute);
      if (tensor !== undefined) return tensor;
      throw new TypeError(`${node.opType}: attribute ${attribute}: expected a tensor.`);
    }
    default:
      throw new TypeError(String(kind satisfies never));
  }
}

/** What is given where no key fits. */
function otherwise(node: HostTypeContext, dtype: DType): Tensor {
  const given = node.tensorAttribute('default_tensor');
  if (given !== undefined) {
    if (given.dtype === dtype && given.size === 1) return given;
    throw new TypeError(
      `LabelEncoder: default_tensor: expected one ${dtype}, got ${given.dtype} ${formatShape(given.dims)}.`,
    );
  }
  if (dtype === 'string')
    return new Tensor('string', [node.string('default_string', '_Unused')], []);
  if (dtype === 'float32') return new Tensor(dtype, [node.float('default_float', -0)], []);
  if (dtype === 'float64') return new Tensor(dtype, [-0], []);
  // Of float16 and bfloat16 a minus zero too.
  if (dtype.includes('float')) return new Tensor(dtype, [0x8000], []);
  return new Tensor(dtype, [dtype === 'int64' ? node.int('default_int64', -1) : -1], []);
}

/** Keys of a list with their places; of equal ones the first counts (V11). */
function placesOf(keys: readonly OrderKey[]): Map<OrderKey, number> {
  const places = new Map<OrderKey, number>();
  keys.forEach((key, i) => {
    if (!places.has(key)) places.set(key, i);
  });
  return places;
}

/** For each element the value at the place of its key. */
function mapped(tensor: Tensor, keys: Tensor, values: Tensor, fallback: Tensor): Tensor {
  const places = placesOf(orderKeys(keys));
  const to = emptyOf(values.dtype, tensor.size);
  orderKeys(tensor).forEach((key, i) => {
    const place = places.get(key);
    if (place === undefined) copyElements(to, i, fallback.data, 0, 1);
    else copyElements(to, i, values.data, place, 1);
  });
  return new Tensor(values.dtype, to, tensor.dims);
}

function expectDtype(node: HostTypeContext, expected: readonly DType[]): DType {
  const dtype = node.dtypeOf(0);
  if (dtype !== undefined && expected.includes(dtype)) return dtype;
  throw new TypeError(`${node.opType}: expected ${expected.join(' or ')}, got ${dtype ?? '?'}.`);
}

export const LabelEncoder: HostOp = {
  type: 'LabelEncoder',
  domain: DOMAIN,
  opsets: [2, NEWEST_ML],
  inputs: [1, 1],
  attributes: {
    ...Object.fromEntries(
      ['keys', 'values'].flatMap((name) =>
        KINDS.map((kind) => [`${name}_${kind}`, { kind: kindOf[kind] }] as const),
      ),
    ),
    default_float: { kind: 'float' },
    default_int64: { kind: 'int' },
    default_string: { kind: 'string' },
    default_tensor: { kind: 'tensor' },
  },
  types(node) {
    const keys = listOf(node, 'keys');
    expectKeys('LabelEncoder', keys.dtype);
    const values = listOf(node, 'values');
    if (keys.size !== values.size) {
      throw new RangeError(`LabelEncoder: expected ${keys.size} values, got ${values.size}.`);
    }
    expectDtype(node, [keys.dtype]);
    otherwise(node, values.dtype);
    return [{ kind: 'tensor', dtype: values.dtype }];
  },
  run(node) {
    const values = listOf(node, 'values');
    const fallback = otherwise(node, values.dtype);
    return [mapped(node.tensorAt(0), listOf(node, 'keys'), values, fallback)];
  },
};

/** Strings to the numbers of their places in a list, or numbers to the strings. */
function namesAndNumbers(
  type: string,
  lists: (node: HostTypeContext) => { texts: Tensor; numbers: Tensor },
  attributes: HostOp['attributes'],
  opsets: readonly [number, number],
): HostOp {
  return {
    type,
    domain: DOMAIN,
    opsets,
    inputs: [1, 1],
    attributes: {
      ...attributes,
      default_int64: { kind: 'int' },
      default_string: { kind: 'string' },
    },
    types(node) {
      lists(node);
      const dtype = expectDtype(node, ['string', 'int64']);
      return [{ kind: 'tensor', dtype: dtype === 'string' ? 'int64' : 'string' }];
    },
    run(node) {
      const { texts, numbers } = lists(node);
      const tensor = node.tensorAt(0);
      if (tensor.dtype === 'string') {
        const missing = new Tensor('int64', [node.int('default_int64', -1)], []);
        return [mapped(tensor, texts, numbers, missing)];
      }
      const missing = new Tensor('string', [node.string('default_string', '_Unused')], []);
      return [mapped(tensor, numbers, texts, missing)];
    },
  };
}

export const LabelEncoder1: HostOp = namesAndNumbers(
  'LabelEncoder',
  (node) => {
    const classes = node.strings('classes_strings');
    const texts = new Tensor('string', [...classes], [classes.length]);
    const numbers = classes.map((_, i) => BigInt(i));
    return { texts, numbers: new Tensor('int64', numbers, [classes.length]) };
  },
  { classes_strings: { kind: 'strings' } },
  [1, 1],
);

export const CategoryMapper: HostOp = namesAndNumbers(
  'CategoryMapper',
  (node) => {
    const texts = node.strings('cats_strings');
    const numbers = node.ints('cats_int64s');
    if (texts.length !== numbers.length) {
      throw new RangeError(
        `CategoryMapper: expected ${texts.length} cats_int64s, got ${numbers.length}.`,
      );
    }
    return {
      texts: new Tensor('string', [...texts], [texts.length]),
      numbers: new Tensor('int64', BigInt64Array.from(numbers, BigInt), [numbers.length]),
    };
  },
  { cats_int64s: { kind: 'ints' }, cats_strings: { kind: 'strings' } },
  [1, NEWEST_ML],
);

export const ArrayFeatureExtractor: HostOp = {
  type: 'ArrayFeatureExtractor',
  domain: DOMAIN,
  opsets: [1, NEWEST_ML],
  inputs: [2, 2],
  attributes: {},
  types(node) {
    const indices = node.dtypeOf(1);
    if (indices !== 'int64') {
      throw new TypeError(`ArrayFeatureExtractor: indices: expected int64, got ${indices ?? '?'}.`);
    }
    return [node.typeOf(0)];
  },
  run(node) {
    const tensor = node.tensorAt(0);
    const { dims } = tensor;
    const size = dims.at(-1) ?? 1;
    const indices = node.tensorAt(1).numbers();
    const wrong = indices.find((index) => index < 0 || index >= size);
    if (wrong !== undefined) {
      throw new RangeError(`ArrayFeatureExtractor: index: expected 0..${size - 1}, got ${wrong}.`);
    }
    const rows = dims.length < 2 ? [1, size] : dims;
    return [gathered(new Tensor(tensor.dtype, tensor.data, rows), rows.length - 1, indices)];
  },
};

export const OneHotEncoder: HostOp = {
  type: 'OneHotEncoder',
  domain: DOMAIN,
  opsets: [1, NEWEST_ML],
  inputs: [1, 1],
  attributes: {
    cats_int64s: { kind: 'ints' },
    cats_strings: { kind: 'strings' },
    zeros: { kind: 'int', oneOf: [0, 1] },
  },
  types(node) {
    expectDtype(node, node.has('cats_strings') ? ['string'] : ['int64', 'int32', 'float32']);
    return [{ kind: 'tensor', dtype: 'float32' }];
  },
  run(node) {
    const tensor = node.tensorAt(0);
    // Numbers that are not whole are no category.
    const texts: string[] = [];
    for (const item of tensor.data) texts.push(String(item));
    const categories = node.has('cats_strings')
      ? node.strings('cats_strings')
      : node.ints('cats_int64s').map(String);
    const out = new Float32Array(tensor.size * categories.length);
    texts.forEach((text, i) => {
      const place = categories.indexOf(text);
      if (place >= 0) out[i * categories.length + place] = 1;
      else if (node.int('zeros', 1) === 0) {
        throw new RangeError(`OneHotEncoder: expected a known category, got '${text}'.`);
      }
    });
    return [new Tensor('float32', out, [...tensor.dims, categories.length])];
  },
};

export const Imputer: HostOp = {
  type: 'Imputer',
  domain: DOMAIN,
  opsets: [1, NEWEST_ML],
  inputs: [1, 1],
  attributes: {
    imputed_value_floats: { kind: 'floats' },
    imputed_value_int64s: { kind: 'ints' },
    replaced_value_float: { kind: 'float' },
    replaced_value_int64: { kind: 'int' },
  },
  types(node) {
    expectDtype(node, node.has('imputed_value_floats') ? ['float32'] : ['int64']);
    return [node.typeOf(0)];
  },
  run(node) {
    const tensor = node.tensorAt(0);
    const isFloat = tensor.dtype === 'float32';
    const values = isFloat
      ? new Tensor(
          'float32',
          [...node.floats('imputed_value_floats')],
          [node.floats('imputed_value_floats').length],
        )
      : new Tensor(
          'int64',
          [...node.ints('imputed_value_int64s')],
          [node.ints('imputed_value_int64s').length],
        );
    const columns = tensor.dims.at(-1) ?? 1;
    if (values.size !== 1 && values.size !== columns) {
      throw new RangeError(`Imputer: expected 1 or ${columns} values, got ${values.size}.`);
    }
    const replaced = new Tensor(
      tensor.dtype,
      [isFloat ? node.float('replaced_value_float', 0) : node.int('replaced_value_int64', 0)],
      [1],
    );
    const [wanted] = orderKeys(replaced);
    const to = emptyOf(tensor.dtype, tensor.size);
    orderKeys(tensor).forEach((key, i) => {
      if (key !== wanted) copyElements(to, i, tensor.data, i, 1);
      else copyElements(to, i, values.data, values.size === 1 ? 0 : i % columns, 1);
    });
    return [new Tensor(tensor.dtype, to, tensor.dims)];
  },
};

const noMaps = (type: string, inputs: readonly [number, number]): HostOp => ({
  type,
  domain: DOMAIN,
  opsets: [1, NEWEST_ML],
  inputs,
  attributes: {
    ...{ classlabels_int64s: { kind: 'ints' }, classlabels_strings: { kind: 'strings' } },
    ...{ string_vocabulary: { kind: 'strings' }, int64_vocabulary: { kind: 'ints' } },
    ...{ cast_to: { kind: 'string' }, map_form: { kind: 'string' }, max_map: { kind: 'int' } },
  },
  takes: () => true,
  types(): readonly DataType[] {
    throw new TypeError(`${type}: maps are not held: expected tensors, sequences and optionals.`);
  },
  run: () => [],
});

/** Known by name, to say why they are refused. */
export const withMaps: readonly HostOp[] = [
  noMaps('ZipMap', [1, 1]),
  noMaps('CastMap', [1, 1]),
  noMaps('DictVectorizer', [1, MANY]),
];
