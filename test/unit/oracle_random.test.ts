// Random nodes of each operator, with random shapes, attributes and words: the reference has the words of the oracle, or
// refuses the node by one of its own errors. ORACLE_SEEDS=5000 tries more than the usual number of each.
import { describe, expect, test } from 'vitest';
import { nodeCase } from '../harness/cases.ts';
import { runCase } from '../harness/conform.ts';
import { differenceFromOracle } from '../harness/oracle_tensors.ts';
import { Chooser, RANDOM_NODES } from '../harness/random_nodes.ts';

const seeds = Number(process.env['ORACLE_SEEDS'] ?? '25');

describe.each([...RANDOM_NODES])('%s', (opType, make) => {
  test('random nodes have the words of the oracle', { timeout: 3_600_000 }, async () => {
    let refused = 0;
    for (let seed = 0; seed < seeds; seed += 1) {
      const spec = make(new Chooser(seed * 7919 + 17));
      const one = nodeCase(`${opType} seed ${seed}`, 'random', spec);
      const { digest, outputs } = await runCase(one, 'wasm');
      if (digest.startsWith('error')) {
        expect(digest, one.id).toMatch(
          /^error: (UnsupportedOpError|ModelError|RangeError|TypeError)/,
        );
        refused += 1;
        continue;
      }
      const text = differenceFromOracle(one.graph, one.feeds, outputs);
      const { attributes, inputs } = spec;
      const shapes = inputs.map((input) => `${input?.dtype}[${input?.dims.join()}]`).join(' ');
      expect(text, `${one.id}: ${shapes} ${JSON.stringify(attributes ?? {})}`).toBeUndefined();
    }
    expect(refused, 'refused nodes').toBeLessThan(seeds * 0.8);
  });
});
