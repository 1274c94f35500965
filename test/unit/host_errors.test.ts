// What the host's operators refuse: at load what types and attributes tell, in a run what contents tell; each error says the
// operator, what was expected and what was given, and has the class of its kind.
import { expect, test } from 'vitest';
import type { Data } from '../../src/core/data.ts';
import { UnsupportedOpError } from '../../src/core/errors.ts';
import { Tensor } from '../../src/core/tensor.ts';
import { Session } from '../../src/session.ts';
import { bools, f32, hostCase, i64, strings, type HostSpec } from '../harness/host_cases.ts';

async function run(spec: HostSpec): Promise<void> {
  const { graph, feeds } = hostCase('errors', 'edges', spec);
  const session = await Session.create(graph);
  try {
    await session.run(feeds, { backend: 'wasm' });
  } finally {
    session.dispose();
  }
}

const ml = 'ai.onnx.ml';
const list: Data = [f32([1], 1), f32([2], 1, 2)];

const atLoad: readonly (readonly [string, HostSpec, RegExp])[] = [
  ['maps', { opType: 'ZipMap', domain: ml, inputs: [f32([1], 1)] }, /maps are not held/],
  [
    'lookaround',
    { opType: 'RegexFullMatch', inputs: [strings([1], 'a')], attributes: { pattern: 'a(?=b)' } },
    /RE2 has no lookaround/,
  ],
  [
    'a backreference',
    { opType: 'RegexFullMatch', inputs: [strings([1], 'a')], attributes: { pattern: '(a)\\1' } },
    /no backreferences/,
  ],
  [
    'no sequence',
    { opType: 'SequenceAt', inputs: [f32([1], 1), i64([], 0)] },
    /expected a sequence, got tensor/,
  ],
  [
    'numbers for text',
    { opType: 'StringConcat', inputs: [f32([1], 1), f32([1], 1)] },
    /expected string, got float32/,
  ],
  [
    'no condition',
    { opType: 'Compress', inputs: [f32([1], 1), f32([1], 1)] },
    /condition: expected bool/,
  ],
  [
    'two lists of keys',
    {
      opType: 'LabelEncoder',
      domain: ml,
      inputs: [i64([1], 1)],
      attributes: { keys_int64s: [1], keys_floats: { floats: [1] }, values_int64s: [1] },
    },
    /expected one of keys_tensor/,
  ],
  [
    'lists that differ',
    {
      opType: 'LabelEncoder',
      domain: ml,
      inputs: [i64([1], 1)],
      attributes: { keys_int64s: [1, 2], values_int64s: [1] },
    },
    /expected 2 values, got 1/,
  ],
  [
    'a case of another kind',
    {
      opType: 'StringNormalizer',
      inputs: [strings([1], 'a')],
      attributes: { case_change_action: 'TITLE' },
    },
    /expected one of LOWER, UPPER, NONE, got TITLE/,
  ],
];

test.each(atLoad)('at load: %s', async (_, spec, text) => {
  await expect(run(spec)).rejects.toThrow(UnsupportedOpError);
  await expect(run(spec)).rejects.toThrow(text);
});

const inRun: readonly (readonly [string, HostSpec, typeof RangeError, RegExp])[] = [
  [
    'a column beyond any memory',
    {
      opType: 'TfIdfVectorizer',
      inputs: [i64([1], 5)],
      attributes: {
        ...{ mode: 'TF', min_gram_length: 1, max_gram_length: 1, max_skip_count: 0 },
        ...{ ngram_counts: [0], ngram_indexes: [2 ** 40], pool_int64s: [5] },
      },
    },
    RangeError,
    /ngram_indexes: expected columns from 0 to 268435455, got 1099511627776/,
  ],
  [
    'a place outside',
    { opType: 'SequenceAt', inputs: [list, i64([], 2)] },
    RangeError,
    /SequenceAt: position: expected -2..1, got 2/,
  ],
  [
    'two places',
    { opType: 'SequenceAt', inputs: [list, i64([2], 0, 1)] },
    RangeError,
    /expected one integer, got int64 \[2\]/,
  ],
  [
    'behind the end',
    { opType: 'SequenceInsert', inputs: [list, f32([1], 1), i64([], 3)] },
    RangeError,
    /expected -2..2, got 3/,
  ],
  [
    'nothing to erase',
    {
      opType: 'SequenceErase',
      inputs: [[]],
      types: [{ kind: 'sequence', of: { kind: 'tensor', dtype: 'float32' } }],
    },
    RangeError,
    /at least 1/,
  ],
  [
    'lengths that do not add up',
    { opType: 'SplitToSequence', inputs: [f32([3], 1, 2, 3), i64([2], 1, 1)] },
    RangeError,
    /expected lengths of 3 in all, got \[1, 1\]/,
  ],
  [
    'tensors that do not join',
    {
      opType: 'ConcatFromSequence',
      inputs: [[f32([1], 1), f32([1, 1], 1)]],
      attributes: { axis: 0 },
    },
    RangeError,
    /do not join on axis 0/,
  ],
  [
    'nothing held',
    {
      opType: 'OptionalGetElement',
      inputs: [null],
      types: [{ kind: 'optional', of: { kind: 'tensor', dtype: 'float32' } }],
    },
    RangeError,
    /got an empty one. Ask OptionalHasElement/,
  ],
  [
    'a condition that is too long',
    { opType: 'Compress', inputs: [f32([1], 1), bools([2], 1, 1)] },
    RangeError,
    /expected one axis of at most 1, got \[2\]/,
  ],
  [
    'no number',
    { opType: 'Cast', inputs: [strings([1], '0x10')], attributes: { to: 1 } },
    RangeError,
    /expected a text that is a float32, got '0x10'/,
  ],
  [
    'out of range',
    { opType: 'Cast', inputs: [strings([1], '256')], attributes: { to: 2 } },
    RangeError,
    /a uint8, got '256'/,
  ],
  [
    'boxes of three numbers',
    { opType: 'NonMaxSuppression', inputs: [f32([1, 1, 3], 1, 2, 3), f32([1, 1, 1], 1)] },
    RangeError,
    /expected boxes \[n, count, 4\]/,
  ],
  [
    'an index outside',
    { opType: 'ArrayFeatureExtractor', domain: ml, inputs: [f32([1, 2], 1, 2), i64([1], 2)] },
    RangeError,
    /expected 0..1, got 2/,
  ],
  [
    'no picture',
    { opType: 'ImageDecoder', inputs: [new Tensor('uint8', [1, 2, 3], [3])] },
    RangeError,
    /expected a JPEG, PNG, BMP, TIFF, PGM or PPM file/,
  ],
  [
    'half a picture',
    { opType: 'ImageDecoder', inputs: [new Tensor('uint8', [0xff, 0xd8, 0xff, 0xd9], [4])] },
    RangeError,
    /JPEG: expected a frame/,
  ],
];

test.each(inRun)('in a run: %s', async (_, spec, Class, text) => {
  await expect(run(spec)).rejects.toThrow(Class);
  await expect(run(spec)).rejects.toThrow(text);
});
