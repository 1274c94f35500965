// Graph passes move no bit (R5): every operator case, planned without any, has its golden digest; and what repeats is
// computed once.
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { WasmBackend } from '../../src/backends/wasm.ts';
import { Tensor } from '../../src/core/tensor.ts';
import { checkGraph } from '../../src/graph/check.ts';
import { ConstantStore } from '../../src/graph/constant_store.ts';
import { planGraph } from '../../src/graph/planner.ts';
import { outputsOf } from '../../src/outputs.ts';
import { registry } from '../../src/registry.ts';
import { f32, graphOf } from '../harness/graphs.ts';
import { runPlanned } from '../harness/planned.ts';
import { caseFiles } from '../ops/index.ts';

await registry.load();

describe.each([...caseFiles.keys()])('%s', (stem) => {
  test('planned without graph passes', { timeout: 120_000 }, async () => {
    const path = new URL(`../golden/${stem}.json`, import.meta.url);
    const golden = JSON.parse(readFileSync(path, 'utf8')) as Record<string, string>;
    const core = await WasmBackend.create();
    const differing: string[] = [];
    for (const { id, graph, feeds } of caseFiles.get(stem) ?? []) {
      const options = { target: 'wasm', fuse: false } as const;
      const values = await runPlanned(graph, Object.fromEntries(feeds), options, core).catch(
        (error: unknown) => String(error),
      );
      const digest =
        typeof values === 'string' ? values : outputsOf(Object.fromEntries(values)).digest;
      if (digest !== golden[id]) differing.push(`${id}: ${digest}`);
    }
    expect(differing).toEqual([]);
  });
});

test('what repeats is computed once, whatever it is called', async () => {
  const w = new Tensor('float32', Float32Array.from({ length: 12 }, Math.sqrt), [3, 4]);
  const half = (name: string) => [
    { op: 'MatMul', inputs: ['x', 'w'], outputs: [`m${name}`] },
    { op: 'Softmax', inputs: [`m${name}`], outputs: [`s${name}`] },
  ];
  const graph = graphOf(
    [
      ...half('a'),
      ...half('b'),
      {
        op: 'Concat',
        inputs: ['sa', 'sb'],
        outputs: ['y'],
        attributes: { axis: { type: 'int', value: 0 } },
      },
    ],
    [f32('x', 2, 3)],
    ['y', 'sb'],
    { w },
  );
  const core = await WasmBackend.create();
  const feeds = { x: new Tensor('float32', [1, 2, 3, -4, 5, 0.5], [2, 3]) };
  const kernels = (fuse: boolean): string[] => {
    const plan = planGraph(
      checkGraph(graph, registry),
      new ConstantStore(),
      core,
      new Map(Object.entries(feeds)),
      {
        ...{ target: 'wasm', outputs: ['y', 'sb'], fuse },
      },
    );
    return plan.steps.map(({ dispatch }) => dispatch.kernel.name);
  };
  const count = (names: readonly string[], name: string): number =>
    names.filter((one) => one === name).length;
  expect([false, true].map((fuse) => count(kernels(fuse), 'softmax'))).toEqual([2, 1]);
  const digests: string[] = [];
  for (const fuse of [false, true]) {
    const values = await runPlanned(graph, feeds, { target: 'wasm', fuse }, core);
    digests.push(outputsOf(Object.fromEntries(values)).digest);
  }
  expect(digests[0]).toBe(digests[1]);
});
