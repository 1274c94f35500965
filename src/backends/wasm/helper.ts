// What runs in a helper thread of a team (wasm/team.c): another instance of the core on the leader's memory, which waits
// for commands until it is stopped. Promises: it uses nothing from outside its text, which travels to the thread as such;
// it never writes to memory but through the core. Not here: when there are helpers (team.ts).

/** What a helper is told. */
export interface HelperStart {
  readonly module: WebAssembly.Module;
  readonly memory: WebAssembly.Memory;
  /** Functions in the order of the leader's table. */
  readonly names: readonly string[];
  /** Address of struct Team. */
  readonly team: number;
  /** Where its stack begins; it grows down. */
  readonly stack: number;
  /** 1 for the first. */
  readonly number: number;
}

/** The helper's whole program; it does not end. */
function help({ module, memory, names, team, stack, number }: HelperStart): void {
  const { exports } = new WebAssembly.Instance(module, { env: { memory } });
  const call = (name: string, ...words: number[]): void => {
    (exports[name] as (...args: number[]) => void)(...words);
  };
  const table = exports['__indirect_function_table'] as WebAssembly.Table;
  const first = table.grow(names.length);
  names.forEach((name, i) => table.set(first + i, exports[name]));
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
