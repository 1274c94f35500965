// The digit classifier and its gradient, in doubles, one picture at a time:
//   Conv 5x5 (1 -> 8) - Relu - MaxPool 2 - Conv 5x5 (8 -> 24) - Relu - MaxPool 2 - Gemm (384 -> 10).
// Parameters are stored as ONNX stores them (Conv: [M, C, kH, kW]; Gemm: [10, 384], transB = 1), in one array with its
// gradient beside it. Deterministic: one thread, fixed orders of summation, no library function but the square root.
// It is not the inference path of the package: training needs other things (doubles, gradients) than running.

import type { Random } from './random.ts';

const KERNEL = 5;
export const TAPS = KERNEL * KERNEL;
export const CLASSES = 10;

/** e^x for x <= 0, to about 1e-15: x = k ln 2 + f with |f| <= 0.35, then the series. Own, so that every bit is ours. */
export function expNegative(x: number): number {
  if (x < -700) return 0;
  const k = Math.floor(x * 1.4426950408889634 + 0.5);
  const f = x - k * 0.6931471805599453;
  let sum = 1;
  for (let n = 14; n > 0; n--) sum = 1 + (sum * f) / n;
  for (let i = 0; i > k; i--) sum *= 0.5;
  return sum;
}

/** Conv (no padding) - Relu - MaxPool 2x2, with what its gradient needs to know about the last picture. */
class Stage {
  readonly taps: number;
  readonly outSide: number;
  readonly pooled: Float64Array;
  readonly #patches: Float64Array;
  /** For each pooled value the position in the convolution's plane it came from, or -1 where the Relu closed. */
  readonly #from: Int32Array;
  readonly channels: number;
  readonly #side: number;
  readonly #inChannels: number;

  /** `channels` must be even. */
  constructor(inChannels: number, inSide: number, channels: number) {
    this.channels = channels;
    this.#inChannels = inChannels;
    this.#side = inSide;
    const plane = inSide - KERNEL + 1;
    this.taps = inChannels * TAPS;
    this.outSide = plane / 2;
    this.pooled = new Float64Array(channels * this.outSide * this.outSide);
    this.#patches = new Float64Array(plane * plane * this.taps);
    this.#from = new Int32Array(this.pooled.length);
  }

  #gather(input: Float64Array): void {
    const { taps } = this;
    const side = this.#side;
    const plane = side - KERNEL + 1;
    let to = 0;
    for (let y = 0; y < plane; y++) {
      for (let x = 0; x < plane; x++) {
        for (let c = 0; c < this.#inChannels; c++) {
          for (let ky = 0; ky < KERNEL; ky++) {
            const at = (c * side + y + ky) * side + x;
            for (let kx = 0; kx < KERNEL; kx++) this.#patches[to++] = input[at + kx] as number;
          }
        }
      }
    }
    if (to !== plane * plane * taps)
      throw new Error('Stage: the patches do not fill their buffer.');
  }

  forward(input: Float64Array, weight: Float64Array, bias: Float64Array): void {
    this.#gather(input);
    const { taps, outSide, channels } = this;
    const patches = this.#patches;
    const plane = outSide * 2;
    for (let m = 0; m < channels; m += 2) {
      const w = m * taps;
      for (let y = 0; y < outSide; y++) {
        for (let x = 0; x < outSide; x++) {
          // The four sums of one pooling window for two channels, side by side: six loads for eight products.
          const p = 2 * y * plane + 2 * x;
          const a0 = p * taps;
          const a1 = a0 + taps;
          const a2 = a0 + plane * taps;
          const a3 = a2 + taps;
          let [s0, s1, s2, s3] = [0, 0, 0, 0];
          let [t0, t1, t2, t3] = [0, 0, 0, 0];
          for (let k = 0; k < taps; k++) {
            const v = weight[w + k] as number;
            const u = weight[w + taps + k] as number;
            const i0 = patches[a0 + k] as number;
            const i1 = patches[a1 + k] as number;
            const i2 = patches[a2 + k] as number;
            const i3 = patches[a3 + k] as number;
            s0 += v * i0;
            s1 += v * i1;
            s2 += v * i2;
            s3 += v * i3;
            t0 += u * i0;
            t1 += u * i1;
            t2 += u * i2;
            t3 += u * i3;
          }
          const at = (m * outSide + y) * outSide + x;
          this.#pool(at, p, plane, bias[m] as number, s0, s1, s2, s3);
          this.#pool(at + outSide * outSide, p, plane, bias[m + 1] as number, t0, t1, t2, t3);
        }
      }
    }
  }

  /** Relu and MaxPool of one window at position `p` of the plane; remembers where the value came from. */
  #pool(
    at: number,
    p: number,
    plane: number,
    bias: number,
    s0: number,
    s1: number,
    s2: number,
    s3: number,
  ): void {
    const top = s0 > s1 ? s0 : s1;
    const low = s2 > s3 ? s2 : s3;
    const best = (top > low ? top : low) + bias;
    const from = top > low ? (s0 > s1 ? p : p + 1) : s2 > s3 ? p + plane : p + plane + 1;
    this.pooled[at] = best > 0 ? best : 0;
    this.#from[at] = best > 0 ? from : -1;
  }

  /** Adds the gradients of weight and bias; with `dInput` (zeroed here) also the gradient of the input. */
  backward(
    dPooled: Float64Array,
    weight: Float64Array,
    dWeight: Float64Array,
    dBias: Float64Array,
    dInput?: Float64Array,
  ): void {
    const { taps, outSide } = this;
    const patches = this.#patches;
    const side = this.#side;
    const plane = side - KERNEL + 1;
    const area = outSide * outSide;
    dInput?.fill(0);
    for (let at = 0; at < dPooled.length; at++) {
      const from = this.#from[at] as number;
      const d = dPooled[at] as number;
      if (from < 0 || d === 0) continue;
      const m = Math.floor(at / area);
      const [w, p] = [m * taps, from * taps];
      dBias[m] = (dBias[m] as number) + d;
      for (let k = 0; k < taps; k++) {
        dWeight[w + k] = (dWeight[w + k] as number) + d * (patches[p + k] as number);
      }
      if (dInput === undefined) continue;
      const y = Math.floor(from / plane);
      const x = from - y * plane;
      for (let c = 0, k = w; c < this.#inChannels; c++) {
        for (let ky = 0; ky < KERNEL; ky++) {
          const row = (c * side + y + ky) * side + x;
          for (let kx = 0; kx < KERNEL; kx++, k++) {
            dInput[row + kx] = (dInput[row + kx] as number) + d * (weight[k] as number);
          }
        }
      }
    }
  }
}

export type Parameter = {
  readonly name: string;
  readonly dims: readonly number[];
  readonly value: Float64Array;
  readonly gradient: Float64Array;
};

export class Network {
  readonly values: Float64Array;
  readonly gradients: Float64Array;
  readonly parameters: readonly Parameter[];
  readonly logits = new Float64Array(CLASSES);
  readonly probabilities = new Float64Array(CLASSES);
  readonly #first: Stage;
  readonly #second: Stage;
  readonly #dFirst: Float64Array;
  readonly #dSecond: Float64Array;

  /** Weights uniform with the variance of He et al. (2 / fan-in), biases zero. */
  constructor(channels1: number, channels2: number, random: Random) {
    this.#first = new Stage(1, 28, channels1);
    this.#second = new Stage(channels1, this.#first.outSide, channels2);
    this.#dFirst = new Float64Array(this.#first.pooled.length);
    this.#dSecond = new Float64Array(this.#second.pooled.length);
    const features = this.#second.pooled.length;
    const shapes: readonly (readonly [string, readonly number[]])[] = [
      ['conv1.weight', [channels1, 1, KERNEL, KERNEL]],
      ['conv1.bias', [channels1]],
      ['conv2.weight', [channels2, channels1, KERNEL, KERNEL]],
      ['conv2.bias', [channels2]],
      ['gemm.weight', [CLASSES, features]],
      ['gemm.bias', [CLASSES]],
    ];
    const size = (dims: readonly number[]): number => dims.reduce((a, b) => a * b, 1);
    this.values = new Float64Array(shapes.reduce((sum, [, dims]) => sum + size(dims), 0));
    this.gradients = new Float64Array(this.values.length);
    let begin = 0;
    this.parameters = shapes.map(([name, dims]) => {
      const end = begin + size(dims);
      const value = this.values.subarray(begin, end);
      const gradient = this.gradients.subarray(begin, end);
      begin = end;
      if (dims.length > 1) {
        const bound = Math.sqrt(6 / size(dims.slice(1)));
        for (let i = 0; i < value.length; i++) value[i] = random.between(-bound, bound);
      }
      return { name, dims, value, gradient };
    });
  }

  #parameter(index: number): Parameter {
    const parameter = this.parameters[index];
    if (parameter === undefined) throw new RangeError(`Network: no parameter ${index}.`);
    return parameter;
  }

  /** Fills `logits` for one picture of 784 values in 0 .. 1; returns the index of the greatest. */
  forward(input: Float64Array): number {
    this.#first.forward(input, this.#parameter(0).value, this.#parameter(1).value);
    this.#second.forward(this.#first.pooled, this.#parameter(2).value, this.#parameter(3).value);
    const features = this.#second.pooled;
    const weight = this.#parameter(4).value;
    const bias = this.#parameter(5).value;
    let best = 0;
    for (let m = 0; m < CLASSES; m++) {
      let sum = bias[m] as number;
      for (let k = 0; k < features.length; k++) {
        sum += (weight[m * features.length + k] as number) * (features[k] as number);
      }
      this.logits[m] = sum;
      if (sum > (this.logits[best] as number)) best = m;
    }
    return best;
  }

  /** Fills `probabilities` from `logits`. */
  softmax(): void {
    const top = this.logits.reduce((a, b) => Math.max(a, b), -Infinity);
    let total = 0;
    for (let m = 0; m < CLASSES; m++) {
      const e = expNegative((this.logits[m] as number) - top);
      this.probabilities[m] = e;
      total += e;
    }
    for (let m = 0; m < CLASSES; m++)
      this.probabilities[m] = (this.probabilities[m] as number) / total;
  }

  /**
   * Adds to `gradients` the gradient of the cross entropy of the last `forward` with the target: `1 - smoothing` on
   * `label`, the rest spread evenly, times `share`.
   */
  backward(label: number, smoothing: number, share: number): void {
    this.softmax();
    const features = this.#second.pooled;
    const { value: weight, gradient: dWeight } = this.#parameter(4);
    const dBias = this.#parameter(5).gradient;
    const dFeatures = this.#dSecond.fill(0);
    for (let m = 0; m < CLASSES; m++) {
      const target = (m === label ? 1 - smoothing : 0) + smoothing / CLASSES;
      const d = ((this.probabilities[m] as number) - target) * share;
      dBias[m] = (dBias[m] as number) + d;
      for (let k = 0, w = m * features.length; k < features.length; k++, w++) {
        dWeight[w] = (dWeight[w] as number) + d * (features[k] as number);
        dFeatures[k] = (dFeatures[k] as number) + d * (weight[w] as number);
      }
    }
    const [w1, b1, w2, b2] = [0, 1, 2, 3].map((i) => this.#parameter(i));
    if (w1 === undefined || b1 === undefined || w2 === undefined || b2 === undefined) return;
    this.#second.backward(dFeatures, w2.value, w2.gradient, b2.gradient, this.#dFirst);
    this.#first.backward(this.#dFirst, w1.value, w1.gradient, b1.gradient);
  }
}
