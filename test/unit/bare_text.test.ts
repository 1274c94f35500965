// The text without barriers that `npm run bench:barriers` compares with: it is the shader's own but for their two bodies, it
// is refused where there are none, and nothing that the package is made of can come by it.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import product from '../../shaders/math/product_8x8.wgsl';
import { assembleOn } from '../../src/backends/webgpu/rungs.ts';
import { bare } from '../harness/bare_text.ts';

test('it is the shader’s own but for the bodies of its barriers', () => {
  for (const rung of ['full', 'light'] as const) {
    const text = assembleOn(rung, product);
    const lines = text.split('\n');
    const other = bare(text).split('\n');
    const changed = lines.flatMap((line, i) => (line === other[i] ? [] : [other[i]?.trim()]));
    expect(other).toHaveLength(lines.length);
    expect(changed).toEqual(['return bitcast<u32>(v);', 'return v;']);
  }
});

test('a text without barriers, or with other ones, is refused', () => {
  expect(() => bare(assembleOn('soft', product))).toThrow('found it 0 times');
  const text = assembleOn('full', product);
  expect(() => bare(text + text)).toThrow('found it 2 times');
});

test('the package does not have it', () => {
  const root = join(import.meta.dirname, '../../src');
  const files = readdirSync(root, { recursive: true, encoding: 'utf8' }).filter((name) =>
    name.endsWith('.ts'),
  );
  expect(files.length).toBeGreaterThan(100);
  const users = files.filter((name) => readFileSync(join(root, name), 'utf8').includes('/test/'));
  expect(users).toEqual([]);
});
