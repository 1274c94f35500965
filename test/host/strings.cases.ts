// Strings: moved like numbers, empty where numbers are zero bits; cast, joined, split, normalised, matched, counted.
import type { Data } from '../../src/core/data.ts';
import { Tensor } from '../../src/core/tensor.ts';
import type { CaseGroup } from '../harness/cases.ts';
import {
  bools,
  f32,
  hostCase,
  i64,
  strings,
  type HostCase,
  type HostSpec,
} from '../harness/host_cases.ts';
import { floats, integers } from '../harness/prng.ts';

type Attributes = NonNullable<HostSpec['attributes']>;

const one = (
  id: string,
  group: CaseGroup,
  opType: string,
  spec: Omit<HostSpec, 'opType'>,
  expected?: readonly Data[],
  same?: string,
): HostCase => hostCase(`strings/${opType} ${id}`, group, { opType, ...spec }, expected, same);

const abcd = strings([2, 2], 'a', 'bé', '', '\u{1f600}');
const flat = strings([4], 'a', 'bé', '', '\u{1f600}');
const none = strings([0, 2]);

/** [operator, inputs, attributes, expected] */
type Move = readonly [string, readonly Data[], Attributes, readonly Data[]];
const moves: readonly Move[] = [
  [
    'Concat',
    [abcd, abcd],
    { axis: 0 },
    [strings([4, 2], 'a', 'bé', '', '\u{1f600}', 'a', 'bé', '', '\u{1f600}')],
  ],
  [
    'DepthToSpace',
    [strings([1, 4, 1, 1], 'a', 'b', 'c', 'd')],
    { blocksize: 2 },
    [strings([1, 1, 2, 2], 'a', 'b', 'c', 'd')],
  ],
  ['Equal', [abcd, strings([2], 'a', '\u{1f600}')], {}, [bools([2, 2], 1, 0, 0, 1)]],
  ['Expand', [strings([1, 1], 'a'), i64([2], 1, 2)], {}, [strings([1, 2], 'a', 'a')]],
  ['Flatten', [abcd], { axis: 0 }, [strings([1, 4], 'a', 'bé', '', '\u{1f600}')]],
  ['Gather', [flat, i64([2], -1, 0)], {}, [strings([2], '\u{1f600}', 'a')]],
  ['GatherElements', [abcd, i64([1, 2], 1, 0)], {}, [strings([1, 2], '', 'bé')]],
  ['GatherND', [abcd, i64([1, 2], 0, 1)], {}, [strings([1], 'bé')]],
  [
    'OneHot',
    [i64([2], 1, 0), i64([], 2), strings([2], 'off', 'on')],
    {},
    [strings([2, 2], 'off', 'on', 'on', 'off')],
  ],
  ['Pad', [strings([1], 'a'), i64([2], 1, 1), strings([], 'x')], {}, [strings([3], 'x', 'a', 'x')]],
  ['Reshape', [abcd, i64([1], -1)], {}, [flat]],
  ['ReverseSequence', [abcd, i64([2], 2, 1)], {}, [strings([2, 2], '', 'bé', 'a', '\u{1f600}')]],
  [
    'ScatterElements',
    [flat, i64([1], 2), strings([1], 'c')],
    {},
    [strings([4], 'a', 'bé', 'c', '\u{1f600}')],
  ],
  [
    'ScatterND',
    [flat, i64([1, 1], 2), strings([1], 'c')],
    {},
    [strings([4], 'a', 'bé', 'c', '\u{1f600}')],
  ],
  ['Shape', [abcd], {}, [i64([2], 2, 2)]],
  ['Size', [abcd], {}, [i64([], 4)]],
  [
    'Slice',
    [flat, i64([1], 3), i64([1], -5), i64([1], 0), i64([1], -2)],
    {},
    [strings([2], '\u{1f600}', 'bé')],
  ],
  [
    'SpaceToDepth',
    [strings([1, 1, 2, 2], 'a', 'b', 'c', 'd')],
    { blocksize: 2 },
    [strings([1, 4, 1, 1], 'a', 'b', 'c', 'd')],
  ],
  ['Squeeze', [strings([1, 2], 'a', 'b')], {}, [strings([2], 'a', 'b')]],
  ['Tile', [strings([1], 'a'), i64([1], 2)], {}, [strings([2], 'a', 'a')]],
  ['Transpose', [abcd], {}, [strings([2, 2], 'a', '', 'bé', '\u{1f600}')]],
  ['Trilu', [abcd], {}, [strings([2, 2], 'a', 'bé', '', '\u{1f600}')]],
  ['Unsqueeze', [strings([1], 'a'), i64([1], 0)], {}, [strings([1, 1], 'a')]],
  [
    'Where',
    [bools([2, 1], 1, 0), abcd, strings([], 'z')],
    {},
    [strings([2, 2], 'a', 'bé', 'z', 'z')],
  ],
];
const moved: HostCase[] = [
  ...moves.map(([opType, inputs, attributes, expected]) =>
    one('four', 'defined', opType, { inputs, attributes }, expected),
  ),
  one('two', 'defined', 'Split', { inputs: [flat], attributes: { num_outputs: 2 }, outputs: 2 }, [
    strings([2], 'a', 'bé'),
    strings([2], '', '\u{1f600}'),
  ]),
  // What no element fills is the empty string; so is what an index outside names.
  one('without a value', 'edges', 'Pad', { inputs: [strings([1], 'a'), i64([2], 0, 2)] }, [
    strings([3], 'a', '', ''),
  ]),
  one(
    'lower',
    'edges',
    'Trilu',
    { inputs: [strings([2, 2], 'a', 'b', 'c', 'd')], attributes: { upper: 0 } },
    [strings([2, 2], 'a', '', 'c', 'd')],
  ),
  one('empty', 'edges', 'Transpose', { inputs: [none] }, [strings([2, 0])]),
  one('empty', 'edges', 'Concat', { inputs: [none, abcd], attributes: { axis: 0 } }, [abcd]),
  one(
    'é is two texts',
    'edges',
    'Equal',
    { inputs: [strings([1], 'é'), strings([1], 'e\u0301')] },
    [bools([1], 0)],
  ),
  ...[1, 2].map((seed) =>
    one(`seed=${seed}`, 'random', 'Gather', {
      inputs: [
        strings([12], ...Array.from(integers(seed, 12, 0, 9), String)),
        new Tensor('int64', Array.from(integers(seed + 3, 8, -12, 11), BigInt), [2, 4]),
      ],
    }),
  ),
];

const inf = Infinity;
const cast: HostCase[] = [
  one(
    'float32 to text',
    'defined',
    'Cast',
    {
      inputs: [f32([8], 0.1, 1, -2.5, 123456789, 1e-5, 1.5e16, 1e15, 0.47892547)],
      attributes: { to: 8 },
    },
    [
      strings(
        [8],
        '0.1',
        '1.0',
        '-2.5',
        '123456790.0',
        '1e-05',
        '1.5e+16',
        '1000000000000000.0',
        '0.47892547',
      ),
    ],
  ),
  one(
    'special words to text',
    'edges',
    'Cast',
    { inputs: [f32([6], NaN, inf, -inf, -0, 1e-40, 3.4028234663852886e38)], attributes: { to: 8 } },
    [strings([6], 'nan', 'inf', '-inf', '0.0', '0.0', '3.4028235e+38')],
  ),
  one(
    'float64 to text',
    'edges',
    'Cast',
    { inputs: [new Tensor('float64', [0.1, 5e-324, 1 / 3], [3])], attributes: { to: 8 } },
    [strings([3], '0.1', '5e-324', '0.3333333333333333')],
  ),
  one(
    'float16 to text',
    'edges',
    'Cast',
    { inputs: [new Tensor('float16', [0x2e66, 1, 0x7bff, 0xfc00], [4])], attributes: { to: 8 } },
    [strings([4], '0.1', '6e-08', '65500.0', '-inf')],
  ),
  one(
    'bfloat16 to text',
    'edges',
    'Cast',
    { inputs: [new Tensor('bfloat16', [0x3dcd, 0x4049], [2])], attributes: { to: 8 } },
    [strings([2], '0.1', '3.14')],
  ),
  one(
    'int64 to text',
    'defined',
    'Cast',
    { inputs: [new Tensor('int64', [-(2n ** 63n), 7n], [2])], attributes: { to: 8 } },
    [strings([2], '-9223372036854775808', '7')],
  ),
  one('bool to text', 'defined', 'Cast', { inputs: [bools([2], 0, 1)], attributes: { to: 8 } }, [
    strings([2], 'False', 'True'),
  ]),
  one(
    'text to float32',
    'defined',
    'Cast',
    {
      inputs: [strings([7], '0.1', ' 1e2', '-.5', 'NaN', '+INF', '-inf', '3.')],
      attributes: { to: 1 },
    },
    [f32([7], 0.1, 100, -0.5, NaN, inf, -inf, 3)],
  ),
  // Half way between two float32, a little more, too large, too small.
  one(
    'rounded once',
    'edges',
    'Cast',
    {
      inputs: [
        strings(
          [5],
          '1.000000059604644775390625',
          '1.00000005960464477539062500001',
          '3.5e38',
          '1e-99999',
          '-0',
        ),
      ],
      attributes: { to: 1 },
    },
    [f32([5], 1, 1.0000001192092896, inf, 0, 0)],
  ),
  one(
    'text to float16',
    'edges',
    'Cast',
    { inputs: [strings([4], '0.1', '65520', '6e-8', '-1e9')], attributes: { to: 10 } },
    [new Tensor('float16', [0x2e66, 0x7c00, 1, 0xfc00], [4])],
  ),
  one(
    'text to int64',
    'defined',
    'Cast',
    { inputs: [strings([2], '-9223372036854775808', '+12')], attributes: { to: 7 } },
    [new Tensor('int64', [-(2n ** 63n), 12n], [2])],
  ),
  one(
    'text to bool',
    'edges',
    'Cast',
    { inputs: [strings([4], 'True', 'false', '0.0', '2')], attributes: { to: 9 } },
    [bools([4], 1, 0, 0, 1)],
  ),
  one('text to text', 'edges', 'Cast', { inputs: [abcd], attributes: { to: 8 } }, [abcd]),
  one('like text', 'defined', 'CastLike', { inputs: [f32([1], 2), strings([0])] }, [
    strings([1], '2.0'),
  ]),
  one('like a number', 'edges', 'CastLike', { inputs: [strings([1], '2.5'), f32([0])] }, [
    f32([1], 2.5),
  ]),
  ...[1, 2, 3].map((seed) =>
    one(`seed=${seed}`, 'random', 'Cast', {
      inputs: [new Tensor('float32', floats(seed, 64, seed === 3 ? 'special' : 'wide'), [64])],
      attributes: { to: 8 },
    }),
  ),
  one('value_string', 'defined', 'Constant', { inputs: [], attributes: { value_string: 'x' } }, [
    strings([], 'x'),
  ]),
  one(
    'value_strings',
    'defined',
    'Constant',
    { inputs: [], attributes: { value_strings: { strings: ['x', ''] } } },
    [strings([2], 'x', '')],
  ),
  one('value', 'edges', 'Constant', { inputs: [], attributes: { value: none } }, [none]),
  one(
    'of strings',
    'defined',
    'ConstantOfShape',
    { inputs: [i64([2], 1, 2)], attributes: { value: strings([1], 'q') } },
    [strings([1, 2], 'q', 'q')],
  ),
  one(
    'empty',
    'edges',
    'ConstantOfShape',
    { inputs: [i64([1], 0)], attributes: { value: strings([1], 'q') } },
    [strings([0])],
  ),
];

const DAYS = ['Monday', 'tuesday', 'MONDAY', 'İstanbul'];
const texts: HostCase[] = [
  one(
    'broadcast',
    'defined',
    'StringConcat',
    { inputs: [strings([2, 1], 'a', 'b'), strings([2], '', 'é')] },
    [strings([2, 2], 'a', 'aé', 'b', 'bé')],
  ),
  one('empty', 'edges', 'StringConcat', { inputs: [none, strings([], 'x')] }, [none]),
  one(
    'by a delimiter',
    'defined',
    'StringSplit',
    { inputs: [strings([3], 'a,b', ',', '')], attributes: { delimiter: ',' }, outputs: 2 },
    [strings([3, 2], 'a', 'b', '', '', '', ''), i64([3], 2, 2, 1)],
  ),
  one(
    'by white space',
    'defined',
    'StringSplit',
    { inputs: [strings([3], ' a \u00a0b\n', '   ', 'c')], outputs: 2 },
    [strings([3, 2], 'a', 'b', '', '', 'c', ''), i64([3], 2, 0, 1)],
  ),
  one(
    'at most once',
    'defined',
    'StringSplit',
    { inputs: [strings([2], 'a b  c ', 'a')], attributes: { maxsplit: 1 }, outputs: 2 },
    [strings([2, 2], 'a', 'b  c ', 'a', ''), i64([2], 2, 1)],
  ),
  one(
    'not at all',
    'edges',
    'StringSplit',
    { inputs: [strings([1], 'a-b')], attributes: { delimiter: '-', maxsplit: 0 }, outputs: 2 },
    [strings([1, 1], 'a-b'), i64([1], 1)],
  ),
  one('nothing', 'edges', 'StringSplit', { inputs: [strings([0])], outputs: 2 }, [
    strings([0, 0]),
    i64([0]),
  ]),
  one(
    'stopwords',
    'defined',
    'StringNormalizer',
    {
      inputs: [strings([4], ...DAYS)],
      attributes: { stopwords: { strings: ['monday'] }, case_change_action: 'UPPER' },
    },
    [strings([2], 'TUESDAY', 'İSTANBUL')],
  ),
  one(
    'case counts',
    'defined',
    'StringNormalizer',
    {
      inputs: [strings([1, 4], ...DAYS)],
      attributes: {
        stopwords: { strings: ['Monday'] },
        is_case_sensitive: 1,
        case_change_action: 'LOWER',
      },
    },
    [strings([1, 3], 'tuesday', 'monday', 'i\u0307stanbul')],
  ),
  one(
    'nothing left',
    'edges',
    'StringNormalizer',
    { inputs: [strings([2], 'a', 'A')], attributes: { stopwords: { strings: ['a'] } } },
    [strings([1], '')],
  ),
  one(
    'a longer upper case',
    'edges',
    'StringNormalizer',
    { inputs: [strings([1], 'ß')], attributes: { case_change_action: 'UPPER' } },
    [strings([1], 'SS')],
  ),
  one(
    'domain',
    'defined',
    'RegexFullMatch',
    {
      inputs: [strings([3], 'www.google.com', 'www.google.comm', '')],
      attributes: { pattern: 'www\\.[\\w.-]+\\.\\bcom\\b' },
    },
    [bools([3], 1, 0, 0)],
  ),
  one(
    'named, a class, a flag',
    'defined',
    'RegexFullMatch',
    {
      inputs: [strings([3], 'AB7', 'a7', 'é7')],
      attributes: { pattern: '(?i)(?P<x>[[:alpha:]]+)\\d' },
    },
    [bools([3], 1, 1, 0)],
  ),
  one(
    'a dot is no line break',
    'edges',
    'RegexFullMatch',
    { inputs: [strings([3], '\n', '\u{1f600}', '\r')], attributes: { pattern: '.' } },
    [bools([3], 0, 1, 1)],
  ),
  one(
    'alternatives are whole',
    'edges',
    'RegexFullMatch',
    { inputs: [strings([2], 'ab', 'b')], attributes: { pattern: 'a|b' } },
    [bools([2], 0, 1)],
  ),
  one(
    'bigrams',
    'defined',
    'TfIdfVectorizer',
    {
      inputs: [i64([2, 4], 1, 2, 1, 2, 2, 1, 3, 1)],
      attributes: {
        mode: 'TF',
        min_gram_length: 1,
        max_gram_length: 2,
        max_skip_count: 0,
        ngram_counts: [0, 2],
        ngram_indexes: [0, 1, 2, 3],
        pool_int64s: [1, 3, 1, 2, 2, 1],
      },
    },
    [f32([2, 4], 2, 0, 2, 1, 2, 1, 0, 1)],
  ),
  one(
    'skips, strings, weights',
    'defined',
    'TfIdfVectorizer',
    {
      inputs: [strings([4], 'a', 'b', 'a', 'b')],
      attributes: {
        mode: 'TFIDF',
        min_gram_length: 2,
        max_gram_length: 2,
        max_skip_count: 2,
        ngram_counts: [0, 0],
        ngram_indexes: [1, 0],
        pool_strings: { strings: ['a', 'b', 'a', 'a'] },
        weights: { floats: [0.1, -2] },
      },
    },
    [f32([2], -2, Math.fround(3 * Math.fround(0.1)))],
  ),
  one(
    'skips and lengths beyond any row, an infinite weight of none',
    'edges',
    'TfIdfVectorizer',
    {
      inputs: [i64([3], 5, 6, 5)],
      attributes: {
        mode: 'TFIDF',
        min_gram_length: 1,
        max_gram_length: 2 ** 40,
        max_skip_count: 2 ** 40,
        ngram_counts: [0, 1],
        ngram_indexes: [0, 1, 2],
        pool_int64s: [5, 5, 5, 7, 7],
        weights: { floats: [0.5, 3, Infinity] },
      },
    },
    [f32([3], 1, 3, NaN)],
  ),
  one(
    'special weights',
    'edges',
    'TfIdfVectorizer',
    {
      inputs: [i64([3], 5, 6, 7)],
      attributes: {
        mode: 'IDF',
        min_gram_length: 1,
        max_gram_length: 1,
        max_skip_count: 0,
        ngram_counts: [0],
        ngram_indexes: [0, 1, 2, 3],
        pool_int64s: [5, 6, 7, 8],
        weights: { floats: [NaN, -0, 1e-40, 1] },
      },
    },
    [f32([4], NaN, 0, 0, 0)],
  ),
];

// Strings move as their numbers do; a text has one way there and back.
const ways: HostCase[] = [
  one('strings', 'invariance', 'Shape', { inputs: [abcd] }, undefined, 'shape'),
  one(
    'others',
    'invariance',
    'Shape',
    { inputs: [strings([2, 2], '', '', '', '')] },
    undefined,
    'shape',
  ),
  one(
    '0.1',
    'invariance',
    'Cast',
    { inputs: [strings([1], '0.1')], attributes: { to: 1 } },
    undefined,
    'tenth',
  ),
  one(
    '1e-1',
    'invariance',
    'Cast',
    { inputs: [strings([1], '+0001.00e-1')], attributes: { to: 1 } },
    undefined,
    'tenth',
  ),
];

export const cases: readonly HostCase[] = [...moved, ...cast, ...texts, ...ways];
