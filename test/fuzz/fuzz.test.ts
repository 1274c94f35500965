// A hostile file is an error, not a crash: a fixed share of what `npm run fuzz` does. Every model runs, or is refused with
// an error that says what is wrong; none hangs, none ends the process, none takes more than 1 GiB.
import { expect, test } from 'vitest';
import { createCore } from '../../src/backends/wasm/core.ts';
import { parse, serialize } from './proto_tree.ts';
import { writeModel } from '../../src/onnx/writer.ts';
import { randomGraph } from '../harness/random_graph.ts';
import { poison, watchInstances } from './poison.ts';
import { runFuzz } from './runner.ts';

const COUNT = 3000;

test('the tree of a model is that model', () => {
  const model = writeModel(randomGraph(3).graph);
  expect(serialize(parse(model))).toEqual(model);
});

test('hostile models run or are refused', { timeout: 600_000 }, async () => {
  const { failures, ran, loaded, refused } = await runFuzz({ seed: 20, count: COUNT });
  expect(failures.map(({ index, name, wrong, error }) => ({ index, name, wrong, error }))).toEqual(
    [],
  );
  expect(ran + loaded + refused).toBe(COUNT);
  // Both ways are met: changes that break everything, or nothing, would test little.
  expect(ran).toBeGreaterThan(COUNT / 10);
  expect(refused).toBeGreaterThan(COUNT / 10);
});

test('memory that nobody wrote is poisoned', async () => {
  watchInstances();
  poison(0xa5);
  const { heap } = await createCore();
  const small = heap.allocate(64);
  const large = heap.allocate(8 << 20);
  poison(0);
  const isPoison = (byte: number): boolean => byte === 0xa5;
  expect(heap.bytes(small, 64).every(isPoison)).toBe(true);
  expect(heap.bytes(large, 8 << 20).every(isPoison)).toBe(true);
});
