// Values that are the same for all feeds: initialisers, and what nodes give that read no others. And whether the node at hand
// looked at contents that feeds, or their shapes, may change: then what it makes is of this plan, also where it is made of
// initialisers alone (a slice of a table, as long as the input).
import type { Value } from '../core/value.ts';
import type { Values } from './values.ts';

export class Invariants {
  readonly #values: WeakSet<Value>;
  /** Inputs of the node at hand that are none. */
  #others: readonly Value[] = [];
  #hasLooked = false;

  constructor(before?: Invariants) {
    this.#values = before === undefined ? new WeakSet() : before.#values;
  }

  add(value: Value): void {
    this.#values.add(value);
  }

  /** From here on a node is at hand that takes these. */
  begin(inputs: readonly (Value | undefined)[]): void {
    this.#others = inputs.filter(
      (value) => value !== undefined && !this.#values.has(value),
    ) as Value[];
    this.#hasLooked = false;
  }

  /** The contents of a value are looked at. */
  look(value: Value, values: Values): void {
    this.#hasLooked ||= this.#others.some((other) => values.root(other) === values.root(value));
  }

  /** Whether the node at hand looked at contents that are not the same for all feeds. */
  get hasLooked(): boolean {
    return this.#hasLooked;
  }

  /** Whether the node at hand takes only values that are the same for all feeds. */
  get isOfNode(): boolean {
    return this.#others.length === 0;
  }
}
