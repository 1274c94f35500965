// Integers that a plan computes on the device, as the reference computes them from what was fed: for the gate of a
// pipeline that reads such (docs/NUMERICS.md, B7), since drawn ones would break what kernels are promised. Promises: a
// bounded amount of work; undefined where more would be needed. Not here: integers that depend on feeds kept on a device.
import { HostConstant, type Constant } from '../../core/constant.ts';
import { inputsOf, type Dispatch } from '../../core/op.ts';
import type { Tensor } from '../../core/tensor.ts';
import type { Value } from '../../core/value.ts';
import type { Plan } from '../../graph/plan.ts';
import type { WasmBackend } from '../wasm.ts';

/** Multiply-adds of the reference for all integers of a plan. */
const WORK = 2 ** 24;
/** Dispatches in a row. */
const DEPTH = 256;

export class KnownIntegers {
  readonly #plan: Plan;
  readonly #reference: WasmBackend;
  readonly #feeds: ReadonlyMap<string, Tensor>;
  readonly #producers = new Map<Value, Dispatch>();
  readonly #fed = new Map<Value, string>();
  readonly #known = new Map<Value, Constant | undefined>();
  #work = WORK;

  constructor(plan: Plan, reference: WasmBackend, feeds: ReadonlyMap<string, Tensor>) {
    this.#plan = plan;
    this.#reference = reference;
    this.#feeds = feeds;
    for (const { dispatch } of plan.steps) {
      for (const value of dispatch.outputs) this.#producers.set(plan.root(value), dispatch);
    }
    for (const [name, value] of plan.feeds) this.#fed.set(plan.root(value), name);
  }

  /** The contents of a value; undefined if they cannot be had. */
  contents(value: Value, depth = DEPTH): Constant | undefined {
    const root = this.#plan.root(value);
    const constant = this.#plan.constant(root);
    if (constant !== undefined) return constant;
    if (!this.#known.has(root)) this.#known.set(root, this.#find(root, depth));
    return this.#known.get(root);
  }

  #find(root: Value, depth: number): Constant | undefined {
    const name = this.#fed.get(root);
    if (name !== undefined) {
      const tensor = this.#feeds.get(name);
      const isHere = tensor !== undefined && tensor.storage === undefined;
      return isHere ? new HostConstant(root.dtype, tensor.bytes()) : undefined;
    }
    const dispatch = this.#producers.get(root);
    if (dispatch === undefined || depth === 0) return undefined;
    const work = dispatch.units * Math.max(1, dispatch.unitCost);
    if (work > this.#work) return undefined;
    const inputs: Constant[] = [];
    for (const value of inputsOf(dispatch)) {
      const contents = this.contents(value, depth - 1);
      if (contents === undefined) return undefined;
      inputs.push(contents);
    }
    if (work > this.#work) return undefined;
    this.#work -= work;
    const results = this.#reference.compute(
      dispatch,
      inputs.map((one) => one.bytes().slice()),
    );
    dispatch.outputs.forEach((value, i) => {
      const bytes = results[i];
      if (bytes !== undefined) {
        this.#known.set(this.#plan.root(value), new HostConstant(value.dtype, bytes));
      }
    });
    return this.#known.get(root);
  }
}
