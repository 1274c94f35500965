// A loaded model with many weights has them once: what a kernel packs gives up its own bytes, and they come back, word for word, when
// something else asks for them. On every operator that packs, with words that packing changes.
import { describe, expect, test } from 'vitest';
import { load, Tensor } from '../../src/index.ts';
import type { Attribute, Graph, Node } from '../../src/graph/graph.ts';
import { writeModel } from '../../src/onnx/writer.ts';
import type { Session } from '../../src/session.ts';
import { floats } from '../harness/prng.ts';

function weight(dims: number[]): Tensor {
  const size = dims.reduce((product, dim) => product * dim, 1);
  const data = floats(size, size, 'normal');
  const words = new Uint32Array(data.buffer);
  // -0, a subnormal, a NaN with a payload, an infinity, and what a product flushes.
  [0x80000000, 1, 0x7fc12345, 0xff800000, 0x2500_0000].forEach((word, i) => {
    words[7 + i * 1001] = word;
  });
  return new Tensor('float32', data, dims);
}

interface Case {
  readonly name: string;
  readonly opType: string;
  readonly x: number[];
  readonly w: number[];
  readonly attributes?: Record<string, Attribute>;
}

const int = (value: number): Attribute => ({ type: 'int', value });
const CASES: readonly Case[] = [
  { name: 'MatMul', opType: 'MatMul', x: [2, 300], w: [300, 301] },
  { name: 'MatMul, batches', opType: 'MatMul', x: [2, 3, 4, 64], w: [3, 64, 400] },
  {
    ...{ name: 'Gemm, transposed', opType: 'Gemm', x: [2, 300], w: [301, 300] },
    attributes: { transB: int(1) },
  },
  { name: 'Conv', opType: 'Conv', x: [1, 64, 7, 7], w: [50, 64, 5, 5] },
  {
    ...{ name: 'Conv, groups', opType: 'Conv', x: [1, 64, 7, 7], w: [128, 32, 5, 5] },
    attributes: { group: int(2) },
  },
];

/** So many bytes of weights that giving some up is worth it. */
const BALLAST = 16 << 20;

/** y = op(x, w), r = the rows of w, b = one element of much. */
function graph({ opType, x, w, attributes = {} }: Case, held: Tensor): Graph {
  const node = (
    index: number,
    type: string,
    inputs: string[],
    output: string,
    own: Record<string, Attribute> = {},
  ): Node => ({
    ...{ index, name: '', domain: '', opType: type, inputs, outputs: [output] },
    attributes: new Map(Object.entries(own)),
  });
  return {
    name: 'packed',
    nodes: [
      node(0, opType, ['x', 'w'], 'y', attributes),
      node(1, 'Gather', ['w', 'rows'], 'r', { axis: int(0) }),
      node(2, 'Gather', ['much', 'rows'], 'b', { axis: int(0) }),
    ],
    inputs: [{ name: 'x', dtype: 'float32', dims: x }],
    outputs: [{ name: 'y' }, { name: 'r' }, { name: 'b' }],
    initializers: new Map([
      ['w', held],
      ['much', new Tensor('float32', new Float32Array(BALLAST / 4), [BALLAST / 4])],
      [
        'rows',
        new Tensor(
          'int64',
          Array.from({ length: w[0] ?? 0 }, (_, i) => i),
          [w[0] ?? 0],
        ),
      ],
    ]),
    valueInfo: new Map(),
    opsets: new Map([['', 17]]),
  };
}

const same = (a: Tensor | undefined, b: Tensor | undefined): boolean =>
  a !== undefined && b !== undefined && Buffer.compare(a.bytes(), b.bytes()) === 0;

describe.each(CASES)('$name', (one) => {
  test('gives its weight up, and has it back', async () => {
    const w = weight(one.w);
    const size = one.x.reduce((product, dim) => product * dim, 1);
    const x = new Tensor('float32', floats(3, size, 'normal'), one.x);
    const model = (await load(writeModel(graph(one, w)), { threads: 1 })) as Session;
    const bytes = w.bytes().byteLength;
    const inUse = (): number => model.memoryInUse - BALLAST;
    expect(inUse()).toBeGreaterThanOrEqual(bytes);
    const first = await model.run({ x }, { backend: 'wasm', outputs: ['y'] });
    // Values of the run are in it too, but no second weight.
    expect(inUse()).toBeLessThan(1.9 * bytes);
    const rows = await model.run({ x }, { backend: 'wasm', outputs: ['r'] });
    expect(same(rows.outputs['r'], w)).toBe(true);
    expect(inUse()).toBeGreaterThan(2 * bytes);
    const again = await model.run({ x }, { backend: 'wasm', outputs: ['y'] });
    expect(again.digest).toBe(first.digest);
    // Where both are wanted at once, the other way round.
    const both = (await load(writeModel(graph(one, w)), { threads: 1 })) as Session;
    const { outputs } = await both.run({ x }, { backend: 'wasm', outputs: ['y', 'r'] });
    expect(same(outputs['r'], w)).toBe(true);
    expect(same(outputs['y'], first.outputs['y'])).toBe(true);
    model.dispose();
    both.dispose();
  });
});
