// What is known of chains that are copies of one another: copies are joined and packed as if each were the first, whichever of
// their values are the same ones.
import { expect, test } from 'vitest';
import { programOnValues, type ChainProgram } from '../../src/core/chain.ts';
import { joinChains } from '../../src/core/chain_join.ts';
import type { Dispatch } from '../../src/core/op.ts';
import { fuse } from '../../src/graph/fuse.ts';
import type { Value } from '../../src/core/value.ts';
import { wordsOf } from '../../src/core/words.ts';
import { elementwise } from '../../src/ops/chain_builder.ts';
import { matMul } from '../../src/ops/product.ts';

let count = 0;
const valueOf = (...dims: number[]): Value => {
  count += 1;
  return { id: count, dtype: 'float32', dims, name: '', canonical: true };
};
const [x, y, h, other] = [valueOf(2, 3), valueOf(2, 3), valueOf(2, 3), valueOf(3)];

const load = (value: Value, strides: readonly number[] = [3, 1]) => ({ value, strides });
/** h = x · y */
const head = (): ChainProgram => ({
  dims: [2, 3],
  loads: [load(x), load(y)],
  steps: [
    { op: 'load_word', args: [0] },
    { op: 'load_word', args: [1] },
    { op: 'mul_f32', args: [0, 1] },
  ],
});
/** (h + other) − other, or on other values */
const tail = (): ChainProgram => ({
  dims: [2, 3],
  loads: [load(h), load(other, [0, 1])],
  steps: [
    { op: 'load_word', args: [0] },
    { op: 'load_word', args: [1] },
    { op: 'add_f32', args: [0, 1] },
    { op: 'sub_f32', args: [2, 1] },
  ],
});

const on = (program: ChainProgram, from: Value, to: Value): ChainProgram =>
  programOnValues(program, (value) => (value === from ? to : value));

const dispatchOf = (chain: ChainProgram | undefined, more: Partial<Dispatch> = {}): Dispatch => ({
  kernel: elementwise,
  params: Uint32Array.of(6, 0, 0, 0),
  inputs: [],
  outputs: [h],
  units: 1,
  unitCost: 1,
  scratch: 0,
  grid: [1, 1, 1],
  constants: {},
  ...(chain === undefined ? {} : { chain }),
  ...more,
});

/** The same program that nothing is known of. */
const anew = ({ dims, loads, steps }: ChainProgram): ChainProgram => ({ dims, loads, steps });

test('copies are joined as if each were the first', () => {
  const [first, second] = [head(), tail()];
  const z = valueOf(3);
  const tails = [second, on(second, other, z), on(second, h, x)];
  const heads = [first, on(first, y, x), on(first, x, valueOf(2, 3))];
  for (const one of heads) {
    for (const two of tails) {
      const joined = joinChains(one, two, 0);
      expect(joined && anew(joined)).toEqual(joinChains(anew(one), anew(two), 0));
      expect(joined?.loads.map(({ value }) => value.id)).toEqual([
        ...one.loads.map(({ value }) => value.id),
        two.loads[1]?.value.id,
      ]);
    }
  }
});

test('a load that a copy has in common with the other is one load, here and not there', () => {
  const [first, second] = [head(), { ...tail(), loads: [load(h), load(valueOf(2, 3))] }];
  const apart = joinChains(first, second, 0);
  const shared = joinChains(first, on(second, second.loads[1]?.value ?? h, y), 0);
  expect([apart?.loads.length, shared?.loads.length]).toEqual([3, 2]);
  expect([apart?.steps.length, shared?.steps.length]).toEqual([6, 5]);
});

test('the words of copies are those of their own Params, inputs and outputs', () => {
  const chain = { ...tail(), steps: [{ op: 'seed', args: [] } as const, ...tail().steps.slice(1)] };
  const room = matMul.params.reduce((sum, { length }) => sum + length, 0);
  const params = [1, 2].map((m) => new Uint32Array(room).fill(m));
  for (const own of params) {
    for (const inputs of [[x], [x, y]]) {
      for (const outputs of [[h], [{ ...h, dtype: 'bool' as const }]]) {
        const more = { kernel: matMul, params: own, inputs, outputs };
        expect(wordsOf(dispatchOf(on(chain, other, valueOf(3)), more))).toEqual(
          wordsOf(dispatchOf(anew(chain), more)),
        );
        expect(wordsOf(dispatchOf(undefined, more)).slice(0, room)).toEqual(own);
      }
    }
  }
});

test('copies are fused under the dims of their own readers', () => {
  const first = head();
  const pairs = [[6], [3, 2], [6]].map((dims) => {
    const [middle, end] = [valueOf(2, 3), valueOf(...dims)];
    const strides = dims.map((_, axis) => dims.slice(axis + 1).reduce((n, dim) => n * dim, 1));
    const reader: ChainProgram = {
      dims,
      loads: [load(middle, strides)],
      steps: [
        { op: 'load_word', args: [0] },
        { op: 'neg_f32', args: [0] },
      ],
    };
    const steps = [
      dispatchOf(on(first, valueOf(1), h), { outputs: [middle] }),
      dispatchOf(reader, { outputs: [end] }),
    ];
    return { end, strides, steps: steps.map((dispatch, i) => ({ dispatch, nodes: [i] })) };
  });
  const outputs = new Map(pairs.map(({ end }, i) => [`y${i}`, end]));
  const steps = pairs.flatMap((pair) => pair.steps);
  const count = valueOf(1).id; // values are numbered
  const { steps: fused } = fuse(steps, outputs, (value) => value, 'wasm', count);
  expect(fused.map(({ dispatch }) => dispatch.chain?.loads.map((one) => one.strides))).toEqual(
    pairs.map(({ strides }) => [strides, strides]),
  );
});
