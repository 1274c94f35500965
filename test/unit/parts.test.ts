// The parts that operators are loaded in: src/part_names.ts says what is in which (`npm run docs:operators` writes it), and
// what the lowering of an operator calls stands in its own part or in the basic one.
import { readFileSync, writeFileSync } from 'node:fs';
import { format } from 'prettier';
import { describe, expect, test } from 'vitest';
import { WasmBackend } from '../../src/backends/wasm.ts';
import { nameOf } from '../../src/graph/graph.ts';
import { Operators, PARTS } from '../../src/registry.ts';
import { PartNeeded } from '../../src/graph/check.ts';
import { hostOperators } from '../../src/host/index.ts';
import { registry } from '../../src/ops/index.ts';
import { operators as basic } from '../../src/ops/parts/basic.ts';
import { runPlanned } from '../harness/planned.ts';
import { allCaseFiles } from '../host/index.ts';

const path = new URL('../../src/part_names.ts', import.meta.url);

async function generated(): Promise<string> {
  const parts = await Promise.all(
    Object.entries(PARTS).map(async ([part, load]) => {
      const { operators } = await load();
      const names = new Set(operators.map(({ domain = '', type }) => nameOf(domain, type)));
      return `  ${part}: ${JSON.stringify([...names].sort().join(' '))},`;
    }),
  );
  const text = `// Generated from the parts by \`npm run docs:operators\`: the operators of each that is not loaded with the library, as
// \`Type\`, or \`domain:Type\` outside ai.onnx.
export const PART_NAMES = {
${parts.sort().join('\n')}
} as const;

export type PartName = keyof typeof PART_NAMES;
`;
  return format(text, { parser: 'typescript', singleQuote: true, printWidth: 100 });
}

test('src/part_names.ts is current: npm run docs:operators', async () => {
  const text = await generated();
  if (process.env['UPDATE_DOCS'] === '1') writeFileSync(path, text);
  expect(readFileSync(path, 'utf8')).toBe(text);
});

test('every operator stands in one part', async () => {
  const all = [...basic];
  const host: unknown[] = [];
  for (const load of Object.values(PARTS)) {
    for (const one of (await load()).operators) {
      if ('lower' in one) all.push(one);
      else host.push(one);
    }
  }
  expect(new Set(all)).toEqual(new Set(registry.all()));
  expect(all.length).toBe(registry.all().length);
  expect(new Set(host)).toEqual(new Set(hostOperators));
});

describe('what lowering calls is there after the check', () => {
  const cases = [...allCaseFiles.values()].flat();
  test.each(['wasm', 'webgpu'] as const)('on %s', { timeout: 240_000 }, async (target) => {
    const core = await WasmBackend.create();
    const missing = new Set<string>();
    for (const { id, graph, feeds } of cases) {
      const own = new Operators();
      await runPlanned(graph, Object.fromEntries(feeds), { target, fuse: true }, core, own).catch(
        (error: unknown) => missing.add(`${id}: ${String(error)}`),
      );
    }
    expect([...missing]).toEqual([]);
  });
});

test('an operator whose part is not loaded is an error, not an unknown one', async () => {
  const own = new Operators();
  expect(() => own.find('', 'Einsum', 12)).toThrow('part other was not prepared');
  expect(() => own.findHost('', 'If', 21)).toThrow(PartNeeded);
  expect(own.exists('', 'If')).toBe(true);
  expect(own.exists('', 'Unheard')).toBe(false);
  await own.load(['control']);
  expect(own.findHost('', 'If', 21)).toBeDefined();
});
