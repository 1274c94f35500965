// The values of one plan by their ids: the types they were created with, which values are the bytes of which, and contents
// that are known. A copy serves the plan that is made of this one (basis.ts): what is created anew there takes the ids that
// were there, and is the same value where its type is. Not here: names, what contents are made of (planning.ts).
import type { Constant } from '../core/constant.ts';
import type { DType } from '../core/dtype.ts';
import { sameShape } from '../core/shape.ts';
import type { Value } from '../core/value.ts';

/** Whether a value that is created so can be the one that was there: of the same type and name, and no more than its words. */
const isLike = (
  { dtype, dims, name, halves, quantised }: Value,
  type: DType,
  sizes: readonly number[],
  text: string,
): boolean =>
  dtype === type &&
  name === text &&
  halves === undefined &&
  quantised === undefined &&
  sameShape(dims, sizes);

export class Values {
  readonly #all: (Value | undefined)[];
  readonly #roots: (Value | undefined)[];
  readonly #constants: (Constant | undefined)[];
  #next: number;

  constructor(before?: Values) {
    this.#all = before === undefined ? [] : before.#all.slice();
    this.#roots = before === undefined ? [] : before.#roots.slice();
    this.#constants = before === undefined ? [] : before.#constants.slice();
    this.#next = before === undefined ? 0 : before.#next;
  }

  /** The id that the next value will have: all ids are below it, unless values are created again. */
  get next(): number {
    return this.#next;
  }

  /** Values are created again from this id on. */
  moveTo(id: number): void {
    this.#next = id;
  }

  /** The next value takes the id of this one, and is another in any case. */
  renew({ id }: Value): void {
    this.#all[id] = undefined;
    this.#next = id;
  }

  create(dtype: DType, dims: readonly number[], name: string): Value {
    const id = this.#next;
    const there = this.#all[id];
    let value: Value;
    if (there !== undefined && isLike(there, dtype, dims, name)) {
      value = there;
      value.canonical = false;
    } else {
      value = { id, dtype, dims, name, canonical: false };
    }
    this.#all[id] = value;
    this.#roots[id] = undefined;
    this.#constants[id] = undefined;
    this.#next = id + 1;
    return value;
  }

  at(id: number): Value {
    const value = this.#all[id];
    if (value === undefined) throw new Error(`plan: there is no value ${id}`);
    return value;
  }

  /** The value whose bytes it is: itself, if of no other. */
  root(value: Value): Value {
    let at = value;
    for (let next = this.#roots[at.id]; next !== undefined; next = this.#roots[at.id]) at = next;
    return at;
  }

  /** The value is the bytes of another from now on. */
  setRoot(value: Value, other: Value): void {
    this.#roots[value.id] = other;
  }

  /** Contents of a root. */
  constant(root: Value): Constant | undefined {
    return this.#constants[root.id];
  }

  setConstant(value: Value, constant: Constant): void {
    this.#constants[value.id] = constant;
  }
}
