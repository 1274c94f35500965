// One dispatch in the core's memory: its inputs, outputs, scratch and a command list of one. Any range of its units can
// be run, as often as wanted (R4: units are independent). Promises: everything is freed by free(), and by a constructor
// that throws. Not here: where constants already lie (the backend says so), plans.
import { inputsOf, type Dispatch } from '../../core/op.ts';
import type { Value } from '../../core/value.ts';
import { byteLengthOf } from '../../graph/memory.ts';
import { commandLength, commandWords } from './commands.ts';
import type { Core } from './core.ts';

/** An input: its address in the core's memory, or its bytes, which are copied there. */
export type LaidInput = number | Uint8Array;

// struct Command of wasm/command.h: where a dispatch ends.
const UNITS_WORD = 1;

export class LaidOut {
  readonly dispatch: Dispatch;
  readonly #core: Core;
  readonly #blocks = new Set<number>();
  readonly #outputs: readonly number[];
  readonly #list: number;
  readonly #cursor: number;

  /** @param inputs in the order of `inputsOf(dispatch)`; bytes must not lie in the core's memory, which may move */
  constructor(core: Core, dispatch: Dispatch, inputs: readonly LaidInput[]) {
    this.dispatch = dispatch;
    this.#core = core;
    const { heap } = core;
    try {
      const addresses = inputs.map((input) => {
        if (typeof input === 'number') return input;
        const at = this.#allocate(input.byteLength);
        heap.bytes(at, input.byteLength).set(input);
        return at;
      });
      this.#outputs = dispatch.outputs.map((value) => this.#allocate(byteLengthOf(value)));
      const scratch = dispatch.scratch > 0 ? this.#allocate(dispatch.scratch) : 0;
      const of = new Map<Value, number>();
      inputsOf(dispatch).forEach((value, i) => of.set(value, addresses[i] ?? 0));
      dispatch.outputs.forEach((value, i) => of.set(value, this.#outputs[i] ?? 0));
      this.#list = this.#allocate(4 * commandLength([dispatch]));
      const words = commandWords(
        [dispatch],
        this.#list,
        scratch,
        (one) => core.kernel(one),
        (value) => of.get(value) ?? 0,
      );
      heap.words(this.#list, words.length).set(words);
      this.#cursor = this.#allocate(8);
    } catch (error) {
      this.free();
      throw error;
    }
  }

  /** Computes the units [begin, end) into the outputs. */
  run(begin: number, end: number): void {
    const { heap } = this.#core;
    heap.words(this.#list, UNITS_WORD + 1)[UNITS_WORD] = end;
    heap.words(this.#cursor, 2).set([0, begin]);
    this.#core.runCommands(this.#list, 1, this.#cursor, 0, 0);
  }

  /** The bytes of output `i`, valid until the core's memory grows. */
  output(i: number): Uint8Array {
    const value = this.dispatch.outputs[i];
    if (value === undefined) throw new RangeError(`core: there is no output ${i}`);
    return this.#core.heap.bytes(this.#outputs[i] ?? 0, byteLengthOf(value));
  }

  /** Leaves output `i` to the caller, who frees the address. */
  keep(i: number): number {
    const at = this.#outputs[i] ?? 0;
    this.#blocks.delete(at);
    return at;
  }

  free(): void {
    for (const at of this.#blocks) this.#core.heap.free(at);
    this.#blocks.clear();
  }

  #allocate(bytes: number): number {
    const at = this.#core.heap.allocate(bytes);
    this.#blocks.add(at);
    return at;
  }
}
