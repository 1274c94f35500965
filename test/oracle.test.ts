// The three-way test, here WASM = oracle: every operator case on the reference and on the third implementation, which
// shares no code with it (M2), word for word. That WebGPU gives the reference's digests is test/stacks/cases.test.ts.
// STEMS=conv,softmax narrows.
import { describe, expect, test } from 'vitest';
import { registry } from '../src/ops/index.ts';
import type { OpCase } from './harness/cases.ts';
import { runCase } from './harness/conform.ts';
import { differenceFromOracle } from './harness/oracle_tensors.ts';
import { oracleOperators } from './oracle/index.ts';
import { caseFiles } from './ops/index.ts';

const stems = process.env['STEMS']?.split(',') ?? [...caseFiles.keys()];

/** What differs between the reference and the oracle, in words; undefined if nothing does. */
async function difference(one: OpCase): Promise<string | undefined> {
  const names = one.graph.nodes.map((node) => `${node.domain}:${node.opType}`);
  const missing = names.filter((name) => !oracleOperators.has(name));
  if (missing.length > 0) return `no oracle for ${missing.join()}`;
  const reference = await runCase(one, 'wasm');
  if (reference.digest.startsWith('error')) return reference.digest;
  return differenceFromOracle(one.graph, one.feeds, reference.outputs);
}

describe.each(stems)('%s', (stem) => {
  test('the reference has the words of the oracle', { timeout: 120_000 }, async () => {
    const cases = caseFiles.get(stem) ?? [];
    expect(cases.length).toBeGreaterThan(0);
    const wrong: string[] = [];
    for (const one of cases) {
      try {
        const text = await difference(one);
        if (text !== undefined) wrong.push(`${one.id}: ${text}`);
      } catch (error) {
        wrong.push(`${one.id}: ${error instanceof Error ? (error.stack ?? '') : String(error)}`);
      }
    }
    expect(wrong).toEqual([]);
  });
});

test('every operator has an oracle', () => {
  const registered = new Set(registry.all().map((def) => `${def.domain ?? ''}:${def.type}`));
  const without = [...registered].filter((name) => !oracleOperators.has(name));
  expect(without).toEqual([]);
});
