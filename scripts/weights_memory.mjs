// `node scripts/weights_memory.mjs [MIB] [LIBRARY]`: what a model of MIB (256) of synthetic weights in another file takes once
// it is loaded and was run on the reference, against its weights; LIBRARY is dist/index.js if not given. Layers of
// 2048 x 2048, products all of them, and a table of a quarter of that whose rows are looked up. Ends with 1 above 1.2.
// 3072 is the most that is meant to work: `node scripts/weights_memory.mjs 3072`.
import { closeSync, mkdtempSync, openSync, rmSync, writeFileSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { PbfWriter } from 'pbf';

const SIDE = 2048;
const LAYER = SIDE * SIDE * 4;
const mib = Number(process.argv[2] ?? 256);
const library = resolve(process.argv[3] ?? 'dist/index.js');
const layers = Math.max(1, Math.floor((mib * 2 ** 20) / LAYER - 1 / 4));

const folder = mkdtempSync(join(tmpdir(), 'isobit-weights-'));
process.once('exit', () => rmSync(folder, { recursive: true, force: true }));
setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc');

/** Tensors of the file, in order: name, dims, offset. */
const tensors = [{ name: 'table', dims: [SIDE / 4, SIDE], offset: 0 }];
for (let i = 0; i < layers; i += 1) {
  tensors.push({ name: `w${i}`, dims: [SIDE, SIDE], offset: LAYER / 4 + i * LAYER });
}
const bytes = LAYER / 4 + layers * LAYER;

function writeWeights() {
  const file = openSync(join(folder, 'weights.bin'), 'w');
  const words = new Uint32Array(SIDE * SIDE);
  let state = 1;
  for (const { dims } of tensors) {
    const size = dims[0] * dims[1];
    // Magnitudes of 2^-8 and 2^-7, as weights have them, of both signs; every thousandth is zero, some are tiny.
    for (let i = 0; i < size; i += 1) {
      state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
      const word = (state & 0x807fffff) | (119 << 23);
      words[i] = state % 1000 === 0 ? 0x80000000 : state % 1009 === 0 ? 0x00000001 : word;
    }
    writeSync(file, new Uint8Array(words.buffer, 0, size * 4));
  }
  closeSync(file);
}

const message = (to, field, write) => to.writeMessage(field, (_, inner) => write(inner), null);

function tensorField(to, { name, dims, offset }) {
  message(to, 5, (tensor) => {
    for (const dim of dims) tensor.writeVarintField(1, dim);
    tensor.writeVarintField(2, 1);
    tensor.writeStringField(8, name);
    for (const [key, value] of [
      ['location', 'weights.bin'],
      ['offset', String(offset)],
    ]) {
      message(tensor, 13, (entry) => {
        entry.writeStringField(1, key);
        entry.writeStringField(2, value);
      });
    }
    tensor.writeVarintField(14, 1);
  });
}

function infoField(to, field, name, type, dims) {
  message(to, field, (info) => {
    info.writeStringField(1, name);
    message(info, 2, (inner) =>
      message(inner, 1, (tensor) => {
        tensor.writeVarintField(1, type);
        message(tensor, 2, (shape) => {
          for (const dim of dims) message(shape, 1, (one) => one.writeVarintField(1, dim));
        });
      }),
    );
  });
}

function model() {
  const writer = new PbfWriter();
  writer.writeVarintField(1, 8);
  message(writer, 7, (graph) => {
    const node = (opType, inputs, output) =>
      message(graph, 1, (one) => {
        for (const input of inputs) one.writeStringField(1, input);
        one.writeStringField(2, output);
        one.writeStringField(4, opType);
      });
    node('Gather', ['table', 'ids'], 'h0');
    for (let i = 0; i < layers; i += 1) {
      node('MatMul', [`h${i}`, `w${i}`], i + 1 < layers ? `h${i + 1}` : 'y');
    }
    graph.writeStringField(2, 'weights');
    for (const tensor of tensors) tensorField(graph, tensor);
    infoField(graph, 11, 'ids', 7, [4]);
    infoField(graph, 12, 'y', 1, [4, SIDE]);
  });
  message(writer, 8, (opset) => {
    opset.writeStringField(1, '');
    opset.writeVarintField(2, 17);
  });
  return writer.finish();
}

writeWeights();
writeFileSync(join(folder, 'model.onnx'), model());

const { load, Tensor } = await import(pathToFileURL(library).href);
// A first model, so that the library and the compiled core are there already: they are no weights.
const first = await load(resolve(import.meta.dirname, '../demo/public/digits.onnx'));
const image = new Tensor('float32', new Float32Array(784), [1, 1, 28, 28]);
await first.run({ image }, { backend: 'wasm' });
first.dispose();
const ids = new Tensor('int64', [0, 1, 2, 3], [4]);
const settled = async () => {
  for (let i = 0; i < 4; i += 1) {
    collect();
    await new Promise((next) => setTimeout(next, 20));
  }
  return process.memoryUsage().rss;
};
const before = await settled();
let begin = performance.now();
const loaded = await load(join(folder, 'model.onnx'));
const loading = performance.now() - begin;
const afterLoad = await settled();
begin = performance.now();
const { digest } = await loaded.run({ ids }, { backend: 'wasm' });
const running = performance.now() - begin;
const afterRun = await settled();
const again = await loaded.run({ ids }, { backend: 'wasm' });
if (again.digest !== digest) throw new Error('weights_memory: two runs, two digests');
const share = (rss) => Number(((rss - before) / bytes).toFixed(3));
console.log(
  JSON.stringify({
    weights: bytes,
    loaded: share(afterLoad),
    run: share(afterRun),
    most: Number(((process.resourceUsage().maxRSS * 1024) / bytes).toFixed(3)),
    loading: Math.round(loading),
    first_run: Math.round(running),
    digest,
  }),
);
loaded.dispose();
process.exitCode = share(afterRun) > 1.2 || share(afterLoad) > 1.2 ? 1 : 0;
