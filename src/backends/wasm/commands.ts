// Command lists as wasm/command.h has them: the words of a list, and the pace at which it is run in slices.
import { inputsOf, type Dispatch } from '../../core/op.ts';
import { wordsOf } from '../../core/words.ts';
import type { Value } from '../../core/value.ts';
import { ownParams } from './own_module.ts';

// Words of the C struct Command.
const COMMAND_WORDS = 8;
/** How far commands of a list lie apart. */
export const COMMAND_BYTES = 4 * COMMAND_WORDS;

const aligned = (words: number): number => (words + 3) & ~3;

const paramsOf = (dispatch: Dispatch): ArrayLike<number> =>
  dispatch.kernel.module === undefined ? wordsOf(dispatch) : ownParams(dispatch);

/** How many words the list takes, with its Params and address tables: each begins at a multiple of four. */
export function commandLength(dispatches: readonly Dispatch[]): number {
  let length = aligned(dispatches.length * COMMAND_WORDS);
  for (const dispatch of dispatches) {
    const { inputs, outputs, chain } = dispatch;
    length += aligned(paramsOf(dispatch).length);
    length += aligned(inputs.length + (chain?.loads.length ?? 0)) + aligned(outputs.length);
  }
  return length;
}

/**
 * Writes the list, its Params and address tables to `words`, which lie at `base`: struct Command is kernel,
 * units, unit cost, params, in, out, scratch, alone.
 *
 * @param words as many as `commandLength` says
 * @param noteAddress is told in which word the address of a value stands
 */
export function writeCommands(
  words: Uint32Array,
  dispatches: readonly Dispatch[],
  base: number,
  scratch: number,
  kernel: (dispatch: Dispatch) => number,
  addressOf: (value: Value) => number,
  noteAddress?: (value: Value, word: number) => void,
): void {
  let next = aligned(dispatches.length * COMMAND_WORDS);
  // Params are read as vectors of words: they are kept 16-byte aligned.
  const append = (list: ArrayLike<number>): number => {
    const at = next;
    words.set(list, at);
    next = aligned(at + list.length);
    return base + 4 * at;
  };
  const addresses = (values: readonly Value[]): number => {
    if (noteAddress !== undefined) values.forEach((value, i) => noteAddress(value, next + i));
    return append(values.map(addressOf));
  };
  dispatches.forEach((dispatch, i) => {
    const command = i * COMMAND_WORDS;
    words[command] = kernel(dispatch);
    words[command + 1] = dispatch.units;
    words[command + 2] = dispatch.unitCost;
    words[command + 3] = append(paramsOf(dispatch));
    words[command + 4] = addresses(inputsOf(dispatch));
    words[command + 5] = addresses(dispatch.outputs);
    words[command + 6] = scratch;
    words[command + 7] = dispatch.kernel.module === undefined ? 0 : 1;
  });
}

// The page must get a turn every 50 ms; a slice aims well below, since unit costs are rough.
const SLICE_MS = 15;

/** Chooses how much work a slice gets from how long the last one took. */
export class Pacer {
  // Multiply-adds a millisecond. The first guess is low: a slow phone must not miss its first turn.
  #rate = 1e5;

  slice(run: (budget: number) => number): number {
    const budget = Math.max(1, this.#rate * SLICE_MS);
    const start = performance.now();
    const left = run(budget);
    const spent = performance.now() - start;
    // Costs are rough and differ between kernels: never trust one slice by more than a factor of four.
    if (left !== 0) this.#rate = Math.min(budget / Math.max(spent, 0.05), 4 * this.#rate);
    return left;
  }
}

/** Resolves after the event loop has had a turn (a timer would wait 4 ms in a page). */
export function nextTurn(): Promise<void> {
  return new Promise((resolve) => {
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = (): void => {
      port1.close();
      resolve();
    };
    port2.postMessage(0);
  });
}
