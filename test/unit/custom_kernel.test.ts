// Operators with kernels of their own on the reference: the bits of what they stand for within graphs, in slices and of
// constants; modules and dispatches that are wrong are refused; a module that traps breaks neither core nor session.
import { readFileSync } from 'node:fs';
import { afterEach, describe, expect, test } from 'vitest';
import { registerOperator, Tensor, type KernelOperator } from '../../src/index.ts';
import type { Heap } from '../../src/backends/wasm/heap.ts';
import { ownKernel } from '../../src/backends/wasm/own_module.ts';
import { takeSpare } from '../../src/backends/wasm/spare.ts';
import type { Graph } from '../../src/graph/graph.ts';
import { Session } from '../../src/session.ts';
import { squareScale } from '../../docs/examples/custom_kernel/operator.ts';
import { f32, graphOf } from '../harness/graphs.ts';
import { floats } from '../harness/prng.ts';
import { compareTensors } from '../../src/compare.ts';

const wasm = readFileSync(
  new URL('../../docs/examples/custom_kernel/kernel.wasm', import.meta.url),
);
const operator = squareScale(wasm, '');
let unregister: (() => void) | undefined;
afterEach(() => {
  unregister?.();
  unregister = undefined;
});

type Nodes = Parameters<typeof graphOf>[0];
const own = { op: 'SquareScale', inputs: ['r'], outputs: ['s'] };
const alpha = { alpha: { type: 'float', value: 0.3 } } as const;

const half = new Tensor('float32', [Math.fround(0.3)], []);

/** The graph of these nodes; of x, or of a constant x. */
function placed(nodes: Nodes, x?: Tensor): Graph {
  const graph = graphOf(
    nodes,
    x === undefined ? [f32('x', 'n', 'm')] : [],
    ['y'],
    x === undefined ? { half } : { half, x },
  );
  return {
    ...graph,
    opsets: new Map([...graph.opsets, ['com.example', 1] as const]),
    nodes: graph.nodes.map((node) =>
      node.opType === 'SquareScale' ? { ...node, domain: 'com.example' } : node,
    ),
  };
}

async function outputOf(
  nodes: Nodes,
  x: Tensor,
  { constant = false, signal }: { constant?: boolean; signal?: AbortSignal } = {},
): Promise<Tensor | undefined> {
  const session = await Session.create(placed(nodes, constant ? x : undefined), { threads: 1 });
  try {
    const options = signal === undefined ? {} : { signal };
    const result = await session.run(constant ? {} : { x }, { backend: 'wasm', ...options });
    return result.outputs['y'];
  } finally {
    session.dispose();
  }
}

const around = (middle: Nodes): Nodes => [
  { op: 'Add', inputs: ['x', 'x'], outputs: ['r'] },
  ...middle,
  { op: 'Relu', inputs: ['s'], outputs: ['y'] },
];
const kernel = around([{ ...own, attributes: alpha }]);
const products = around([
  { op: 'Mul', inputs: ['r', 'r'], outputs: ['q'] },
  { op: 'Mul', inputs: ['q', 'half'], outputs: ['s'] },
]);

describe('within a graph', () => {
  test.each([
    ['special', 7, 300],
    ['subnormal', 3, 5],
    ['wide', 90, 1000],
    ['normal', 0, 4],
  ] as const)('%s words, %i × %i', async (kind, n, m) => {
    const x = new Tensor('float32', floats(5, n * m, kind), [n, m]);
    unregister = registerOperator(operator);
    for (const options of [{}, { constant: true }, { signal: new AbortController().signal }]) {
      const [got, want] = [
        await outputOf(kernel, x, options),
        await outputOf(products, x, options),
      ];
      if (got === undefined || want === undefined) throw new Error('no output');
      expect(compareTensors(got, want)).toBeUndefined();
    }
  });

  test('tensors larger than the module’s memory', async () => {
    const x = new Tensor('float32', floats(6, 600_000), [600, 1000]);
    unregister = registerOperator(operator);
    const [got, want] = [await outputOf(kernel, x), await outputOf(products, x)];
    if (got === undefined || want === undefined) throw new Error('no output');
    expect(compareTensors(got, want)).toBeUndefined();
  });
});

/** A module of these sections, each its code and contents. */
const moduleOf = (
  ...sections: readonly (readonly [number, readonly number[]])[]
): Uint8Array<ArrayBuffer> =>
  Uint8Array.from([
    ...[0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00],
    ...sections.flatMap(([code, bytes]) => [code, bytes.length, ...bytes]),
  ]);
const named = (name: string): number[] => [name.length, ...Buffer.from(name)];
const exported = (name: string, kind: number): number[] => [...named(name), kind, 0];
const FIVE: [number, number[]] = [1, [1, 0x60, 5, 0x7f, 0x7f, 0x7f, 0x7f, 0x7f, 0]];
/** A kernel that is `unreachable` where the first word of its memory is 0, and makes it 1 before. */
const body = [
  ...[0x41, 0, 0x28, 2, 0, 0x45], // i32.const 0, i32.load, i32.eqz
  ...[0x04, 0x40, 0x41, 0, 0x41, 1, 0x36, 2, 0, 0x00, 0x0b], // if: i32.store of 1 at 0, unreachable
  0x0b,
];
const trapping = moduleOf(
  FIVE,
  [3, [1, 0]],
  [5, [1, 0, 1]],
  [6, [1, 0x7f, 0, 0x41, 0xc0, 0, 0x0b]], // __heap_base is 64
  [7, [3, ...exported('kernel', 0), ...exported('memory', 2), ...exported('__heap_base', 3)]],
  [10, [1, body.length + 1, 0, ...body]],
);

describe('refused', () => {
  const define = (change: Partial<KernelOperator['kernel']>): (() => unknown) => {
    const one = { ...operator, kernel: { ...operator.kernel, ...change } };
    return () => registerOperator(one);
  };
  test('modules that are none, that import, or that export too little', () => {
    const importing = moduleOf(FIVE, [2, [1, ...named('env'), ...named('f'), 0, 0]]);
    const without = moduleOf(
      FIVE,
      [3, [1, 0]],
      [7, [1, ...exported('kernel', 0)]],
      [10, [1, 2, 0, 0x0b]],
    );
    expect(define({ wasm: new Uint8Array([1, 2, 3]) })).toThrow(
      /^registerOperator: com\.example\.SquareScale: kernel\.wasm: expected a WebAssembly module, got /,
    );
    expect(define({ wasm: importing })).toThrow('expected no imports, got env.f. Link it alone.');
    expect(define({ wasm: without })).toThrow(
      "expected a memory among its exports, 'memory', got none. Export it.",
    );
    expect(define({ params: ['n-'] })).toThrow(TypeError);
  });

  test('what dispatch says', async () => {
    const x = new Tensor('float32', [1, 2], [1, 2]);
    unregister = registerOperator({
      ...operator,
      dispatch: (...args) => ({ ...operator.dispatch(...args), units: 0.5 }),
    });
    await expect(outputOf(kernel, x)).rejects.toThrow(
      'SquareScale: dispatch: units, unitCost, workgroups: expected integers from 0 on, got 0.5',
    );
    unregister();
    unregister = registerOperator({
      ...operator,
      dispatch: (...args) => ({ ...operator.dispatch(...args), units: 0 }),
    });
    await expect(outputOf(kernel, x)).rejects.toThrow(
      'SquareScale: dispatch: expected units for output 0 of shape [1, 2], got 0',
    );
    unregister();
    unregister = registerOperator({
      ...operator,
      dispatch: () => ({ units: 1, workgroups: [1, 1, 1] }),
    });
    await expect(outputOf(kernel, x)).rejects.toThrow(
      'com.example.SquareScale: param n is missing',
    );
  });
});

test('a kernel that traps is that run’s error, and leaves nothing behind', async () => {
  const x = new Tensor('float32', [1, 2], [1, 2]);
  unregister = registerOperator({ ...operator, kernel: { ...operator.kernel, wasm: trapping } });
  const session = await Session.create(placed(kernel));
  try {
    // The second run finds a new instance of the module, whose first word is 0 again.
    for (let i = 0; i < 2; i += 1) {
      await expect(session.run({ x }, { backend: 'wasm' })).rejects.toThrow(
        WebAssembly.RuntimeError,
      );
    }
  } finally {
    session.dispose();
  }
  expect((await outputOf(products, x))?.data).toEqual(
    Float32Array.of(4 * Math.fround(0.3), 16 * Math.fround(0.3)),
  );
});

test('addresses above 2 GiB are addresses', () => {
  const asked: number[] = [];
  // No inputs, no outputs: only the header of Params is read.
  const heap = {
    words: (at: number, length: number) => {
      asked.push(at);
      return new Uint32Array(length);
    },
  } as unknown as Heap;
  const call = ownKernel('k', new WebAssembly.Module(wasm), heap) as (...args: number[]) => void;
  const at = 2 ** 31 + 64;
  call(at, at + 16, at + 32, 0, 0, 0);
  expect(new Set(asked)).toEqual(new Set([at, at + 16, at + 32]));
});

test('a core with a kernel of a user is not handed to another model', async () => {
  unregister = registerOperator(operator);
  const x = new Tensor('float32', floats(3, 8), [2, 4]);
  takeSpare();
  await outputOf(kernel, x);
  await new Promise((resolve) => setTimeout(resolve));
  expect(takeSpare()).toBeUndefined();
});
