// Some work units of one dispatch, computed by the reference from the inputs that the GPU read, and compared with what
// the GPU wrote. Promises: only elements that those units write are compared, as bits; a difference is never reported
// where the reference gives the GPU's bits; nothing stays allocated. Not here: which dispatches are checked and when, and
// dispatches whose status flag is raised, whose outputs mean nothing (B6).
//
// Kernels do not say which elements a unit writes. So the unit is run twice, over outputs filled with two patterns that
// differ in every byte: a byte that is equal afterwards was written. Patterns are drawn anew, so that no result of the
// contract can hide behind one of them for ever.
import { hexOfElement } from '../../core/bits.ts';
import type { Constant } from '../../core/constant.ts';
import { dtypeInfo } from '../../core/dtype.ts';
import type { Dispatch } from '../../core/op.ts';
import type { LaidOut } from '../wasm/laid_out.ts';
import type { WasmBackend } from '../wasm.ts';

/** The first element of a unit where the GPU's bits are not the reference's. */
export interface SpotDifference {
  readonly dispatch: Dispatch;
  readonly unit: number;
  /** Which output of the dispatch, and the flat index of the element in it. */
  readonly output: number;
  readonly index: number;
  /** The bits of the element, as hex: the reference's and the GPU's. */
  readonly expected: string;
  readonly got: string;
  /** How many elements of the unit differ in that output. */
  readonly differing: number;
}

/** What a dispatch read and wrote. */
export interface Observed {
  /** The contents of `inputsOf(dispatch)`, in that order. */
  readonly inputs: readonly Constant[];
  /** The bytes that the GPU wrote, one for each output; they may be longer than the output. */
  readonly outputs: readonly Uint8Array[];
}

/** A number in [0, 1); no bit of a result depends on it, so whoever drives a run gives it. */
export type Random = () => number;

/** `count` different units of a dispatch, or all there are. */
export function drawUnits(dispatch: Dispatch, count: number, random: Random): number[] {
  const { units } = dispatch;
  if (count >= units) return Array.from({ length: units }, (_, unit) => unit);
  // Floyd's sampling: every set of `count` units is equally likely, in `count` draws.
  const drawn = new Set<number>();
  for (let last = units - count; last < units; last += 1) {
    const unit = Math.floor(random() * (last + 1));
    drawn.add(drawn.has(unit) ? last : unit);
  }
  return [...drawn];
}

/**
 * Compares these units with the reference.
 *
 * @returns the first difference, undefined if there is none
 * @throws RangeError if the reference's memory has no room
 */
export function spotCheck(
  reference: WasmBackend,
  dispatch: Dispatch,
  observed: Observed,
  units: readonly number[],
  random: Random,
): SpotDifference | undefined {
  if (units.length === 0) return undefined;
  const laid = reference.layOut(dispatch, observed.inputs);
  try {
    const first = pattern(random);
    dispatch.outputs.forEach((_, i) => fill(laid.output(i), first));
    for (const unit of units) {
      const found = checkUnit(laid, observed.outputs, unit, first);
      if (found !== undefined) return { dispatch, unit, ...found };
    }
    return undefined;
  } finally {
    laid.free();
  }
}

/** Outputs hold `first` everywhere, before and after. */
function checkUnit(
  laid: LaidOut,
  got: readonly Uint8Array[],
  unit: number,
  first: number,
): Omit<SpotDifference, 'dispatch' | 'unit'> | undefined {
  const { outputs } = laid.dispatch;
  laid.run(unit, unit + 1);
  const written = outputs.map((_, i) => {
    const all = laid.output(i);
    const [from, to] = rangeOtherThan(all, first);
    const part = all.subarray(from, to);
    const copy = part.slice();
    fill(part, ~first);
    return { from, part, copy };
  });
  laid.run(unit, unit + 1);
  for (const [i, { from, part, copy }] of written.entries()) {
    const width = dtypeInfo(outputs[i]?.dtype ?? 'uint8').bytes;
    const found = compare(copy, part, (got[i] ?? new Uint8Array(0)).subarray(from), width);
    if (found === undefined) continue;
    const { at, differing } = found;
    const index = (from + at) / width;
    return {
      output: i,
      index,
      expected: hexOfElement(copy, at / width, width),
      got: hexOfElement(got[i] ?? new Uint8Array(0), index, width),
      differing,
    };
  }
  outputs.forEach((_, i) => {
    const { from = 0, part } = written[i] ?? {};
    fill(laid.output(i).subarray(from, from + (part?.byteLength ?? 0)), first);
  });
  return undefined;
}

/** Elements that both runs wrote, against the GPU's: where the first difference lies, in bytes, and how many there are. */
function compare(
  once: Uint8Array,
  again: Uint8Array,
  got: Uint8Array,
  width: number,
): { at: number; differing: number } | undefined {
  const [a, b, g] = [wordsOf(once), wordsOf(again), wordsOf(got)];
  let at = -1;
  let differing = 0;
  let last = -1;
  const compareByte = (k: number): void => {
    const element = Math.floor(k / width) * width;
    if (once[k] !== again[k] || once[k] === got[k] || element === last) return;
    if (at < 0) at = element;
    last = element;
    differing += 1;
  };
  for (let i = 0; i < a.length; i += 1) {
    const [x = 0, y = 0] = [a[i], b[i]];
    // Where no byte was written, every bit of the two patterns differs.
    if (x === g[i] || x === ~y) continue;
    for (let k = i * 4; k < i * 4 + 4; k += 1) compareByte(k);
  }
  for (let k = a.length * 4; k < once.length; k += 1) compareByte(k);
  return at < 0 ? undefined : { at, differing };
}

/** A word none of whose bytes is that of a bool, nor is any of its complement's. */
function pattern(random: Random): number {
  const byte = (): number => 2 + Math.floor(random() * 252);
  return byte() | (byte() << 8) | (byte() << 16) | (byte() << 24);
}

/** The whole words of some bytes; the last one to three bytes are left out. */
function wordsOf(bytes: Uint8Array): Int32Array {
  const { buffer, byteOffset, length } = bytes.byteOffset % 4 === 0 ? bytes : bytes.slice();
  return new Int32Array(buffer, byteOffset, length >>> 2);
}

/** Bytes that begin on a word. */
function fill(bytes: Uint8Array, word: number): void {
  const words = wordsOf(bytes);
  words.fill(word);
  for (let i = words.length * 4; i < bytes.length; i += 1) bytes[i] = byteOf(word, i);
}

const byteOf = (word: number, i: number): number => (word >>> ((i & 3) * 8)) & 255;

/** The range outside which every byte is that of `word`, in whole elements (they have at most eight bytes). */
function rangeOtherThan(bytes: Uint8Array, word: number): [from: number, to: number] {
  const words = wordsOf(bytes);
  let from = 0;
  while (from < words.length && words[from] === word) from += 1;
  let to = words.length;
  while (to > from && words[to - 1] === word) to -= 1;
  let end = to * 4;
  for (let i = words.length * 4; i < bytes.length; i += 1) {
    if (bytes[i] !== byteOf(word, i)) end = i + 1;
  }
  return [(from * 4) & ~7, Math.min(bytes.length, (end + 7) & ~7)];
}
