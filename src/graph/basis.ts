// A plan is made of the plan before it, where that was for the same nodes: a node whose inputs are the same values, of the same
// types and known contents, is not lowered again, and what became of steps that did not change is known. So a loop whose
// caches grow plans its attention anew, and nothing else. Promises: word for word the plan that planning everything gives;
// where this cannot be (other numbers of values or steps come of a node), everything is planned. Not kept for it are plans
// with nodes that wait, that stand for graphs, that are random or of users' code, or with constants that are evaluated later
// than they were emitted (`Planner.isPlain`).
import type { Constant } from '../core/constant.ts';
import { inputsOf } from '../core/op.ts';
import { sameNumbers } from '../core/shape.ts';
import type { Value } from '../core/value.ts';
import type { Node } from './graph.ts';
import type { Optimised } from './optimise.ts';
import type { FeedType, PlanOptions, Step } from './plan.ts';
import type { Planner } from './planning.ts';
import type { Values } from './values.ts';

/** What one node took and gave. */
export interface NodeRecord {
  /** Values that it could look at. */
  readonly inputs: readonly (Value | undefined)[];
  /** What it created has ids from one to below the other; the same of its steps. */
  readonly firstId: number;
  readonly endId: number;
  readonly firstStep: number;
  readonly endStep: number;
  /** What the plan holds for it, by key. */
  readonly held: readonly (readonly [key: string, constants: readonly Constant[]])[];
}

/** A plan as the next can be made of it. */
export interface Basis {
  readonly planner: Planner;
  readonly nodes: readonly Node[];
  /** As lowering left them: `planner` has aliases of shared steps besides. */
  readonly values: Values;
  readonly areCanonical: Uint8Array;
  readonly records: readonly NodeRecord[];
  readonly optimised: Optimised;
}

/** What a plan that is made of a basis has different. */
export interface Changes {
  /** Of each step. */
  readonly areSteps: Uint8Array;
  /** Whether every step has the operands and outputs, by ids, that it had: then decisions of the basis may hold. */
  readonly isAlike: boolean;
}

/** @returns undefined where plans cannot be made of this one */
export function basisOf(
  planner: Planner,
  nodes: readonly Node[],
  values: Values,
  optimised: Optimised,
): Basis | undefined {
  // A node that waits has no record.
  if (!planner.isPlain || planner.records.length !== nodes.length) return undefined;
  const { records } = planner;
  const areCanonical = new Uint8Array(values.next);
  for (let id = 0; id < areCanonical.length; id += 1) {
    areCanonical[id] = values.at(id).canonical ? 1 : 0;
  }
  return { planner, nodes, values, areCanonical, records, optimised };
}

const sameContents = (a: Uint8Array | undefined, b: Uint8Array | undefined): boolean =>
  a === b || (a !== undefined && b !== undefined && sameNumbers(a, b));

/**
 * Whether a plan for these feeds can be tried to be made of it.
 *
 * @param wanted what outputs need, as `neededNodes` gives it: the same list for the same outputs only
 */
export function isBasisFor(
  { planner, nodes }: Basis,
  wanted: readonly Node[],
  feeds: ReadonlyMap<string, FeedType>,
  { target, tiles, keep }: PlanOptions,
): boolean {
  const { options: own, feeds: fed } = planner;
  const isFed = ([name, { dtype, contents }]: [string, FeedType]): boolean => {
    const other = fed.get(name);
    return other?.dtype === dtype && (other.contents === undefined) === (contents === undefined);
  };
  return (
    nodes === wanted &&
    own.target === target &&
    own.tiles === tiles &&
    own.keep === keep &&
    fed.size === feeds.size &&
    [...feeds].every(isFed)
  );
}

const ids = (values: readonly Value[]): number[] => values.map(({ id }) => id);

/** Whether it is a step on values of the same ids. */
function isAlike({ dispatch: a }: Step, { dispatch: b }: Step): boolean {
  return (
    (a.chain === undefined) === (b.chain === undefined) &&
    a.inputs.length === b.inputs.length &&
    sameNumbers(ids(inputsOf(a)), ids(inputsOf(b))) &&
    sameNumbers(ids(a.outputs), ids(b.outputs))
  );
}

/** Whether it is more than its words: a value that is created again was not. */
const isMore = ({ halves, quantised }: Value): boolean =>
  halves !== undefined || quantised !== undefined;

/** One plan being made of a basis. */
class Again {
  readonly #basis: Basis;
  readonly #planner: Planner;
  /** Values that are others, or of which something else is known, by their ids. */
  readonly #changed: Uint8Array;
  readonly #steps: Uint8Array;
  #isAlike = true;

  constructor(basis: Basis, planner: Planner) {
    this.#basis = basis;
    this.#planner = planner;
    this.#changed = new Uint8Array(basis.values.next);
    this.#steps = new Uint8Array(basis.planner.steps.length);
  }

  get changes(): Changes {
    return { areSteps: this.#steps, isAlike: this.#isAlike };
  }

  feeds(): void {
    const planner = this.#planner;
    for (const [name, feed] of planner.feeds) {
      const value = planner.named.get(name);
      const before = this.#basis.planner.feeds.get(name);
      if (value === undefined || before === undefined) continue; // nothing reads it
      if (sameNumbers(before.dims, feed.dims) && sameContents(before.contents, feed.contents))
        continue;
      planner.values.renew(value);
      planner.feed(name, feed);
      this.#changed[value.id] = 1;
    }
  }

  /** Has the node planned as it was, if it can be. */
  isRepeated({ inputs, held, firstStep, endStep }: NodeRecord): boolean {
    for (const value of inputs) {
      if (value !== undefined && this.#changed[value.id] === 1) return false;
    }
    const { holdings, steps } = this.#planner;
    if (!held.every(([key, constants]) => holdings.holdAgain(key, constants))) return false;
    for (let i = firstStep; i < endStep; i += 1) steps.push(this.#basis.planner.steps[i] as Step);
    return true;
  }

  /** Puts back what lowering in vain changed of values that the plan before has too. */
  restore({ firstId }: NodeRecord): void {
    const { values, areCanonical } = this.#basis;
    // It may have created more than it did.
    const end = Math.min(this.#planner.values.next, values.next);
    for (let id = firstId; id < end; id += 1) {
      const value = values.at(id);
      value.canonical = areCanonical[id] === 1;
      if (this.#planner.values.at(id) !== value) continue;
      delete value.halves;
      delete value.quantised;
    }
  }

  /**
   * Notes what lowering the node again changed.
   *
   * @returns false where not as many values and steps came of it, or more is known of a value that the plan before has too
   */
  compare({ firstId, endId, firstStep, endStep }: NodeRecord): boolean {
    const { values, steps } = this.#planner;
    if (values.next !== endId || steps.length !== endStep) return false;
    const { values: before, areCanonical, planner } = this.#basis;
    for (let id = firstId; id < endId; id += 1) {
      const [value, was] = [values.at(id), before.at(id)];
      const [root, other] = [values.root(value), before.root(was)];
      const [constant, known] = [values.constant(root), before.constant(other)];
      if (value === was && (value.canonical !== (areCanonical[id] === 1) || isMore(value)))
        return false;
      if (value !== was || constant !== known) this.#changed[id] = 1;
      if (root.id !== other.id || (constant === undefined) !== (known === undefined))
        this.#isAlike = false;
    }
    for (let i = firstStep; i < endStep; i += 1) {
      this.#steps[i] = 1;
      if (!isAlike(steps[i] as Step, planner.steps[i] as Step)) this.#isAlike = false;
    }
    return true;
  }
}

/**
 * Plans all nodes of the basis.
 *
 * @param planner was made of it
 * @param lower lowers a node, and says whether it could
 * @returns undefined where everything is to be planned
 */
export function planAgain(
  basis: Basis,
  planner: Planner,
  lower: (node: Node) => boolean,
): Changes | undefined {
  const again = new Again(basis, planner);
  again.feeds();
  for (const [i, node] of basis.nodes.entries()) {
    const record = basis.records[i];
    if (record === undefined) return undefined;
    if (again.isRepeated(record)) {
      planner.records.push(record);
      continue;
    }
    planner.values.moveTo(record.firstId);
    let isSame = false;
    try {
      isSame = lower(node) && again.compare(record);
    } finally {
      if (!isSame) again.restore(record);
    }
    if (!isSame) return undefined;
  }
  planner.values.moveTo(basis.values.next);
  return planner.isPlain ? again.changes : undefined;
}
