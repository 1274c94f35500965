// R1 on the stacks: products and convolutions planned with other tiles than the device's own (src/core/tiles.ts) give
// the golden digests, on one stack of each way from WGSL to a driver. So the form for graphics cards is tested where
// there are none. That the choices are different plans is seen in test/unit/tiles.test.ts.
import { beforeAll, describe, expect, test } from 'vitest';
import { DEFAULT_TILES, type Tiles } from '../../src/core/tiles.ts';
import { openStack } from '../../src/cli/stacks/runner.ts';
import { buildJob } from '../harness/build_job.ts';
import { goldenDigests } from '../harness/goldens.ts';
import { thinned } from '../harness/thinned.ts';
import type { CasesReport } from '../jobs/cases_job.ts';

const isFull = process.env['FULL'] !== undefined;
const LIMIT = 600_000;
// What emits products by strides or by taps.
const STEMS = [
  'mat_mul',
  'conv',
  'conv_transpose',
  'recurrent',
  'attention',
  'einsum',
  'long_sums',
  'weights_16',
];
/** Of each choice, where not all are run: FULL=1. */
const MOST = 250;
const CHOICES: readonly Tiles[] = [
  DEFAULT_TILES,
  { fewRows: 'blocks', processors: 2 },
  { fewRows: 'lanes', processors: 64 },
];

let bundle = '';
beforeAll(async () => {
  bundle = await buildJob('cases_job', 'test-tiles');
}, 120_000);

describe.each(['C', 'D', 'E'])('stack %s', (id) => {
  test('gives the golden digests with every choice', { timeout: LIMIT }, async () => {
    const all = Object.entries(goldenDigests(STEMS));
    const golden = Object.fromEntries(isFull ? all : thinned(all, MOST));
    const ids = Object.keys(golden);
    const stack = await openStack(id, { bundle, timeoutMs: LIMIT - 10_000 });
    try {
      for (const tiles of CHOICES) {
        const reply = await stack.run({ backend: 'webgpu', stems: STEMS, ids, tiles });
        expect(reply.error).toBeUndefined();
        const { digests } = reply.result as CasesReport;
        const differing = Object.keys(golden).filter((key) => digests[key] !== golden[key]);
        expect(differing.map((key) => `${JSON.stringify(tiles)} ${key}`)).toEqual([]);
      }
    } finally {
      await stack.close();
    }
  });
});
