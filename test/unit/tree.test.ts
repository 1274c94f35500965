// The structure of the repository, checked where two texts must agree: kernels and their twins, Params fields in
// TypeScript, C and WGSL, chain steps, flush limits, and which layer may import which (docs/ARCHITECTURE.md).
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { describe, expect, test } from 'vitest';
import {
  CHAIN_LOADS,
  CHAIN_OPS,
  CHAIN_RANK,
  CHAIN_REGISTERS,
  CHAIN_STEPS,
} from '../../src/core/chain.ts';
import type { Kernel } from '../../src/core/op.ts';
import { caseFiles } from '../ops/index.ts';
import { registry } from '../../src/ops/index.ts';

const root = resolve(import.meta.dirname, '../..');
const read = (path: string): string => readFileSync(join(root, path), 'utf8');
const withoutComments = (text: string): string =>
  text.replace(/\/\/.*$/gm, '').replace(/\/\*[\s\S]*?\*\//g, '');

function filesBelow(folder: string, ending: string): string[] {
  return readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith(ending))
    .map((name) => join(folder, name))
    .sort();
}

const modules = import.meta.glob<Record<string, unknown>>('../../src/ops/*.ts', { eager: true });
function isKernel(value: unknown): value is Kernel {
  return typeof value === 'object' && value !== null && 'params' in value && 'name' in value;
}
const kernels = [
  ...new Map(
    Object.values(modules)
      .flatMap((module) => Object.values(module))
      .filter(isKernel)
      .map((kernel) => [kernel.name, kernel]),
  ).values(),
];

/** `u32 n; u32 dims[8];` of a struct, as `name:kind[length]`; names of macros are left as they are. */
function cFields(text: string): string[] {
  const fields: string[] = [];
  for (const statement of withoutComments(text).split(';')) {
    const match = /^\s*(u32|i32|f32)\s+([\s\S]+)$/.exec(statement);
    if (!match) continue;
    for (const name of (match[2] ?? '').split(',')) {
      const array = /^\s*(\w+)\s*(?:\[(\w+)\])?\s*$/.exec(name);
      fields.push(`${array?.[1] ?? '?'}:${match[1] ?? ''}${array?.[2] === undefined ? '' : '[]'}`);
    }
  }
  return fields;
}

function wgslFields(text: string): string[] {
  return [
    ...withoutComments(text).matchAll(
      /(\w+)\s*:\s*(u32|i32|f32|array<vec4<(?:u32|i32|f32)>\s*,\s*\w+>)/g,
    ),
  ].map(([, name = '', type = '']) =>
    type.startsWith('array') ? `${name}:${type.slice(11, 14)}[]` : `${name}:${type}`,
  );
}

const tsFields = (kernel: Kernel): string[] =>
  kernel.params.map((field) => `${field.name}:${field.kind}${field.length > 1 ? '[]' : ''}`);

/** The body of `struct NAME { … }` or `typedef struct { … } NAME;` with an end at `Chain chain`. */
function structBody(text: string, pattern: RegExp): string | undefined {
  return pattern.exec(text)?.[1]?.split(/\bChain chain\b|\bchain\s*:\s*Chain\b/)[0];
}

describe('kernels', () => {
  test('are found', () => expect(kernels.length).toBeGreaterThan(10));

  test.each(kernels.map((kernel) => [kernel.name, kernel] as const))(
    '%s has its twins',
    (name, kernel) => {
      const c = read(`wasm/ops/${name}.c`);
      expect(c).toContain(`KERNEL(${name})`);
      const cBody = structBody(c, /typedef struct \{([\s\S]*?)\}\s*\w*Params;/);
      if (kernel.params.length > 0) {
        expect(cFields(cBody ?? ''), `Params in wasm/ops/${name}.c`).toEqual(tsFields(kernel));
      }
      if (kernel.shader === undefined) return;
      const path = `shaders/ops/${name}.wgsl`;
      expect(existsSync(join(root, path)), path).toBe(true);
      const wgslBody = structBody(read(path), /struct Params \{([\s\S]*?)\n\}/);
      expect(wgslFields(wgslBody ?? ''), `Params in ${path}`).toEqual(tsFields(kernel));
    },
  );

  test('every C kernel and every shader belongs to a kernel', () => {
    const names = new Set(kernels.map((kernel) => kernel.name));
    const stray = (folder: string, ending: string): string[] =>
      filesBelow(folder, ending).filter((path) => {
        const stem = path.slice(folder.length + 1, -ending.length);
        // A second text of one kernel is named after it: conv_taps_tile.wgsl.
        return ![...names].some((name) => stem === name || stem.startsWith(`${name}_`));
      });
    expect(stray('wasm/ops', '.c')).toEqual([]);
    expect(stray('shaders/ops', '.wgsl')).toEqual([]);
  });

  test('every operator occurs in a case', () => {
    const used = new Set(
      [...caseFiles.values()]
        .flat()
        .flatMap((one) => one.graph.nodes.map((node) => `${node.domain}:${node.opType}`)),
    );
    const unused = registry
      .all()
      .map((def) => `${def.domain ?? ''}:${def.type}`)
      .filter((name) => !used.has(name));
    expect([...new Set(unused)]).toEqual([]);
  });
});

describe('chains', () => {
  const header = read('wasm/chain.h');
  test('steps have the same names and codes in TypeScript and C', () => {
    const list = /#define CHAIN_OPS\(OP\)([\s\S]*?)\n\n/.exec(header)?.[1] ?? '';
    const names = [...list.matchAll(/OP\((\w+)\)/g)].map((match) => match[1]);
    expect(names).toEqual(Object.keys(CHAIN_OPS));
  });

  test('every step is a function in WGSL', () => {
    const text = filesBelow('shaders/math', '.wgsl').map(read).join('\n');
    const missing = Object.keys(CHAIN_OPS).filter(
      (name) => name !== 'seed' && !name.startsWith('load_') && !text.includes(`fn ${name}(`),
    );
    expect(missing).toEqual([]);
  });

  test('capacities agree', () => {
    const value = (name: string): number =>
      Number(new RegExp(`#define ${name} (\\d+)`).exec(header)?.[1]);
    expect(
      ['CHAIN_RANK', 'CHAIN_LOADS', 'CHAIN_STEPS', 'CHAIN_REGISTERS'].map((name) => value(name)),
    ).toEqual([CHAIN_RANK, CHAIN_LOADS, CHAIN_STEPS, CHAIN_REGISTERS]);
    const body = structBody(read('shaders/math/chain.wgsl'), /struct Chain \{([\s\S]*?)\n\}/) ?? '';
    expect(wgslFields(body).map((field) => field.split(':')[0])).toEqual([
      'n_steps',
      'rank',
      'first_input',
      'output_bytes',
      'dims',
      'strides',
      'steps',
    ]);
    expect(body).toContain(`dims: array<vec4<u32>, ${CHAIN_RANK / 4}>`);
    expect(body).toContain(`strides: array<vec4<u32>, ${(CHAIN_LOADS * CHAIN_RANK) / 4}>`);
    expect(body).toContain(`steps: array<vec4<u32>, ${CHAIN_STEPS / 4}>`);
  });

  test('flush limits agree', () => {
    const c = read('wasm/canonical.h');
    const wgsl = read('shaders/math/arith.wgsl');
    for (const name of ['CANONICAL_NAN', 'CANONICAL_LIMIT', 'PRODUCT_LIMIT', 'SUMMAND_LIMIT']) {
      const inC = new RegExp(`#define ${name} (0x[0-9a-f]+)u`).exec(c)?.[1];
      const inWgsl = new RegExp(`const ${name}: u32 = (0x[0-9a-f]+)u`).exec(wgsl)?.[1];
      expect(inC, name).toBeDefined();
      expect(inWgsl, name).toBe(inC);
    }
  });
});

// The same table stands in docs/ARCHITECTURE.md; a folder may import itself and what is listed.
const LAYERS: Readonly<Record<string, readonly string[]>> = {
  'src/core': [],
  'src/ops': ['src/core', 'shaders'],
  'src/graph': ['src/core'],
  'src/host': ['src/core'],
  'src/onnx': ['src/core', 'src/graph'],
  'src/backends': ['src/core', 'src/graph', 'shaders'],
  'src/worker': ['src/core', 'src/graph', 'src'],
  'src/evidence': ['src/core', 'src/graph'],
  'src/jobs': ['src'],
  'src/cli': ['src/core', 'src/graph', 'src/onnx', 'src/evidence', 'src/jobs', 'src'],
};

function layerOf(path: string): string {
  const folder = dirname(path);
  if (folder.startsWith('shaders')) return 'shaders';
  return (
    Object.keys(LAYERS).find((layer) => folder === layer || folder.startsWith(`${layer}/`)) ??
    folder
  );
}

describe('layers', () => {
  test('imports point down the table', () => {
    const wrong: string[] = [];
    for (const path of filesBelow('src', '.ts')) {
      const layer = layerOf(path);
      const allowed = LAYERS[layer];
      if (allowed === undefined) continue; // src itself sees everything below it
      for (const match of read(path).matchAll(/from '(\.[^']+)'|import\('(\.[^']+)'\)/g)) {
        const target = relative(
          root,
          resolve(root, dirname(path), (match[1] ?? match[2] ?? '').replace(/\?.*$/, '')),
        );
        const to = layerOf(target);
        if (to !== layer && !allowed.includes(to) && to !== '.')
          wrong.push(`${path} imports ${target}`);
      }
    }
    expect(wrong).toEqual([]);
  });

  test('the table is the one of docs/ARCHITECTURE.md', () => {
    const rows = [...read('docs/ARCHITECTURE.md').matchAll(/^\| `(src\/\w+)` \| ([^|]+) \|/gm)].map(
      ([, layer = '', list = '']): [string, string[]] => [
        layer,
        [...list.matchAll(/`([^`]+)`/g)].map((match) => match[1] ?? ''),
      ],
    );
    expect(Object.fromEntries(rows)).toEqual(LAYERS);
  });

  test('operators hold no GPU object, backends no operator, nothing a device-dependent function', () => {
    for (const path of filesBelow('src/ops', '.ts')) {
      expect(withoutComments(read(path)), path).not.toMatch(/\bGPU[A-Z]\w*|WebAssembly|\bawait\b/);
    }
    const names = new Set(registry.all().map((def) => def.type));
    for (const path of [...filesBelow('src/backends', '.ts'), ...filesBelow('src/graph', '.ts')]) {
      const quoted = [...withoutComments(read(path)).matchAll(/'(\w+)'/g)].map(
        (match) => match[1] ?? '',
      );
      expect(
        quoted.filter((word) => names.has(word)),
        path,
      ).toEqual([]);
    }
    // Math.exp and its like differ between engines in the last bit; clocks and chance have no place in results.
    const banned =
      /\bMath\.(exp|expm1|log|log2|log10|log1p|sin|cos|tan|asin|acos|atan|atan2|sinh|cosh|tanh|pow|cbrt|hypot|random)\b|\bDate\.now\b/;
    for (const folder of ['src/core', 'src/ops', 'src/graph', 'src/onnx', 'src/backends']) {
      for (const path of filesBelow(folder, '.ts'))
        expect(withoutComments(read(path)), path).not.toMatch(banned);
    }
  });
});

test('no test is skipped: what cannot run here says so and fails under CI', () => {
  // A block that is not there without its files or without root is guarded by a test of its own beside it.
  const skipping = /\b(?:test|it|describe)(?:\.\w+)*\.(?:skip|skipIf|todo|only|fixme)\b/;
  const files = filesBelow('test', '.ts');
  expect(files.length).toBeGreaterThan(50);
  expect(files.filter((path) => skipping.test(read(path)))).toEqual([]);
});
