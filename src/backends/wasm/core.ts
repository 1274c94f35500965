// Instantiates the C core and finds its kernels, by name; those of a user's module join its table. The compiled module is
// shared by all instances of a page or process; the bytes travel deflated, as base64 inside the package's own module, so
// that no bundler, server or path has to know about a second file.
import type { Kernel } from '../../core/op.ts';
import { Heap } from './heap.ts';
import { ownKernel } from './own_module.ts';

/** One instance: its own memory, its own function table. */
export interface Core {
  readonly heap: Heap;
  /** Table index of a kernel, for command lists. @throws RangeError for a name that the core does not export */
  kernel(kernel: Kernel): number;
  /** Runs commands from `cursor` on; 1 if some are left (see wasm/run.c). */
  readonly runCommands: RunCommands;
  /** Whether these bytes are all 0 or 1. */
  areBools(address: number, length: number): boolean;
}

let compiled: Promise<WebAssembly.Module> | undefined;

async function compile(): Promise<WebAssembly.Module> {
  const { default: base64 } = await import('./core.wasm?deflated');
  const bytes = Uint8Array.from(atob(base64), (char) => char.charCodeAt(0));
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream('deflate-raw'));
  return WebAssembly.compile(await new Response(stream).arrayBuffer());
}

type RunCommands = (list: number, count: number, cursor: number, budget: number) => number;

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
async function instantiate(module: WebAssembly.Module): Promise<WebAssembly.Instance> {
  try {
    return new WebAssembly.Instance(module, {});
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    return WebAssembly.instantiate(module, {});
  }
}

/** @param limit bytes of memory, see Heap */
export async function createCore(limit?: number): Promise<Core> {
  compiled ??= compile();
  const { exports } = await instantiate(await compiled);
  const memory = exported(exports, 'memory') as WebAssembly.Memory;
  const base = exported(exports, '__heap_base') as WebAssembly.Global;
  const table = exported(exports, '__indirect_function_table') as WebAssembly.Table;
  const run = exported(exports, 'run_commands') as RunCommands;
  const areBools = exported(exports, 'are_bools') as (address: number, length: number) => number;
  const heap = new Heap(memory, Number(base.value), limit);
  // By name; kernels with modules of their own by module.
  const indices = new Map<string | WebAssembly.Module, number>();
  return {
    heap,
    kernel({ name, module }) {
      let index = indices.get(module ?? name);
      if (index === undefined) {
        const found = module === undefined ? exports[name] : ownKernel(name, module, heap);
        if (typeof found !== 'function') throw new RangeError(`core: there is no kernel '${name}'`);
        index = table.grow(1);
        table.set(index, found);
        indices.set(module ?? name, index);
      }
      return index;
    },
    runCommands: run,
    areBools: (address, length) => areBools(address, length) !== 0,
  };
}
