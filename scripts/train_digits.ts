// npm run train:digits            draws digits, trains the demo's model, writes demo/public/digits.{onnx,json}
// npm run train:digits -- --check does the same and compares with the committed files instead of writing; exit 1 if
//                                 one byte differs
//
// Takes about two minutes on one core. The same bytes come out on every machine: see random.ts, draw.ts, network.ts.
// digits.json holds the model's SHA-256, how well it reads held-out drawings, and ten of these, one of each digit.

import { createHash } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { normalise } from '../demo/preprocess.ts';
import { rasterise } from '../demo/rasterise.ts';
import { SIDE, picture, write } from './digits/draw.ts';
import { modelFile } from './digits/model_file.ts';
import { CLASSES, type Network } from './digits/network.ts';
import { Random } from './digits/random.ts';
import { accuracy, kStream, toInput, train, type Training } from './digits/train.ts';

const kTraining: Training = {
  seed: 20261121,
  batches: 4500,
  batch: 32,
  rate: 0.002,
  smoothing: 0.02,
  channels: [8, 24],
};
const HELD_OUT = 10_000;
/** Side of the canvas on which digits are drawn to measure the whole way of a visitor's drawing. */
const CANVAS = 140;
const kFolder = 'demo/public';

/** A digit drawn large with a hard pen, then prepared as the page prepares a visitor's drawing. */
const onCanvas = (digit: number, random: Random): Uint8Array =>
  normalise(rasterise(write(digit, random), CANVAS, 1), CANVAS);

/** The first drawing of each digit on the canvas, from a stream of its own, that the network reads right. */
function bundled(network: Network) {
  const random = new Random(kTraining.seed, kStream.bundled);
  const input = new Float64Array(SIDE * SIDE);
  return Array.from({ length: CLASSES }, (_, label) => {
    let pixels: Uint8Array;
    do {
      pixels = onCanvas(label, random);
      toInput(pixels, input);
    } while (network.forward(input) !== label);
    return { label, pixels: Buffer.from(pixels).toString('base64') };
  });
}

function main(): void {
  const unknown = process.argv.slice(2).filter((argument) => argument !== '--check');
  if (unknown.length > 0) {
    console.error(
      `train_digits: unknown argument: expected --check or nothing, got ${unknown.join(' ')}.`,
    );
    process.exitCode = 2;
    return;
  }
  const network = train(kTraining, (done, share) => {
    console.log(
      `${Math.floor(done * 100)} % trained, ${(share * 100).toFixed(2)} % of the last drawings read right`,
    );
  });
  const model = modelFile(network);
  const sha256 = createHash('sha256').update(model).digest('hex');
  const report = {
    model: { file: 'digits.onnx', bytes: model.length, sha256 },
    input: { name: 'image', dims: ['N', 1, SIDE, SIDE], scale: 'byte / 255, white ink on black' },
    output: { name: 'logits', dims: ['N', CLASSES] },
    training: kTraining,
    accuracy: {
      heldOut: HELD_OUT,
      pictures: accuracy(network, kTraining.seed, HELD_OUT, picture),
      canvas: accuracy(network, kTraining.seed, HELD_OUT, onCanvas),
    },
    // 784 grey bytes each, rows from the top, base64.
    pictures: bundled(network),
  };
  const text = `${JSON.stringify(report, null, 2)}\n`;
  console.log(
    `${model.length} bytes, sha256 ${sha256}, held-out ${JSON.stringify(report.accuracy)}`,
  );

  const files = [
    ['digits.onnx', Buffer.from(model)],
    ['digits.json', Buffer.from(text)],
  ] as const;
  for (const [name, bytes] of files) {
    const path = `${kFolder}/${name}`;
    if (!process.argv.includes('--check')) {
      writeFileSync(path, bytes);
    } else if (bytes.equals(readFileSync(path))) {
      console.log(`${path}: identical`);
    } else {
      console.error(
        `${path}: differs from what the script makes. Run npm run train:digits and commit.`,
      );
      process.exitCode = 1;
    }
  }
}

main();
