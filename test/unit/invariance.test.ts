// R4 as properties of the reference: no bit depends on how the units of a dispatch are divided, ordered or repeated
// (threads, slices), on the size of blocks, on the batch a row travels in, on where it stands there, or on how a long
// sum is split at the groups of V4. The same on GPUs: test/stacks/invariance.test.ts. Fused against unfused: fusion.test.ts.
import fc from 'fast-check';
import { beforeAll, expect, test } from 'vitest';
import { registry } from '../../src/registry.ts';
import { WasmBackend } from '../../src/backends/wasm.ts';
import type { Dispatch } from '../../src/core/op.ts';
import { Tensor } from '../../src/core/tensor.ts';
import { scratchOfProduct } from '../../src/ops/product.ts';
import { nodeCase, type NodeSpec, type OpCase } from '../harness/cases.ts';
import { runCase } from '../harness/conform.ts';
import { observe, type ObservedDispatch } from '../harness/observed.ts';
import { floats, Prng, type FloatKind } from '../harness/prng.ts';
import { caseFiles } from '../ops/index.ts';

await registry.load();

const LIMIT = { timeout: 120_000 };
const cases = [...caseFiles.values()].flat();

let core: WasmBackend;
beforeAll(async () => {
  core = await WasmBackend.create();
});

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');

/** The outputs of a dispatch whose units are computed in these ranges, one after the other. */
function inRanges(
  dispatch: Dispatch,
  inputs: ObservedDispatch['inputs'],
  ranges: readonly (readonly [begin: number, end: number])[],
): string[] {
  const laid = core.layOut(dispatch, inputs);
  try {
    for (const [begin, end] of ranges) laid.run(begin, end);
    return dispatch.outputs.map((_, i) => hex(laid.output(i)));
  } finally {
    laid.free();
  }
}

/** All units in random ranges, in random order, some of them twice. */
function ranges(units: number, prng: Prng): [number, number][] {
  const list: [number, number][] = [];
  for (let begin = 0; begin < units;) {
    const end = Math.min(units, begin + 1 + prng.below(1 + prng.below(units)));
    list.splice(prng.below(list.length + 1), 0, [begin, end]);
    begin = end;
  }
  const again = list[prng.below(list.length)];
  return again === undefined || prng.below(3) > 0 ? list : [...list, again];
}

test.each(['wasm', 'webgpu'] as const)(
  'threads and slices: any division of the units, in any order, lowered for %s',
  LIMIT,
  (target) => {
    fc.assert(
      fc.property(fc.nat(cases.length - 1), fc.nat(), (c, seed) => {
        const one = cases[c];
        if (one === undefined) throw new RangeError('no such case');
        const prng = new Prng(seed);
        observe(
          one,
          core,
          ({ dispatch, inputs, outputs }) => {
            const divided = inRanges(dispatch, inputs, ranges(dispatch.units, prng));
            expect(divided, `${one.id}: ${dispatch.kernel.name}`).toEqual(outputs.map(hex));
          },
          target,
        );
      }),
      { numRuns: 300, seed: 3 },
    );
  },
);

/** The dispatch with other values of some Params, which also decide its units and scratch. */
function withParams(
  dispatch: Dispatch,
  values: Readonly<Record<string, number>>,
  units: number,
  scratch: number,
): Dispatch {
  const params = dispatch.params.slice();
  let word = 0;
  for (const field of dispatch.kernel.params) {
    const value = values[field.name];
    if (value !== undefined) params[word] = value;
    word += field.length;
  }
  return { ...dispatch, params, units, scratch };
}

test('tiles: products in blocks of any size', LIMIT, () => {
  const kinds: readonly FloatKind[] = ['normal', 'wide', 'special', 'subnormal'];
  fc.assert(
    fc.property(
      fc.record({
        m: fc.integer({ min: 1, max: 40 }),
        n: fc.integer({ min: 1, max: 70 }),
        k: fc.oneof(fc.integer({ min: 1, max: 200 }), fc.integer({ min: 4090, max: 4200 })),
        rows: fc.integer({ min: 1, max: 12 }),
        columns: fc.integer({ min: 1, max: 10 }),
        seed: fc.nat(),
      }),
      ({ m, n, k, rows, columns, seed }) => {
        const kind = kinds[seed % kinds.length];
        const one = nodeCase('tiles', 'invariance', {
          opType: 'MatMul',
          inputs: [
            { dtype: 'float32', dims: [m, k], data: floats(seed, m * k, kind) },
            { dtype: 'float32', dims: [k, n], data: floats(seed + 1, k * n, 'wide') },
          ],
        });
        let seen = 0;
        observe(
          one,
          core,
          ({ dispatch, inputs, outputs }) => {
            if (dispatch.kernel.name !== 'mat_mul') return;
            seen += 1;
            const [row_block, column_block] = [4 * rows, 8 * columns];
            const other = withParams(
              dispatch,
              { row_block, column_block },
              Math.ceil(m / row_block) * Math.ceil(n / column_block),
              scratchOfProduct(row_block, column_block, k, m > 4),
            );
            expect(inRanges(other, inputs, [[0, other.units]])).toEqual(outputs.map(hex));
          },
          'wasm',
        );
        expect(seen).toBe(1);
      },
    ),
    { numRuns: 60, seed: 4 },
  );
});

/** Operators whose outputs have a row for each row of their first input, with the other inputs. */
const BATCHED: readonly ((seed: number) => { row: readonly number[]; spec: NodeSpec })[] = [
  (seed) => ({ row: [70], spec: { opType: 'MatMul', inputs: [weights(seed, [70, 19])] } }),
  (seed) => ({
    row: [33],
    spec: { opType: 'Gemm', inputs: [weights(seed, [33, 10]), weights(seed + 1, [10])] },
  }),
  (seed) => ({
    row: [4, 9, 7],
    spec: {
      opType: 'Conv',
      attributes: { pads: [1, 1, 1, 1], strides: [1 + (seed % 2), 1] },
      inputs: [weights(seed, [6, 4, 3, 3]), weights(seed + 1, [6])],
    },
  }),
  (seed) => ({
    row: [8, 11, 5],
    spec: {
      opType: 'Conv',
      attributes: { pads: [1, 1, 1, 1], group: 8 },
      inputs: [weights(seed, [8, 1, 3, 3])],
    },
  }),
  () => ({ row: [3, 100], spec: { opType: 'Softmax', inputs: [], attributes: { axis: -1 } } }),
  (seed) => ({
    row: [130],
    spec: { opType: 'LayerNormalization', inputs: [weights(seed, [130]), weights(seed, [130])] },
  }),
  () => ({ row: [65, 3], spec: { opType: 'ReduceSum', inputs: [constantAxes([1])] } }),
  () => ({ row: [2, 9, 9], spec: { opType: 'GlobalAveragePool', inputs: [] } }),
  (seed) => ({ row: [5, 6], spec: { opType: 'Pow', inputs: [weights(seed, [6])] } }),
];
const weights = (seed: number, dims: readonly number[]) => ({
  dtype: 'float32' as const,
  dims,
  data: floats(
    seed,
    dims.reduce((a, b) => a * b, 1),
    'normal',
  ),
  constant: true,
});
const constantAxes = (axes: readonly number[]) => ({
  dtype: 'int64' as const,
  dims: [axes.length],
  data: axes,
  constant: true,
});

test('batch: a row has the same bits alone and in any company, at any place', LIMIT, async () => {
  const kinds: readonly FloatKind[] = ['normal', 'wide', 'special'];
  await fc.assert(
    fc.asyncProperty(
      fc.nat(BATCHED.length - 1),
      fc.integer({ min: 1, max: 9 }),
      fc.nat(),
      async (which, batch, seed) => {
        const made = BATCHED[which]?.(seed % 1000);
        if (made === undefined) throw new RangeError('no such operator');
        const { row, spec } = made;
        const size = row.reduce((a, b) => a * b, 1);
        const data = floats(seed, batch * size, kinds[seed % kinds.length]);
        const run = async (from: number, to: number): Promise<Uint8Array> => {
          const input = {
            dtype: 'float32' as const,
            dims: [to - from, ...row],
            data: data.slice(from * size, to * size),
          };
          const one: OpCase = nodeCase('batch', 'invariance', {
            ...spec,
            inputs: [input, ...spec.inputs],
          });
          const { outputs, digest } = await runCase(one, 'wasm');
          const y = outputs.get('y0');
          if (y === undefined) throw new Error(`${spec.opType}: ${digest}`);
          return y.bytes();
        };
        const whole = await run(0, batch);
        const width = whole.byteLength / batch;
        const at = seed % batch;
        const alone = await run(at, at + 1);
        expect(hex(alone), spec.opType).toBe(hex(whole.slice(at * width, (at + 1) * width)));
        const rest = await run(at, batch);
        expect(hex(rest), spec.opType).toBe(hex(whole.slice(at * width)));
      },
    ),
    { numRuns: 120, seed: 5 },
  );
});

test('a long sum split at its groups: the sum of the sums of 64 terms', LIMIT, async () => {
  const sum = async (data: Float32Array, dims: number[], axis: number): Promise<Float32Array> => {
    const one = nodeCase('sum', 'invariance', {
      opType: 'ReduceSum',
      attributes: { keepdims: 0 },
      inputs: [{ dtype: 'float32', dims, data }, constantAxes([axis])],
    });
    const { outputs, digest } = await runCase(one, 'wasm');
    const y = outputs.get('y0');
    if (!(y instanceof Tensor)) throw new Error(digest);
    return y.data as Float32Array;
  };
  await fc.assert(
    fc.asyncProperty(fc.integer({ min: 1, max: 150 }), fc.nat(), async (groups, seed) => {
      // Positive terms: no sum of a group is small enough for a canonical store or read to change it.
      const terms = floats(seed, groups * 64, 'normal').map(Math.abs);
      const inner = await sum(terms, [groups, 64], 1);
      const split = await sum(inner, [groups], 0);
      const whole = await sum(terms, [groups * 64], 0);
      // The same terms down a column, which another loop adds.
      const apart = Float32Array.from({ length: terms.length * 3 }, (_, i) =>
        i % 3 === 1 ? (terms[(i - 1) / 3] ?? 0) : i,
      );
      const column = (await sum(apart, [groups * 64, 3], 0)).slice(1, 2);
      const words = (x: Float32Array): string => hex(new Uint8Array(x.slice().buffer));
      expect(words(split)).toBe(words(whole));
      expect(words(column)).toBe(words(whole));
    }),
    { numRuns: 60, seed: 6 },
  );
});
