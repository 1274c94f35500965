// What counts as a repetition of a dispatch: the same kernel with the same words on the same values, of the same types. One
// that differs in a single respect is none.
import { expect, test } from 'vitest';
import type { ChainOpName } from '../../src/core/chain.ts';
import type { Dispatch, Kernel } from '../../src/core/op.ts';
import type { Value } from '../../src/core/value.ts';
import { shareSteps } from '../../src/graph/share.ts';

const kernel: Kernel = { name: 'first', params: [] };
const whole: Kernel = { name: 'whole', params: [], chain: 'whole' };
let ids = 0;
const value = (dtype: Value['dtype'] = 'float32', canonical = false, dims = [2, 3]): Value => {
  ids += 1;
  return { id: ids, dtype, dims, name: '', canonical };
};
const [x, y] = [value(), value()];
/** The same elements as x, taken for something else. */
const [integers, tested] = [value('int32'), value('float32', true)];
const roots = new Map([
  [integers, x],
  [tested, x],
]);

const base = (): Dispatch => ({
  kernel,
  params: Uint32Array.of(1, 2, 3, 4),
  inputs: [x, y],
  outputs: [value()],
  units: 7,
  unitCost: 1,
  scratch: 0,
  grid: [1, 1, 1],
  constants: { LANES: 4 },
});
const chain = (op: ChainOpName): Dispatch => ({
  ...base(),
  kernel: whole,
  inputs: [],
  chain: {
    dims: [2, 3],
    loads: [{ value: x, strides: [3, 1] }],
    steps: [
      { op: 'load_word', args: [0] },
      { op, args: [1] },
    ],
  },
});

function shared(...dispatches: Dispatch[]): { kept: Dispatch[]; nodes: (readonly number[])[] } {
  const aliases = new Map(roots);
  const root = (one: Value): Value => {
    const next = aliases.get(one);
    return next === undefined ? one : root(next);
  };
  const { steps } = shareSteps(
    dispatches.map((dispatch, i) => ({ dispatch, nodes: [i] })),
    { root, identity: (one) => root(one).id, alias: (to, from) => void aliases.set(to, from) },
  );
  // What is left out stands for what is kept.
  const kept = new Set(steps.flatMap(({ dispatch }) => dispatch.outputs));
  for (const { outputs } of dispatches) {
    for (const one of outputs) expect(kept.has(root(one))).toBe(true);
  }
  return { kept: steps.map(({ dispatch }) => dispatch), nodes: steps.map(({ nodes }) => nodes) };
}

test('repetitions are left out, their outputs are those of the first, their nodes are its', () => {
  const all = [base(), base(), base()];
  expect(shared(...all)).toEqual({ kept: all.slice(0, 1), nodes: [[0, 1, 2]] });
  expect(shared(chain('abs_f32'), chain('abs_f32')).kept).toHaveLength(1);
  // A kernel that is made for each node is one by its name.
  expect(shared(base(), { ...base(), kernel: { ...kernel } }).kept).toHaveLength(1);
});

test('a step that reads what was left out reads the first', () => {
  const [one, other] = [base(), base()];
  const readers = [one, other].map(({ outputs }): Dispatch => ({ ...base(), inputs: outputs }));
  const roundabout = shared(one, other, ...readers);
  expect(roundabout.nodes).toEqual([
    [0, 1],
    [2, 3],
  ]);
});

const different: Readonly<Record<string, Partial<Dispatch>>> = {
  kernel: { kernel: { name: 'second', params: [] } },
  params: { params: Uint32Array.of(1, 2, 3, 5) },
  'fewer params': { params: Uint32Array.of(1, 2, 3) },
  operand: { inputs: [x, x] },
  'order of operands': { inputs: [y, x] },
  'dtype of an operand': { inputs: [integers, y] },
  'what an operand may be taken for': { inputs: [tested, y] },
  'dtype of an output': { outputs: [value('int32')] },
  'shape of an output': { outputs: [value('float32', false, [3, 2])] },
  outputs: { outputs: [value(), value()] },
  units: { units: 8 },
  'constants of the shader': { constants: { LANES: 8 } },
};
test.each(Object.entries(different))('another %s is no repetition', (_, change) => {
  expect(shared(base(), { ...base(), ...change }).kept).toHaveLength(2);
});

test('another program is no repetition', () => {
  expect(shared(chain('abs_f32'), chain('sqrt_f32')).kept).toHaveLength(2);
});
