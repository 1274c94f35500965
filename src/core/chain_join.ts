// Chains joined: one program for two, where one loads what the other computes. What the layers of a model join is the same on
// other values each, so it is worked out once. Promises: the joined list is the lists of both one behind the other, with
// repeated loads left out (R5: no bit moves). Not here: which chains may be joined (graph/fuse.ts).
import { formOf, originalOf, type ChainLoad, type ChainProgram, type ChainStep } from './chain.ts';

/** What came of joining two programs, by where the loads of the second went; null where they do not fit. */
type Joins = Map<string, ChainProgram | null>;

const known = new WeakMap<ChainProgram, WeakMap<ChainProgram, Joins>>();

function joinsOf(head: ChainProgram, tail: ChainProgram): Joins {
  const first = originalOf(head);
  const second = originalOf(tail);
  let others = known.get(first);
  if (others === undefined) known.set(first, (others = new WeakMap()));
  let joins = others.get(second);
  if (joins === undefined) others.set(second, (joins = new Map()));
  return joins;
}

/**
 * Joins `tail` behind `head`, whose result `tail` loads (densely) as load `at`; unfit joins are undefined. The dims are the
 * tail's, under which the loads of `head` must be.
 */
export function joinChains(
  head: ChainProgram,
  tail: ChainProgram,
  at: number,
): ChainProgram | undefined {
  const loads: ChainLoad[] = [...head.loads];
  const place = tail.loads.map((load, k) => {
    if (k === at) return -1;
    const same = loads.findIndex(
      (one) => one.value === load.value && one.strides.every((s, axis) => s === load.strides[axis]),
    );
    if (same >= 0) return same;
    loads.push(load);
    return loads.length - 1;
  });
  const joins = joinsOf(head, tail);
  const key = `${at} ${place.join()}`;
  let joined = joins.get(key);
  if (joined === undefined) {
    const steps = joinedSteps(head.steps, tail.steps, place);
    const program = steps === undefined ? undefined : { dims: tail.dims, loads, steps };
    joined = program === undefined || formOf(program) === undefined ? null : program;
    joins.set(key, joined);
    return joined ?? undefined;
  }
  return joined === null
    ? undefined
    : { dims: tail.dims, loads, steps: joined.steps, original: joined };
}

/** @param place of each load of the tail among the loads of both; -1 for the head's result */
function joinedSteps(
  head: readonly ChainStep[],
  tail: readonly ChainStep[],
  place: readonly number[],
): ChainStep[] | undefined {
  const steps: ChainStep[] = [...head];
  const result = steps.length - 1;
  const moved: number[] = [];
  for (const step of tail) {
    const isLoad = step.op.startsWith('load_');
    const target = isLoad ? (place[step.args[0] ?? 0] ?? 0) : 0;
    if (isLoad && target < 0) {
      moved.push(result);
      continue;
    }
    const args = isLoad ? [target] : step.args.map((arg) => moved[arg] ?? 0);
    const again = isLoad
      ? steps.findIndex((one) => one.op === step.op && one.args[0] === target)
      : -1;
    if (again >= 0) moved.push(again);
    else moved.push(steps.push({ op: step.op, args }) - 1);
  }
  return moved.at(-1) === steps.length - 1 ? steps : undefined; // the result must stay the last step
}
