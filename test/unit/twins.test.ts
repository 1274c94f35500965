// Every operator case lowered for WebGPU but executed by the C twins of its kernels: the golden digests must come out.
// The twins recompute what a GPU flags; where they are not the reference's own kernels (products, convolutions) this
// also compares two C programs that share no loop.
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { WasmBackend } from '../../src/backends/wasm.ts';
import { outputsOf } from '../../src/outputs.ts';
import { runPlanned } from '../harness/planned.ts';
import type { OpCase } from '../harness/cases.ts';
import { caseFiles } from '../ops/index.ts';

async function digestOfTwins(one: OpCase, core: WasmBackend): Promise<string> {
  try {
    const options = { target: 'webgpu', fuse: true } as const;
    const values = await runPlanned(one.graph, Object.fromEntries(one.feeds), options, core);
    return outputsOf(Object.fromEntries(values)).digest;
  } catch (error) {
    return `error: ${error instanceof Error ? `${error.name}: ${error.message}` : String(error)}`;
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
