// StringConcat, StringSplit, StringNormalizer and RegexFullMatch. Texts are sequences of code points; nothing depends on a
// locale: letters change case by Unicode's default mapping, white space is Unicode's White_Space.
import type { DataType } from '../core/data.ts';
import type { HostContext, HostOp, HostTypeContext } from '../core/host_op.ts';
import { NEWEST_OPSET } from '../core/op.ts';
import { broadcastShapes, formatShape, sizeOf, stridesOf } from '../core/shape.ts';
import { Tensor } from '../core/tensor.ts';
import { fullMatch } from './regex.ts';

const STRING: DataType = { kind: 'tensor', dtype: 'string' };

function onlyStrings(node: HostTypeContext): void {
  for (let i = 0; i < node.inputCount; i += 1) {
    const dtype = node.dtypeOf(i);
    if (dtype === 'string') continue;
    throw new TypeError(`${node.opType}: input ${i}: expected string, got ${dtype ?? '?'}.`);
  }
}

function textsAt(node: HostContext, i: number): string[] {
  const { data } = node.tensorAt(i);
  if (Array.isArray(data)) return data;
  throw new TypeError(`${node.opType}: input ${i}: expected strings.`);
}

export const StringConcat: HostOp = {
  type: 'StringConcat',
  opsets: [20, NEWEST_OPSET],
  inputs: [2, 2],
  attributes: {},
  types(node) {
    onlyStrings(node);
    return [STRING];
  },
  run(node) {
    const shapes = [node.tensorAt(0).dims, node.tensorAt(1).dims] as const;
    const dims = broadcastShapes('StringConcat', ...shapes);
    const strides = stridesOf(dims);
    const [left, right] = [textsAt(node, 0), textsAt(node, 1)];
    const from = (shape: readonly number[], flat: number): number => {
      const own = stridesOf(shape);
      return shape.reduce((sum, size, axis) => {
        const at = axis + dims.length - shape.length;
        const index = Math.floor(flat / (strides[at] ?? 1)) % (dims[at] ?? 1);
        return size === 1 ? sum : sum + index * (own[axis] ?? 1);
      }, 0);
    };
    const texts = Array.from(
      { length: sizeOf(dims) },
      (_, flat) => `${left[from(shapes[0], flat)] ?? ''}${right[from(shapes[1], flat)] ?? ''}`,
    );
    return [new Tensor('string', texts, dims)];
  },
};

const SPACE = /\p{White_Space}+/u;

/** The pieces of a text, at most `most` cuts from the left. Between white space there is no empty piece. */
function pieces(text: string, delimiter: string, most: number): string[] {
  const found: string[] = [];
  let rest = delimiter === '' ? text.replace(/^\p{White_Space}+/u, '') : text;
  if (delimiter === '' && rest === '') return [];
  while (found.length < most) {
    const cut =
      delimiter === '' ? SPACE.exec(rest) : { index: rest.indexOf(delimiter), 0: delimiter };
    if (cut === null || cut.index < 0) break;
    found.push(rest.slice(0, cut.index));
    rest = rest.slice(cut.index + cut[0].length);
    if (delimiter === '' && rest === '') return found;
  }
  return [...found, rest];
}

export const StringSplit: HostOp = {
  type: 'StringSplit',
  opsets: [20, NEWEST_OPSET],
  inputs: [1, 1],
  attributes: { delimiter: { kind: 'string' }, maxsplit: { kind: 'int' } },
  types(node) {
    onlyStrings(node);
    return [STRING, { kind: 'tensor', dtype: 'int64' }];
  },
  run(node) {
    const { dims } = node.tensorAt(0);
    const most = node.int('maxsplit', -1);
    const delimiter = node.string('delimiter', '');
    const split = textsAt(node, 0).map((text) =>
      pieces(text, delimiter, most < 0 ? Infinity : most),
    );
    const longest = Math.max(0, ...split.map(({ length }) => length));
    const padded = split.flatMap((list) =>
      Array.from({ length: longest }, (_, i) => list[i] ?? ''),
    );
    return [
      new Tensor('string', padded, [...dims, longest]),
      new Tensor(
        'int64',
        split.map(({ length }) => BigInt(length)),
        dims,
      ),
    ];
  },
};

export const StringNormalizer: HostOp = {
  type: 'StringNormalizer',
  opsets: [10, NEWEST_OPSET],
  inputs: [1, 1],
  attributes: {
    case_change_action: { kind: 'string', oneOf: ['LOWER', 'UPPER', 'NONE'] },
    is_case_sensitive: { kind: 'int', oneOf: [0, 1] },
    locale: { kind: 'string' },
    stopwords: { kind: 'strings' },
  },
  types(node) {
    onlyStrings(node);
    return [STRING];
  },
  run(node) {
    const { dims } = node.tensorAt(0);
    const isRow = dims.length === 2 && dims[0] === 1;
    if (dims.length !== 1 && !isRow) {
      throw new RangeError(`StringNormalizer: expected [C] or [1, C], got ${formatShape(dims)}.`);
    }
    const isExact = node.int('is_case_sensitive', 0) === 1;
    const key = (text: string): string => (isExact ? text : text.toLowerCase());
    const stops = new Set(node.strings('stopwords', []).map(key));
    const action = node.string('case_change_action', 'NONE');
    const kept = textsAt(node, 0)
      .filter((text) => !stops.has(key(text)))
      .map((text) => {
        if (action === 'NONE') return text;
        return action === 'LOWER' ? text.toLowerCase() : text.toUpperCase();
      });
    // Where nothing is left there is one empty string.
    const texts = kept.length === 0 ? [''] : kept;
    return [new Tensor('string', texts, isRow ? [1, texts.length] : [texts.length])];
  },
};

export const RegexFullMatch: HostOp = {
  type: 'RegexFullMatch',
  opsets: [20, NEWEST_OPSET],
  inputs: [1, 1],
  attributes: { pattern: { kind: 'string' } },
  types(node) {
    onlyStrings(node);
    fullMatch(node.string('pattern')); // a pattern that is none is refused at load
    return [{ kind: 'tensor', dtype: 'bool' }];
  },
  run(node) {
    const pattern = fullMatch(node.string('pattern'));
    const matches = textsAt(node, 0).map((text) => pattern.test(text));
    return [new Tensor('bool', matches, node.tensorAt(0).dims)];
  },
};
