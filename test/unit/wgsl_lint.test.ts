// The lint over shaders: what it accepts and rejects, and that every shader passes, the generated entry points of
// every element-wise step included.
import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describe, expect, test } from 'vitest';
import { importsOf } from '../../scripts/wgsl_plugin.ts';
import { lintWgsl } from '../../scripts/wgsl_lint.ts';
import { CHAIN_OPS, type ChainOpName, type ChainProgram } from '../../src/core/chain.ts';
import { paramFields, type Dispatch } from '../../src/core/op.ts';
import type { Value } from '../../src/core/value.ts';
import { epilogueChain, wholeChain } from '../../src/ops/chain_wgsl.ts';

const rules = (text: string, name = 'math/rounded'): string[] =>
  lintWgsl(name, text).map((one) => one.rule);
const inside = (body: string): string =>
  `fn f(a: f32, b: f32, u: u32, v: vec4<f32>) -> u32 { ${body} return u; }`;

describe('accepts', () => {
  test.each([
    'let s = bar4(a + b);',
    'let p = bar4(a * b); let s = bar4(p + a);',
    'let s = bar_bits(bitcast<f32>(u) + bitcast<f32>(u));',
    'let w = bar4(v * v);',
    'let s = bar4(sh[u + 1u] * b);',
    'let n = min(u, 3u) + (u << 4u); if (u < 1u) { return n; }',
    'let t = select(0u, 1u, (u & 0x7fffffffu) > 0x7f800000u);',
    'let x = -1 - i32(u);',
    'let x = u / 8u;',
  ])('%s', (body) => expect(rules(inside(body))).toEqual([]));
  test('the approximate quotient and root, in functions named so', () => {
    expect(rules('fn approximate_quotient(a: f32, b: f32) -> f32 { return a / b; }')).toEqual([]);
    expect(rules('fn approximate_root(x: f32) -> f32 { return sqrt(x); }')).toEqual([]);
  });
  test('u32 division in math/index', () =>
    expect(rules('fn f(n: u32, d: u32) -> u32 { return n / d; }', 'math/index')).toEqual([]));
});

describe('outside math/rounded', () => {
  test.each([
    ['a float', 'let s = bitcast<f32>(u);', 'float'],
    ['a rounded sum', 'let s = bar4(a + b);', 'barrier'],
    ['a sum of Float4', 'let s = add4(w, w) + w;', 'barrier'],
    ['a product of Float', 'let s = operand(u) * operand(u);', 'barrier'],
  ])('rejects %s', (_, body, rule) => {
    const context = 'fn operand(u: u32) -> Float { return float_of(u); }';
    const text = `${context} fn f(w: Float4, a: f32, b: f32, u: u32) -> u32 { ${body} return u; }`;
    expect(rules(text, 'ops/x')).toContain(rule);
  });
  test('accepts words, and Float4 that is passed on', () => {
    const text =
      'fn f(w: Float4, u: u32) -> Float4 { let s = add4(w, w); return select(s, Float4(), u < 1u); }';
    expect(rules(text, 'ops/x')).toEqual([]);
  });
});

describe('the light rung', () => {
  const text = 'fn f(a: Float4, b: Float4) -> Float4 { return a + b; }';
  test('may leave barriers away', () => expect(rules(text, 'math/rounded_light')).toEqual([]));
  test('nothing else', () =>
    expect(rules('fn f(a: f32) -> f32 { return fma(a, a, a); }', 'math/rounded_light')).toEqual([
      'banned',
    ]));
});

describe('rejects', () => {
  test.each([
    ['a sum without a barrier', 'let s = a + b;', 'barrier'],
    ['a product fused into a sum', 'let s = bar4(a * b + a);', 'barrier'],
    ['a compound assignment', 'var s = a; s += b;', 'barrier'],
    ['a sum of a let', 'let x = bitcast<f32>(u); let y = x + x;', 'barrier'],
    ['a vector product', 'let w = v * v;', 'barrier'],
    ['a literal', 'let w = 2.0 * a;', 'barrier'],
    ['a division, barrier or not', 'let q = bar4(a / b);', 'barrier'],
    ['fma', 'let s = bar4(fma(a, b, a));', 'banned'],
    ['a device exp', 'let s = exp(a);', 'banned'],
    ['sqrt', 'let s = bar4(sqrt(a));', 'banned'],
    ['dot', 'let s = dot(v, v);', 'banned'],
    ['a subgroup sum', 'let s = subgroupAdd(a);', 'banned'],
    ['a float max', 'let s = max(a, b);', 'integer-only'],
    ['a float comparison', 'if (a < b) { return 1u; }', 'comparison'],
    ['a float equality', 'if (a == b) { return 1u; }', 'comparison'],
    ['a float negation', 'let s = -a;', 'negation'],
    ['a conversion', 'let s = f32(u);', 'conversion'],
    ['u32 /', 'let s = u / 3u;', 'division'],
    ['u32 %', 'let s = u % 3u;', 'division'],
    ['== 0u', 'if (u == 0u) { return 1u; }', 'zero-test'],
    ['a shift by 32', 'let s = u << 32u;', 'shift'],
  ])('%s', (_, body, rule) => expect(rules(inside(body))).toContain(rule));
});

const root = resolve(import.meta.dirname, '../../shaders');
const files = readdirSync(root, { recursive: true, encoding: 'utf8' }).filter((name) =>
  name.endsWith('.wgsl'),
);

const shaderText = new Map(
  files.map((file) => [file.replace(/\.wgsl$/, ''), readFileSync(join(root, file), 'utf8')]),
);

function importedBy(name: string, seen = new Set<string>()): string {
  const parts = importsOf(shaderText.get(name) ?? '').map((other) => {
    if (seen.has(other)) return '';
    seen.add(other);
    return `${importedBy(other, seen)}\n${shaderText.get(other) ?? ''}`;
  });
  return parts.join('\n');
}

test.each([...shaderText])('shaders/%s.wgsl passes', (name, text) => {
  expect(lintWgsl(name, text, importedBy(name))).toEqual([]);
});

describe('generated entry points pass', () => {
  const value: Value = { id: 0, dtype: 'float32', dims: [2, 3], name: '', canonical: false };
  const loads = [0, 1, 2].map((k) => ({
    value: { ...value, id: k },
    strides: k === 1 ? [0, 1] : [3, 1],
  }));
  const host = 'ops/host';
  const dispatch = (chain: ChainProgram): Dispatch => ({
    kernel: { name: 'host', params: paramFields('n') },
    params: new Uint32Array(4),
    inputs: [],
    outputs: [value],
    units: 1,
    unitCost: 1,
    scratch: 0,
    grid: [1, 1, 1],
    constants: {},
    chain,
  });
  test.each(Object.keys(CHAIN_OPS) as ChainOpName[])('%s', (op) => {
    const args = Array.from({ length: CHAIN_OPS[op].arity }, (_, i) => i);
    const program: ChainProgram = {
      dims: [2, 3],
      loads,
      steps: [...loads.map((_, k) => ({ op: 'load_word' as const, args: [k] })), { op, args }],
    };
    expect(lintWgsl('generated', wholeChain(host)(dispatch(program)).text)).toEqual([]);
    expect(lintWgsl('generated', epilogueChain(host)(dispatch(program)).text)).toEqual([]);
  });
});
