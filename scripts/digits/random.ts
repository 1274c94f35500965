// A seeded source of random numbers for the digit drawings and the training: sfc32 (Chris Doty-Humphrey, PractRand),
// 128 bits of state, u32 operations only. The same seed gives the same numbers in every engine, because nothing here
// rounds: a u32 times 2^-32 is exact in a double. Not for anything that must be unpredictable.

export class Random {
  #a: number;
  #b: number;
  #c: number;
  #counter = 1;

  /** `seed` and `stream` are u32 words; two streams of one seed share no state. */
  constructor(seed: number, stream = 0) {
    this.#a = seed | 0;
    this.#b = stream | 0;
    this.#c = 0x9e3779b9 | 0;
    // sfc32 asks for about a dozen steps before seeds that differ in one bit look unrelated.
    for (let i = 0; i < 16; i++) this.u32();
  }

  /** The next word, 0 .. 2^32 - 1. */
  u32(): number {
    const word = (((this.#a + this.#b) | 0) + this.#counter) | 0;
    this.#counter = (this.#counter + 1) | 0;
    this.#a = this.#b ^ (this.#b >>> 9);
    this.#b = (this.#c + (this.#c << 3)) | 0;
    this.#c = (((this.#c << 21) | (this.#c >>> 11)) + word) | 0;
    return word >>> 0;
  }

  /** Uniform in [0, 1), a multiple of 2^-32. */
  unit(): number {
    return this.u32() * 2 ** -32;
  }

  /** Uniform in [low, high). */
  between(low: number, high: number): number {
    return low + (high - low) * this.unit();
  }

  /** A whole number in 0 .. count - 1. */
  below(count: number): number {
    return Math.floor(this.unit() * count);
  }

  /** True with the given probability. */
  chance(probability: number): boolean {
    return this.unit() < probability;
  }

  /**
   * Bell-shaped around 0 with the given standard deviation and never beyond 3.5 of them: the sum of four uniforms
   * (variance 1/3). Box-Muller would need log and cos, whose last bits differ between engines.
   */
  bell(deviation: number): number {
    const sum = this.unit() + this.unit() + this.unit() + this.unit() - 2;
    return sum * deviation * 1.7320508075688772;
  }
}
