// The plans that a session keeps ready, of its graph and of the graphs that nodes carry, by what they are for. Those used
// last are kept; more would hold buffers of shapes that may never come back. Not here: planning, execution.
import { isSignature, signatureOf, type FeedType } from './graph/plan.ts';
import type { Stage } from './machine.ts';

/** Kept for each of the stages that one run takes. */
const KEPT_RUNS = 8;
/** In all: a loop whose every trip has another shape must not fill the memory. */
const KEPT_STAGES = 64;

type Signature = ReadonlyMap<string, FeedType>;

interface Kept {
  readonly stage: Stage;
  release(): void;
}

export class Stages {
  readonly #kept = new Map<string, Kept>();
  /** What was asked for last, of each kind: mostly it is asked for again. */
  readonly #last = new Map<string, { readonly feeds: Signature; readonly key: string }>();
  /** The stages that the run at hand took, and the most that one ever took. */
  readonly #taken = new Set<string>();
  #most = 1;
  #count = 0;

  /** A number for a new stage. */
  nextId(): number {
    this.#count += 1;
    return this.#count;
  }

  begin(): void {
    this.#taken.clear();
  }

  /** What a stage is kept by: its kind, and what it is fed. */
  keyOf(kind: string, feeds: Signature): string {
    const last = this.#last.get(kind);
    if (last !== undefined && isSignature(last.feeds, feeds)) return last.key;
    const key = `${kind} ${signatureOf(feeds)}`;
    if (this.#last.size >= KEPT_STAGES) this.#last.clear();
    this.#last.set(kind, { feeds, key });
    return key;
  }

  get(key: string): Stage | undefined {
    const kept = this.#kept.get(key);
    if (kept === undefined) return undefined;
    this.#kept.delete(key);
    this.#kept.set(key, kept); // last used last
    this.#take(key);
    return kept.stage;
  }

  add(key: string, stage: Stage, release: () => void): void {
    this.#take(key);
    const room = Math.min(KEPT_STAGES, KEPT_RUNS * this.#most);
    for (const [old, kept] of this.#kept) {
      if (this.#kept.size < room) break;
      kept.release();
      this.#kept.delete(old);
    }
    this.#kept.set(key, { stage, release });
  }

  /** Releases those whose key begins so; all for ''. */
  drop(prefix: string): void {
    for (const [key, kept] of this.#kept) {
      if (!key.startsWith(prefix)) continue;
      kept.release();
      this.#kept.delete(key);
    }
  }

  #take(key: string): void {
    this.#taken.add(key);
    this.#most = Math.max(this.#most, this.#taken.size);
  }
}
