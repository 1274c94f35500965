// Adam (Kingma & Ba 2014, algorithm 1) over one array of parameters, with the usual moments 0.9 and 0.999. The powers
// of the moments are running products, so only + - * / and the square root are used.

export class Adam {
  readonly #mean: Float64Array;
  readonly #square: Float64Array;
  #mean1 = 1;
  #square1 = 1;

  constructor(size: number) {
    this.#mean = new Float64Array(size);
    this.#square = new Float64Array(size);
  }

  /** One step of length about `rate` a parameter; sets `gradients` to zero. */
  step(values: Float64Array, gradients: Float64Array, rate: number): void {
    this.#mean1 *= 0.9;
    this.#square1 *= 0.999;
    const meanScale = 1 / (1 - this.#mean1);
    const squareScale = 1 / (1 - this.#square1);
    for (let i = 0; i < values.length; i++) {
      const g = gradients[i] as number;
      const m = 0.9 * (this.#mean[i] as number) + 0.1 * g;
      const v = 0.999 * (this.#square[i] as number) + 0.001 * g * g;
      this.#mean[i] = m;
      this.#square[i] = v;
      values[i] =
        (values[i] as number) - (rate * m * meanScale) / (Math.sqrt(v * squareScale) + 1e-8);
      gradients[i] = 0;
    }
  }
}
