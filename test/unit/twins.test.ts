// Every operator case lowered for WebGPU but executed by the C twins of its kernels: the golden digests must come out.
// The twins recompute what a GPU flags; where they are not the reference's own kernels (products, convolutions) this
// also compares two C programs that share no loop.
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { WasmBackend } from '../../src/backends/wasm.ts';
import { digestOf, digestOfRun } from '../../src/core/digest.ts';
import { checkFeeds } from '../../src/feeds.ts';
import { checkGraph } from '../../src/graph/check.ts';
import { ConstantStore } from '../../src/graph/constant_store.ts';
import { planGraph } from '../../src/graph/planner.ts';
import { registry } from '../../src/ops/index.ts';
import type { OpCase } from '../harness/cases.ts';
import { caseFiles } from '../ops/index.ts';

async function digestOfTwins(one: OpCase, core: WasmBackend): Promise<string> {
  const store = new ConstantStore();
  try {
    const checked = checkGraph(one.graph, registry);
    const feeds = checkFeeds(checked.graph, Object.fromEntries(one.feeds));
    const outputs = one.graph.outputs.map((info) => info.name);
    const plan = planGraph(checked, store, core, feeds, { target: 'webgpu', outputs, fuse: true });
    const executable = core.prepare(plan);
    const result = await executable.run(feeds, {});
    executable.dispose();
    plan.release();
    return digestOfRun(
      outputs.flatMap((name) => {
        const tensor = result.outputs.get(name);
        return tensor === undefined ? [] : [{ name, digest: digestOf(tensor) }];
      }),
    );
  } catch (error) {
    return `error: ${error instanceof Error ? `${error.name}: ${error.message}` : String(error)}`;
  } finally {
    store.release();
  }
}

describe.each([...caseFiles.keys()])('%s', (stem) => {
  test('planned for WebGPU, computed by the C twins', { timeout: 120_000 }, async () => {
    const path = new URL(`../golden/${stem}.json`, import.meta.url);
    const golden = JSON.parse(readFileSync(path, 'utf8')) as Record<string, string>;
    const core = await WasmBackend.create();
    const differing: string[] = [];
    for (const one of caseFiles.get(stem) ?? []) {
      const digest = await digestOfTwins(one, core);
      if (digest !== golden[one.id]) differing.push(`${one.id}: ${digest}`);
    }
    expect(differing).toEqual([]);
  });
});
