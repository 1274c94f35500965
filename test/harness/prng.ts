// Seeded data for cases, biased to where implementations differ: specials, thresholds, ties, wide exponents.
// SplitMix32 on u32 (Steele, Lea and Flood, OOPSLA 2014, 32-bit variant); the same words on every engine.
// Not for statistics.
export class Prng {
  #state: number;

  constructor(seed: number) {
    this.#state = seed >>> 0;
  }

  /** A u32. */
  word(): number {
    this.#state = (this.#state + 0x9e3779b9) >>> 0;
    let z = this.#state;
    z = Math.imul(z ^ (z >>> 16), 0x21f0aaad);
    z = Math.imul(z ^ (z >>> 15), 0x735a2d97);
    return (z ^ (z >>> 15)) >>> 0;
  }

  /** An integer in [0, n). */
  below(n: number): number {
    return Math.floor((this.word() / 4294967296) * n);
  }
}

export type FloatKind = 'normal' | 'wide' | 'special' | 'subnormal' | 'integer';

// Named in src/core/bits.ts: zeros, infinities, NaNs with payloads, the flush thresholds and their neighbours.
const SPECIAL_WORDS = [
  0x00000000, 0x80000000, 0x3f800000, 0xbf800000, 0x7f800000, 0xff800000, 0x7fc00000, 0x7f800001,
  0xffc12345, 0x00000001, 0x80000001, 0x007fffff, 0x00800000, 0x80800000, 0x037fffff, 0x03800000,
  0x03800001, 0x83800000, 0x0c7fffff, 0x0c800000, 0x25ffffff, 0x26000000, 0xa5ffffff, 0x58800000,
  0x7f7fffff, 0xff7fffff, 0x7f000000, 0x4b800000, 0x3f7fffff, 0x3f800001, 0x40490fdb, 0x42b17218,
  0xc2aeac50,
];

/** `n` f32 values of a kind, as words in a Float32Array. */
export function floats(seed: number, n: number, kind: FloatKind = 'normal'): Float32Array {
  const prng = new Prng(seed);
  const out = new Float32Array(n);
  const words = new Uint32Array(out.buffer);
  for (let i = 0; i < n; i += 1) {
    const word = prng.word();
    switch (kind) {
      case 'normal': // magnitude in [2^-8, 4)
        words[i] = (word & 0x807fffff) | ((119 + (prng.word() % 10)) << 23);
        break;
      case 'wide': // magnitude in [2^-60, 2^48)
        words[i] = (word & 0x807fffff) | ((67 + (prng.word() % 108)) << 23);
        break;
      case 'special':
        words[i] = word % 3 === 0 ? word : (SPECIAL_WORDS[prng.below(SPECIAL_WORDS.length)] ?? 0);
        break;
      case 'subnormal': // around every flush limit
        words[i] = (word & 0x807fffff) | ((prng.word() % 110) << 23);
        break;
      case 'integer':
        out[i] = (word % 201) - 100;
        break;
      default:
        kind satisfies never;
    }
  }
  return out;
}

/** `n` integers in [low, high). */
export function integers(seed: number, n: number, low: number, high: number): number[] {
  const prng = new Prng(seed);
  return Array.from({ length: n }, () => low + prng.below(high - low));
}
