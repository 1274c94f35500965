// Instantiates the C core and finds its kernels, by name. Its modules are linked to it where a dispatch needs them: they have
// its memory, its stack and its table; kernels of a user's module join the table too. Not here: what is in which module
// (modules.ts), threads (team.ts).
import { CHAIN_OPS, type ChainOpName } from '../../core/chain.ts';
import type { Dispatch } from '../../core/op.ts';
import { Heap, MAX_PAGES, PAGE } from './heap.ts';
import {
  compiledModule,
  MODULE_NAMES,
  ModuleNeeded,
  modulesOf,
  needsOf,
  STEP,
  type ModuleName,
} from './modules.ts';
import { ownKernel } from './own_module.ts';

/** A module as it was instantiated, for helpers to do the same on the same memory. */
export interface Linked {
  readonly module: WebAssembly.Module;
  /** Where its data and its own part of the table begin; both 0 for the core, whose linker chose. */
  readonly memoryBase: number;
  readonly tableBase: number;
  /** How long the table is with all of its functions. */
  readonly tableLength: number;
  /** Places of the table, and the exported functions that are there. */
  readonly places: readonly (readonly [place: number, name: string])[];
}

/** One instance: its own memory, its own function table. */
export interface Core {
  readonly heap: Heap;
  /** What it is made of so far, the core itself first. */
  readonly linked: readonly Linked[];
  /**
   * Table index of a dispatch's kernel, for command lists.
   *
   * @throws ModuleNeeded where `link` is to be called first; RangeError for a name that no module exports
   */
  kernel(dispatch: Dispatch): number;
  /** Links modules, those that are linked already left out. @throws what import() does where one cannot be loaded */
  link(modules: Iterable<ModuleName>): Promise<void>;
  /** Runs commands from `cursor` on (see wasm/run.c). */
  readonly runCommands: RunCommands;
  /** Whether these bytes are all 0 or 1. */
  areBools(address: number, length: number): boolean;
  /** Frees all memory that was handed out. False if it is not to be used again: a kernel trapped in it, or it has others' kernels. */
  vacate(): boolean;
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

/** What a module beside the core exports to be called once. */
const CONSTRUCTORS = '__wasm_call_ctors';
/** How large the core's memory is at first: what the module says of its import. */
const FIRST_PAGES = 16;

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

const functionNames = (module: WebAssembly.Module): string[] =>
  WebAssembly.Module.exports(module).flatMap(({ kind, name }) => (kind === 'function' ? name : []));

const isChainOp = (name: string): name is ChainOpName => Object.hasOwn(CHAIN_OPS, name);

/** One core while it is put together. */
class LinkedCore implements Core {
  readonly heap: Heap;
  readonly runCommands: RunCommands;
  readonly linked: Linked[] = [];
  readonly #exports: WebAssembly.Exports;
  readonly #table: WebAssembly.Table;
  readonly #isShared: boolean;
  readonly #done = new Map<ModuleName, Promise<void>>();
  readonly #ready = new Set<ModuleName>();
  #hasTrapped = false;
  /** By name; kernels with modules of their own by module. */
  readonly #places = new Map<string | WebAssembly.Module, number>();

  constructor(
    module: WebAssembly.Module,
    exports: WebAssembly.Exports,
    heap: Heap,
    isShared: boolean,
  ) {
    this.heap = heap;
    this.#exports = exports;
    this.#isShared = isShared;
    this.#table = exported(exports, '__indirect_function_table') as WebAssembly.Table;
    const run = exported(exports, 'run_commands') as RunCommands;
    this.runCommands = (...list) => {
      try {
        return run(...list);
      } catch (error) {
        this.#hasTrapped = true;
        throw error;
      }
    };
    this.#add({ module, memoryBase: 0, tableBase: 0 }, exports);
  }

  kernel(dispatch: Dispatch): number {
    const missing = modulesOf(dispatch).find((name) => !this.#ready.has(name));
    if (missing !== undefined) throw new ModuleNeeded(missing);
    const { name, module: own } = dispatch.kernel;
    const known = this.#places.get(own ?? name);
    if (known !== undefined) return known;
    if (own === undefined) throw new RangeError(`core: there is no kernel '${name}'`);
    const place = this.#table.grow(1);
    this.#table.set(place, ownKernel(name, own, this.heap));
    this.#places.set(own, place);
    return place;
  }

  async link(modules: Iterable<ModuleName>): Promise<void> {
    await Promise.all([...modules].map((name) => this.#linkedOnce(name)));
  }

  areBools(address: number, length: number): boolean {
    const areBools = exported(this.#exports, 'are_bools') as (at: number, n: number) => number;
    return areBools(address, length) !== 0;
  }

  vacate(): boolean {
    const hasOthers = [...this.#places.keys()].some((key) => typeof key !== 'string');
    if (this.#hasTrapped || hasOthers) return false;
    this.heap.freeAllBut(this.linked.map(({ memoryBase }) => memoryBase));
    return true;
  }

  #linkedOnce(name: ModuleName): Promise<void> {
    let done = this.#done.get(name);
    if (done === undefined) {
      done = this.#link(name);
      this.#done.set(name, done);
      done.catch(() => this.#done.delete(name));
    }
    return done;
  }

  async #link(name: ModuleName): Promise<void> {
    const module = await compiledModule(name, this.#isShared);
    const { bytes, slots } = needsOf(module);
    // Blocks of the heap are aligned for any module; its data are written by its instance.
    const memoryBase = this.heap.allocate(bytes);
    const tableBase = this.#table.grow(slots);
    const address = (value: number): WebAssembly.Global =>
      new WebAssembly.Global({ value: 'i32' }, value);
    const { exports } = await instantiate(module, {
      env: {
        ...this.#exports,
        memory: this.heap.memory,
        __memory_base: address(memoryBase),
        __table_base: address(tableBase),
      },
    });
    (exported(exports, CONSTRUCTORS) as () => void)();
    this.#add({ module, memoryBase, tableBase }, exports);
    this.#ready.add(name);
  }

  /** Kernels get new places in the table, steps the places that the core keeps for them. */
  #add(
    instance: Pick<Linked, 'module' | 'memoryBase' | 'tableBase'>,
    exports: WebAssembly.Exports,
  ): void {
    const kept = Number((exported(this.#exports, 'chain_steps') as WebAssembly.Global).value);
    const codes = Object.keys(CHAIN_OPS);
    const places = functionNames(instance.module)
      .filter((name) => name !== CONSTRUCTORS)
      .map((name): [number, string] => {
        const step = name.startsWith(STEP) ? name.slice(STEP.length) : '';
        if (!isChainOp(step)) return [this.#table.grow(1), name];
        return [this.heap.words(kept + 4 * codes.indexOf(step), 1)[0] ?? 0, name];
      });
    for (const [place, name] of places) {
      this.#table.set(place, exports[name]);
      this.#places.set(name, place);
    }
    this.linked.push({ ...instance, tableLength: this.#table.length, places });
  }
}

/**
 * @param limit bytes of memory, see Heap
 * @param shared whether other threads are to see its memory
 * @param modules what is linked at once: everything if not given, so that no dispatch needs more
 */
export async function createCore(
  limit = MAX_PAGES * PAGE,
  shared = false,
  modules: Iterable<ModuleName> = MODULE_NAMES,
): Promise<Core> {
  const module = await compiledModule('core', shared);
  const most = Math.max(FIRST_PAGES, Math.min(MAX_PAGES, Math.floor(limit / PAGE)));
  const { memory, maximum } = createMemory(most, shared);
  const { exports } = await instantiate(module, { env: { memory } });
  const base = exported(exports, '__heap_base') as WebAssembly.Global;
  const heap = new Heap(memory, Number(base.value), Math.min(limit, maximum * PAGE));
  const core = new LinkedCore(module, exports, heap, shared);
  await core.link(modules);
  return core;
}
