// Every operator case on the reference: digests equal the goldens, hand-written expectations hold word for
// word, and cases that must agree do. `npm run golden` rewrites the goldens, from the reference only.
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { compareTensors } from '../src/compare.ts';
import { registry } from '../src/ops/index.ts';
import type { OpCase } from './harness/cases.ts';
import { runCase } from './harness/conform.ts';
import { caseFiles } from './ops/index.ts';

// `all`, or the stem of one case file.
const update = process.env['UPDATE_GOLDEN'] ?? '';

function goldenPath(stem: string): URL {
  return new URL(`./golden/${stem}.json`, import.meta.url);
}

describe.each([...caseFiles.keys()])('%s', (stem) => {
  const cases: readonly OpCase[] = caseFiles.get(stem) ?? [];

  test('has cases of all four groups with unique ids', () => {
    expect(new Set(cases.map((one) => one.id)).size).toBe(cases.length);
    expect([...new Set(cases.map((one) => one.group))].sort()).toEqual([
      'defined',
      'edges',
      'invariance',
      'random',
    ]);
    for (const one of cases) expect(one.id.startsWith(`${stem}/`), one.id).toBe(true);
  });

  test('on the reference: goldens, expectations, equalities', async () => {
    const digests: Record<string, string> = {};
    const groups = new Map<string, { id: string; words: string }>();
    const wrong: string[] = [];
    for (const one of cases) {
      const result = await runCase(one, 'wasm');
      digests[one.id] = result.digest;
      if (result.digest.startsWith('error')) wrong.push(`${one.id}: ${result.digest}`);
      for (const [name, tensor] of one.expected ?? []) {
        const got = result.outputs.get(name);
        if (got === undefined) {
          wrong.push(`${one.id}: output ${name} is missing`);
          continue;
        }
        if (got.dtype !== tensor.dtype || got.dims.join() !== tensor.dims.join()) {
          wrong.push(
            `${one.id}: expected ${tensor.dtype}[${tensor.dims.join()}], got ${got.dtype}[${got.dims.join()}]`,
          );
          continue;
        }
        const difference = compareTensors(tensor, got);
        if (difference !== undefined) {
          wrong.push(
            `${one.id}: ${name}[${difference.index}]: expected ${difference.a}, got ${difference.b} (${difference.differing} of ${got.size} differ)`,
          );
        }
      }
      if (one.same !== undefined) {
        const { key, from = 0, to } = one.same;
        const data = result.outputs.get('y0');
        const width =
          data === undefined || data.size === 0 ? 1 : data.bytes().byteLength / data.size;
        const part = data
          ?.bytes()
          .subarray(from * width, to === undefined ? undefined : to * width);
        const words = part === undefined ? 'nothing' : Buffer.from(part).toString('hex');
        const first = groups.get(key);
        if (first === undefined) groups.set(key, { id: one.id, words });
        else if (first.words !== words) wrong.push(`${one.id}: differs from ${first.id}`);
      }
    }
    expect(wrong).toEqual([]);
    const path = goldenPath(stem);
    if (update === 'all' || update === stem) {
      writeFileSync(path, `${JSON.stringify(digests, null, 1)}\n`);
    }
    expect(existsSync(path), `test/golden/${stem}.json is missing: npm run golden -- ${stem}`).toBe(
      true,
    );
    expect(digests).toEqual(JSON.parse(readFileSync(path, 'utf8')));
  });
});

/** An infinity or a NaN among the float32 inputs of a case. */
function hasSpecial(one: OpCase): boolean {
  return [...one.feeds.values(), ...one.graph.initializers.values()].some(
    (tensor) =>
      tensor.dtype === 'float32' &&
      new Uint32Array(tensor.bytes().slice().buffer).some((x) => (x & 0x7fffffff) >= 0x7f800000),
  );
}

test('every operator has cases of all four groups, special words among its edges', () => {
  const all = [...caseFiles.values()].flat();
  const missing: string[] = [];
  for (const name of new Set(registry.all().map((def) => `${def.domain ?? ''}:${def.type}`))) {
    const own = all.filter((one) =>
      one.graph.nodes.some((node) => `${node.domain}:${node.opType}` === name),
    );
    for (const group of ['defined', 'edges', 'random', 'invariance']) {
      if (!own.some((one) => one.group === group)) missing.push(`${name} ${group}`);
    }
    const takesFloats = own.some((one) =>
      [...one.feeds.values()].some((x) => x.dtype === 'float32'),
    );
    if (takesFloats && !own.some((one) => one.group === 'edges' && hasSpecial(one))) {
      missing.push(`${name} special words`);
    }
  }
  expect(missing).toEqual([]);
});
