// One dispatch in the core's memory: its inputs, outputs, scratch and a command list of one. Any range of its units can
// be run, as often as wanted (R4: units are independent). Promises: everything is freed by free(), and by a constructor
// that throws. Not here: where constants already lie (the backend says so), plans.
import { inputsOf, type Dispatch } from '../../core/op.ts';
import { byteLengthOf } from '../../graph/memory.ts';
import { commandLength, writeCommands } from './commands.ts';
import type { Core } from './core.ts';

/** An input: its address in the core's memory, or its bytes, which are copied there. */
export type LaidInput = number | Uint8Array;

const ALIGN = 64;
/** Kernels load whole vectors: so much behind a tensor may be read (heap.ts). */
const SLACK = 16;
const aligned = (bytes: number): number => Math.ceil(bytes / ALIGN) * ALIGN;

// struct Command of wasm/command.h: where a dispatch ends.
const UNITS_WORD = 1;

export class LaidOut {
  readonly dispatch: Dispatch;
  readonly #core: Core;
  /** What is to be freed: outputs, and one block with everything else. */
  #blocks: number[] = [];
  readonly #outputs: readonly number[];
  readonly #list: number;
  readonly #cursor: number;

  /** @param inputs in the order of `inputsOf(dispatch)`; bytes must not lie in the core's memory, which may move */
  constructor(core: Core, dispatch: Dispatch, inputs: readonly LaidInput[]) {
    this.dispatch = dispatch;
    this.#core = core;
    const { heap } = core;
    try {
      this.#outputs = dispatch.outputs.map((value) => this.#allocate(byteLengthOf(value)));
      const length = commandLength([dispatch]);
      // The cursor, the list, scratch, and inputs that lie elsewhere, in this order.
      let end = ALIGN + aligned(4 * length) + aligned(dispatch.scratch);
      const places = inputs.map((input) => {
        const at = end;
        if (typeof input !== 'number') end += aligned(input.byteLength + SLACK);
        return at;
      });
      this.#cursor = this.#allocate(end);
      this.#list = this.#cursor + ALIGN;
      const addresses = inputs.map((input, i) => {
        if (typeof input === 'number') return input;
        const at = this.#cursor + (places[i] ?? 0);
        heap.bytes(at, input.byteLength).set(input);
        return at;
      });
      const values = [...inputsOf(dispatch), ...dispatch.outputs];
      addresses.push(...this.#outputs);
      writeCommands(
        heap.words(this.#list, length),
        [dispatch],
        this.#list,
        this.#list + aligned(4 * length),
        (one) => core.kernel(one),
        (value) => addresses[values.indexOf(value)] ?? 0,
      );
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
    this.#blocks = this.#blocks.filter((block) => block !== at);
    return at;
  }

  free(): void {
    for (const at of this.#blocks) this.#core.heap.free(at);
    this.#blocks = [];
  }

  #allocate(bytes: number): number {
    const at = this.#core.heap.allocate(bytes);
    this.#blocks.push(at);
    return at;
  }
}
