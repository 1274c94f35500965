// What a kept plan is found by: its kind and its feeds' names, types, and contents where these matter. A feed that differs in a
// single respect from what was asked for last is another plan's.
import { expect, test } from 'vitest';
import type { FeedType } from '../../src/graph/plan.ts';
import { Stages } from '../../src/stages.ts';

const base: readonly (readonly [string, FeedType])[] = [
  ['x', { dtype: 'float32', dims: [2, 3] }],
  ['n', { dtype: 'int64', dims: [1], contents: Uint8Array.of(1, 0, 0, 0, 0, 0, 0, 0) }],
];
const withFirst = (change: Partial<FeedType>): Map<string, FeedType> =>
  new Map([
    ['x', { ...base[0]?.[1], dtype: 'float32', dims: [2, 3], ...change }],
    ...base.slice(1),
  ]);
const withSecond = (contents: Uint8Array | undefined): Map<string, FeedType> => {
  const type = { dtype: 'int64', dims: [1] } as const;
  return new Map([
    ...base.slice(0, 1),
    ['n', contents === undefined ? type : { ...type, contents }],
  ]);
};

const different: Readonly<Record<string, ReadonlyMap<string, FeedType>>> = {
  dtype: withFirst({ dtype: 'int32' }),
  size: withFirst({ dims: [2, 4] }),
  rank: withFirst({ dims: [2, 3, 1] }),
  name: new Map([['y', base[0]?.[1] ?? { dtype: 'float32', dims: [] }], ...base.slice(1)]),
  contents: withSecond(Uint8Array.of(2, 0, 0, 0, 0, 0, 0, 0)),
  'feed without contents': withSecond(undefined),
  'number of feeds': new Map(base.slice(0, 1)),
  'further feed': new Map([...base, ['z', { dtype: 'float32', dims: [1] }]]),
};

test.each(Object.entries(different))('another %s is another plan', (_, feeds) => {
  const stages = new Stages();
  const key = stages.keyOf('wasm', new Map(base));
  const other = stages.keyOf('wasm', feeds);
  expect(other).not.toBe(key);
  // And back: what was asked for last is another one now.
  expect(stages.keyOf('wasm', new Map(base))).toBe(key);
  expect(stages.keyOf('wasm', feeds)).toBe(other);
});

test('equal feeds are the same plan, whichever objects they are; another kind is another plan', () => {
  const stages = new Stages();
  const key = stages.keyOf('wasm', new Map(base));
  expect(stages.keyOf('wasm', withFirst({}))).toBe(key);
  expect(stages.keyOf('wasm', withSecond(Uint8Array.of(1, 0, 0, 0, 0, 0, 0, 0)))).toBe(key);
  expect(stages.keyOf('webgpu', new Map(base))).not.toBe(key);
  for (let kind = 0; kind < 200; kind += 1) stages.keyOf(`wasm ${kind}`, new Map(base));
  expect(stages.keyOf('wasm', new Map(base))).toBe(key);
});
