// Traces on every stack of this machine: one root a case and a model, that of the reference in this process. Cases of
// control flow all, of the other operators a share (FULL=1: all); STACKS=A,wasm-firefox narrows.
import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { jobBundle } from '../../src/cli/bundles.ts';
import { chooseInputs } from '../../src/cli/feed_files.ts';
import { resolveModel, temporaryFolder, writeFeeds } from '../../src/cli/model_files.ts';
import { STACKS } from '../../src/cli/stacks/catalog.ts';
import { openStack } from '../../src/cli/stacks/runner.ts';
import { tensorsIn, type Data } from '../../src/core/data.ts';
import type { Trace } from '../../src/index.ts';
import type { ModelJob } from '../../src/jobs/model_job.ts';
import { buildJob } from '../harness/build_job.ts';
import { runCase } from '../harness/conform.ts';
import { thinned } from '../harness/thinned.ts';
import { allCaseFiles } from '../host/index.ts';
import type { CasesReport } from '../jobs/cases_job.ts';

/** Of the other cases, where not all are run. */
const MOST = 150;
const LIMIT = 900_000;

const wanted = process.env['STACKS']?.split(',');
const stacks = STACKS.filter((spec) =>
  wanted === undefined ? !spec.optional || spec.find() === undefined : wanted.includes(spec.id),
);

/** A NaN with a payload that went through a number is another one in another engine: its case has other inputs there. */
const hasPayload = (data: Data): boolean =>
  tensorsIn(data).some(
    (tensor) =>
      tensor.dtype === 'float32' &&
      new Uint32Array(tensor.bytes().slice().buffer).some(
        (word) => (word & 0x7fffffff) > 0x7f800000 && word !== 0x7fc00000,
      ),
  );

const cases = [
  ...(allCaseFiles.get('control_flow') ?? []),
  ...thinned(
    [...allCaseFiles.values()]
      .flat()
      .filter(
        ({ id, feeds }) => !id.startsWith('control_flow/') && ![...feeds.values()].some(hasPayload),
      ),
    process.env['FULL'] === undefined ? MOST : Infinity,
  ),
];
const expected: Record<string, string> = {};
let bundle = '';
beforeAll(async () => {
  bundle = await buildJob('cases_job', 'test-trace-job');
  for (const one of cases) expected[one.id] = (await runCase(one, 'wasm', { trace: true })).digest;
}, LIMIT);

test('the reference has a root for nearly every case', () => {
  const roots = Object.values(expected).filter((text) => /^[0-9a-f]{64}$/.test(text));
  // The others are cases of errors.
  expect(roots.length).toBeGreaterThan(0.9 * cases.length);
});

describe.each(stacks.map(({ id, backend }) => [id, backend] as const))(
  'stack %s',
  (id, backend) => {
    test('gives the roots of the reference for operator cases', { timeout: LIMIT }, async () => {
      const stack = await openStack(id, { bundle, timeoutMs: LIMIT - 10_000 });
      try {
        const reply = await stack.run({ backend, trace: true, ids: cases.map((one) => one.id) });
        expect(reply.error).toBeUndefined();
        const { digests } = reply.result as CasesReport;
        const differing = cases.filter((one) => digests[one.id] !== expected[one.id]);
        expect(differing.map((one) => `${one.id}: ${digests[one.id] ?? 'missing'}`)).toEqual([]);
      } finally {
        await stack.close();
      }
    });
  },
);

const folder = resolve(import.meta.dirname, '../../../shared/models');
const here = existsSync(folder);
if (!here) console.log(`trace: ${folder} is absent, its models are not traced on the stacks`);
test('the models are there in CI', () =>
  expect(here || process.env['CI'] === undefined).toBe(true));

// One with graphs in nodes, one that is quantised, one that is small.
describe.runIf(here).each(['silero-vad', 'micro-kws-qdq', 'mnist-cnn'])('%s', (name) => {
  test('has one root on every stack', { timeout: LIMIT }, async () => {
    const file = resolveModel(resolve(folder, name));
    const chosen = await chooseInputs(file, {
      inputs: `${file.folder}/test_data_set_0`,
      input: [],
      seed: 0,
    });
    const temporary = temporaryFolder();
    const { bundle: jobs, root } = jobBundle('model_job');
    const job: ModelJob = {
      ...{ kind: 'trace', model: file.path, audit: 'off' },
      feeds: writeFeeds(chosen.feeds, temporary.path),
    };
    const roots: Record<string, string | undefined> = {};
    try {
      for (const { id, backend } of stacks) {
        const options = { bundle: jobs, roots: [root, file.folder, temporary.path] };
        const stack = await openStack(id, { ...options, timeoutMs: LIMIT });
        try {
          const reply = await stack.run({ ...job, backend });
          roots[id] = (reply.result as Trace | undefined)?.root ?? reply.error?.message;
        } finally {
          await stack.close();
        }
      }
    } finally {
      temporary.remove();
    }
    expect(Object.values(roots)[0]).toMatch(/^[0-9a-f]{64}$/);
    expect(new Set(Object.values(roots)).size, JSON.stringify(roots)).toBe(1);
  });
});
