// Split models: weights in other files, read from folders, fetched in pieces, or given; what must not be read is refused,
// and what does not fit is refused before it is read. Outputs are those of the model in one file.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { sha1 } from '@noble/hashes/legacy.js';
import { bytesToHex } from '@noble/hashes/utils.js';
import { afterAll, afterEach, describe, expect, test, vi } from 'vitest';
import type { Graph, Node } from '../../src/graph/graph.ts';
import { load, ModelError, Tensor, type LoadOptions, type Progress } from '../../src/index.ts';
import { normalPath } from '../../src/onnx/external.ts';
import { writeModel } from '../../src/onnx/writer.ts';

const SIDE = 64;
const weight = new Tensor(
  'float32',
  Float32Array.from({ length: SIDE * SIDE }, (_, i) => Math.fround(i / 7 - 3)),
  [SIDE, SIDE],
);
const bias = new Tensor('float32', new Float32Array(SIDE).fill(0.25), [SIDE]);
const shape = new Tensor('int64', [-1], [1]);
const mask = new Tensor('bool', new Uint8Array(8192).fill(1), [8192]);
const x = new Tensor('float32', Float32Array.from({ length: SIDE }, Math.fround), [1, SIDE]);

function node(index: number, opType: string, inputs: string[], output: string): Node {
  const shared = { name: '', domain: '', attributes: new Map() };
  return { ...shared, index, opType, inputs, outputs: [output] };
}

/** y = reshape(x * w + b, shape), and m = not mask. */
const graph: Graph = {
  name: 'split',
  nodes: [
    node(0, 'MatMul', ['x', 'w'], 'p'),
    node(1, 'Add', ['p', 'b'], 's'),
    node(2, 'Reshape', ['s', 'shape'], 'y'),
    node(3, 'Not', ['mask'], 'm'),
  ],
  inputs: [{ name: 'x', dtype: 'float32', dims: [1, SIDE] }],
  outputs: [{ name: 'y', dtype: 'float32' }, { name: 'm' }],
  initializers: new Map([
    ['w', weight],
    ['b', bias],
    ['shape', shape],
    ['mask', mask],
  ]),
  valueInfo: new Map(),
  opsets: new Map([['', 17]]),
};

type Entries = Record<string, string>;

/** The model with these tensors in other files. */
const split = (entries: Record<string, Entries>): Uint8Array =>
  writeModel(graph, new Map(Object.entries(entries)));

/** One file: 16 bytes of nothing, w, b, shape, mask. */
const W_AT = 16;
const B_AT = W_AT + weight.bytes().byteLength;
const SHAPE_AT = B_AT + bias.bytes().byteLength;
const MASK_AT = SHAPE_AT + 8;
const file = new Uint8Array(MASK_AT + 8192 + 5);
file.set(weight.bytes(), W_AT);
file.set(bias.bytes(), B_AT);
file.set(shape.bytes(), SHAPE_AT);
file.set(mask.bytes(), MASK_AT);
const all = (location: string, more: Entries = {}): Record<string, Entries> => ({
  w: { location, offset: String(W_AT), length: String(SIDE * SIDE * 4), ...more },
  b: { location, offset: String(B_AT), ...more },
  shape: { location, offset: String(SHAPE_AT), length: '8', ...more },
  mask: { location, offset: String(MASK_AT), ...more },
});

const folder = mkdtempSync(join(tmpdir(), 'isobit-external-'));
mkdirSync(join(folder, 'model/data'), { recursive: true });
const path = join(folder, 'model/model.onnx');
writeFileSync(join(folder, 'secret.bin'), file);
writeFileSync(join(folder, 'model/weights #1.bin'), file);
writeFileSync(join(folder, 'model/data/weights.bin'), file);
writeFileSync(join(folder, 'model/short.bin'), file.subarray(0, MASK_AT + 8191));
afterAll(() => rmSync(folder, { recursive: true }));
afterEach(() => vi.unstubAllGlobals());

async function digestOf(
  source: Parameters<typeof load>[0],
  options: LoadOptions = {},
): Promise<string> {
  const model = await load(source, options);
  const { digest } = await model.run({ x }, { backend: 'wasm' });
  model.dispose();
  return digest;
}

const whole = await digestOf(writeModel(graph));

/** The digest of a model that is written to the folder. */
function fromFolder(entries: Record<string, Entries>, options: LoadOptions = {}): Promise<string> {
  writeFileSync(path, split(entries));
  return digestOf(path, options);
}

describe('from a folder', () => {
  test.each([
    'weights #1.bin',
    'data/weights.bin',
    './data/../weights #1.bin',
    'data\\weights.bin',
  ])('%s', async (location) => {
    expect(await fromFolder(all(location))).toBe(whole);
    expect(await digestOf(pathToFileURL(path))).toBe(whole);
  });

  test('elements that share bytes', async () => {
    const size = 9001;
    const values = Array.from({ length: size }, (_, i) => (i % 16) - 8);
    const packed = Uint8Array.from({ length: Math.ceil(size / 2) }, (_, i) => {
      const nibble = (at: number): number => (values[at] ?? 0) & 15;
      return nibble(2 * i) | (nibble(2 * i + 1) << 4);
    });
    const to = { type: 'int', value: 1 } as const;
    const cast = { ...node(0, 'Cast', ['q'], 'y'), attributes: new Map([['to', to]]) };
    const q = new Tensor('int4', values, [size]);
    const small: Graph = {
      ...{ name: 'q', nodes: [cast], inputs: [], outputs: [{ name: 'y' }] },
      ...{ initializers: new Map([['q', q]]), valueInfo: new Map(), opsets: new Map([['', 21]]) },
    };
    const bytes = writeModel(small, new Map([['q', { location: 'q.bin' }]]));
    const model = await load(bytes, { externalData: { 'q.bin': packed } });
    const { outputs } = await model.run({}, { backend: 'wasm' });
    expect([...(outputs['y']?.data ?? [])].map(Number)).toEqual(values);
    model.dispose();
    const short = { externalData: { 'q.bin': packed.slice(1) } };
    await expect(load(bytes, short)).rejects.toThrow(/too short/);
  });

  test('some here, some there, one range for two', async () => {
    const { w = {}, mask: m = {} } = all('data/weights.bin');
    expect(await fromFolder({ w })).toBe(whole);
    expect(await fromFolder({ ...all('weights #1.bin'), w, mask: m })).toBe(whole);
  });

  test('paths that leave the folder are refused before anything is read', async () => {
    for (const location of [
      '../secret.bin',
      'data/../../secret.bin',
      '..\\secret.bin',
      join(folder, 'secret.bin'),
      'C:\\secret.bin',
      'file:///etc/passwd',
      'https://example.org/secret.bin',
      '',
      '.',
      'a\0b',
    ]) {
      expect(normalPath(location)).toBeUndefined();
      await expect(fromFolder(all(location))).rejects.toThrow(/stays in the model's folder/);
    }
    expect(normalPath('a/./b//c/../d')).toBe('a/b/d');
  });

  test('entries that do not fit are named', async () => {
    const of = async (entries: Entries): Promise<unknown> => {
      const { w = {} } = all('weights #1.bin');
      return fromFolder({ w: { ...w, ...entries } }).catch((error: unknown) => error);
    };
    for (const [entries, text] of [
      [{ offset: '-1' }, /offset of 0/],
      [{ offset: '1e3' }, /offset of 0/],
      [{ length: '5' }, /length of 16384 bytes, got '5'/],
      [{ offset: '9007199254740991' }, /end below/],
      [{ checksum: 'abc' }, /40 hex digits/],
      [{ location: 'none.bin' }, /none.bin.*cannot be read/],
      [{ location: 'data' }, /data/],
    ] as const) {
      const error = await of(entries);
      expect(error).toBeInstanceOf(ModelError);
      expect(String(error)).toMatch(text);
    }
  });

  test('a file that is too short, or another than was written', async () => {
    await expect(fromFolder(all('short.bin'))).rejects.toThrow(/short.bin.*too short/);
    const checksum = bytesToHex(sha1(file));
    expect(await fromFolder(all('data/weights.bin', { checksum }))).toBe(whole);
    const wrong = all('data/weights.bin', { checksum: checksum.replace(/^./, 'f') });
    await expect(fromFolder(wrong)).rejects.toThrow(/wrong checksum/);
    const bad = file.slice();
    bad[MASK_AT + 3] = 2;
    await expect(
      fromFolder(all('data/weights.bin'), { externalData: { 'data/weights.bin': bad } }),
    ).rejects.toThrow(/no bool/);
  });
});

describe('given by the caller', () => {
  test('as bytes and as addresses', async () => {
    const bytes = split(all('w.bin'));
    expect(await digestOf(bytes, { externalData: { 'w.bin': file } })).toBe(whole);
    const address = pathToFileURL(join(folder, 'model/data/weights.bin'));
    expect(await digestOf(bytes, { externalData: { 'w.bin': address } })).toBe(whole);
  });

  test('not given, or of the wrong kind', async () => {
    const bytes = split(all('w.bin'));
    await expect(digestOf(bytes)).rejects.toThrow(/externalData: \{ 'w.bin'/);
    const given = { 'w.bin': 'text' } as unknown as Record<string, URL>;
    await expect(digestOf(bytes, { externalData: given })).rejects.toThrow(TypeError);
  });
});

describe('fetched', () => {
  const asked: string[] = [];
  const serve = (files: Record<string, Uint8Array>): unknown =>
    vi.stubGlobal('fetch', (address: URL | string) => {
      const { href } = new URL(address);
      asked.push(href);
      const bytes = files[href];
      if (bytes === undefined) return Promise.resolve(new Response(null, { status: 404 }));
      let at = 0;
      const pieces = new ReadableStream<Uint8Array>({
        pull(controller) {
          if (at >= bytes.length) return controller.close();
          controller.enqueue(bytes.slice(at, at + 1000));
          at += 1000;
        },
      });
      return Promise.resolve(new Response(pieces));
    });

  test('relative to the model, in pieces, with progress', async () => {
    const bytes = split(all('data/weights #1.bin'));
    serve({
      'https://example.org/m/model.onnx': bytes,
      'https://example.org/m/data/weights%20%231.bin': file,
    });
    const seen: Progress[] = [];
    const options = { onProgress: (one: Progress) => seen.push(one) };
    expect(await digestOf('https://example.org/m/model.onnx', options)).toBe(whole);
    const last = seen.at(-1);
    expect(last?.stage).toBe('ready');
    expect(last?.loaded).toBeGreaterThan(bytes.length + MASK_AT);
    const loaded = seen.filter(({ stage }) => stage === 'download').map((one) => one.loaded);
    expect(loaded.length).toBeGreaterThan(20);
    expect(loaded).toEqual([...loaded].sort((a, b) => a - b));
  });

  test('not there', async () => {
    serve({ 'https://example.org/m/model.onnx': split(all('w.bin')) });
    const error = await digestOf('https://example.org/m/model.onnx').catch((e: unknown) => e);
    expect(error).toBeInstanceOf(ModelError);
    expect(String(error)).toMatch(/w.bin.*got 404/);
  });

  test('not at all where the limit is too small', async () => {
    serve({ 'https://example.org/m/model.onnx': split(all('w.bin')) });
    asked.length = 0;
    const big = 'https://example.org/m/model.onnx';
    await expect(load(big, { limits: { memory: 1000 } })).rejects.toThrow(RangeError);
    expect(asked).toEqual([big]);
    await expect(load(big, { limits: { memory: 0 } })).rejects.toThrow(/limits.memory/);
  });
});
