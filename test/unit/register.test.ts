// Operators that a user adds: a composition has the bits of its parts on the reference, a function of values runs between
// them, names of others are refused, and what was taken away is unknown again.
import { expect, test } from 'vitest';
import { UnsupportedOpError } from '../../src/core/errors.ts';
import { registerOperator, Tensor, type Data } from '../../src/index.ts';
import { writeModel } from '../../src/onnx/writer.ts';
import { Session } from '../../src/session.ts';
import { f32, graphOf, infoOf, strings, typeOf, type HostNodeSpec } from '../harness/host_cases.ts';
import { read } from '../harness/documents.ts';
import { floats } from '../harness/prng.ts';

const domain = 'com.example';

async function outputsOf(
  nodes: readonly HostNodeSpec[],
  feeds: Readonly<Record<string, Data>>,
): Promise<Readonly<Record<string, Data>>> {
  const inputs = Object.entries(feeds).map(([name, data]) => infoOf(name, typeOf(data)));
  const session = await Session.create(graphOf('test', nodes, inputs, ['y']));
  try {
    return (await session.run(feeds, { backend: 'wasm' })).values;
  } finally {
    session.dispose();
  }
}

const wordsOf = (data: Data | undefined): string =>
  data instanceof Tensor ? Buffer.from(data.bytes()).toString('hex') : 'none';

test('a composition is its parts, bit for bit', async () => {
  const unregister = registerOperator({
    type: 'Swish',
    domain,
    inputs: [1, 1],
    attributes: { beta: 'float' },
    compose: (composer, [x], { beta = 1 }) => {
      const factor = composer.constant(new Tensor('float32', [Number(beta)], []));
      const [scaled] = composer.call('Mul', [x, factor]);
      return composer.call('Mul', [x, ...composer.call('Sigmoid', [scaled])]);
    },
  });
  const x = new Tensor('float32', floats(1, 60, 'special'), [5, 12]);
  const own = { opType: 'Swish', domain, inputs: ['x'], outputs: ['y'] };
  const { y } = await outputsOf([{ ...own, attributes: { beta: { float: 1.7 } } }], { x });
  const parts = await outputsOf(
    [
      { opType: 'Constant', inputs: [], outputs: ['b'], attributes: { value: f32([], 1.7) } },
      { opType: 'Mul', inputs: ['x', 'b'], outputs: ['scaled'] },
      { opType: 'Sigmoid', inputs: ['scaled'], outputs: ['s'] },
      { opType: 'Mul', inputs: ['x', 's'], outputs: ['y'] },
    ],
    { x },
  );
  expect(wordsOf(y)).toBe(wordsOf(parts['y']));
  unregister();
  await expect(outputsOf([own], { x })).rejects.toThrow(UnsupportedOpError);
});

test('types and shapes that change', async () => {
  const unregister = registerOperator({
    type: 'RowsOver',
    domain,
    inputs: [2, 2],
    dtypes: () => ['bool'],
    dims: ([x]) => [[x?.[0] ?? 0]],
    compose: (composer, [x, limit]) => {
      const axes = composer.constant(new Tensor('int64', [1n], [1]));
      const sums = composer.call('ReduceSum', [x, axes], { attributes: { keepdims: 0 } });
      return composer.call('Greater', [...sums, limit]);
    },
  });
  const node = { opType: 'RowsOver', domain, inputs: ['x', 'limit'], outputs: ['y'] };
  const { y } = await outputsOf([node], { x: f32([2, 2], 1, 2, 3, 4), limit: f32([], 5) });
  expect(y instanceof Tensor && [y.dtype, y.dims, y.data]).toEqual([
    'bool',
    [2],
    Uint8Array.of(0, 1),
  ]);
  unregister();
});

test('what compose gives must be what it said', async () => {
  const unregister = registerOperator({
    type: 'Wrong',
    domain,
    inputs: [1, 1],
    compose: (composer, [x]) => composer.call('Shape', [x]),
  });
  const node = { opType: 'Wrong', domain, inputs: ['x'], outputs: ['y'] };
  await expect(outputsOf([node], { x: f32([1], 1) })).rejects.toThrow(
    'expected float32 [1] as dtypes and dims say, got int64 [1]',
  );
  unregister();
});

test("users' code is asked for every node, also where one like it was planned", async () => {
  let asked = 0;
  const unregister = registerOperator({
    type: 'Counted',
    domain,
    inputs: [1, 1],
    compose: (composer, [x]) => {
      asked += 1;
      const add = composer.constant(new Tensor('float32', [asked], []));
      return composer.call('Add', [x, add]);
    },
  });
  const node = { opType: 'Counted', domain };
  const nodes = [
    { ...node, inputs: ['x'], outputs: ['a'] },
    { ...node, inputs: ['a'], outputs: ['b'] },
    { ...node, inputs: ['b'], outputs: ['y'] },
  ];
  const { y } = await outputsOf(nodes, { x: f32([1], 10) });
  expect(y instanceof Tensor && y.data).toEqual(Float32Array.of(16));
  unregister();
});

test('a function on the host, between planned nodes', async () => {
  const unregister = registerOperator({
    type: 'Repeat',
    domain,
    inputs: [2, 2],
    attributes: { mark: 'string' },
    run: ([texts, counts], { mark = '' }) => {
      if (!(texts instanceof Tensor) || !(counts instanceof Tensor))
        throw new TypeError('no tensors');
      const { data } = texts;
      const numbers = counts.numbers();
      const repeated = Array.isArray(data)
        ? data.map((text, i) =>
            `${text}${typeof mark === 'string' ? mark : ''}`.repeat(numbers[i] ?? 0),
          )
        : [];
      return [new Tensor('string', repeated, texts.dims)];
    },
  });
  const nodes: HostNodeSpec[] = [
    { opType: 'Add', inputs: ['n', 'n'], outputs: ['twice'] },
    {
      ...{ opType: 'Repeat', domain, inputs: ['t', 'twice'], outputs: ['r'] },
      attributes: { mark: '-' },
    },
    { opType: 'Identity', inputs: ['r'], outputs: ['y'] },
  ];
  const n = new Tensor('int64', [1n, 0n], [2]);
  const { y } = await outputsOf(nodes, { t: strings([2], 'a', 'b'), n });
  expect(y instanceof Tensor && y.data).toEqual(['a-a-', '']);
  unregister();
});

test('names of others, and definitions that are none, are refused', () => {
  const compose = (): [] => [];
  const define = (extra: object): (() => unknown) => {
    const operator = { type: 'New', domain, inputs: [1, 1] as const, compose, ...extra };
    return () => registerOperator(operator);
  };
  expect(define({ domain: '', type: 'Add' })).toThrow(RangeError);
  expect(define({ domain: 'ai.onnx.ml' })).toThrow('expected a domain of your own');
  expect(define({ domain: 'isobit' })).toThrow(RangeError);
  expect(define({ type: '' })).toThrow(TypeError);
  expect(define({ inputs: [1] })).toThrow(TypeError);
  expect(define({ compose: undefined })).toThrow('expected a function compose, a kernel');
  const unregister = registerOperator({ type: 'New', domain, inputs: [1, 1], compose });
  expect(define({})).toThrow('which exists');
  unregister();
  registerOperator({ type: 'New', domain, inputs: [1, 1], compose })();
});

test('the model of the example', () => {
  const graph = graphOf(
    'cube',
    [{ opType: 'Cube', domain, inputs: ['x'], outputs: ['y'] }],
    [{ name: 'x', dtype: 'float32', dims: ['n'] }],
    [{ name: 'y', dtype: 'float32', dims: ['n'] }],
    1,
  );
  const text = Buffer.from(writeModel(graph)).toString('base64');
  expect(read('src/register.ts')).toContain(text);
});
