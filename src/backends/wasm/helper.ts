// What runs in a helper thread of a team (wasm/team.c): another instance of the core on the leader's memory, which waits
// for commands until it is stopped. Promises: it uses nothing from outside its text, which travels to the thread as such;
// it never writes to memory but through the core. Not here: when there are helpers (team.ts).
import type { Linked } from './core.ts';

/** What a helper is told. */
export interface HelperStart {
  /** The core, then the modules beside it. */
  readonly linked: readonly Linked[];
  readonly memory: WebAssembly.Memory;
  /** Address of struct Team. */
  readonly team: number;
  /** Where its stack begins; it grows down. */
  readonly stack: number;
  /** 1 for the first. */
  readonly number: number;
}

/** The helper's whole program; it does not end. */
function help({ linked, memory, team, stack, number }: HelperStart): void {
  let core: WebAssembly.Exports = {};
  let table = null as WebAssembly.Table | null;
  const address = (value: number): WebAssembly.Global =>
    new WebAssembly.Global({ value: 'i32' }, value);
  const call = (name: string, ...words: number[]): void => {
    (core[name] as (...args: number[]) => void)(...words);
  };
  for (const { module, memoryBase, tableBase, tableLength, places } of linked) {
    if (table !== null) table.grow(tableLength - table.length);
    const bases = { __memory_base: address(memoryBase), __table_base: address(tableBase) };
    const { exports } = new WebAssembly.Instance(module, { env: { ...core, memory, ...bases } });
    if (table === null) {
      core = exports;
      table = exports['__indirect_function_table'] as WebAssembly.Table;
      table.grow(tableLength - table.length);
    } else (exports['__wasm_call_ctors'] as () => void)();
    for (const [place, name] of places) table.set(place, exports[name]);
  }
  call('team_enter', team);
  // To ask for the buffer tells this engine's instance how large the memory is by now, which is why team_join returns.
  while (memory.buffer.byteLength > 0) {
    call('stackRestore', stack);
    try {
      call('team_join', team, number);
    } catch {
      call('team_fail', team);
    }
  }
}

/** Scripts that start a helper: in a page it is told by its first message, in Node by the data of its worker. */
export const HELPER_OF_PAGE = `const help=${help.toString()};onmessage=({data})=>help(data)`;
export const HELPER_OF_NODE = `(${help.toString()})(require('node:worker_threads').workerData)`;
