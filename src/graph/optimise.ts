// What becomes of the steps that lowering gave: those that nothing depends on are left out, repetitions are shared
// (share.ts), chains are joined (fuse.ts). The same for a plan that differs from one before it in some steps only, whose
// decisions then hold for all others. Promises: both give the same steps. No bit depends on either (R5).
import { inputsOf } from '../core/op.ts';
import type { Value } from '../core/value.ts';
import { fuse, fuseAgain, type Fusion } from './fuse.ts';
import type { Step } from './plan.ts';
import { shareAgain, shareSteps, type Sameness, type Sharing } from './share.ts';

/** The steps of a plan as lowering gave them, and what they are for. */
export interface Lowered {
  readonly steps: readonly Step[];
  readonly outputs: ReadonlyMap<string, Value>;
  readonly target: 'wasm' | 'webgpu';
  /** Above all ids of values. */
  readonly count: number;
}

/** What became of them. */
export interface Optimised {
  readonly steps: readonly Step[];
  /** The same for all that were made of one. */
  readonly structure: object;
  /** The places of those that something depends on. */
  readonly live: readonly number[];
  readonly sharing: Sharing;
  readonly fusion: Fusion;
}

/** Places of the steps that some output depends on: a node may emit more than is wanted of it. */
export function liveSteps(
  { steps, outputs, count }: Lowered,
  root: (value: Value) => Value,
): number[] {
  // By the ids of values.
  const wanted = new Uint8Array(count);
  const want = (value: Value): void => void (wanted[root(value).id] = 1);
  const isWanted = (value: Value): boolean => wanted[root(value).id] === 1;
  outputs.forEach(want);
  const live: number[] = [];
  for (let i = steps.length - 1; i >= 0; i -= 1) {
    const step = steps[i];
    if (step?.dispatch.outputs.some(isWanted) !== true) continue;
    inputsOf(step.dispatch).forEach(want);
    live.push(i);
  }
  return live.reverse();
}

const atPlaces = (steps: readonly Step[], places: readonly number[]): Step[] =>
  places.map((i) => steps[i] as Step);

export function optimise(lowered: Lowered, on: Sameness): Optimised {
  const { steps, outputs, target, count } = lowered;
  const root = (value: Value): Value => on.root(value);
  const live = liveSteps(lowered, root);
  const sharing = shareSteps(atPlaces(steps, live), on);
  const fusion = fuse(sharing.steps, outputs, root, target, count);
  return { steps: fusion.steps, structure: {}, live, sharing, fusion };
}

/**
 * @param isChanged of each step: whether it is another one than it was; its operands and outputs have the ids that they had
 * @returns undefined where other steps repeat each other or are joined now; aliases said until then are void
 */
export function optimiseAgain(
  before: Optimised,
  { steps, target }: Lowered,
  isChanged: Uint8Array,
  on: Sameness,
): Optimised | undefined {
  const { live, structure } = before;
  const areChanged = new Uint8Array(live.length);
  for (let k = 0; k < live.length; k += 1) areChanged[k] = isChanged[live[k] ?? 0] ?? 0;
  const sharing = shareAgain(before.sharing, atPlaces(steps, live), areChanged, on);
  if (sharing === undefined) return undefined;
  const ofKept = areChanged.filter((_, i) => sharing.repeats[i] === -1);
  const root = (value: Value): Value => on.root(value);
  const fusion = fuseAgain(before.fusion, sharing.steps, ofKept, root, target);
  return fusion && { steps: fusion.steps, structure, live, sharing, fusion };
}
