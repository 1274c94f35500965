// MatMul and Conv on the reference against the contract's scalar model, on random shapes and words: every way that the
// lowering can take (windows, panels, pointwise, depthwise; strips of one to four rows; sums of one to three
// levels), with infinities, NaN, subnormals and words around the flush limits.
import { describe, expect, test } from 'vitest';
import { nodeCase } from '../harness/cases.ts';
import { runCase } from '../harness/conform.ts';
import { Prng, floats, type FloatKind } from '../harness/prng.ts';
import { convModel, matMulModel, treeSum, type ConvSizes } from '../harness/product_model.ts';

const KINDS: readonly FloatKind[] = ['normal', 'wide', 'special', 'subnormal'];

const hex = (data: ArrayBufferView): string[] =>
  Array.from(new Uint32Array(data.buffer, data.byteOffset, data.byteLength / 4), (w) =>
    w.toString(16),
  );

/** What is wrong with the reference's words, undefined if nothing is. */
async function mismatch(
  id: string,
  opType: string,
  attributes: Record<string, number | readonly number[]>,
  inputs: readonly { dims: readonly number[]; data: Float32Array; constant: boolean }[],
  want: Float32Array,
): Promise<string | undefined> {
  const one = nodeCase(id, 'random', {
    opType,
    attributes,
    inputs: inputs.map((input) => ({ dtype: 'float32', ...input })),
  });
  const { outputs, digest } = await runCase(one, 'wasm');
  const got = outputs.get('y0');
  if (got === undefined) return `${id}: ${digest}`;
  const [a, b] = [hex(got.data as Float32Array), hex(want)];
  if (a.length !== b.length) return `${id}: ${a.length} words, not ${b.length}`;
  const at = a.findIndex((w, i) => w !== b[i]);
  return at < 0 ? undefined : `${id}: [${at}] ${a[at]}, not ${b[at]}`;
}

test('the tree of the model groups by 64', () => {
  expect(treeSum([])).toBe(0);
  const terms = Array.from({ length: 65 }, (_, i) => (i === 0 ? 16777216 : 1));
  // 2^24 + 1 rounds back 63 times; the 65th term is a group of its own and rounds back too.
  expect(treeSum(terms)).toBe(16777216);
  expect(treeSum([16777216, ...Array.from<number>({ length: 63 }).fill(0), 1, 1])).toBe(16777218);
});

describe('MatMul', () => {
  const edges = [0, 1, 63, 64, 65, 129, 4095, 4096, 4097, 8193];
  test.each(edges)('K = %i', async (k) => {
    const [m, n] = [5, 9];
    const a = floats(k, m * k, 'wide');
    const b = floats(k + 1, k * n, 'normal');
    const wrong = await mismatch(
      `mat_mul/k=${k}`,
      'MatMul',
      {},
      [
        { dims: [m, k], data: a, constant: false },
        { dims: [k, n], data: b, constant: true },
      ],
      matMulModel(a, b, { m, n, k }),
    );
    expect(wrong).toBeUndefined();
  });

  test('random shapes', async () => {
    const prng = new Prng(7);
    const wrong: (string | undefined)[] = [];
    for (let seed = 0; seed < 60; seed += 1) {
      const [m, n, k] = [1 + prng.below(12), 1 + prng.below(70), 1 + prng.below(140)];
      const kind = KINDS[seed % KINDS.length] ?? 'normal';
      const a = floats(seed, m * k, kind);
      const b = floats(seed + 1000, k * n, KINDS[(seed >> 2) % KINDS.length]);
      wrong.push(
        await mismatch(
          `mat_mul/${m}x${k}x${n},seed=${seed}`,
          'MatMul',
          {},
          [
            { dims: [m, k], data: a, constant: false },
            { dims: [k, n], data: b, constant: seed % 2 === 0 },
          ],
          matMulModel(a, b, { m, n, k }),
        ),
      );
    }
    expect(wrong.filter((text) => text !== undefined)).toEqual([]);
  });
});

function outSize(
  size: number,
  kernel: number,
  stride: number,
  dilation: number,
  pads: number,
): number {
  return Math.floor((size + pads - (kernel - 1) * dilation - 1) / stride) + 1;
}

async function convMismatch(seed: number, rank: number, way: string): Promise<string | undefined> {
  const prng = new Prng(seed * 31 + rank);
  const depthwise = way === 'depthwise';
  const pointwise = way === 'pointwise';
  const small = depthwise && seed % 2 === 0;
  const axis = <T>(value: () => T, otherwise: T): T[] => [
    ...Array.from({ length: 3 - rank }, () => otherwise),
    ...Array.from({ length: rank }, value),
  ];
  const kernel = axis(() => (pointwise ? 1 : small ? 3 : 1 + prng.below(5)), 1);
  const strides = axis(() => (pointwise ? 1 : 1 + prng.below(3)), 1);
  const dilations = axis(() => (pointwise || small ? 1 : 1 + prng.below(3)), 1);
  const begin = axis(() => (pointwise ? 0 : prng.below(3)), 0);
  const end = axis(() => (pointwise ? 0 : prng.below(3)), 0);
  const size = axis(() => 0, 1).map((one, i) =>
    i < 3 - rank
      ? one
      : ((kernel[i] ?? 1) - 1) * (dilations[i] ?? 1) + 1 + prng.below(i === 2 ? 40 : 6),
  );
  const groups = depthwise ? 2 + prng.below(4) : 1 + prng.below(2);
  const channels = depthwise ? 1 : 1 + prng.below(pointwise ? 80 : 5);
  const filters = depthwise ? 1 : way === 'panels' ? 32 + prng.below(3) : 1 + prng.below(9);
  const sizes: ConvSizes = {
    batch: 1 + prng.below(2),
    groups,
    channels,
    filters,
    size,
    out: size.map((one, i) =>
      outSize(
        one,
        kernel[i] ?? 1,
        strides[i] ?? 1,
        dilations[i] ?? 1,
        (begin[i] ?? 0) + (end[i] ?? 0),
      ),
    ),
    kernel,
    strides,
    dilations,
    begin,
  };
  const last = <T>(list: readonly T[]): T[] => list.slice(3 - rank);
  const xDims = [sizes.batch, groups * channels, ...last(size)];
  const wDims = [groups * filters, channels, ...last(kernel)];
  const count = (dims: readonly number[]): number => dims.reduce((p, one) => p * one, 1);
  const x = floats(seed, count(xDims), KINDS[seed % KINDS.length]);
  const w = floats(seed + 100, count(wDims), KINDS[(seed >> 1) % KINDS.length]);
  const bias = seed % 3 === 0 ? floats(seed + 200, groups * filters, 'special') : undefined;
  return mismatch(
    `conv/${way},rank=${rank},seed=${seed}`,
    'Conv',
    {
      group: groups,
      strides: last(strides),
      dilations: last(dilations),
      pads: [...last(begin), ...last(end)],
    },
    [
      { dims: xDims, data: x, constant: false },
      { dims: wDims, data: w, constant: seed % 2 === 0 },
      ...(bias ? [{ dims: [groups * filters], data: bias, constant: true }] : []),
    ],
    convModel(x, w, bias, sizes),
  );
}

describe('Conv', () => {
  const ways = ['window', 'panels', 'pointwise', 'depthwise'];
  test.each(ways)('%s', async (way) => {
    const wrong: (string | undefined)[] = [];
    for (let seed = 0; seed < 24; seed += 1) {
      wrong.push(await convMismatch(seed, way === 'panels' ? 2 : 1 + (seed % 3), way));
    }
    expect(wrong.filter((text) => text !== undefined)).toEqual([]);
  });
});
