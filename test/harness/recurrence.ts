// A recurrence with a growing cache whose outputs stay in the core's memory, for tests of keepOnDevice on WASM.
import { Tensor } from '../../src/index.ts';
import { f32, graphOf } from './graphs.ts';
import { floats } from './prng.ts';

export const WIDTH = 20;
export const tensor = (seed: number, ...dims: number[]): Tensor =>
  new Tensor(
    'float32',
    floats(
      seed,
      dims.reduce((n, dim) => n * dim, 1),
    ),
    dims,
  );

/** A recurrence with a growing cache, and outputs that are another's, a feed, and a constant. */
export const recurrence = graphOf(
  [
    { op: 'MatMul', inputs: ['state', 'w'], outputs: ['sw'] },
    { op: 'Add', inputs: ['sw', 'x'], outputs: ['sx'] },
    { op: 'Tanh', inputs: ['sx'], outputs: ['next'] },
    {
      ...{ op: 'Concat', inputs: ['cache', 'next'], outputs: ['grown'] },
      attributes: { axis: { type: 'int', value: 0 } },
    },
    { op: 'Identity', inputs: ['grown'], outputs: ['again'] },
    { op: 'Identity', inputs: ['state'], outputs: ['before'] },
    { op: 'Identity', inputs: ['w'], outputs: ['weights'] },
  ],
  [f32('x', 1, WIDTH), f32('state', 1, WIDTH), f32('cache', 'past', WIDTH)],
  ['next', 'grown', 'again', 'before', 'weights'],
  { w: tensor(5, WIDTH, WIDTH) },
);
export const start = (): Record<string, Tensor> => ({
  x: tensor(1, 1, WIDTH),
  state: tensor(2, 1, WIDTH),
  cache: tensor(3, 4, WIDTH),
});
export const WASM = { backend: 'wasm' } as const;
export const KEEP = { ...WASM, keepOnDevice: true } as const;

export async function wordsOf(one: Tensor | undefined): Promise<string> {
  const data = await one?.read();
  if (!(data instanceof Float32Array)) throw new Error('expected floats');
  return new Uint32Array(data.slice().buffer).join();
}
