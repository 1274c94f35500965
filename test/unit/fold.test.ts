// The rules of sums, products, Softmax and average pooling, written a second time as directly as V2 to V4 say them, and
// compared word for word with the reference: every layout, and lengths around each level of the tree.
import { expect, test } from 'vitest';
import { canonicalWord, f32OfWord, wordOfF32 } from '../../src/core/bits.ts';
import { Session } from '../../src/session.ts';
import { nodeCase, type NodeSpec } from '../harness/cases.ts';
import { floats } from '../harness/prng.ts';

const canonical = (x: number): number => f32OfWord(canonicalWord(wordOfF32(x)));
const add = (a: number, b: number): number => Math.fround(a + b);
const mul = (a: number, b: number): number => canonical(Math.fround(a * b));
const div = (a: number, b: number): number => canonical(Math.fround(a / b));
const summand = (x: number): number => (Math.abs(canonical(x)) < 2 ** -102 ? 0 : canonical(x));

/** V4: groups of 64, each from `start`, until one is left. */
function tree(
  terms: readonly number[],
  start: number,
  join: (a: number, b: number) => number,
): number {
  let level = terms;
  do {
    const next: number[] = [];
    for (let i = 0; i < Math.max(1, level.length); i += 64)
      next.push(level.slice(i, i + 64).reduce(join, start));
    level = next;
  } while (level.length > 1);
  return canonical(level[0] ?? start);
}
const sum = (terms: readonly number[]): number => tree(terms.map(summand), 0, add);

async function run(spec: NodeSpec): Promise<Float32Array> {
  const one = nodeCase('fold', 'random', { opset: 18, ...spec });
  const session = await Session.create(one.graph);
  const { outputs } = await session.run(one.feeds, { backend: 'wasm' });
  session.dispose();
  return outputs['y0']?.data as Float32Array;
}
const words = (data: Iterable<number>): string[] => [...data].map((x) => wordOfF32(x).toString(16));
const axes = (...list: number[]): NodeSpec['inputs'][number] => ({
  dtype: 'int64',
  dims: [list.length],
  data: list.map(BigInt),
  constant: true,
});

const LENGTHS = [1, 2, 3, 63, 64, 65, 127, 128, 129, 511, 512, 640, 4095, 4096, 4097, 4160, 8193];
const kinds = ['normal', 'wide', 'subnormal'] as const;

test.each(LENGTHS)('rows and columns of %i terms', async (n) => {
  for (const [seed, kind] of kinds.entries()) {
    const rows = 13;
    const data = floats(seed, rows * n, kind);
    const terms = (row: number): number[] => [...data.subarray(row * n, row * n + n)];
    const all = Array.from({ length: rows }, (_, row) => terms(row));
    const x = { dtype: 'float32' as const, dims: [rows, n], data };
    const turned = Float32Array.from(
      { length: rows * n },
      (_, i) => data[(i % rows) * n + Math.floor(i / rows)] ?? 0,
    );
    const y = { dtype: 'float32' as const, dims: [n, rows], data: turned };
    const expected: Record<string, number[]> = {
      ReduceSum: all.map(sum),
      ReduceSumSquare: all.map((row) => sum(row.map(canonical).map((v) => mul(v, v)))),
      ReduceProd: all.map((row) => tree(row.map(canonical), 1, mul)),
      ReduceMean: all.map((row) => div(sum(row), n)),
      ReduceMax: all.map((row) => row.map(canonical).reduce((a, b) => Math.max(a, b))),
    };
    for (const [opType, values] of Object.entries(expected)) {
      const byRow = await run({ opType, inputs: [x, axes(1)] });
      expect(words(byRow), `${opType} ${kind} rows`).toEqual(words(values));
      const byColumn = await run({ opType, inputs: [y, axes(0)] });
      expect(words(byColumn), `${opType} ${kind} columns`).toEqual(words(values));
    }
  }
});

test('three levels of the tree in one row', async () => {
  const n = 64 ** 3 + 64 ** 2 + 65;
  const data = floats(7, n, 'wide');
  const [total = NaN] = await run({
    opType: 'ReduceSum',
    inputs: [{ dtype: 'float32', dims: [n], data }],
  });
  expect(words([total])).toEqual(words([sum([...data])]));
});

test('terms that lie on two axes apart', async () => {
  const [a, b, c, d] = [5, 7, 9, 11];
  const data = floats(8, a * b * c * d, 'wide');
  const got = await run({
    opType: 'ReduceSum',
    inputs: [{ dtype: 'float32', dims: [a, b, c, d], data }, axes(0, 2)],
  });
  const expected: number[] = [];
  for (let j = 0; j < b; j += 1) {
    for (let l = 0; l < d; l += 1) {
      const terms: number[] = [];
      for (let i = 0; i < a; i += 1) {
        for (let k = 0; k < c; k += 1) terms.push(data[((i * b + j) * c + k) * d + l] ?? 0);
      }
      expected.push(sum(terms));
    }
  }
  expect(words(got)).toEqual(words(expected));
});

test.each([2, 3, 64, 65, 700])(
  'Softmax over %i terms, along a row and along a column',
  async (n) => {
    const rows = 9;
    const data = floats(n, rows * n, 'normal');
    const differences = Float32Array.from(data, (x, i) => {
      const row = data.subarray(Math.floor(i / n) * n, Math.floor(i / n) * n + n);
      return canonical(Math.fround(x - Math.max(...row)));
    });
    const e = await run({
      opType: 'Exp',
      inputs: [{ dtype: 'float32', dims: [rows, n], data: differences }],
    });
    const totals = Array.from({ length: rows }, (_, row) =>
      sum([...e.subarray(row * n, row * n + n)]),
    );
    const expected = Float32Array.from(e, (x, i) => div(x, totals[Math.floor(i / n)] ?? 0));
    const byRow = await run({
      opType: 'Softmax',
      inputs: [{ dtype: 'float32', dims: [rows, n], data }],
    });
    expect(words(byRow)).toEqual(words(expected));
    const turned = Float32Array.from(
      data,
      (_, i) => data[(i % rows) * n + Math.floor(i / rows)] ?? 0,
    );
    const byColumn = await run({
      opType: 'Softmax',
      attributes: { axis: 0 },
      inputs: [{ dtype: 'float32', dims: [n, rows], data: turned }],
    });
    expect(words(byColumn)).toEqual(
      words(
        Array.from(
          { length: rows * n },
          (_, i) => expected[(i % rows) * n + Math.floor(i / rows)] ?? 0,
        ),
      ),
    );
  },
);

test.each([
  [2, 1, 0],
  [2, 2, 0],
  [3, 1, 1],
  [3, 2, 1],
  [4, 4, 0],
  [5, 3, 2],
  [9, 1, 4],
])('AveragePool, MaxPool: kernel %i, stride %i, padding %i', async (kernel, stride, pad) => {
  const [height, width] = [17, 45];
  const data = floats(kernel, height * width, 'wide');
  const outHeight = Math.floor((height + 2 * pad - kernel) / stride) + 1;
  const outWidth = Math.floor((width + 2 * pad - kernel) / stride) + 1;
  const means: number[] = [];
  const most: number[] = [];
  for (let i = 0; i < outHeight; i += 1) {
    for (let j = 0; j < outWidth; j += 1) {
      const taps: number[] = [];
      let inside = 0;
      let largest = -Infinity;
      for (let y = i * stride - pad; y < i * stride - pad + kernel; y += 1) {
        for (let x = j * stride - pad; x < j * stride - pad + kernel; x += 1) {
          const isInside = y >= 0 && y < height && x >= 0 && x < width;
          const value = isInside ? canonical(data[y * width + x] ?? 0) : 0;
          taps.push(value);
          if (!isInside) continue;
          inside += 1;
          largest = Math.max(largest, value);
        }
      }
      means.push(div(sum(taps), inside));
      most.push(largest);
    }
  }
  const attributes = {
    kernel_shape: [kernel, kernel],
    strides: [stride, stride],
    pads: [pad, pad, pad, pad],
  };
  const inputs = [{ dtype: 'float32' as const, dims: [1, 1, height, width], data }];
  expect(words(await run({ opType: 'AveragePool', attributes, inputs }))).toEqual(words(means));
  expect(words(await run({ opType: 'MaxPool', attributes, inputs }))).toEqual(words(most));
});
