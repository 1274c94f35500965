// The job that feeds nonsense: broken files, models that ask for what does not exist, feeds that do not fit, and
// values at the edges of the format. Each item gives the error's class and text, or the digest of defined bits; they
// must be the same on every stack, and after each the next run must give the same bits as ever.
import { load, Tensor, type Model } from '../../src/index.ts';
import type { Graph } from '../../src/graph/graph.ts';
import type { JobEnv } from '../../src/jobs/job.ts';
import { writeModel } from '../../src/onnx/writer.ts';
import { f32OfWord } from '../../src/core/bits.ts';
import { drawn, f32, graphOf, type NodeText } from '../harness/graphs.ts';
import { floats } from '../harness/prng.ts';

/** By name: `Class: message`, or a digest; the digest of the good run after it where that is not the usual one. */
export type BadInputReport = Record<string, string>;

const ints = (...value: number[]): { type: 'ints'; value: number[] } => ({ type: 'ints', value });

/** A small classifier: Conv, BatchNormalization, Relu, MaxPool, AveragePool, Gemm, Softmax. */
function classifier(): Graph {
  const nodes: NodeText[] = [
    {
      op: 'Conv',
      inputs: ['x', 'w', 'b'],
      outputs: ['c'],
      attributes: { pads: ints(1, 1, 1, 1) },
    },
    {
      op: 'BatchNormalization',
      inputs: ['c', 'scale', 'bias', 'mean', 'variance'],
      outputs: ['n'],
    },
    { op: 'Relu', inputs: ['n'], outputs: ['r'] },
    {
      op: 'MaxPool',
      inputs: ['r'],
      outputs: ['m'],
      attributes: { kernel_shape: ints(2, 2), strides: ints(2, 2) },
    },
    {
      op: 'AveragePool',
      inputs: ['m'],
      outputs: ['a'],
      attributes: { kernel_shape: ints(2, 2), strides: ints(2, 2) },
    },
    { op: 'Flatten', inputs: ['a'], outputs: ['f'] },
    { op: 'Gemm', inputs: ['f', 'g', 'h'], outputs: ['l'] },
    { op: 'Softmax', inputs: ['l'], outputs: ['y'] },
  ];
  const positive = new Tensor('float32', floats(19, 4).map(Math.abs), [4]);
  return graphOf(nodes, [f32('x', 'batch', 2, 8, 8)], ['l', 'y'], {
    w: drawn(11, 4, 2, 3, 3),
    b: drawn(12, 4),
    scale: drawn(13, 4),
    bias: drawn(14, 4),
    mean: drawn(15, 4),
    variance: positive,
    g: drawn(16, 16, 10),
    h: drawn(17, 10),
  });
}

/** Attention without its name: Softmax(x · w) · v. */
const attention = (): Graph =>
  graphOf(
    [
      { op: 'MatMul', inputs: ['x', 'w'], outputs: ['p'] },
      { op: 'Softmax', inputs: ['p'], outputs: ['s'] },
      { op: 'MatMul', inputs: ['s', 'v'], outputs: ['y'] },
    ],
    [f32('x', 'rows', 12)],
    ['s', 'y'],
    { w: drawn(21, 12, 70), v: drawn(22, 70, 5) },
  );

const SPECIAL: Readonly<Record<string, readonly number[]>> = {
  NaN: [f32OfWord(0x7fc00000)],
  'a NaN with payload': [f32OfWord(0x7f812345), f32OfWord(0xffc12345)],
  infinity: [Infinity],
  'minus infinity': [-Infinity],
  'both infinities': [Infinity, -Infinity],
  subnormals: [f32OfWord(1), f32OfWord(0x807fffff), f32OfWord(0x00400000)],
  'the smallest normals': [f32OfWord(0x00800000), f32OfWord(0x03800000), f32OfWord(0x83800001)],
  'minus zero': [f32OfWord(0x80000000)],
  'the largest numbers': [f32OfWord(0x7f7fffff), f32OfWord(0xff7fffff)],
  'numbers of 2^50': [2 ** 50, -(2 ** 50), 2 ** 63],
};

/** Ordinary values with special ones at every seventh place, or everywhere. */
function withValues(
  values: readonly number[],
  dims: readonly number[],
  everywhere: boolean,
): Tensor {
  const tensor = drawn(31, ...dims);
  const data = tensor.data as Float32Array;
  const step = everywhere ? 1 : 7;
  for (let i = 0; i * step < data.length; i += 1) data[i * step] = values[i % values.length] ?? 0;
  return tensor;
}

async function outcome(work: () => Promise<unknown>): Promise<string> {
  try {
    const value = (await work()) as { digest?: string } | undefined;
    return value?.digest ?? 'fulfilled';
  } catch (error) {
    return error instanceof Error
      ? `${error.name}: ${error.message}`
      : `no Error: ${String(error)}`;
  }
}

export async function run(request: unknown, env: JobEnv): Promise<BadInputReport> {
  const backend = env.gpu === undefined ? 'wasm' : 'webgpu';
  const report: BadInputReport = {};
  const options = { gpu: env.gpu };
  const good = await load(writeModel(classifier()), options);
  const other = await load(writeModel(attention()), options);
  const usual = (await good.run({ x: drawn(1, 3, 2, 8, 8) }, { backend })).digest;
  const note = async (name: string, work: () => Promise<unknown>): Promise<void> => {
    const got = await outcome(work);
    // Firefox needs a tenth of a second a run; the runs of the other model are checked by the next item.
    const next = name.startsWith('attention')
      ? usual
      : await outcome(() => good.run({ x: drawn(1, 3, 2, 8, 8) }, { backend }));
    report[name] = next === usual ? got : `${got}; and the next run: ${next}`;
  };
  const loads = (name: string, bytes: Uint8Array): Promise<void> =>
    note(name, async () => {
      const model = await load(bytes, options);
      model.dispose();
    });

  const whole = writeModel(classifier());
  await loads('an empty file', new Uint8Array(0));
  await loads('a text file', new TextEncoder().encode('This is not a model.\nAt all.\n'));
  await loads('a web page', new TextEncoder().encode('<!DOCTYPE html><title>404</title>'));
  await loads('an archive', new Uint8Array([0x50, 0x4b, 3, 4, 20, 0, 0, 0, 8, 0, 1, 2, 3, 4]));
  await loads('zeros', new Uint8Array(100));
  for (const part of [1, 10, whole.length >> 2, whole.length >> 1, whole.length - 1]) {
    await loads(`a model cut at ${part}`, whole.slice(0, part));
  }
  const graph = classifier();
  const changed = (change: Partial<Graph>): Uint8Array => writeModel({ ...graph, ...change });
  const retyped = (index: number, opType: string, inputs?: string[]): Graph['nodes'] =>
    graph.nodes.map((one) =>
      one.index === index ? { ...one, opType, inputs: inputs ?? one.inputs } : one,
    );
  await loads('an unknown operator', changed({ nodes: retyped(2, 'Frobnicate') }));
  await loads(
    'an operator of another domain',
    changed({
      nodes: graph.nodes.map((one) => (one.index === 2 ? { ...one, domain: 'com.acme' } : one)),
      opsets: new Map([...graph.opsets, ['com.acme', 1]]),
    }),
  );
  await loads('opset 99', changed({ opsets: new Map([['', 99]]) }));
  await loads(
    'an input of strings',
    changed({ inputs: [{ name: 'x', dtype: 'string', dims: [1] }] }),
  );
  await loads('nodes in a circle', changed({ nodes: retyped(2, 'Add', ['n', 'f']) }));
  await loads('a missing weight', changed({ initializers: new Map() }));

  // Shapes that no run can have: the file is fine, planning is not.
  await note('weights of another shape', async () => {
    const model = await load(
      changed({ initializers: new Map([...graph.initializers, ['g', drawn(16, 15, 10)]]) }),
      options,
    );
    try {
      return await model.run({ x: drawn(1, 3, 2, 8, 8) }, { backend });
    } finally {
      model.dispose();
    }
  });

  const feed = (name: string, feeds: unknown, of: Model = good): Promise<void> =>
    note(name, () => of.run(feeds as Record<string, Tensor>, { backend }));
  await feed('no feed', {});
  await feed('a feed of another name', { z: drawn(1, 1, 2, 8, 8) });
  await feed('an array', { x: new Float32Array(128) });
  await feed('another dtype', { x: new Tensor('int32', new Int32Array(128), [1, 2, 8, 8]) });
  await feed('another rank', { x: drawn(1, 2, 8, 8) });
  await feed('another size', { x: drawn(1, 1, 3, 8, 8) });
  await feed('no rows', { x: new Tensor('float32', [], [0, 2, 8, 8]) });
  await note('an unknown output', () =>
    good.run({ x: drawn(1, 1, 2, 8, 8) }, { backend, outputs: ['q'] }),
  );
  await note('a tensor of the wrong length', async () => new Tensor('float32', [1, 2], [3]));

  for (const [name, values] of Object.entries(SPECIAL)) {
    for (const everywhere of [false, true]) {
      const where = everywhere ? 'everywhere' : 'some';
      await feed(`classifier, ${name}, ${where}`, {
        x: withValues(values, [2, 2, 8, 8], everywhere),
      });
      await feed(
        `attention, ${name}, ${where}`,
        { x: withValues(values, [5, 12], everywhere) },
        other,
      );
    }
  }
  good.dispose();
  other.dispose();
  await note('a disposed model', () => other.run({ x: drawn(1, 5, 12) }, { backend }));
  report['a disposed model'] = (report['a disposed model'] ?? '').replace(
    /; and the next run.*/s,
    '',
  );
  return report;
}
