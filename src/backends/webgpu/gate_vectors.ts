// The words that the device gate feeds a device, and what every function of shaders/gate gives for them (docs/NUMERICS.md,
// B7), computed here by other means: f64 arithmetic rounded once, and BigInt.
// Promises: the same vectors on every device and at every time. Not here: running them (gate.ts).

/** Vectors of four words; a power of two, and whole workgroups of 64. */
export const COUNT = 256;

const NAN = 0x7fc00000;
const INFINITY = 0x7f800000;
const SIGN = 0x80000000;
const view = new DataView(new ArrayBuffer(4));
const floatOf = (word: number): number => {
  view.setUint32(0, word);
  return view.getFloat32(0);
};
const wordOf = (value: number): number => {
  view.setFloat32(0, value);
  return view.getUint32(0);
};
/** Magnitudes under the limit are +0, NaN is one word. */
const flush = (word: number, limit: number): number => {
  const magnitude = word & 0x7fffffff;
  return magnitude < limit ? 0 : magnitude > INFINITY ? NAN : word;
};
const canonical = (word: number): number => flush(word, 0x03800000);
const read = (word: number): number => floatOf(canonical(word));
const store = (value: number): number => canonical(wordOf(value));
const moderate = (word: number): number =>
  floatOf(((word & 0x807fffff) | ((120 + ((word >>> 23) & 15)) << 23)) >>> 0);

// ---- words

const SPECIAL = [
  0, 1, 0x7fffff, 0x800000, 0x037fffff, 0x03800000, 0x25ffffff, 0x26000000, 0x3e800000, 0x3effffff,
  0x3f000000, 0x3f7fffff, 0x3f800000, 0x3f800001, 0x3fc00000, 0x40000000, 0x4b000001, 0x4b7fffff,
  0x4effffff, 0x4f000000, 0x7effffff, 0x7f000000, 0x7f7fffff, 0x7f800000, 0x7f800001, 0x7fffffff,
  0xffff0000, 0x0000ffff, 0x00010000, 0xfffffffe, 0xffffffff, 0x8000_0001,
];

export type Vector = readonly [x: number, y: number, z: number, w: number];

function makeVectors(): readonly Vector[] {
  let state = 2463534242;
  const draw = (): number => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return state >>> 0;
  };
  const pick = (): number => ((SPECIAL[draw() % SPECIAL.length] ?? 0) ^ (draw() & SIGN)) >>> 0;
  // Few significant bits make ties, nearly equal magnitudes cancel, all ones carry.
  const word = (i: number): number => {
    if (i % 4 === 0) return pick();
    if (i % 4 === 1) return ((draw() & 0xff800000) | ((draw() & 63) << 17) | (draw() & 1)) >>> 0;
    return draw();
  };
  const words: Vector[] = [];
  for (let i = 0; i < COUNT; i += 1) {
    const x = word(i);
    const y = i % 8 === 3 ? (x ^ SIGN ^ (draw() & 7)) >>> 0 : word(draw());
    // The last word of half of the vectors says on which side of 2^24 they store (far.ts).
    const w = i % 2 === 0 ? (i >> 1) & 1 : word(draw());
    words.push([x, y, word(draw()), w]);
  }
  return words;
}

export const VECTORS = makeVectors();

// ---- results

/** One function of a report: the finding it belongs to, and its word for vector `i`. */
export interface Result {
  readonly finding: string;
  readonly expected: (v: Vector, i: number, all: readonly Vector[]) => number;
  /** The sign of a zero is free (WGSL leaves it to the device; stores are canonical). */
  readonly float?: boolean;
}

const result = (finding: string, expected: Result['expected']): Result => ({ finding, expected });
const float = (
  finding: string,
  expected: (...args: Parameters<Result['expected']>) => number,
): Result => ({
  finding,
  expected: (v, i, all) => wordOf(expected(v, i, all)),
  float: true,
});

const wide = (hi: number, lo: number): bigint => (BigInt(hi) << 32n) | BigInt(lo);
const low = (value: bigint): number => Number(value & 0xffffffffn);
const high = (value: bigint): number => Number((value >> 32n) & 0xffffffffn);
const sumError = (a: number, b: number): number => a + b - Math.fround(a + b);
const twoSum: Result['expected'] = ([x, y]) => wordOf(sumError(moderate(x), moderate(y)));

function f16(h: number): number {
  const sign = (h & 0x8000) * 0x10000;
  const field = (h >>> 10) & 31;
  const fraction = h & 0x3ff;
  if (field === 31) return sign + INFINITY + fraction * 8192;
  const value = field === 0 ? fraction / 0x1000000 : ((1024 + fraction) * 2 ** field) / 0x2000000;
  return sign + wordOf(value);
}

/** Of four signed bytes each. */
function dot(x: number, y: number): number {
  const byte = (word: number, i: number): number => (word << (24 - 8 * i)) >> 24;
  return [0, 1, 2, 3].reduce((sum, i) => sum + byte(x, i) * byte(y, i), 0);
}

function truncate(value: number): number {
  if (Number.isNaN(value)) return 0;
  return Math.max(-0x80000000, Math.min(0x7fffffff, Math.trunc(value)));
}

function quotient(x: number, y: number): number {
  const a = canonical(x);
  if (canonical(y) !== 0) return store(read(x) / read(y));
  return a === 0 || a === NAN ? NAN : (a & SIGN) | INFINITY;
}

/** Eight steps of V4, in lane `lane`. */
const chain = (lane: number): Result =>
  float('reassociation', (_, i, all) => {
    let sum = 0;
    for (let k = 0; k < 8; k += 1) {
      const v = all[(i + k) % COUNT] ?? [0, 0, 0, 0];
      sum = Math.fround(sum + Math.fround(moderate(v[lane] ?? 0) * moderate((v[1] + k) >>> 0)));
    }
    return sum;
  });

/** In the order of shaders/gate/report_words.wgsl. */
export const WORDS: readonly Result[] = [
  result('loads', ([x]) => x),
  result('workgroup memory', (_, i, all) => all[(i & ~63) + 63 - (i & 63)]?.[0] ?? 0),
  result('u32 arithmetic', ([x, y]) => x + y),
  result('u32 arithmetic', ([x, y]) => x - y),
  result('u32 arithmetic', ([x, y]) => Math.imul(x, y)),
  result('carries', ([x, y, z, w]) => low(wide(y, x) + wide(w, z))),
  result('carries', ([x, y, z, w]) => high(wide(y, x) + wide(w, z))),
  result('carries', ([x, y, z, w]) => low(wide(y, x) - wide(w, z))),
  result('carries', ([x, y, z, w]) => high(wide(y, x) - wide(w, z))),
  result('limb products', ([x, y]) => low(BigInt(x) * BigInt(y))),
  result('limb products', ([x, y]) => high(BigInt(x) * BigInt(y))),
  result('shifts', ([x, y]) => x << (y & 31)),
  result('shifts', ([x, y]) => x >>> (y & 31)),
  result('shifts', ([x, y, z]) => high(wide(y, x) << BigInt(z & 63))),
  result('zero test', ([x, y]) => ((x & y & 15) === 0 ? 9 : 7)),
  result('leading zeros', ([x]) => Math.clz32(x)),
  result('index division', ([x, y]) => Math.floor(x / Math.max(y, 1))),
  result('index division', ([x, y]) => Math.floor(x / Math.max(y & 255, 1))),
  result('comparisons', ([x, y]) => ((x | 0) < (y | 0) ? 1 : 0)),
  result('comparisons', ([x, y]) => Math.min(x, y)),
  result('comparisons', ([x, y]) => Math.max(x, y)),
  result('conversions', ([x]) => wordOf(x | 0)),
  result('conversions', ([x]) => truncate(floatOf(x))),
  result('f16 decode', ([x]) => f16(x >>> 16)),
  result('dot products of bytes', ([x, y]) => dot(x, y)),
  result('dot products of bytes', ([x, , z]) => dot(x, z)),
];
/** In the order of shaders/gate/report_rounded.wgsl. */
export const ROUNDED: readonly Result[] = [
  result('canonical store', ([x]) => canonical(x)),
  result('canonical store', ([x]) => store(Math.floor(read(x)))),
  result('canonical store', ([, , z]) => flush((z & 0xbfffffff) >>> 0, 0x26000000)),
  result('canonical store', () => 0),
  result('rounding', ([x, y]) => store(read(x) + read(y))),
  result('rounding', ([x, y]) => store(read(x) * read(y))),
  float('rounding', ([x, y]) => Math.fround(moderate(x) + moderate(y))),
  float('rounding', ([x, y]) => Math.fround(moderate(x) * moderate(y))),
  { finding: 'reassociation', expected: twoSum, float: true },
  float('contraction', ([x, y, z]) =>
    Math.fround(Math.fround(moderate(x) * moderate(y)) + moderate(z)),
  ),
  float('contraction', ([x, y, z]) =>
    Math.fround(Math.fround(moderate(x) * moderate(y)) + Math.fround(moderate(x) * moderate(z))),
  ),
  float('reassociation', (_, i, all) => {
    let sum = 0;
    for (let k = 0; k < 16; k += 1)
      sum = Math.fround(sum + moderate(all[(i + k) % COUNT]?.[0] ?? 0));
    return sum;
  }),
  chain(0),
  chain(1),
  chain(2),
  chain(3),
  result('quotient and root', ([x, y]) => quotient(x, y)),
  result('quotient and root', ([x]) => store(Math.sqrt(read(x)))),
];

/** In the order of shaders/gate/report_floats.wgsl, where a rung has floats. */
export const FLOATS: readonly Result[] = [
  { finding: 'reassociation', expected: twoSum, float: true },
  { finding: 'reassociation', expected: twoSum, float: true },
  float('reassociation', ([x]) => Math.fround(Math.fround(moderate(x) + 12582912) - 12582912)),
  float('reassociation', ([x]) =>
    Math.fround(Math.fround(moderate(x) * floatOf(0x3f8ccccd)) * floatOf(0x3faaaaab)),
  ),
  float('contraction', ([x, y, z]) =>
    Math.fround(Math.fround(moderate(x) * moderate(y)) + Math.fround(moderate(x) * moderate(z))),
  ),
];

/** What follows FLOATS in the same report: for information. The names say what a device that differs does. */
export const HABITS: readonly Result[] = [
  float('without the barrier, a product and a sum are fused', ([x, y, z]) =>
    Math.fround(Math.fround(moderate(x) * moderate(y)) + moderate(z)),
  ),
  float('without the barrier, (a + b) - a is rewritten', ([x, y]) =>
    Math.fround(Math.fround(moderate(x) + moderate(y)) - moderate(x)),
  ),
  result('subnormal results are flushed', ([x]) => wordOf(floatOf((x & 0x7fffff) | 0x800000) / 2)),
  result('subnormal operands are flushed', ([x]) => wordOf(floatOf((x & 0x7fffff) | 1) * 16777216)),
  result('the sign of zero is lost', () => SIGN),
  result('u32 % by a constant is wrong', ([x]) => x % 3),
  result('a test for == 0u is wrong', ([x, y]) => ((x & y & 15) === 0 ? 9 : 7)),
];
