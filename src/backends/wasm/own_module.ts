// Kernels that are none of the core's: functions of modules that users bring. Each module has its own memory, so that no
// fault in it reaches the core's: a call copies what the kernel reads there, and what it wrote back. To the core's command
// lists it is a function in the table like others. Promises: a call that covers some units leaves the others' words as
// they were (R4). Not here: what a module must export (src/custom_kernel.ts checks it).
import { inputsOf, type Dispatch } from '../../core/op.ts';
import { wordsOf } from '../../core/words.ts';
import { byteLengthOf } from '../../graph/memory.ts';
import { PAGE, type Heap } from './heap.ts';

// Words in front of Params.
const HEADER = 3;

/** What stands for Params in a command: how many words these are, how many inputs and outputs; Params; bytes of each tensor. */
export function ownParams(dispatch: Dispatch): number[] {
  const params = wordsOf(dispatch);
  const inputs = inputsOf(dispatch);
  const sizes = [...inputs, ...dispatch.outputs].map(byteLengthOf);
  return [params.length, inputs.length, dispatch.outputs.length, ...params, ...sizes];
}

/** Addresses of Params and of the tables of inputs and outputs, the units, the address of scratch memory. */
type Words = [
  params: number,
  inputs: number,
  outputs: number,
  begin: number,
  end: number,
  scratch: number,
];
type TableFunction = (...args: Words) => void;

// A table holds functions of WebAssembly alone: a module that imports a function of the table's type, six i32 and no
// result, and exports it again.
const RE_EXPORT = Uint8Array.of(
  ...[0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00],
  ...[0x01, 0x0a, 0x01, 0x60, 0x06, 0x7f, 0x7f, 0x7f, 0x7f, 0x7f, 0x7f, 0x00], // (type (func (param i32 × 6)))
  ...[0x02, 0x07, 0x01, 0x01, 0x61, 0x01, 0x62, 0x00, 0x00], // (import "a" "b" (func (type 0)))
  ...[0x07, 0x05, 0x01, 0x01, 0x63, 0x00, 0x00], // (export "c" (func 0))
);

function tableFunction(call: TableFunction): WebAssembly.ExportValue | undefined {
  const module = new WebAssembly.Module(RE_EXPORT);
  return new WebAssembly.Instance(module, { a: { b: call } }).exports['c'];
}

const aligned = (at: number): number => 16 * Math.ceil(at / 16);

interface Instance {
  readonly memory: WebAssembly.Memory;
  /** Where the library may write from. */
  readonly base: number;
  readonly kernel: (...args: number[]) => void;
}

function instantiate(module: WebAssembly.Module): Instance {
  const { exports } = new WebAssembly.Instance(module);
  return {
    memory: exports['memory'] as WebAssembly.Memory,
    base: aligned(Number((exports['__heap_base'] as WebAssembly.Global).value)),
    kernel: exports['kernel'] as Instance['kernel'],
  };
}

/** The kernel of a module, for the table of the core whose memory `heap` is. */
export function ownKernel(
  name: string,
  module: WebAssembly.Module,
  heap: Heap,
): WebAssembly.ExportValue | undefined {
  let instance = instantiate(module);

  const room = (memory: WebAssembly.Memory, end: number): void => {
    const missing = end - memory.buffer.byteLength;
    if (missing <= 0) return;
    try {
      memory.grow(Math.ceil(missing / PAGE));
    } catch {
      throw new RangeError(
        `${name}: its module's memory: expected room for ${end} bytes, got a limit below. Raise the module's maximum.`,
      );
    }
  };

  return tableFunction((...args) => {
    // WebAssembly hands i32 over as signed; above 2 GiB addresses would be negative.
    const [params, inputs, outputs, begin, end] = args.map((word) => word >>> 0) as Words;
    const { memory, base, kernel } = instance;
    const [count = 0, n = 0, m = 0] = heap.words(params, HEADER);
    const words = heap.words(params, HEADER + count + n + m).slice();
    const sizes = words.subarray(HEADER + count);
    const from = [...heap.words(inputs, n), ...heap.words(outputs, m)];
    // Params, the tables of addresses, then the tensors.
    const tables = aligned(base + 4 * count);
    let at = aligned(tables + 4 * (n + m));
    const places = Array.from(sizes, (bytes) => {
      const place = at;
      at = aligned(at + bytes);
      return place;
    });
    room(memory, at);
    const own = new Uint8Array(memory.buffer);
    new Uint32Array(memory.buffer, base, count).set(words.subarray(HEADER, HEADER + count));
    new Uint32Array(memory.buffer, tables, n + m).set(places);
    places.forEach((place, i) => own.set(heap.bytes(from[i] ?? 0, sizes[i] ?? 0), place));
    try {
      kernel(base, tables, tables + 4 * n, begin, end);
    } catch (error) {
      // What a trap leaves of its memory, its stack among it, is no place to go on.
      instance = instantiate(module);
      throw error;
    }
    const written = new Uint8Array(memory.buffer);
    for (let i = n; i < n + m; i += 1) {
      const [place = 0, bytes = 0] = [places[i], sizes[i]];
      heap.bytes(from[i] ?? 0, bytes).set(written.subarray(place, place + bytes));
    }
  });
}
