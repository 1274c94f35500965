// Real models on the reference: their reference outputs within the tolerances of meta.json, the digest that is
// committed (test/golden/models.json, rewritten by `npm run golden -- models`), and the same bits fused and unfused.
// The models lie beside the repository; where they are absent this file says so, and fails under CI.
import { existsSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { compareTensors } from '../../src/compare.ts';
import { load, Tensor, type Data, type Model } from '../../src/index.ts';
import { readTensor } from '../../src/onnx/tensor.ts';
import { readModel } from '../../src/onnx/model.ts';
import { WasmBackend } from '../../src/backends/wasm.ts';
import { runPlanned } from '../harness/planned.ts';

const folder = resolve(import.meta.dirname, '../../../shared/models');
const MODELS = [
  'basic-pitch',
  'dtln-1',
  'dtln-2',
  'face-antispoof-int8',
  'magika',
  'micro-kws-qdq',
  'mnist-cnn',
  'silero-vad',
  'sinet-portrait-seg',
  'stories260k',
  'stories260k-int8',
  'stories260k-q4',
  'ultraface-rfb320',
];
const here = existsSync(folder);
if (!here) console.log(`models: ${folder} is absent, its models are not tested`);
test('the models are there in CI', () =>
  expect(here || process.env['CI'] === undefined).toBe(true));

const golden = new URL('../golden/models.json', import.meta.url);
const update = ['all', 'models'].includes(process.env['UPDATE_GOLDEN'] ?? '');
const digests: Record<string, string> = {};
afterAll(() => {
  if (update) writeFileSync(golden, `${JSON.stringify(digests, null, 1)}\n`);
});

function readSet(path: string, kind: 'input' | 'output'): Map<string, Tensor> {
  const names = readdirSync(path)
    .filter((name) => name.startsWith(`${kind}_`))
    .sort(
      (a, b) =>
        Number.parseInt(a.slice(kind.length + 1), 10) -
        Number.parseInt(b.slice(kind.length + 1), 10),
    );
  return new Map(
    names.map((name) => {
      const { name: key, tensor } = readTensor(readFileSync(resolve(path, name)));
      return [key, tensor];
    }),
  );
}

/** The largest |got - want| / (atol + rtol |want|); 1 or less is within tolerance. */
function worstRatio(got: Tensor, want: Tensor, rtol: number, atol: number): number {
  const [a, b] = [got.numbers(), want.numbers()];
  let worst = 0;
  b.forEach((wanted, i) => {
    const ratio = Math.abs((a[i] ?? Number.NaN) - wanted) / (atol + rtol * Math.abs(wanted));
    if (!(ratio <= worst)) worst = ratio;
  });
  return worst;
}

describe.runIf(here).each(MODELS)('%s', (name) => {
  const path = resolve(folder, name);
  const sets = here
    ? readdirSync(path)
        .filter((one) => one.startsWith('test_data_set_'))
        .sort()
    : [];
  let model: Model | undefined;
  afterAll(() => model?.dispose());

  test('matches its reference outputs and its golden digests', { timeout: 120_000 }, async () => {
    model = await load(resolve(path, 'model.onnx'));
    const { tolerance } = JSON.parse(readFileSync(resolve(path, 'meta.json'), 'utf8')) as {
      tolerance: { rtol: number; atol: number };
    };
    for (const set of sets) {
      const result = await model.run(readSet(resolve(path, set), 'input'), { backend: 'wasm' });
      for (const [output, want] of readSet(resolve(path, set), 'output')) {
        const got = result.outputs[output];
        expect(got?.dims, `${set} ${output}`).toEqual(want.dims);
        if (got === undefined) continue;
        expect(
          worstRatio(got, want, tolerance.rtol, tolerance.atol),
          `${set} ${output}`,
        ).toBeLessThanOrEqual(1);
      }
      digests[`${name}/${set}`] = result.digest;
      if (!update) {
        const known = JSON.parse(readFileSync(golden, 'utf8')) as Record<string, string>;
        expect(result.digest, set).toBe(known[`${name}/${set}`]);
      }
    }
  });

  test('has the same bits while threads join', { timeout: 120_000 }, async () => {
    const known = JSON.parse(readFileSync(golden, 'utf8')) as Record<string, string>;
    const feeds = readSet(resolve(path, sets[0] ?? ''), 'input');
    const threaded = await load(resolve(path, 'model.onnx'), { threads: 3 });
    try {
      for (let i = 0; i < 12; i += 1) {
        const { digest } = await threaded.run(feeds, { backend: 'wasm' });
        expect(digest).toBe((update ? digests : known)[`${name}/${sets[0] ?? ''}`]);
        await new Promise((done) => setTimeout(done, 10));
      }
    } finally {
      threaded.dispose();
    }
  });

  test(
    'has the same bits fused, unfused, and planned for a GPU',
    { timeout: 120_000 },
    async () => {
      const graph = readModel(readFileSync(resolve(path, 'model.onnx')));
      const feeds = readSet(resolve(path, sets[0] ?? ''), 'input');
      const outputs = graph.outputs.map((info) => info.name);
      const results: ReadonlyMap<string, Data>[] = [];
      for (const options of [
        { target: 'wasm', fuse: true },
        { target: 'wasm', fuse: false },
        { target: 'webgpu', fuse: true },
      ] as const) {
        results.push(await runPlanned(graph, feeds, options, await WasmBackend.create()));
      }
      const [first, ...others] = results;
      for (const other of others) {
        for (const output of outputs) {
          const [a, b] = [first?.get(output), other.get(output)];
          const both = a instanceof Tensor && b instanceof Tensor;
          expect(both ? compareTensors(a, b) : 'missing', output).toBeUndefined();
        }
      }
    },
  );
});
