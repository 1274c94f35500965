// The arena of a plan beside its lower bound, the most bytes that live at one time: no placement could do with less.
// Real models, on the reference; they lie beside the repository.
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { resolve } from 'node:path';
import { describe, expect, test, vi } from 'vitest';
import { WasmBackend } from '../../src/backends/wasm.ts';
import { arrange, byteLengthOf, lifetimes } from '../../src/graph/memory.ts';
import type { Plan } from '../../src/graph/plan.ts';
import { readModel } from '../../src/onnx/model.ts';
import { readTensor } from '../../src/onnx/tensor.ts';
import { runPlanned } from '../harness/planned.ts';

const folder = resolve(import.meta.dirname, '../../../shared/models');
const here = existsSync(folder);
const models = here
  ? readdirSync(folder).filter((name) => existsSync(resolve(folder, name, 'model.onnx')))
  : [];
/** Below this, what 64-byte alignment adds to a hundred small values is more than what placement decides. */
const LEAST_BYTES = 1 << 20;

test('the models are there in CI', () =>
  expect(here || process.env['CI'] === undefined).toBe(true));

function lowerBound(plan: Plan): number {
  const live = new Float64Array(plan.steps.length + 2);
  for (const [value, { first, last }] of lifetimes(plan)) {
    for (let at = first; at <= last; at += 1)
      live[at + 1] = (live[at + 1] ?? 0) + byteLengthOf(value);
  }
  return Math.max(...live);
}

describe.runIf(here).each(models)('%s', (name) => {
  test('its arena is at most 1.15 times the most that lives at one time', async () => {
    const graph = readModel(readFileSync(resolve(folder, name, 'model.onnx')));
    const set = resolve(folder, name, 'test_data_set_0');
    const feeds = new Map(
      readdirSync(set)
        .filter((file) => file.startsWith('input_'))
        .map((file) => {
          const { name: key, tensor } = readTensor(readFileSync(resolve(set, file)));
          return [key, tensor] as const;
        }),
    );
    const core = await WasmBackend.create();
    const prepare = vi.spyOn(core, 'prepare');
    await runPlanned(graph, feeds, { target: 'wasm', fuse: true }, core);
    expect(prepare).toHaveBeenCalled();
    for (const [plan] of prepare.mock.calls) {
      const { bytes } = arrange(plan, 64);
      const bound = lowerBound(plan);
      console.log(
        `${name}: arena ${bytes}, most that lives at one time ${bound}: ${(bytes / bound).toFixed(3)}`,
      );
      if (bound >= LEAST_BYTES) expect(bytes / bound).toBeLessThanOrEqual(1.15);
    }
  });
});
