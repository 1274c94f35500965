// The command list of one plan where the core reads it, with the cursor in front of it. It is written when it is first needed and
// when the arena has moved; where only values moved that callers hold (lent.ts), their addresses alone are written. Not here:
// what the words mean (commands.ts).
import type { Dispatch } from '../../core/op.ts';
import type { Value } from '../../core/value.ts';
import type { Plan } from '../../graph/plan.ts';
import { commandLength, writeCommands } from './commands.ts';
import type { Core } from './core.ts';
import type { Lent } from './lent.ts';

/** Room for the cursor, so that the list behind it is aligned as blocks are. */
const CURSOR_BYTES = 64;

export class CommandList {
  readonly count: number;
  readonly #core: Core;
  readonly #plan: Plan;
  readonly #dispatches: readonly Dispatch[];
  readonly #addressOf: (value: Value) => number;
  #at = 0;
  /** Of the arena that it was written for. */
  #version = -1;
  #lent: Lent | undefined;
  /** The words in which addresses stand, by root; found when values move for the first time. */
  #words: Map<Value, number[]> | undefined;

  /** @param addressOf where a value lies now, given where those lie that callers hold (`lent`) */
  constructor(core: Core, plan: Plan, addressOf: (value: Value) => number) {
    this.#core = core;
    this.#plan = plan;
    this.#dispatches = plan.steps.map((step) => step.dispatch);
    this.count = this.#dispatches.length;
    this.#addressOf = addressOf;
  }

  get cursor(): number {
    return this.#at;
  }

  get commands(): number {
    return this.#at + CURSOR_BYTES;
  }

  /** What it was written for last. */
  get lent(): Lent | undefined {
    return this.#lent;
  }

  /**
   * @param version of the arena
   * @throws RangeError if there is no room for it
   */
  write(version: number, scratch: number, lent: Lent): void {
    const before = this.#lent;
    const isThere = version === this.#version;
    if (isThere && lent.isSame(before)) return;
    const { heap } = this.#core;
    const length = commandLength(this.#dispatches);
    if (this.#at === 0) this.#at = heap.allocate(CURSOR_BYTES + 4 * length);
    this.#lent = lent;
    const words = heap.words(this.commands, length);
    if (isThere && this.#words !== undefined) {
      const moved = new Set([...(before?.places.keys() ?? []), ...lent.places.keys()]);
      for (const value of moved) {
        const address = this.#addressOf(value);
        for (const word of this.#words.get(value) ?? []) words[word] = address;
      }
      return;
    }
    const found = isThere ? new Map<Value, number[]>() : undefined;
    this.#version = -1; // until it is written
    writeCommands(
      words,
      this.#dispatches,
      this.commands,
      scratch,
      (dispatch) => this.#core.kernel(dispatch),
      this.#addressOf,
      found &&
        ((value, word) => {
          const root = this.#plan.root(value);
          const all = found.get(root);
          if (all === undefined) found.set(root, [word]);
          else all.push(word);
        }),
    );
    this.#words ??= found;
    this.#version = version;
  }

  free(): void {
    if (this.#at !== 0) this.#core.heap.free(this.#at);
    this.#at = 0;
  }
}
