// Common subexpressions: a dispatch that repeats another one, the same kernel with the same Params on the same values, is
// left out, and its outputs are the other's. R5: equal operands give equal bits, so none moves; a test compares every
// plan with and without. Not here: what counts as the same value (aliases are the planner's).
import { inputsOf, type Dispatch } from '../core/op.ts';
import { wordsOf } from '../core/words.ts';
import { sameNumbers, sameShape } from '../core/shape.ts';
import type { Value } from '../core/value.ts';
import type { Step } from './plan.ts';

const isSameType = (x: Value, y: Value | undefined): boolean =>
  x.dtype === y?.dtype && sameShape(x.dims, y.dims);
// A program's loads read by dims and strides that its words hold; what its operands may be taken for, they do not.
const isReadAlike = (x: Value, y: Value | undefined): boolean =>
  x.dtype === y?.dtype && x.canonical === y.canonical;

/** Whether two dispatches on the same operands compute the same. */
function isSame(a: Dispatch, b: Dispatch): boolean {
  const operands = inputsOf(b);
  return (
    a.kernel.name === b.kernel.name &&
    a.kernel.module === b.kernel.module &&
    a.units === b.units &&
    sameNumbers(wordsOf(a), wordsOf(b)) &&
    a.outputs.length === b.outputs.length &&
    a.outputs.every((value, i) => isSameType(value, b.outputs[i])) &&
    inputsOf(a).every((value, i) => isReadAlike(value, operands[i])) &&
    JSON.stringify(a.constants) === JSON.stringify(b.constants)
  );
}

/** A small number that is the same for the same operands. */
const hashOf = (operands: readonly number[]): number =>
  operands.reduce((hash, id) => (Math.imul(hash, 31) + id) & 0x3fffffff, operands.length);

interface Kept {
  readonly at: number;
  readonly operands: readonly number[];
}

/** What came of sharing, for the next plan. */
export interface Sharing {
  /** The steps without repetitions, in order. */
  readonly steps: readonly Step[];
  /** Of each step given: the one that it repeats, or -1. */
  readonly repeats: Int32Array;
  /** Of each step given, by its operands. */
  readonly hashes: Int32Array;
}

/** What sharing asks and says of values. */
export interface Sameness {
  root(value: Value): Value;
  /** Equal for values that share their storage or are the same constant. */
  identity(value: Value): number;
  /** An output of a step left out is an output of another. */
  alias(to: Value, from: Value): void;
}

/** Steps looked at so far, by their operands. */
class Seen {
  readonly #steps: readonly Step[];
  readonly #alike = new Map<number, Kept[]>();

  constructor(steps: readonly Step[]) {
    this.#steps = steps;
  }

  /** The step that this one repeats; -1 for none, and then others may repeat it. */
  repeated(at: number, hash: number, operands: readonly number[]): number {
    const dispatch = this.#steps[at]?.dispatch;
    const others = this.#alike.get(hash);
    for (const other of others ?? []) {
      const earlier = this.#steps[other.at]?.dispatch;
      if (dispatch === undefined || earlier === undefined) continue;
      if (sameNumbers(other.operands, operands) && isSame(earlier, dispatch)) return other.at;
    }
    const kept = { at, operands };
    if (others === undefined) this.#alike.set(hash, [kept]);
    else others.push(kept);
    return -1;
  }
}

function aliasOutputs(step: Step | undefined, earlier: Step | undefined, on: Sameness): void {
  step?.dispatch.outputs.forEach((value, i) => {
    const from = earlier?.dispatch.outputs[i];
    if (from !== undefined) on.alias(on.root(value), on.root(from));
  });
}

/** Leaves repetitions out. */
export function shareSteps(steps: readonly Step[], on: Sameness): Sharing {
  const repeats = new Int32Array(steps.length).fill(-1);
  const hashes = new Int32Array(steps.length);
  const seen = new Seen(steps);
  const kept: (Step | undefined)[] = [...steps];
  for (const [i, step] of steps.entries()) {
    const operands = inputsOf(step.dispatch).map((value) => on.identity(value));
    const hash = hashOf(operands);
    hashes[i] = hash;
    const at = seen.repeated(i, hash, operands);
    const earlier = at < 0 ? undefined : kept[at];
    if (earlier === undefined) continue;
    repeats[i] = at;
    aliasOutputs(step, earlier, on);
    kept[at] = { ...earlier, nodes: [...new Set([...earlier.nodes, ...step.nodes])] };
    kept[i] = undefined;
  }
  return { steps: kept.filter((step) => step !== undefined), repeats, hashes };
}

/**
 * The same for steps that are those of `before` but for some that changed, whose operands and outputs are values of the same
 * ids: only these, and what could be taken for them, is looked at.
 *
 * @returns undefined where others repeat each other now; aliases said until then are void
 */
export function shareAgain(
  before: Sharing,
  steps: readonly Step[],
  isChanged: Uint8Array,
  on: Sameness,
): Sharing | undefined {
  const { repeats } = before;
  // As they were, which is looked at below: what is aliased is no operand of what it depends on.
  for (let i = 0; i < repeats.length; i += 1) {
    const at = repeats[i] ?? -1;
    if (at >= 0) aliasOutputs(steps[i], steps[at], on);
  }
  const hashes = before.hashes.slice();
  const operandsOf = (i: number): number[] =>
    inputsOf((steps[i] as Step).dispatch).map((value) => on.identity(value));
  const touched = new Set<number>();
  for (let i = 0; i < steps.length; i += 1) {
    if (isChanged[i] !== 1) continue;
    touched.add(hashes[i] ?? 0);
    hashes[i] = hashOf(operandsOf(i));
    touched.add(hashes[i] ?? 0);
  }
  const seen = new Seen(steps);
  const kept: Step[] = [];
  for (let i = 0; i < steps.length; i += 1) {
    const hash = hashes[i] ?? 0;
    if (touched.has(hash) && seen.repeated(i, hash, operandsOf(i)) !== repeats[i]) return undefined;
    if (repeats[i] !== -1) continue;
    const known = before.steps[kept.length] as Step;
    const { dispatch } = steps[i] as Step;
    kept.push(isChanged[i] === 1 ? { dispatch, nodes: known.nodes } : known);
  }
  return { steps: kept, repeats, hashes };
}
