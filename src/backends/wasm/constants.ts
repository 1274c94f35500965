// Constants in the core's memory: those that folding made lie there, weights are placed there, and those of the JavaScript
// heap are copied there while an executable reads them, once for all that do. Promises: what nobody reads is freed.
// Not here: what is folded (graph/), when a weight is given up (placement.ts).
import type { Constant } from '../../core/constant.ts';
import type { DType } from '../../core/dtype.ts';
import { inputsOf } from '../../core/op.ts';
import type { Plan } from '../../graph/plan.ts';
import type { Heap } from './heap.ts';
import { PlacedConstant } from './placement.ts';

/** A constant that a dispatch made in the core's memory. */
export class CoreConstant implements Constant {
  readonly dtype: DType;
  readonly byteLength: number;
  readonly address: number;
  readonly #heap: Heap;

  constructor(heap: Heap, dtype: DType, address: number, byteLength: number) {
    this.#heap = heap;
    this.dtype = dtype;
    this.address = address;
    this.byteLength = byteLength;
  }

  bytes(): Uint8Array {
    return this.#heap.bytes(this.address, this.byteLength);
  }

  release(): void {
    this.#heap.free(this.address);
  }
}

export class Constants {
  readonly #heap: Heap;
  /** Copies of constants of the JavaScript heap. */
  readonly #uploaded = new Map<Constant, { address: number; users: number }>();

  constructor(heap: Heap) {
    this.#heap = heap;
  }

  /** Where a constant lies in the core's memory; undefined if it does not. */
  addressOf(constant: Constant): number | undefined {
    if (constant instanceof CoreConstant || constant instanceof PlacedConstant)
      return constant.address;
    return this.#uploaded.get(constant)?.address;
  }

  /** Has those that the plan's steps read in the core's memory, until they are given to `drop`, one by one. */
  use(plan: Plan): Constant[] {
    const used = new Set<Constant>();
    for (const { dispatch } of plan.steps) {
      for (const value of inputsOf(dispatch)) {
        const constant = plan.constant(value);
        if (constant !== undefined && !(constant instanceof CoreConstant)) used.add(constant);
      }
    }
    for (const constant of used) this.#take(constant);
    return [...used];
  }

  #take(constant: Constant): void {
    if (constant instanceof PlacedConstant) {
      constant.placement.users += 1;
      return;
    }
    const known = this.#uploaded.get(constant);
    if (known !== undefined) {
      known.users += 1;
      return;
    }
    const address = this.#heap.allocate(constant.byteLength);
    this.#heap.bytes(address, constant.byteLength).set(constant.bytes());
    this.#uploaded.set(constant, { address, users: 1 });
  }

  drop(constant: Constant): void {
    if (constant instanceof PlacedConstant) {
      constant.placement.users -= 1;
      constant.placement.giveUp();
      return;
    }
    const known = this.#uploaded.get(constant);
    if (known === undefined) return;
    known.users -= 1;
    if (known.users > 0) return;
    this.#heap.free(known.address);
    this.#uploaded.delete(constant);
  }
}
