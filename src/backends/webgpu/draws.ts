// The words that a pipeline's gate draws (docs/NUMERICS.md, B7): special values, thresholds of kernels, ties of rounding
// and random words, each about as often. Promises: a value that kernels may take for canonical gets canonical words, a
// bool is 0 or 1; all else is any word. Not here: integers that say where elements lie, which are never drawn.
import { canonicalWord } from '../../core/bits.ts';
import type { Value } from '../../core/value.ts';
import { byteLengthOf } from '../../graph/memory.ts';
import type { Random } from './spot_check.ts';

/** `adversarial` may raise flags (B6); `moderate` keeps magnitudes under 2^20, and so do sums of squares of few terms. */
export type Draw = 'adversarial' | 'moderate';

// A period that no row length divides; longer values repeat it, so that drawing costs little.
const PERIOD = 4099;
const field = (exponent: number): number => (127 + exponent) << 23;

const SPECIALS = [
  ...[0, 1, 0x007fffff, 0x00800000], // zero, subnormals, the least normal number
  ...[0x7f800000, 0x7f800001, 0x7fa12345, 0x7fc00000, 0x7fffffff], // infinity, NaNs
  ...[0x7f7fffff, 0x3f800000, 0x3f000000, 0x3fc00000, 0x4b000000],
];
// Exponents where kernels branch (V2, V3, B6), and arguments where functions do.
const EDGES = [
  ...[-126, -120, -102, -60, -51, -24, -1, 0, 1, 23, 24, 31, 50, 64, 100, 103, 127].map(field),
  ...[0x42b17218, 0x42aeac50, 0x3f317218, 0x40490fdb, 0x3fc90fdb],
];
const MODERATE_EDGES = EDGES.filter((word) => word <= field(19));

/** Fills bytes for a value. */
export function drawBytes(value: Value, draw: Draw, random: Random): Uint8Array {
  const bytes = new Uint8Array(Math.ceil(byteLengthOf(value) / 4) * 4);
  const words = new Uint32Array(bytes.buffer);
  const count = Math.min(words.length, PERIOD);
  for (let i = 0; i < count; i += 1) words[i] = drawWord(value, draw, random);
  for (let at = count; at < words.length; at *= 2) words.copyWithin(at, 0, at);
  return bytes.subarray(0, byteLengthOf(value));
}

function drawWord({ dtype, canonical }: Value, draw: Draw, random: Random): number {
  const any = (): number => Math.floor(random() * 0x100000000);
  if (dtype === 'bool') return any() & 0x01010101;
  // Other integers: mostly small, so that quotients and comparisons are of all kinds.
  if (dtype !== 'float32') return random() < 0.5 ? any() : any() >> 28;
  const word = draw === 'adversarial' ? adversarial(any, random) : moderate(any, random);
  return canonical ? canonicalWord(word >>> 0) : word;
}

type Any = () => number;
const oneOf = (words: readonly number[], random: Random): number =>
  words[Math.floor(random() * words.length)] ?? 0;
const sign = (any: Any): number => any() & 0x80000000;

function adversarial(any: Any, random: Random): number {
  const kind = random();
  if (kind < 0.25) return oneOf(SPECIALS, random) | sign(any);
  if (kind < 0.5) return near(oneOf(EDGES, random), any);
  return kind < 0.75 ? tie(any) : any();
}

function moderate(any: Any, random: Random): number {
  const kind = random();
  if (kind < 0.1) return oneOf([0, 1, 0x007fffff, 0x3f800000], random) | sign(any);
  if (kind < 0.3) return near(oneOf(MODERATE_EDGES, random), any);
  if (kind < 0.6) return tie(any);
  // Full significands, exponents from -12 to 3.
  return ((115 + (any() & 15)) << 23) | (any() & 0x007fffff) | sign(any);
}

/** Within two units in the last place. */
const near = (word: number, any: Any): number => (word + ((any() >>> 8) % 5) - 2) | sign(any);

/** Twelve or thirteen significant bits at nearby exponents: their products, and sums with others, lie halfway. */
const tie = (any: Any): number =>
  ((124 + (any() & 7)) << 23) | (any() & 0x007ff000) | (any() & 0x800) | sign(any);
