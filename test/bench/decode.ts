// `npm run bench:decode`: a loop that writes tokens, as applications run it: what a run gives for keys and values is fed to the
// next, so every token has shapes of its own. The decoders of scripts/decoder_model.ts, WASM, two threads; ours and
// onnxruntime-web's take turns, a token each, behind a pause in which the threads of the other go to sleep. Ours keeps its caches in
// the core's memory (BENCH_KEEP=0: in arrays), theirs has no such place. BENCH_KIND=q4 takes one of the two, BENCH_TOKENS=100 other than 64 tokens,
// BENCH_PAST=1000 other than 16 before them, BENCH_LAYERS=4 other than 30 layers. Printed are medians of the second half of
// the tokens, when engines have compiled what runs, and the first token, which plans and packs. Not here: one shape again
// and again (isobit bench).
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { expect, test } from 'vitest';
import { main as writeDecoder } from '../../scripts/decoder_model.ts';
import { median } from '../../src/jobs/job.ts';
import { importOrtWeb, type OrtTensor } from '../../src/jobs/ort_module.ts';

const ROOT = resolve(import.meta.dirname, '../..');
const THREADS = 2;
const FIRST = Number(process.env['BENCH_PAST'] ?? 16);
/** Theirs look for work for some milliseconds after a run: ours took 5 to 9 ms longer beside them (as in isobit bench). */
const PAUSE_MS = 20;
const [SHARED_HEADS, HEAD] = [3, 64];

/** Runs the token behind `past` others; milliseconds. */
type Token = (past: number) => Promise<number>;
interface Side {
  readonly token: Token;
  close(): void | Promise<void>;
}

const isCache = (name: string): boolean => name.startsWith('past_key_values');
const outputOf = (input: string): string => input.replace('past_key_values', 'present');

async function ours(bytes: Uint8Array): Promise<Side> {
  const file = pathToFileURL(resolve(ROOT, 'dist/index.js')).href;
  const { load, Tensor } = (await import(
    /* @vite-ignore */ file
  )) as typeof import('../../src/index.ts');
  const model = await load(bytes, { threads: THREADS });
  const names = model.inputs.map(({ name }) => name).filter(isCache);
  const empty = (): InstanceType<typeof Tensor> =>
    new Tensor('float32', new Float32Array(SHARED_HEADS * FIRST * HEAD), [
      1,
      SHARED_HEADS,
      FIRST,
      HEAD,
    ]);
  const caches = new Map(names.map((name) => [name, empty()]));
  const keepOnDevice = process.env['BENCH_KEEP'] === '0' ? false : names.map(outputOf);
  const token: Token = async (past) => {
    const begin = performance.now();
    const { outputs } = await model.run(
      new Map([
        ...caches,
        ['input_ids', new Tensor('int64', [5n], [1, 1])],
        ['seqlens_k', new Tensor('int32', [past], [1])],
        ['total_sequence_length', new Tensor('int32', [past + 1], [])],
      ]),
      { backend: 'wasm', keepOnDevice },
    );
    for (const name of names) {
      const next = outputs[outputOf(name)];
      caches.get(name)?.dispose();
      if (next !== undefined) caches.set(name, next);
    }
    const ms = performance.now() - begin;
    expect(outputs['logits']?.dims.at(-1)).toBeGreaterThan(1);
    return ms;
  };
  return { token, close: () => model.dispose() };
}

async function theirs(bytes: Uint8Array): Promise<Side> {
  const env = {
    url: (path: string) => pathToFileURL(path).href,
    readFile: (path: string) => Promise.resolve(new Uint8Array(readFileSync(path))),
    gpu: undefined,
    log: () => undefined,
  };
  const dist = resolve(ROOT, 'node_modules/onnxruntime-web/dist');
  const ort = await importOrtWeb(env, dist, 'wasm');
  ort.env.wasm.numThreads = THREADS;
  const options = { executionProviders: ['wasm'], graphOptimizationLevel: 'all' };
  const session = await ort.InferenceSession.create(bytes, options);
  const names = session.inputNames.filter(isCache);
  const empty = (): OrtTensor =>
    new ort.Tensor('float32', new Float32Array(SHARED_HEADS * FIRST * HEAD), [
      1,
      SHARED_HEADS,
      FIRST,
      HEAD,
    ]);
  let caches = Object.fromEntries(names.map((name) => [name, empty()]));
  const token: Token = async (past) => {
    const begin = performance.now();
    const outputs = await session.run({
      ...caches,
      input_ids: new ort.Tensor('int64', BigInt64Array.of(5n), [1, 1]),
      seqlens_k: new ort.Tensor('int32', Int32Array.of(past), [1]),
      total_sequence_length: new ort.Tensor('int32', Int32Array.of(past + 1), []),
    });
    const ms = performance.now() - begin;
    caches = Object.fromEntries(
      names.flatMap((name) => {
        const next = outputs[outputOf(name)];
        return next === undefined ? [] : [[name, next]];
      }),
    );
    return ms;
  };
  return { token, close: () => session.release() };
}

async function row(kind: string, tokens: number, layers: string): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), 'isobit-decode-'));
  try {
    expect(writeDecoder([kind, folder, layers])).toBe(0);
    const bytes = new Uint8Array(readFileSync(join(folder, 'decode/model.onnx')));
    const sides = [await ours(bytes), await theirs(bytes)];
    const times = sides.map((): number[] => []);
    for (let t = 0; t < tokens; t += 1) {
      const order = t % 2 === 0 ? [0, 1] : [1, 0];
      for (const i of order) {
        await new Promise((done) => setTimeout(done, PAUSE_MS));
        times[i]?.push((await sides[i]?.token(FIRST + t)) ?? Number.NaN);
      }
    }
    for (const side of sides) await side.close();
    const [mine = 0, other = 0] = times.map((all) => median(all.slice(tokens >> 1)));
    const first = times.map((all) => (all[0] ?? Number.NaN).toFixed(0));
    const cells = [kind, mine.toFixed(1), other.toFixed(1), (other / mine).toFixed(2), ...first];
    return `| ${cells.join(' | ')} |`;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

test('what a token costs in a loop', async () => {
  const kinds = (process.env['BENCH_KIND'] ?? 'q4,f32').split(',');
  const tokens = Number(process.env['BENCH_TOKENS'] ?? 64);
  expect(tokens, 'BENCH_TOKENS').toBeGreaterThan(1);
  const rows: string[] = [];
  for (const kind of kinds) rows.push(await row(kind, tokens, process.env['BENCH_LAYERS'] ?? '30'));
  console.log(
    [
      `${tokens} tokens behind ${FIRST}, ${THREADS} threads, milliseconds a token`,
      '',
      '| weights | ours | theirs | ratio | ours, first | theirs, first |',
      '|---|---|---|---|---|---|',
      ...rows,
    ].join('\n'),
  );
});
