// What a page loads of the built library, gzipped, file by file: for a model on WASM as Node loads it, and all there is.
// The limits are those of docs/BENCHMARKS.md. A worker holds the library once more and is loaded where it is asked for; it
// is no part of the sums.
import { spawnSync } from 'node:child_process';
import { readFileSync, renameSync, rmSync } from 'node:fs';
import { basename, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { gzipSync } from 'node:zlib';
import { build } from 'vite';
import { afterAll, beforeAll, expect, test } from 'vitest';

const root = fileURLToPath(new URL('../../', import.meta.url));
const outDir = join(root, 'build/test-size');
const KB = 1024;
const ONE_BACKEND = 150 * KB;
const EVERYTHING = 400 * KB;

interface File {
  readonly imports: readonly string[];
  readonly dynamicImports: readonly string[];
}
const files = new Map<string, File>();

beforeAll(async () => {
  const options = { logLevel: 'error' as const, root, build: { outDir } };
  const built = await build({ ...options, configFile: join(root, 'vite.config.ts') });
  for (const { output } of [built].flat().filter((one) => 'output' in one)) {
    for (const chunk of output) if (chunk.type === 'chunk') files.set(chunk.fileName, chunk);
  }
}, 120_000);
afterAll(() => rmSync(outDir, { recursive: true, force: true }));

/** All that a file imports, itself first; with `later` also what it imports when it is needed. */
function filesOf(name: string, later: boolean, found = new Set<string>()): Set<string> {
  const file = files.get(name);
  // host: the worker.
  if (found.has(name) || file === undefined || name.startsWith('host')) return found;
  found.add(name);
  for (const one of [...file.imports, ...(later ? file.dynamicImports : [])]) {
    filesOf(one, later, found);
  }
  return found;
}

/** The files of the library that a process loads for `code`, a module that finds it as `isobit`. */
function filesLoadedBy(code: string): Set<string> {
  const hook = `import { writeSync } from 'node:fs';
    export function load(url, context, next) { writeSync(2, url + '\\n'); return next(url, context); }`;
  const module = (text: string): string => `data:text/javascript,${encodeURIComponent(text)}`;
  const register = `import { register } from 'node:module'; register(${JSON.stringify(module(hook))});`;
  const script = `const isobit = await import(${JSON.stringify(pathToFileURL(join(outDir, 'index.js')))});\n${code}`;
  const { status, stderr } = spawnSync(
    process.execPath,
    ['--import', module(register), '--input-type=module', '--eval', script],
    { encoding: 'utf8', cwd: root },
  );
  expect(status, stderr).toBe(0);
  const here = pathToFileURL(outDir).href;
  return new Set(
    stderr
      .split('\n')
      .filter((line) => line.startsWith(here))
      .map((line) => basename(line)),
  );
}

const sizeOf = (names: Iterable<string>): number =>
  [...names].reduce((sum, name) => sum + gzipSync(readFileSync(join(outDir, name))).length, 0);

function say(what: string, names: ReadonlySet<string>): void {
  const kb = (one: Iterable<string>): string => (sizeOf(one) / KB).toFixed(1);
  const parts = [...names].map((name) => `${name.replace(/(-.{8})?\.js$/, '')} ${kb([name])}`);
  console.log(`${what}: ${kb(names)} KB gzipped: ${parts.join(', ')}`);
}

const kinds = (names: Iterable<string>): string[] =>
  [...names].map((name) => name.replace(/(-.{8})?\.js$/, ''));

test('a page that stays on WASM loads no GPU part, and no more than the limit', () => {
  const loaded = filesLoadedBy(`
    const model = await isobit.load('demo/public/digits.onnx');
    const image = new isobit.Tensor('float32', new Float32Array(784), [1, 1, 28, 28]);
    const { outputs } = await model.run({ image }, { backend: 'wasm' });
    if (outputs.logits.dims[1] !== 10) throw new Error('no logits');`);
  say('one backend', loaded);
  expect(kinds(loaded)).toContain('core');
  for (const name of ['webgpu', 'functions', 'other', 'quantised', 'sequences']) {
    expect(kinds(loaded)).not.toContain(name);
  }
  expect(sizeOf(loaded)).toBeLessThan(ONE_BACKEND);
});

test('where there is no GPU, none of its part is loaded to find out', () => {
  const loaded = filesLoadedBy(`
    const gpu = { requestAdapter: () => Promise.resolve(null) };
    const why = await isobit.probe({ gpu }).catch((error) => error.stage);
    if (why !== 'adapter') throw new Error(why);`);
  expect(kinds(loaded)).not.toContain('webgpu');
});

test('where the GPU part cannot be loaded, auto takes WASM and says why', () => {
  const [part = ''] = [...files.keys()].filter((name) => name.startsWith('webgpu'));
  renameSync(join(outDir, part), join(outDir, 'gone'));
  try {
    const loaded = filesLoadedBy(`
      const gpu = { requestAdapter: () => Promise.resolve({}) };
      const model = await isobit.load('demo/public/digits.onnx', { gpu });
      const image = new isobit.Tensor('float32', new Float32Array(784), [1, 1, 28, 28]);
      const { backend, notes } = await model.run({ image });
      const [{ message }] = notes;
      if (backend !== 'wasm' || !message.includes('could not be loaded')) throw new Error(message);`);
    expect(kinds(loaded)).toContain('core');
  } finally {
    renameSync(join(outDir, 'gone'), join(outDir, part));
  }
});

test('the library with both backends stays below 400 KB', () => {
  const all = filesOf('index.js', true);
  say('everything', all);
  expect(kinds(all)).toEqual(expect.arrayContaining(['core', 'functions', 'webgpu', 'remote']));
  expect(sizeOf(all)).toBeLessThan(EVERYTHING);
});

test('importing loads neither the core, nor the GPU part, nor a worker', () => {
  const first = kinds(filesOf('index.js', false));
  expect(first.filter((name) => ['core', 'webgpu', 'remote', 'host'].includes(name))).toEqual([]);
});
