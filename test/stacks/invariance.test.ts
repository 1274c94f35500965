// R4 on the stacks: a decoder gives every logit the same word token by token, in pieces and all at once, on WASM and on
// GPUs; shaders with other workgroup sizes give the golden digests. The properties of the reference alone are in
// test/unit/invariance.test.ts.
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { resolve } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { ShaderEdit } from '../../scripts/wgsl_plugin.ts';
import { stackById } from '../../src/cli/stacks/catalog.ts';
import { openStack } from '../../src/cli/stacks/runner.ts';
import { buildJob } from '../harness/build_job.ts';
import { goldenDigests } from '../harness/goldens.ts';
import { thinned } from '../harness/thinned.ts';
import type { Edit } from '../harness/planted.ts';
import type { CasesReport } from '../jobs/cases_job.ts';
import type { DecodeReport } from '../jobs/decode_job.ts';
import { allCaseFiles } from '../host/index.ts';

const LIMIT = 600_000;
const folder = resolve(import.meta.dirname, '../../../shared/models/stories260k');
const here = existsSync(folder);
if (!here) console.log(`invariance: ${folder} is absent, no decoder is run`);
test('the decoder is there in CI', () =>
  expect(here || process.env['CI'] === undefined).toBe(true));

// As many tokens as each can do in a minute or so; 70 is more than a group of the sum.
const DECODERS: readonly (readonly [stack: string, tokens: number])[] = [
  ['wasm-node', 200],
  ['wasm-firefox', 200],
  ['E', 70],
  ['C', 70],
  ['A', 70],
];

describe.runIf(here).each(DECODERS)('a decoder on %s', (id, tokens) => {
  test('token by token, in pieces and all at once: every logit', { timeout: LIMIT }, async () => {
    const bundle = await buildJob('decode_job', `test-decode/${id}`);
    const stack = await openStack(id, { bundle, roots: [folder], timeoutMs: LIMIT - 10_000 });
    try {
      const reply = await stack.run({
        model: resolve(folder, 'model.onnx'),
        backend: stackById(id).backend,
        ...{ tokens, vocabulary: 512, seed: 1 },
      });
      expect(reply.error).toBeUndefined();
      const report = reply.result as DecodeReport;
      const { pieces } = report;
      const none = { differing: 0, first: -1 };
      expect(report).toEqual({ logits: tokens * 512, byToken: none, inPieces: none, pieces });
      expect(pieces).toBeGreaterThan(3);
    } finally {
      await stack.close();
    }
  });
});

/**
 * Every shader that counts on a workgroup of 64 by a constant of its own, and for smaller ones the grids that go with
 * them: larger ones only have invocations too many.
 */
function workgroupsOf(size: number): [ShaderEdit[], Edit[]] {
  const shaders = resolve(import.meta.dirname, '../../shaders/ops');
  const edits: ShaderEdit[] = [];
  for (const name of readdirSync(shaders)) {
    const find = 'const WORKGROUP_SIZE = 64u;';
    // Its grid counts blocks of 256 elements: smaller workgroups would not reach them all.
    if (name === 'resize_axis.wgsl' && size < 64) continue;
    if (!readFileSync(resolve(shaders, name), 'utf8').includes(find)) continue;
    const file = `ops/${name.replace('.wgsl', '')}`;
    edits.push({ file, find, replace: `const WORKGROUP_SIZE = ${size}u;` });
  }
  if (size > 64) return [edits, []];
  const grid = { find: 'workgroupSize = 64', replace: `workgroupSize = ${size}` };
  const chains = { find: 'const WORKGROUP = 64;', replace: `const WORKGROUP = ${size};` };
  const [gridFile, chainFile] = ['src/ops/grid.ts', 'src/ops/chain_builder.ts'];
  return [
    edits,
    [
      { file: gridFile, ...grid },
      { file: chainFile, ...chains },
    ],
  ];
}

/** Of one case file; FULL=1 takes all. */
const MOST = 12;

function goldenOfShare(): Record<string, string> {
  if (process.env['FULL'] !== undefined) return goldenDigests();
  const shares = [...allCaseFiles.keys()].map((stem) =>
    Object.fromEntries(thinned(Object.entries(goldenDigests([stem])), MOST)),
  );
  return Object.assign({}, ...shares) as Record<string, string>;
}

describe.each([32, 128])('workgroups of %i invocations', (size) => {
  test('give the golden digests of operator cases on stack E', { timeout: LIMIT }, async () => {
    const [shaders, edits] = workgroupsOf(size);
    expect(shaders.length).toBeGreaterThan(10);
    const bundle = await buildJob('cases_job', `test-workgroups/${size}`, shaders, { edits });
    const stack = await openStack('E', { bundle, timeoutMs: LIMIT - 10_000 });
    try {
      const golden = goldenOfShare();
      const reply = await stack.run({ backend: 'webgpu', ids: Object.keys(golden) });
      expect(reply.error).toBeUndefined();
      const { digests } = reply.result as CasesReport;
      expect(Object.keys(digests).length).toBe(Object.keys(golden).length);
      const differing = Object.keys(golden).filter((key) => digests[key] !== golden[key]);
      expect(differing.map((key) => `${key}: ${digests[key] ?? 'missing'}`)).toEqual([]);
    } finally {
      await stack.close();
    }
  });
});
