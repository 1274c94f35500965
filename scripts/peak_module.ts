// A WebAssembly module whose only work is multiplying and adding vectors of four floats in registers: what a core can do
// at most where a product and a sum are two roundings (R2), so that no kernel of the contract is faster.
// Promises: `pairs` of one f32x4.mul and one f32x4.add a pass, each on a chain of its own or both on one; no memory, and
// nothing that an engine can know beforehand, fold, or take out of the loop: every operand follows from the pass before.
// Not here: timing, and the choice among forms (peak.ts).
import {
  F32,
  FUNCTION,
  HEADER,
  I32,
  localGet,
  localSet,
  section,
  simd,
  sized,
  uleb,
  V128,
} from './wasm_bytes.ts';

/** `joined`: x = x * a + b on each chain; `apart`: x = x * a on one and y = y + b on the next. */
export type PeakForm = 'joined' | 'apart';

export interface PeakLoop {
  /** Multiplications, and as many additions, of four floats in one pass of the loop. */
  readonly pairs: number;
  /** Runs `passes` of the loop; the sum of first lanes of all chains, which depends on all of it. */
  readonly run: (passes: number, a: number, b: number) => number;
}

/** Of a vector's multiplication and addition. */
export const FLOPS_A_PAIR = 8;

// A pass has at least so many pairs, so that counting passes is a small share of it.
const PAIRS_A_PASS = 48;

const f32Const = (x: number): number[] => [0x43, ...new Uint8Array(Float32Array.of(x).buffer)];
const SPLAT = simd(19);
const FIRST_LANE = [...simd(31), 0];
const MUL = simd(230);
const ADD = simd(228);
// local 0 = passes - 1, and once more if it is not zero.
const NEXT_PASS = [...localGet(0), 0x41, 1, 0x6b, 0x22, 0, 0x0d, 0];

// Parameters: passes, a, b; then a and b as vectors; then the chains.
const [A, B, FIRST] = [3, 4, 5] as const;

/** One multiplication and one addition of the chain pair `i`. */
function pairCode(form: PeakForm, i: number): number[] {
  if (form === 'joined') {
    const x = FIRST + i;
    return [...localGet(x), ...localGet(A), ...MUL, ...localGet(B), ...ADD, ...localSet(x)];
  }
  const [x, y] = [FIRST + 2 * i, FIRST + 2 * i + 1];
  return [
    ...[...localGet(x), ...localGet(A), ...MUL, ...localSet(x)],
    ...[...localGet(y), ...localGet(B), ...ADD, ...localSet(y)],
  ];
}

/** @param chains how many sums and products are under way at once; even where they are apart */
export function peakLoop(form: PeakForm, chains: number): PeakLoop {
  const atOnce = form === 'joined' ? chains : chains / 2;
  const rounds = Math.ceil(PAIRS_A_PASS / atOnce);
  const body = [
    ...[1, ...uleb(2 + chains), V128],
    ...[...localGet(1), ...SPLAT, ...localSet(A), ...localGet(2), ...SPLAT, ...localSet(B)],
    // Chains begin apart, or an engine might find that they are one.
    ...Array.from({ length: chains }, (_, i) => [
      ...[...f32Const(1 + i), ...localGet(1), 0x94],
      ...[...SPLAT, ...localSet(FIRST + i)],
    ]).flat(),
    ...[0x03, 0x40],
    ...Array.from({ length: rounds * atOnce }, (_, i) => pairCode(form, i % atOnce)).flat(),
    ...[...NEXT_PASS, 0x0b],
    ...localGet(FIRST),
    ...Array.from({ length: chains - 1 }, (_, i) => [...localGet(FIRST + 1 + i), ...ADD]).flat(),
    ...[...FIRST_LANE, 0x0b],
  ];
  const module = new WebAssembly.Module(
    Uint8Array.of(
      ...HEADER,
      ...section(1, [FUNCTION, 3, I32, F32, F32, 1, F32]),
      ...section(3, [0]),
      ...section(7, [...sized([0x70]), 0, 0]),
      ...section(10, sized(body)),
    ),
  );
  const run = new WebAssembly.Instance(module).exports['p'] as PeakLoop['run'];
  return { pairs: rounds * atOnce, run };
}
