// The demo's model and the script that makes it: the committed files belong together, the model reads held-out
// drawings and four photographed digits, and what the script computes (drawings, gradients) is right and fixed.
// That training again gives the same file is checked by `npm run train:digits -- --check` (two minutes).

import { existsSync, readFileSync } from 'node:fs';
import { sha256 } from '@noble/hashes/sha2.js';
import { bytesToHex } from '@noble/hashes/utils.js';
import jpeg from 'jpeg-js';
import { describe, expect, it } from 'vitest';
import { normalise } from '../../demo/preprocess.ts';
import { rasterise } from '../../demo/rasterise.ts';
import { picture, write } from '../../scripts/digits/draw.ts';
import { Network, expNegative } from '../../scripts/digits/network.ts';
import { Random } from '../../scripts/digits/random.ts';
import { accuracy, toInput } from '../../scripts/digits/train.ts';
import { readModel } from '../../src/onnx/model.ts';

const root = new URL('../../', import.meta.url);
const samples = new URL('../shared/samples/', root);
const modelBytes = new Uint8Array(readFileSync(new URL('demo/public/digits.onnx', root)));
const report = JSON.parse(readFileSync(new URL('demo/public/digits.json', root), 'utf8')) as {
  model: { bytes: number; sha256: string };
  training: { seed: number; channels: [number, number] };
  accuracy: { pictures: number; canvas: number };
  pictures: { label: number; pixels: string }[];
};

/** The committed weights in the training's own network. */
function committed(): Network {
  const network = new Network(...report.training.channels, new Random(0));
  const { initializers } = readModel(modelBytes);
  for (const { name, dims, value } of network.parameters) {
    const tensor = initializers.get(name);
    expect(tensor?.dims, name).toEqual(dims);
    value.set(Float64Array.from(tensor?.data as Float32Array));
  }
  return network;
}

/** What the network reads, and how sure it is. */
function read(network: Network, pixels: Uint8Array): { digit: number; probability: number } {
  const input = new Float64Array(784);
  toInput(pixels, input);
  const digit = network.forward(input);
  network.softmax();
  return { digit, probability: network.probabilities[digit] ?? 0 };
}

describe('the committed model', () => {
  it('is the file that digits.json describes, and small', () => {
    expect(bytesToHex(sha256(modelBytes))).toBe(report.model.sha256);
    expect(modelBytes.length).toBe(report.model.bytes);
    expect(modelBytes.length).toBeLessThan(100_000);
  });

  it('reads at least 97 % of held-out drawings', () => {
    expect(report.accuracy.pictures).toBeGreaterThanOrEqual(0.97);
    expect(report.accuracy.canvas).toBeGreaterThanOrEqual(0.97);
    // Drawings that neither training nor the script's own measurement has seen.
    expect(accuracy(committed(), report.training.seed + 1, 1000, picture)).toBeGreaterThan(0.97);
  });

  it('reads the ten bundled drawings', () => {
    const network = committed();
    const digits = report.pictures.map(({ pixels }) => Buffer.from(pixels, 'base64'));
    expect(digits.every((pixels) => pixels.length === 784)).toBe(true);
    expect(report.pictures.map(({ label }) => label)).toEqual([...Array(10).keys()]);
    expect(digits.map((pixels) => read(network, pixels).digit)).toEqual([...Array(10).keys()]);
  });

  if (!existsSync(samples)) {
    console.log(`digits: ${samples.pathname} is absent: photographs are not read. Needed in CI.`);
    it('has the photographs in CI', () => expect(process.env['CI'] ?? '').toBe(''));
    return;
  }
  it.each([0, 3, 5, 7])('reads the photographed %i, as it is and through the page', (label) => {
    const network = committed();
    const photo = jpeg.decode(readFileSync(new URL(`digit_${label}.jpg`, samples)));
    const grey = Uint8Array.from({ length: 784 }, (_, i) => photo.data[4 * i] ?? 0);
    for (const pixels of [grey, normalise(grey, 28)]) {
      const { digit, probability } = read(network, pixels);
      expect(digit).toBe(label);
      expect(probability).toBeGreaterThan(0.9);
    }
  });
});

describe('the script', () => {
  it('draws the same bytes everywhere', () => {
    const random = new Random(1, 2);
    const bytes = Array.from({ length: 50 }, (_, i) => [...picture(i % 10, random)]).flat();
    expect(bytesToHex(sha256(Uint8Array.from(bytes)))).toBe(
      'e8e0ad79b5a0f92e3e714295480ab66a0366bc45e7ce31d8dd011543682fb34e',
    );
  });

  it('rejects what is no digit', () => {
    expect(() => picture(10, new Random(1))).toThrow('expected 0..9, got 10');
  });

  it('fills the box and stays inside the canvas', () => {
    const random = new Random(3, 4);
    for (let i = 0; i < 200; i++) {
      const large = rasterise(write(i % 10, random), 112, 1);
      expect(large.some((value) => value === 255)).toBe(true);
      expect(normalise(large, 112)).toHaveLength(784);
    }
  });

  it('computes e^x', () => {
    for (let x = 0; x > -50; x -= 0.37) {
      expect(Math.abs(expNegative(x) / Math.exp(x) - 1)).toBeLessThan(1e-13);
    }
    expect(expNegative(-800)).toBe(0);
  });

  it('computes the gradient of the cross entropy', () => {
    // Against the difference quotient of the loss: an independent definition, hence a tolerance.
    const network = new Network(2, 2, new Random(5, 6));
    const input = new Float64Array(784);
    toInput(picture(3, new Random(7, 8)), input);
    const loss = (): number => {
      network.forward(input);
      network.softmax();
      return -Math.log(network.probabilities[3] ?? 0);
    };
    loss();
    network.backward(3, 0, 1);
    const step = 1e-6;
    for (let i = 0; i < network.values.length; i += 7) {
      const value = network.values[i] ?? 0;
      network.values[i] = value + step;
      const above = loss();
      network.values[i] = value - step;
      const below = loss();
      network.values[i] = value;
      expect((above - below) / (2 * step)).toBeCloseTo(network.gradients[i] ?? Number.NaN, 6);
    }
  });
});
