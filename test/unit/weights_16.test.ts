// What a plan for WebGPU reads of constant 16-bit weights (V9): the halves of the file and no float32 copy, where products and
// convolutions read them; the copy, where something else does. That the bits are the same, the goldens say (test/ops/weights_16.cases.ts).
import { describe, expect, test } from 'vitest';
import { WasmBackend } from '../../src/backends/wasm.ts';
import type { Constant, Evaluator } from '../../src/core/constant.ts';
import { inputsOf } from '../../src/core/op.ts';
import { Tensor } from '../../src/core/tensor.ts';
import { ConstantStore } from '../../src/graph/constant_store.ts';
import type { FeedType } from '../../src/graph/plan.ts';
import { planGraph } from '../../src/graph/planner.ts';
import { registry } from '../../src/registry.ts';
import { f32, graphOf, type NodeText } from '../harness/graphs.ts';
import { randomOf } from '../harness/typed_data.ts';

const [ROWS, TERMS, COLUMNS] = [5, 33, 18];
const ELEMENTS = TERMS * COLUMNS;
const half = (dtype: 'float16' | 'bfloat16', ...dims: number[]): Tensor =>
  new Tensor(dtype, randomOf(dtype, 1, ELEMENTS), dims);
const int = (value: number) => ({ type: 'int', value }) as const;

interface Uploaded {
  /** Of constants that the steps read, by type. */
  readonly bytes: Partial<Record<string, number>>;
  /** Bytes of float32 that were computed while planning. */
  readonly folded: number;
}

/** What plans of the same model, one after the other, upload. */
async function uploads(
  nodes: readonly NodeText[],
  w: Tensor,
  target: 'wasm' | 'webgpu' = 'webgpu',
  outputs: readonly string[] = ['y'],
  allRows: readonly number[] = [ROWS],
  row: readonly number[] = [TERMS],
): Promise<Uploaded[]> {
  const core = await WasmBackend.create();
  let folded = 0;
  const evaluator: Evaluator = {
    evaluate(dispatch, inputs) {
      const made = core.evaluate(dispatch, inputs);
      for (const one of made) if (one.dtype === 'float32') folded += one.byteLength;
      return made;
    },
  };
  const dtype = nodes.some(({ op }) => op === 'Cast') ? 'float32' : w.dtype;
  const x = { ...f32('x', 'rows', ...row), dtype };
  const checked = await registry.check(graphOf(nodes, [x], outputs, { w }));
  const store = new ConstantStore();
  const seen: Uploaded[] = [];
  for (const rows of allRows) {
    const feeds = new Map<string, FeedType>([['x', { dtype, dims: [rows, ...row] }]]);
    const plan = planGraph(checked, store, evaluator, feeds, { outputs, target, fuse: true });
    const constants = new Set<Constant>();
    for (const { dispatch } of plan.steps) {
      for (const value of inputsOf(dispatch)) {
        const constant = plan.constant(value);
        if (constant !== undefined) constants.add(constant);
      }
    }
    const bytes: Partial<Record<string, number>> = {};
    for (const one of constants) bytes[one.dtype] = (bytes[one.dtype] ?? 0) + one.byteLength;
    seen.push({ bytes, folded });
    plan.release();
  }
  store.release();
  return seen;
}

const matMul: NodeText = { op: 'MatMul', inputs: ['x', 'w'], outputs: ['y'] };
const gemm = (transB: number): NodeText => ({
  op: 'Gemm',
  inputs: ['x', 'w'],
  outputs: ['y'],
  attributes: { transB: int(transB) },
});

describe.each(['float16', 'bfloat16'] as const)('%s', (dtype) => {
  test.each<[string, NodeText, Tensor]>([
    ['MatMul', matMul, half(dtype, TERMS, COLUMNS)],
    ['Gemm', gemm(0), half(dtype, TERMS, COLUMNS)],
    ['Gemm, transB', gemm(1), half(dtype, COLUMNS, TERMS)],
  ])('%s uploads two bytes an element, and computes no copy', async (_, node, w) => {
    expect(await uploads([node], w)).toEqual([{ bytes: { [dtype]: 2 * ELEMENTS }, folded: 0 }]);
  });

  test.each<[string, NodeText['op'], number, readonly number[], readonly number[]]>([
    ['1 x 1', 'Conv', 1, [6, 3, 3], [9, 6, 1, 1]],
    ['1 x 1, odd', 'Conv', 1, [5, 3, 3], [9, 5, 1, 1]],
    ['1 x 1, groups', 'Conv', 2, [6, 3, 3], [10, 3, 1, 1]],
    ['1 x 1, one filter', 'Conv', 1, [5, 3, 3], [1, 5, 1, 1]],
    ['3 x 3', 'Conv', 1, [4, 9, 9], [9, 4, 3, 3]],
    ['3 x 3, 3 filters', 'Conv', 1, [4, 9, 9], [3, 4, 3, 3]],
    ['3 x 3, groups', 'Conv', 2, [4, 9, 9], [6, 2, 3, 3]],
    ['depthwise', 'Conv', 5, [5, 9, 9], [5, 1, 3, 3]],
    ['1 axis', 'Conv', 1, [4, 9], [9, 4, 3]],
    ['of the whole input', 'Conv', 1, [3, 3, 3], [5, 3, 3, 3]],
    ['transposed', 'ConvTranspose', 2, [4, 5, 5], [4, 3, 2, 3]],
  ])('convolution %s uploads no copy, and computes none', async (_, op, group, row, dims) => {
    const elements = dims.reduce((a, b) => a * b, 1);
    const w = new Tensor(dtype, randomOf(dtype, 1, elements), dims);
    const node = { op, inputs: ['x', 'w'], outputs: ['y'], attributes: { group: int(group) } };
    const [seen] = await uploads([node], w, 'webgpu', ['y'], [1], row);
    // Beside them lists of taps.
    expect({ ...seen?.bytes, uint32: 0 }).toEqual({ [dtype]: 2 * elements, uint32: 0 });
    expect(seen?.folded).toBe(0);
  });

  test('an odd number of terms stays float32, where a filter has others beside it', async () => {
    const w = new Tensor(dtype, randomOf(dtype, 1, 9 * 27), [9, 3, 3, 3]);
    const node = { op: 'Conv', inputs: ['x', 'w'], outputs: ['y'] };
    const [seen] = await uploads([node], w, 'webgpu', ['y'], [1], [3, 9, 9]);
    expect(seen).toMatchObject({ bytes: { float32: 4 * 9 * 27 }, folded: 4 * 9 * 27 });
    expect(seen?.bytes[dtype]).toBeUndefined();
  });

  test('the reference packs float32', async () => {
    const [{ bytes, folded } = { bytes: {}, folded: 0 }] = await uploads(
      [matMul],
      half(dtype, TERMS, COLUMNS),
      'wasm',
    );
    expect(bytes[dtype]).toBeUndefined();
    expect(folded).toBeGreaterThan(8 * ELEMENTS);
  });
});

test('many rows read them too', async () => {
  const [terms, columns] = [TERMS, 512];
  const w = new Tensor('float16', randomOf('float16', 1, terms * columns), [terms, columns]);
  const seen = await uploads([matMul], w, 'webgpu', ['y'], [64, 1]);
  expect(seen).toEqual([64, 1].map(() => ({ bytes: { float16: 2 * terms * columns }, folded: 0 })));
});

const cast: NodeText = {
  op: 'Cast',
  inputs: ['w'],
  outputs: ['v'],
  attributes: { to: int(1) },
};

test('weights that Cast widens are halves too, in every plan of the model', async () => {
  const nodes = [cast, { ...matMul, inputs: ['x', 'v'] }];
  const seen = await uploads(nodes, half('float16', TERMS, COLUMNS), 'webgpu', ['y'], [1, 5, 9]);
  expect(seen.map(({ bytes }) => bytes)).toEqual([1, 5, 9].map(() => ({ float16: 2 * ELEMENTS })));
});

test('a shape of them is renamed, and they are halves still', async () => {
  const nodes = [
    cast,
    { op: 'Flatten', inputs: ['v'], outputs: ['u'], attributes: { axis: int(1) } },
    { ...matMul, inputs: ['x', 'u'] },
  ];
  const w = half('float16', TERMS, 3, COLUMNS / 3);
  const seen = await uploads(nodes, w, 'webgpu', ['y'], [1, 5]);
  expect(seen.map(({ bytes }) => bytes)).toEqual([1, 5].map(() => ({ float16: 2 * ELEMENTS })));
});

test('they are transposed, and are halves still', async () => {
  const nodes: NodeText[] = [
    cast,
    { op: 'Transpose', inputs: ['v'], outputs: ['u'] },
    { ...matMul, inputs: ['x', 'u'] },
  ];
  const seen = await uploads(nodes, half('float16', COLUMNS, TERMS), 'webgpu', ['y'], [1, 5]);
  expect(seen.map(({ bytes }) => bytes)).toEqual([1, 5].map(() => ({ float16: 2 * ELEMENTS })));
});

test('what is no product reads float32', async () => {
  const nodes = [cast, { op: 'Add', inputs: ['x', 'v'], outputs: ['y'] }];
  const w = new Tensor('float16', randomOf('float16', 1, TERMS), [TERMS]);
  expect((await uploads(nodes, w)).map(({ bytes }) => bytes)).toEqual([{ float32: 4 * TERMS }]);
});

test('both, where a product and a sum read the same weights', async () => {
  const w = new Tensor('float16', randomOf('float16', 1, TERMS * TERMS), [TERMS, TERMS]);
  const nodes = [
    { ...matMul, outputs: ['p'] },
    { op: 'Add', inputs: ['p', 'w'], outputs: ['y'] },
  ];
  const [seen] = await uploads(nodes, w, 'webgpu', ['y'], [1]);
  expect(seen?.bytes).toEqual({ float16: 2 * TERMS * TERMS, float32: 4 * TERMS * TERMS });
});
