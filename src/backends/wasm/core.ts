// Instantiates the C core and finds its kernels, by name; those of a user's module join its table. The compiled module is
// shared by all instances of a page or process; the bytes travel deflated, as base64 inside the package's own module, so
// that no bundler, server or path has to know about a second file. Not here: threads (team.ts).
import type { Kernel } from '../../core/op.ts';
import { Heap, MAX_PAGES, PAGE } from './heap.ts';
import { ownKernel } from './own_module.ts';

/** One instance: its own memory, its own function table. */
export interface Core {
  readonly heap: Heap;
  /** What it is an instance of; helpers instantiate it again on the same memory. */
  readonly module: WebAssembly.Module;
  /** Table index of a kernel, for command lists. @throws RangeError for a name that the core does not export */
  kernel(kernel: Kernel): number;
  /** Runs commands from `cursor` on (see wasm/run.c). */
  readonly runCommands: RunCommands;
  /** Whether these bytes are all 0 or 1. */
  areBools(address: number, length: number): boolean;
}

/** What runCommands returns, as wasm/run.c has it. */
export const DONE = 0;
export const FAILED = 2;

/** `budget` in multiply-adds, 0 for no end; `team` is the address of a struct Team, 0 for one thread. */
type RunCommands = (
  list: number,
  count: number,
  cursor: number,
  budget: number,
  team: number,
) => number;

/** How large the core's memory is at first: what the module says of its import. */
const FIRST_PAGES = 16;

const compiled: { own?: Promise<WebAssembly.Module>; shared?: Promise<WebAssembly.Module> } = {};

async function coreBytes(): Promise<Uint8Array<ArrayBuffer>> {
  const { default: base64 } = await import('./core.wasm?deflated');
  const bytes = Uint8Array.from(atob(base64), (char) => char.charCodeAt(0));
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream('deflate-raw'));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}

/**
 * The module for a memory that threads share: the same code, of which one bit says that the imported memory is shared
 * (flags of its limits: 1 is a maximum, 2 is shared; WebAssembly threads proposal, binary format of limits).
 */
function withSharedMemory(bytes: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer> {
  // (import "env" "memory" (memory … )): names with their lengths, then kind 2, then the flags.
  const names = new TextEncoder().encode('\u0003env\u0006memory\u0002');
  const at = bytes.findIndex((_, i) => names.every((code, k) => bytes[i + k] === code));
  const flags = at + names.length;
  if (at < 0 || bytes[flags] !== 1) {
    throw new Error('core: its memory is no import with a maximum. Rebuild the core.');
  }
  bytes[flags] = 3;
  return bytes;
}

function compile(shared: boolean): Promise<WebAssembly.Module> {
  if (shared) {
    compiled.shared ??= coreBytes().then((bytes) => WebAssembly.compile(withSharedMemory(bytes)));
    return compiled.shared;
  }
  compiled.own ??= coreBytes().then((bytes) => WebAssembly.compile(bytes));
  return compiled.own;
}

function exported(exports: WebAssembly.Exports, name: string): WebAssembly.ExportValue {
  const value = exports[name];
  if (value === undefined) throw new Error(`core: export ${name} is missing. Rebuild the core.`);
  return value;
}

/**
 * Not the asynchronous form where it can be helped: while a process waits for it with nothing else to do, Node 20 can
 * block for ever (its platform drains background tasks, one of which waits for the main thread to collect garbage).
 * Browsers that limit the size of a synchronous instance on the main thread throw a RangeError.
 */
async function instantiate(
  module: WebAssembly.Module,
  imports: WebAssembly.Imports,
): Promise<WebAssembly.Instance> {
  try {
    return new WebAssembly.Instance(module, imports);
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    return WebAssembly.instantiate(module, imports);
  }
}

/** A memory that grows up to `most` pages; one that is shared reserves them, and takes fewer where there is no room. */
function createMemory(
  most: number,
  shared: boolean,
): { memory: WebAssembly.Memory; maximum: number } {
  for (let maximum = most; ; maximum = Math.ceil(maximum / 2)) {
    try {
      const memory = new WebAssembly.Memory({ initial: FIRST_PAGES, maximum, shared });
      return { memory, maximum };
    } catch (error) {
      if (!shared || maximum <= MAX_PAGES / 16) throw error;
    }
  }
}

/** Names of the functions that the module exports, in the order in which they enter a table: equal for all instances. */
export function functionNames(module: WebAssembly.Module): string[] {
  return WebAssembly.Module.exports(module).flatMap(({ kind, name }) =>
    kind === 'function' ? name : [],
  );
}

/**
 * @param limit bytes of memory, see Heap
 * @param shared whether other threads are to see its memory
 */
export async function createCore(limit = MAX_PAGES * PAGE, shared = false): Promise<Core> {
  const module = await compile(shared);
  const most = Math.max(FIRST_PAGES, Math.min(MAX_PAGES, Math.floor(limit / PAGE)));
  const { memory, maximum } = createMemory(most, shared);
  const { exports } = await instantiate(module, { env: { memory } });
  const base = exported(exports, '__heap_base') as WebAssembly.Global;
  const table = exported(exports, '__indirect_function_table') as WebAssembly.Table;
  const run = exported(exports, 'run_commands') as RunCommands;
  const areBools = exported(exports, 'are_bools') as (address: number, length: number) => number;
  const heap = new Heap(memory, Number(base.value), Math.min(limit, maximum * PAGE));
  const names = functionNames(module);
  const first = table.grow(names.length);
  // By name; kernels with modules of their own by module.
  const indices = new Map<string | WebAssembly.Module, number>();
  names.forEach((name, i) => {
    table.set(first + i, exports[name]);
    indices.set(name, first + i);
  });
  return {
    heap,
    module,
    kernel({ name, module: own }) {
      const known = indices.get(own ?? name);
      if (known !== undefined) return known;
      if (own === undefined) throw new RangeError(`core: there is no kernel '${name}'`);
      const index = table.grow(1);
      table.set(index, ownKernel(name, own, heap));
      indices.set(own, index);
      return index;
    },
    runCommands: run,
    areBools: (address, length) => areBools(address, length) !== 0,
  };
}
