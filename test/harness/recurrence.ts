// A recurrence with a growing cache, as decoders have them: for tests of outputs that stay where they are computed.
import type { Tensor } from '../../src/index.ts';
import { drawn, f32, graphOf, type NodeText } from './graphs.ts';

export const WIDTH = 20;
/** What a step computes: the next state, and the cache with it. */
export const cell: readonly NodeText[] = [
  { op: 'MatMul', inputs: ['state', 'w'], outputs: ['sw'] },
  { op: 'Add', inputs: ['sw', 'x'], outputs: ['sx'] },
  { op: 'Tanh', inputs: ['sx'], outputs: ['next'] },
  {
    ...{ op: 'Concat', inputs: ['cache', 'next'], outputs: ['grown'] },
    attributes: { axis: { type: 'int', value: 0 } },
  },
];
export const cellInputs = [f32('x', 1, WIDTH), f32('state', 1, WIDTH), f32('cache', 'past', WIDTH)];
export const cellWeights = { w: drawn(5, WIDTH, WIDTH) };

/** The same with outputs that are another's, a feed, and a constant. */
export const recurrence = graphOf(
  [
    ...cell,
    { op: 'Identity', inputs: ['grown'], outputs: ['again'] },
    { op: 'Identity', inputs: ['state'], outputs: ['before'] },
    { op: 'Identity', inputs: ['w'], outputs: ['weights'] },
  ],
  cellInputs,
  ['next', 'grown', 'again', 'before', 'weights'],
  cellWeights,
);
export const start = (): Record<string, Tensor> => ({
  x: drawn(1, 1, WIDTH),
  state: drawn(2, 1, WIDTH),
  cache: drawn(3, 4, WIDTH),
});
export const WASM = { backend: 'wasm' } as const;
export const KEEP = { ...WASM, keepOnDevice: true } as const;

export async function wordsOf(one: Tensor | undefined): Promise<string> {
  const data = await one?.read();
  if (!(data instanceof Float32Array)) throw new Error('expected floats');
  return new Uint32Array(data.slice().buffer).join();
}
