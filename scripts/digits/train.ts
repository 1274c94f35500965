// Trains the digit classifier on drawings made on the fly: no picture is seen twice, so the held-out drawings (another
// stream of the same generator) measure how well it reads hands it has not seen. Every number follows from the seed.

import { Adam } from './adam.ts';
import { SIDE, picture } from './draw.ts';
import { CLASSES, Network } from './network.ts';
import { Random } from './random.ts';

export type Training = {
  readonly seed: number;
  readonly batches: number;
  readonly batch: number;
  /** The first learning rate; it falls linearly to zero. */
  readonly rate: number;
  readonly smoothing: number;
  readonly channels: readonly [number, number];
};

/** Streams of the seed: what is drawn for training, for measuring, and the first weights, do not touch. */
export const kStream = { weights: 1, training: 2, heldOut: 3, bundled: 4 } as const;

/** Grey bytes as the network takes them: 0 .. 1, and rounded to f32 as the model's input is. */
export function toInput(pixels: Uint8Array, input: Float64Array): void {
  for (let i = 0; i < SIDE * SIDE; i++) input[i] = Math.fround((pixels[i] ?? 0) / 255);
}

export function train(how: Training, progress: (done: number, accuracy: number) => void): Network {
  const network = new Network(...how.channels, new Random(how.seed, kStream.weights));
  const random = new Random(how.seed, kStream.training);
  const adam = new Adam(network.values.length);
  const input = new Float64Array(SIDE * SIDE);
  let [right, seen] = [0, 0];
  for (let step = 0; step < how.batches; step++) {
    for (let i = 0; i < how.batch; i++) {
      const label = random.below(CLASSES);
      toInput(picture(label, random), input);
      if (network.forward(input) === label) right++;
      network.backward(label, how.smoothing, 1 / how.batch);
      seen++;
    }
    adam.step(network.values, network.gradients, how.rate * (1 - step / how.batches));
    if ((step + 1) % 250 === 0) {
      progress((step + 1) / how.batches, right / seen);
      [right, seen] = [0, 0];
    }
  }
  // The model stores f32: what is measured below must be what is stored.
  for (const [i, value] of network.values.entries()) network.values[i] = Math.fround(value);
  return network;
}

/** The share of `count` held-out pictures, as `draw` makes them, that the network reads right. */
export function accuracy(
  network: Network,
  seed: number,
  count: number,
  draw: (digit: number, random: Random) => Uint8Array,
): number {
  const random = new Random(seed, kStream.heldOut);
  const input = new Float64Array(SIDE * SIDE);
  let right = 0;
  for (let i = 0; i < count; i++) {
    toInput(draw(i % CLASSES, random), input);
    if (network.forward(input) === i % CLASSES) right++;
  }
  return right / count;
}
