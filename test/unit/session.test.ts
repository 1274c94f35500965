// The library as its user sees it, on the reference: feeds checked, runs queued, stopped, repeated after errors;
// plans per shape; memory given back.
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { digestOf, load, Tensor, UnsupportedOpError, type Model } from '../../src/index.ts';
import type { Graph, Node } from '../../src/graph/graph.ts';
import { writeModel } from '../../src/onnx/writer.ts';
import type { HostStorage } from '../../src/core/weight.ts';
import { Session } from '../../src/session.ts';
import { floats } from '../harness/prng.ts';

const node = (
  index: number,
  opType: string,
  inputs: string[],
  outputs: string[],
  attributes = {},
): Node => ({
  index,
  name: `${opType.toLowerCase()}_${index}`,
  domain: '',
  opType,
  inputs,
  outputs,
  attributes: new Map(Object.entries(attributes)),
});

/** y = Relu(x·w) + b over a batch of any size; z = Shape(x)-dependent Reshape of y. */
function smallGraph(): Graph {
  const dims = ['batch', 40] as const;
  return {
    name: 'small',
    nodes: [
      node(0, 'MatMul', ['x', 'w'], ['p']),
      node(1, 'Relu', ['p'], ['r']),
      node(2, 'Add', ['r', 'b'], ['y']),
      node(3, 'Shape', ['x'], ['s']),
      node(4, 'Gather', ['s', 'zero'], ['n']),
      node(5, 'Concat', ['n', 'minus'], ['t'], { axis: { type: 'int', value: 0 } }),
      node(6, 'Reshape', ['y', 't'], ['z']),
    ],
    inputs: [{ name: 'x', dtype: 'float32', dims }],
    outputs: [
      { name: 'y', dtype: 'float32' },
      { name: 'z', dtype: 'float32' },
    ],
    initializers: new Map([
      ['w', new Tensor('float32', floats(1, 40 * 24), [40, 24])],
      ['b', new Tensor('float32', floats(2, 24), [24])],
      ['zero', new Tensor('int64', [0n], [1])],
      ['minus', new Tensor('int64', [-1n], [1])],
    ]),
    valueInfo: new Map(),
    opsets: new Map([['', 17]]),
  };
}

const batch = (n: number, seed = 3): Tensor => new Tensor('float32', floats(seed, n * 40), [n, 40]);

let model: Model;
beforeAll(async () => {
  model = await load(writeModel(smallGraph()));
});
afterAll(() => model.dispose());

describe('feeds', () => {
  const run = (feeds: Record<string, unknown>): Promise<unknown> =>
    model.run(feeds as Record<string, Tensor>, { backend: 'wasm' });
  test.each([
    ['missing', {}, TypeError, /missing feeds x: expected x, got none/],
    ['unknown', { x: batch(1), q: batch(1) }, TypeError, /unknown feeds q: expected x/],
    ['not a tensor', { x: [1, 2] }, TypeError, /expected a Tensor, got object/],
    ['dtype', { x: new Tensor('int32', [1], [1, 1]) }, TypeError, /expected float32, got int32/],
    [
      'rank',
      { x: new Tensor('float32', [1], [1]) },
      RangeError,
      /expected shape \[batch, 40\], got \[1\]/,
    ],
    [
      'size',
      { x: new Tensor('float32', [1, 2], [1, 2]) },
      RangeError,
      /expected shape \[batch, 40\], got \[1, 2\]/,
    ],
  ])(
    '%s: an error that says expected and got, and the next run works',
    async (_, feeds, kind, text) => {
      await expect(run(feeds)).rejects.toThrow(text);
      await expect(run(feeds)).rejects.toBeInstanceOf(kind);
      await expect(run({ x: batch(2) })).resolves.toBeDefined();
    },
  );

  test('an output that does not exist', async () => {
    await expect(model.run({ x: batch(1) }, { backend: 'wasm', outputs: ['q'] })).rejects.toThrow(
      /unknown outputs: expected some of y, z, got q/,
    );
  });
});

describe('runs', () => {
  test('a row has the same bits in every batch', async () => {
    const alone = await model.run({ x: batch(1) }, { backend: 'wasm' });
    const many = new Float32Array(9 * 40);
    many.set(floats(8, 9 * 40));
    many.set(floats(3, 40), 5 * 40);
    const among = await model.run({ x: new Tensor('float32', many, [9, 40]) }, { backend: 'wasm' });
    const row = (tensor: Tensor | undefined, i: number): string =>
      Buffer.from(tensor?.bytes().slice(i * 96, i * 96 + 96) ?? []).toString('hex');
    expect(row(among.outputs['y'], 5)).toBe(row(alone.outputs['y'], 0));
  });

  test('concurrent runs queue and do not mix', async () => {
    const seeds = [11, 12, 13, 14, 15, 16];
    const alone: string[] = [];
    for (const seed of seeds)
      alone.push((await model.run({ x: batch(3, seed) }, { backend: 'wasm' })).digest);
    const together = await Promise.all(
      seeds.map((seed) => model.run({ x: batch(3, seed) }, { backend: 'wasm' })),
    );
    expect(together.map((result) => result.digest)).toEqual(alone);
    expect(new Set(alone).size).toBe(seeds.length);
  });

  test('only the wanted outputs, in graph order, with their own digest', async () => {
    const both = await model.run({ x: batch(2) }, { backend: 'wasm', outputs: ['z', 'y'] });
    expect(Object.keys(both.outputs)).toEqual(['y', 'z']);
    const one = await model.run({ x: batch(2) }, { backend: 'wasm', outputs: ['z'] });
    expect(Object.keys(one.outputs)).toEqual(['z']);
    const z = (result: typeof one): string => digestOf(result.outputs['z'] ?? batch(1));
    expect(z(one)).toBe(z(both));
    expect(one.digest).not.toBe(both.digest);
  });

  test('the digest is computed when it is read, not before', async () => {
    const result = await model.run({ x: batch(2) }, { backend: 'wasm' });
    const property = Object.getOwnPropertyDescriptor(result, 'digest');
    // A getter, not a value: spreading an object turns one into the other.
    expect(property).not.toHaveProperty('value');
    expect(property?.enumerable).toBe(true);
    expect(result.digest).toBe(result.digest);
  });

  test('auto takes WASM where there is no adapter, and says so', async () => {
    const result = await model.run({ x: batch(1) });
    expect(result.backend).toBe('wasm');
    expect(result.notes.map((note) => note.kind)).toEqual(['auto']);
    expect(result.notes[0]?.message).toMatch(/auto took wasm: .*navigator\.gpu/);
  });

  test('webgpu where there is none is a DeviceError; the next run works', async () => {
    await expect(model.run({ x: batch(1) }, { backend: 'webgpu' })).rejects.toThrow(
      /no navigator\.gpu/,
    );
    await expect(model.run({ x: batch(1) }, { backend: 'wasm' })).resolves.toBeDefined();
  });

  test('zero rows give empty outputs', async () => {
    const result = await model.run(
      { x: new Tensor('float32', [], [0, 40]) },
      { backend: 'wasm', outputs: ['y'] },
    );
    expect(result.outputs['y']?.dims).toEqual([0, 24]);
  });
});

describe('stopping', () => {
  test('an aborted signal rejects with its reason, before and during a run', async () => {
    const reason = new Error('enough');
    await expect(
      model.run({ x: batch(1) }, { backend: 'wasm', signal: AbortSignal.abort(reason) }),
    ).rejects.toBe(reason);
    const controller = new AbortController();
    const big = batch(40000);
    const run = model.run({ x: big }, { backend: 'wasm', signal: controller.signal });
    setTimeout(() => controller.abort(reason), 1);
    await expect(run).rejects.toBe(reason);
    await expect(model.run({ x: batch(1) }, { backend: 'wasm' })).resolves.toBeDefined();
  });

  test('a run in slices has the bits of a run in one piece', async () => {
    const { signal } = new AbortController();
    const sliced = await model.run({ x: batch(3000) }, { backend: 'wasm', signal });
    const whole = await model.run({ x: batch(3000) }, { backend: 'wasm' });
    expect(sliced.digest).toBe(whole.digest);
  });
});

describe('life', () => {
  test('many shapes do not pile up memory', async () => {
    const session = await Session.create(smallGraph());
    for (let n = 1; n <= 12; n += 1) await session.run({ x: batch(n) }, { backend: 'wasm' });
    const before = session.memoryInUse;
    for (let n = 1; n <= 60; n += 1)
      await session.run({ x: batch(1 + (n % 13)) }, { backend: 'wasm' });
    expect(session.memoryInUse).toBeLessThanOrEqual(before + 4096);
    session.dispose();
    session.dispose();
    await expect(session.run({ x: batch(1) })).rejects.toThrow(/used after dispose/);
  });

  test('everything unsupported is reported at load, at once', async () => {
    const graph = smallGraph();
    const nodes = [
      ...graph.nodes,
      node(7, 'NoSuchOp', ['y'], ['q']),
      node(8, 'Relu', ['y'], ['v'], { beta: { type: 'int', value: 1 } }),
      node(9, 'Neg', ['s'], ['k']),
      node(10, 'Sqrt', ['s'], ['l']),
    ];
    const problem = await load(writeModel({ ...graph, nodes })).catch((error: unknown) => error);
    expect(problem).toBeInstanceOf(UnsupportedOpError);
    const { problems } = problem as UnsupportedOpError;
    expect(problems.map((one) => [one.node, one.opType])).toEqual([
      ['nosuchop_7', 'NoSuchOp'],
      ['relu_8', 'Relu'],
      ['sqrt_10', 'Sqrt'],
    ]);
    for (const one of problems) expect(one.remedy).not.toBe('');
  });

  test('an opset beyond the last known one is refused with the range', async () => {
    await expect(
      load(writeModel({ ...smallGraph(), opsets: new Map([['', 99]]) })),
    ).rejects.toThrow(/opset 99 is not implemented: expected \d+\.\.\d+/);
  });
});

test('bools that are none are not handed out, wherever they stand', async () => {
  // Weights are not looked at when they are loaded.
  const bytes = new Uint8Array(70);
  const storage = (size: number): HostStorage => ({
    location: 'cpu',
    bytes: () => bytes.slice(0, size),
    dispose: () => undefined,
  });
  const info = { name: 'x', dtype: 'bool', dims: ['n'] } as const;
  const axis = { axis: { type: 'int', value: 0 } } as const;
  const sized = async (size: number): Promise<Session> =>
    Session.create({
      ...{ name: 'bools', inputs: [info], valueInfo: new Map() },
      nodes: [node(0, 'Concat', ['x', 'w'], ['y'], axis)],
      outputs: [{ name: 'y', dtype: 'bool', dims: ['m'] }],
      initializers: new Map([['w', new Tensor('bool', storage(size), [size])]]),
      opsets: new Map([['', 17]]),
    });
  for (const [size, wrong] of [1, 15, 18, 63, 69].flatMap((n) => [
    [n, 0] as const,
    [n, n - 1] as const,
  ])) {
    const run = async (keepOnDevice = false): Promise<unknown> => {
      const session = await sized(size);
      try {
        const x = new Tensor('bool', [true], [1]);
        const { outputs } = await session.run({ x }, { backend: 'wasm', keepOnDevice });
        return await outputs['y']?.read();
      } finally {
        session.dispose();
      }
    };
    bytes.fill(1);
    expect(await run()).toEqual(new Uint8Array(size + 1).fill(1));
    bytes[wrong] = 128;
    const message = `element ${wrong + 1} is no bool: expected 0 or 1, got 128`;
    await expect(run()).rejects.toThrow(message);
    await expect(run(true)).rejects.toThrow(message);
  }
});
