// RNN, GRU and LSTM are one kernel on the reference and a chain of dispatches for a GPU: the words of both are the same.
import { expect, test } from 'vitest';
import { compareTensors } from '../../src/compare.ts';
import { WasmBackend } from '../../src/backends/wasm.ts';
import { checkGraph } from '../../src/graph/check.ts';
import { ConstantStore } from '../../src/graph/constant_store.ts';
import { planGraph } from '../../src/graph/planner.ts';
import { registry } from '../../src/registry.ts';
import { caseFiles } from '../ops/index.ts';

await registry.load();

test('the kernel gives what the steps give', { timeout: 120_000 }, async () => {
  const backend = await WasmBackend.create();
  const wrong: string[] = [];
  for (const one of caseFiles.get('recurrent') ?? []) {
    const checked = checkGraph(one.graph, registry);
    const outputs = one.graph.outputs.map(({ name }) => name);
    const kernels: string[][] = [];
    const results = [];
    for (const target of ['wasm', 'webgpu'] as const) {
      const plan = planGraph(checked, new ConstantStore(), backend, one.feeds, {
        target,
        outputs,
        fuse: true,
      });
      kernels.push(plan.steps.map(({ dispatch }) => dispatch.kernel.name));
      const executable = backend.prepare(plan);
      results.push((await executable.run(one.feeds, {})).outputs);
      executable.dispose();
    }
    const steps = Math.max(...(one.feeds.get('x0')?.dims.slice(0, 2) ?? [0]));
    if (steps < 65 && kernels[1]?.includes('recurrent')) wrong.push(`${one.id}: no chain`);
    for (const name of outputs) {
      const [a, b] = results.map((result) => result.get(name));
      if (!a || !b || compareTensors(a, b) !== undefined) wrong.push(`${one.id}: ${name}`);
    }
  }
  expect(wrong).toEqual([]);
});
