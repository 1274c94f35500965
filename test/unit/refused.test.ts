// Nodes that a fuzzer found to run where they must be refused: outputs were left unwritten, or computed as another type.
import { expect, test } from 'vitest';
import { nodeCase } from '../harness/cases.ts';
import { runCase } from '../harness/conform.ts';

const f32 = (dims: number[]) => ({
  ...{ dtype: 'float32' as const, dims },
  data: Array.from({ length: dims.reduce((product, dim) => product * dim, 1) }, () => 1),
});

test('a recurrent layer without W', async () => {
  for (const [opType, gates] of [
    ['RNN', 1],
    ['GRU', 3],
    ['LSTM', 4],
  ] as const) {
    const inputs = [f32([3, 2, 3]), undefined, f32([1, 4 * gates, 4])];
    const { digest } = await runCase(nodeCase('refused/w', 'edges', { opType, inputs }), 'wasm');
    expect(digest).toMatch(/^error: .*input 1 is missing/);
  }
});

test('Relu of integers without a sign', async () => {
  const inputs = [{ dtype: 'uint64' as const, dims: [2], data: [1n, 2n] }];
  const { digest } = await runCase(
    nodeCase('refused/relu', 'edges', { opType: 'Relu', inputs }),
    'wasm',
  );
  expect(digest).toMatch(/^error: .*got uint64/);
});
