// The device gate on every WebGPU stack (docs/NUMERICS.md, B7): each stack of this machine is 'full', and how long that
// took is printed. A device with a fault planted in its compiler is 'reduced' with the goldens' bits where its floats are
// at fault, and 'refused' where its integers are. STACKS=A,E narrows.
import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { STACKS } from '../../src/cli/stacks/catalog.ts';
import { openStack } from '../../src/cli/stacks/runner.ts';
import { buildJob } from '../harness/build_job.ts';
import type { GateJob, GateResult } from '../jobs/gate_job.ts';

const wanted = process.env['STACKS']?.split(',');
const stacks = STACKS.filter(
  (spec) =>
    spec.backend === 'webgpu' &&
    (wanted === undefined ? !spec.optional || spec.find() === undefined : wanted.includes(spec.id)),
).map((spec) => spec.id);
const LIMIT = 300_000;

let bundle = '';
beforeAll(async () => {
  bundle = await buildJob('gate_job', 'test-gate-job');
}, 120_000);

async function examined(id: string, job: GateJob): Promise<GateResult> {
  const stack = await openStack(id, { bundle, timeoutMs: LIMIT - 10_000 });
  try {
    const reply = await stack.run(job);
    expect(reply.error).toBeUndefined();
    return reply.result as GateResult;
  } finally {
    await stack.close();
  }
}
const namesOf = ({ report }: GateResult, outcome: string): string[] =>
  report.findings.filter((one) => one.outcome === outcome).map((one) => one.name);

const rows: string[] = [];
afterAll(() => console.log(`device gate\n${rows.join('\n')}`));

describe.each(stacks)('stack %s', (id) => {
  test('is full', { timeout: LIMIT }, async () => {
    const result = await examined(id, {});
    const { report } = result;
    const habits = report.findings
      .filter((one) => one.outcome === 'information' && one.detail !== 'no')
      .map((one) => one.name);
    rows.push(
      `${id}  ${report.verdict}  ${report.milliseconds.toFixed(0)} ms  ${habits.join('; ')}`,
    );
    expect(report.findings.filter((one) => one.outcome === 'differs')).toEqual([]);
    expect(report.verdict).toBe('full');
    expect(report.findings.length).toBeGreaterThan(20);
  });
});

// ---- planted faults: how a faulty compiler would treat the texts

const noBarrier: GateJob['edits'] = [
  ['bitcast<u32>(v) | opaque_zero', 'bitcast<u32>(v)'],
  ['bitcast<vec4<u32>>(v) | vec4<u32>(opaque_zero)', 'bitcast<vec4<u32>>(v)'],
];
/** What a device that fuses gives: the product's error, exact by splitting its factors, joins the sum. */
const fused: GateJob['edits'] = [
  [
    'return bar4(sum + bar4(a * b));',
    `let p = bar4(a * b);
    let mask = vec4<u32>(0xfffff000u);
    let f = vec4<f32>(b);
    let ah = bitcast<vec4<f32>>(bitcast<vec4<u32>>(a) & mask);
    let bh = bitcast<vec4<f32>>(bitcast<vec4<u32>>(f) & mask);
    let al = bar4(a - ah);
    let bl = bar4(f - bh);
    let e = bar4(bar4(bar4(bar4(bar4(ah * bh) - p) + bar4(ah * bl)) + bar4(al * bh)) + bar4(al * bl));
    let s = bar4(sum + p);
    let bb = bar4(s - sum);
    let error = bar4(bar4(sum - bar4(s - bb)) + bar4(p - bb));
    return bar4(s + bar4(error + e));`,
  ],
];
const towardZero: GateJob['edits'] = [
  [
    'return bar_bits(bitcast<f32>(a) * bitcast<f32>(b));',
    'return bar_bits(bitcast<f32>(a) * bitcast<f32>(b)) & 0xfffffffeu;',
  ],
];

function golden(stems: readonly string[]): Record<string, string> {
  const all: Record<string, string> = {};
  for (const stem of stems) {
    const text = readFileSync(new URL(`../golden/${stem}.json`, import.meta.url), 'utf8');
    Object.assign(all, JSON.parse(text));
  }
  return all;
}

const planted = (ids: readonly string[]): string[] => ids.filter((id) => stacks.includes(id));

describe.each([
  ...planted(['C', 'D']).map(
    (id) => [id, 'a compiler that sees through the barrier', noBarrier, 'reassociation'] as const,
  ),
  ...planted(['E']).map((id) => [id, 'a device that fuses', fused, 'reassociation'] as const),
  ...planted(['E']).map(
    (id) => [id, 'a product not rounded to nearest', towardZero, 'rounding'] as const,
  ),
])('stack %s with %s', (id, what, edits, finding) => {
  test('is reduced, with the same bits', { timeout: LIMIT }, async () => {
    const stems = ['reduce', 'softmax'];
    const result = await examined(id, { edits, stems });
    rows.push(`${id}  ${result.report.verdict}  ${what}: ${namesOf(result, 'differs').join(', ')}`);
    expect(namesOf(result, 'differs')).toContain(finding);
    expect(result.report.verdict).toBe('reduced');
    expect(result.rung).toBe('soft');
    expect(result.digests).toEqual(golden(stems));
    expect(result.rungNotes.length).toBeGreaterThan(10);
    for (const note of result.rungNotes) {
      expect(note).toMatch(/: computed on rung soft: the device's floats failed its gate\./);
    }
  });
});

describe.each(planted(['E']))('stack %s with wrong integers', (id) => {
  test.each([
    ['a carry dropped', 'a.hi + b.hi + select(0u, 1u, lo < a.lo)', 'a.hi + b.hi', 'carries'],
    ['a limb dropped', 'let mid = a1 * b0 + (low >> 16u);', 'let mid = a1 * b0;', 'limb products'],
    [
      'the flag not stored',
      'atomicStore(&status.flag, 1u);',
      'atomicStore(&status.flag, 0u);',
      'flag',
    ],
    ['the upper half of loads lost', 'put(v.x);', 'put(v.x & 0xffffu);', 'loads'],
    [
      'a byte without its sign',
      'raised_bytes(word ^ RAISES) - vec4<u32>(RAISED)',
      'raised_bytes(word)',
      'dot products of bytes',
    ],
  ])('%s: is refused', { timeout: LIMIT }, async (what, find, replace, finding) => {
    const result = await examined(id, { edits: [[find, replace]], stems: ['pad'] });
    rows.push(`${id}  ${result.report.verdict}  ${what}: ${namesOf(result, 'differs').join(', ')}`);
    expect(namesOf(result, 'differs')).toContain(finding);
    expect(result.report.verdict).toBe('refused');
    const refused = /^error: DeviceError: WebGPU: this device does not compute as WGSL demands \(/;
    for (const digest of Object.values(result.digests)) expect(digest).toMatch(refused);
    expect(result.auto).toEqual([expect.stringMatching(/^auto took wasm: .*Use backend wasm/)]);
  });
});

describe.each(planted(['C', 'D', 'E']))('stack %s with dot4I8Packed', (id) => {
  test('is full', { timeout: LIMIT }, async () => {
    const { report } = await examined(id, { packedDots: true });
    const dots = report.findings.find(({ name }) => name === 'dot products of bytes');
    expect(dots).toEqual({ name: 'dot products of bytes', outcome: 'ok', detail: '512 words' });
    expect(report.verdict).toBe('full');
  });

  test('that is wrong: is full without it, with the same bits', { timeout: LIMIT }, async () => {
    const stems = ['integer'];
    const edits = [['dot4I8Packed(word, words.y)', 'dot4I8Packed(word, words.y >> 1u)']] as const;
    const result = await examined(id, { edits, stems, packedDots: true });
    const dots = result.report.findings.find(({ name }) => name === 'dot products of bytes');
    expect(dots?.outcome).toBe('information');
    expect(dots?.detail).toMatch(/^\d+ of 512 words differ; of .*; dot4I8Packed is not used$/);
    expect(result.report.verdict).toBe('full');
    expect(result.digests).toEqual(golden(stems));
  });
});

describe.each(planted(['E']))('stack %s with indices of 24 bits', (id) => {
  test('is full; what binds more is computed by the reference', { timeout: LIMIT }, async () => {
    const edits = [['out0[far]', 'out0[far & 0xffffffu]']] as const;
    const sound = await examined(id, { large: true });
    const { report, large } = await examined(id, { edits, large: true });
    const found = report.findings.find(({ name }) => name === 'indices past 2^24');
    expect(found?.outcome).toBe('information');
    expect(found?.detail).toMatch(/ differ; of \d+: .*; dispatches that bind more than 64 MiB are/);
    expect(report.verdict).toBe('full');
    expect(large?.notes).toEqual([expect.stringMatching(/computed by the reference\.$/)]);
    expect(sound.large).toEqual({ digest: large?.digest, notes: [] });
  });
});
