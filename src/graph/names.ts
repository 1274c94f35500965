// Which value each name of a graph stands for while a plan is made. Names can be given again (a body of a loop or a branch has
// its own), and what was given since some time can be taken back.
import type { Value } from '../core/value.ts';

export class Names {
  readonly #all = new Map<string, Value>();
  /** What each name stood for before it was given, in order. */
  readonly #before: [name: string, value: Value | undefined][] = [];

  get all(): ReadonlyMap<string, Value> {
    return this.#all;
  }

  /** How many times names were given: what `rewind` takes. */
  get given(): number {
    return this.#before.length;
  }

  give(name: string, value: Value): void {
    this.#before.push([name, this.#all.get(name)]);
    this.#all.set(name, value);
  }

  /** What was given until now stays. */
  settle(): void {
    this.#before.length = 0;
  }

  /** Takes back what was given behind the first `count`. */
  rewind(count: number): void {
    for (const [name, value] of this.#before.splice(count).reverse()) {
      if (value === undefined) this.#all.delete(name);
      else this.#all.set(name, value);
    }
  }
}
