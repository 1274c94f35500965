// Profiled runs: every step once, in the order in which they begin, with the bits of runs that are not profiled; what a
// node on the host runs lies within it, and runs that do not ask for a profile have none.
import { expect, test } from 'vitest';
import { Tensor } from '../../src/core/tensor.ts';
import { Session } from '../../src/session.ts';
import { graphOf, infoOf, typeOf } from '../harness/host_cases.ts';
import { floats } from '../harness/prng.ts';

const x = new Tensor('float32', floats(4, 64 * 64), [64, 64]);
const isTrue = new Tensor('bool', [true], []);

type Nodes = Parameters<typeof graphOf>[1];
const branch = (nodes: Nodes, output: string): { graph: ReturnType<typeof graphOf> } => ({
  graph: graphOf('branch', nodes, [], [output]),
});

/** y = If(c): MatMul(r, r), else r; r = Relu(x). */
const branching = graphOf(
  'test',
  [
    { opType: 'Relu', inputs: ['x'], outputs: ['r'] },
    {
      ...{ opType: 'If', inputs: ['c'], outputs: ['y'] },
      attributes: {
        then_branch: branch([{ opType: 'MatMul', inputs: ['r', 'r'], outputs: ['p'] }], 'p'),
        else_branch: branch([{ opType: 'Identity', inputs: ['r'], outputs: ['q'] }], 'q'),
      },
    },
  ],
  [infoOf('x', typeOf(x)), infoOf('c', typeOf(isTrue))],
  ['y'],
);

test('steps, and what lies within them', async () => {
  const session = await Session.create(branching);
  try {
    const feeds = { x, c: isTrue };
    const plain = await session.run(feeds, { backend: 'wasm' });
    expect(plain.profile).toBeUndefined();
    const { profile = [], digest } = await session.run(feeds, { backend: 'wasm', profile: true });
    expect(digest).toBe(plain.digest);
    expect(profile.map(({ kernel, where }) => [kernel, where])).toEqual([
      ['elementwise', 'wasm'],
      ['host', 'host'],
      ['mat_mul_pack', 'wasm'],
      ['mat_mul', 'wasm'],
    ]);
    const [relu, host, pack, product] = profile;
    if (!relu || !host || !pack || !product) throw new Error('a step is missing');
    expect(host.nodes).toEqual(["If 'If1'"]);
    expect(host.nested).toBe(pack.milliseconds + product.milliseconds);
    expect(host.milliseconds).toBeGreaterThanOrEqual(host.nested);
    expect(relu.begin).toBeGreaterThanOrEqual(0);
    expect(pack.begin).toBeGreaterThanOrEqual(host.begin);
    expect(product.milliseconds).toBeGreaterThan(0);
  } finally {
    session.dispose();
  }
});
