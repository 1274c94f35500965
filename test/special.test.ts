// R1: a result for every bit pattern. Every operator case again with special words, with integers at the ends of their
// range and indices outside, and with axes of size 0 and 1: the reference has the words of the oracle.
// STEMS=conv,softmax narrows; SPECIAL_SEEDS=20 tries more fillings than one of each kind.
import { describe, expect, test } from 'vitest';
import { registry } from '../src/ops/index.ts';
import type { OpCase } from './harness/cases.ts';
import { runCase } from './harness/conform.ts';
import { differenceFromOracle } from './harness/oracle_tensors.ts';
import { FILLINGS, resizedVariants, specialVariant } from './harness/special_variants.ts';
import { caseFiles } from './ops/index.ts';

const seeds = Number(process.env['SPECIAL_SEEDS'] ?? '1');
const wanted = process.env['STEMS']?.split(',');
const stems = wanted ?? [...caseFiles.keys()];
const operatorsOf = (one: OpCase): string[] =>
  one.graph.nodes.map((node) => `${node.domain}:${node.opType}`);
const elements = (one: OpCase): number =>
  [...one.feeds.values(), ...one.graph.initializers.values()].reduce((sum, x) => sum + x.size, 0);

/** What is wrong with a case, in words; 'refused' if the library refuses it by an error of its own. */
async function judge(one: OpCase): Promise<string | undefined> {
  const { digest, outputs } = await runCase(one, 'wasm');
  if (digest.startsWith('error')) {
    const own = /^error: (UnsupportedOpError|ModelError|RangeError|TypeError): \w+.*: /.test(
      digest,
    );
    return own ? 'refused' : digest;
  }
  try {
    return differenceFromOracle(one.graph, one.feeds, outputs);
  } catch (error) {
    return error instanceof Error ? (error.stack ?? error.message) : String(error);
  }
}

describe.each(stems)('%s', (stem) => {
  const cases = caseFiles.get(stem) ?? [];

  test(
    'special words: the reference has the words of the oracle',
    { timeout: 3_600_000 },
    async () => {
      const wrong: string[] = [];
      // A large case is run with one filling of each seed, the others with all.
      for (const [k, one] of cases.entries()) {
        for (let seed = 1; seed <= seeds; seed += 1) {
          const fillings =
            elements(one) > 1500 ? FILLINGS.filter((_, i) => i === (k + seed) % 3) : FILLINGS;
          for (const filling of fillings) {
            const variant = specialVariant(one, filling, seed);
            const text = variant === undefined ? undefined : await judge(variant);
            if (text !== undefined) wrong.push(`${variant?.id ?? ''}: ${text}`);
          }
        }
      }
      expect(wrong).toEqual([]);
    },
  );
});

// Operators without a fed tensor that an axis can be taken from or given: known while planning, or fixed by what is beside it; their own cases have the empty
// results (test/ops/generate.cases.ts).
const NEVER_RESIZED: readonly string[] = [
  ':AffineGrid',
  ':BlackmanWindow',
  ':Constant',
  ':ConstantOfShape',
  ':HammingWindow',
  ':HannWindow',
  ':MelWeightMatrix',
  ':RandomNormal',
  ':RandomUniform',
  ':Range',
  'ai.onnx.preview.training:Adagrad',
  'ai.onnx.preview.training:Adam',
  'ai.onnx.preview.training:Momentum',
  'com.microsoft:QLinearConcat',
];

test(
  'axes of size 0 and 1: the words of the oracle, for every operator',
  { timeout: 3_600_000 },
  async () => {
    const wrong: string[] = [];
    const accepted = { 0: new Map<string, number>(), 1: new Map<string, number>() };
    // As many of each operator's cases, the smallest first, as it takes.
    const all = stems
      .flatMap((stem) => caseFiles.get(stem) ?? [])
      .toSorted((a, b) => elements(a) - elements(b));
    for (const size of [0, 1] as const) {
      for (const one of all) {
        const names = operatorsOf(one);
        const counts = accepted[size];
        if (names.every((name) => (counts.get(name) ?? 0) >= 12 * seeds)) continue;
        for (const variant of resizedVariants(one, size)) {
          const text = await judge(variant);
          if (text === 'refused') continue;
          for (const name of names) counts.set(name, (counts.get(name) ?? 0) + 1);
          if (text !== undefined) wrong.push(`${variant.id}: ${text}`);
        }
      }
    }
    expect(wrong).toEqual([]);
    if (wanted !== undefined) return;
    const names = registry.all().map((def) => `${def.domain ?? ''}:${def.type}`);
    const without = (size: 0 | 1): string[] => names.filter((name) => !accepted[size].has(name));
    expect([...new Set(without(0))].sort(), 'never with an empty axis').toEqual(NEVER_RESIZED);
    expect([...new Set(without(1))].sort(), 'never with an axis of size 1').toEqual(NEVER_RESIZED);
  },
);
