// A device that is wrong: a fault planted in a shader, no gate and no audit. Its trace parts from the reference's at the node
// that ran the faulty kernel, the reference says who is right, and the node's model, checked on that device, shows the
// first element. STACKS=C,D chooses others.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, test } from 'vitest';
import { bisect } from '../../src/cli/bisect.ts';
import { chooseInputs } from '../../src/cli/feed_files.ts';
import { runHere } from '../../src/cli/here.ts';
import { resolveModel, writeFeeds } from '../../src/cli/model_files.ts';
import { openStack } from '../../src/cli/stacks/runner.ts';
import type { CheckReport, Trace } from '../../src/index.ts';
import { buildJob } from '../harness/build_job.ts';
import type { UngatedJob } from '../jobs/ungated_job.ts';

const folder = mkdtempSync(join(tmpdir(), 'isobit-bisect-'));
afterAll(() => rmSync(folder, { recursive: true }));
const digits = fileURLToPath(new URL('../../demo/public/digits.onnx', import.meta.url));
const stacks = process.env['STACKS']?.split(',') ?? ['E'];
const SEED = 5;

describe.each(stacks)('stack %s', (id) => {
  test(
    'with a faulty MaxPool is found out, down to the element',
    { timeout: 240_000 },
    async () => {
      // Its last tap is not looked at: wrong where that is the largest.
      const edit = {
        file: 'ops/pool',
        find: 'result = fold_join(result, max_key(word));',
        replace: 'result = select(fold_join(result, max_key(word)), result, counted == 4u);',
      };
      const bundle = await buildJob('ungated_job', 'test-bisect-job', [edit]);
      const file = resolveModel(digits);
      const { feeds } = await chooseInputs(file, { input: [], seed: SEED });
      const files = writeFeeds(feeds, folder);
      const ask = async (job: UngatedJob): Promise<unknown> => {
        const roots = [file.folder, folder];
        const stack = await openStack(id, { bundle, roots, timeoutMs: 100_000 });
        try {
          const reply = await stack.run(job);
          expect(reply.error).toBeUndefined();
          return reply.result;
        } finally {
          await stack.close();
        }
      };
      const [wrong, right] = [join(folder, 'gpu.json'), join(folder, 'wasm.json')];
      const save = (path: string, trace: unknown): void =>
        writeFileSync(path, JSON.stringify(trace));
      save(wrong, await ask({ kind: 'trace', model: file.path, feeds: files }));
      const trace = (await runHere({ kind: 'trace', model: file.path, feeds: files })) as Trace;
      save(right, trace);
      const output = join(folder, 'node');
      const found = await bisect(right, wrong, {
        ...{ model: file.path, output, input: [], seed: SEED, json: false },
      });
      const first = trace.nodes.find(({ operator }) => operator === 'MaxPool');
      expect(found.difference).toMatchObject({
        what: 'node',
        path: first?.path,
        operator: 'MaxPool',
      });
      expect(found.right).toBe('a');
      const node = resolveModel(output);
      const set = { input: [], seed: 0, beside: true };
      const inputs = writeFeeds((await chooseInputs(node, set)).feeds, folder);
      const check = (await ask({ kind: 'check', model: node.path, feeds: inputs })) as CheckReport;
      const [difference] = check.differences;
      expect(check.identical).toBe(false);
      expect(difference).toMatchObject({ opType: 'MaxPool', output: first?.outputs[0]?.name });
      expect(difference?.wasm).not.toBe(difference?.webgpu);
    },
  );
});
