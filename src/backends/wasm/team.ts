// The threads of one core: the leader, which is whoever runs plans, and helpers in workers, which join commands that are
// worth it (wasm/team.c). Promises: a run never waits for a helper to start, and any number of them, none among them,
// gives the same bits (R4). Helpers need memory that threads share: pages that are cross-origin isolated have it, and
// Node, Deno and Bun. Not here: what a command is.
import type { Core } from './core.ts';
import { PAGE } from './heap.ts';
import { HELPER_OF_NODE, HELPER_OF_PAGE, type HelperStart } from './helper.ts';

/** As large as the linker makes the leader's (scripts/build_wasm.sh). */
export const STACK_BYTES = 256 << 10;
// struct Team of wasm/team.h; its size is a multiple of 64.
const TEAM_BYTES = 256;
const WORD = { helpers: 0, pages: 1, scratch_bytes: 2, may_sleep: 3, worth: 4 };
/** What is worth it, in multiply-adds. None moves a bit; tests let helpers into everything. */
export interface TeamCosts {
  /** Of a plan, that helpers are started for it: to start one takes a millisecond of the leader. */
  readonly start: number;
  /** Of a command, that others are woken: one below it is done before another thread has heard of it. */
  readonly command: number;
}
const COSTS: TeamCosts = { start: 2e6, command: 1 << 16 };
/** As many as onnxruntime-web takes by itself. */
const MOST_BY_DEFAULT = 4;

interface Helper {
  stop(): void;
}

/** What this file uses of the module of Node. */
interface WorkerThreads {
  Worker: new (
    text: string,
    options: { eval: true; workerData: HelperStart },
  ) => { unref(): void; terminate(): Promise<number>; on(event: 'error', call: () => void): void };
}

const isNode = typeof process !== 'undefined' && typeof process.versions?.node === 'string';

/** Whether memory can be shared here, and if not, why. */
export function sharing(): { isPossible: boolean; why: string } {
  // Outside of pages and their workers nobody says.
  const { crossOriginIsolated: isIsolated } = globalThis as { crossOriginIsolated?: boolean };
  if (typeof SharedArrayBuffer === 'undefined' || isIsolated === false) {
    return {
      isPossible: false,
      why: 'the page is not cross-origin isolated. Serve it with the headers Cross-Origin-Opener-Policy: same-origin and Cross-Origin-Embedder-Policy: require-corp.',
    };
  }
  if (!isNode && typeof Worker === 'undefined') {
    return { isPossible: false, why: 'there are no workers here. Load the model elsewhere.' };
  }
  return { isPossible: true, why: '' };
}

/**
 * Threads of a model, which there may be less of in the end (Team).
 *
 * @param asked where nobody said how many, half of the machine's and no more than four
 */
export async function threadsFor(asked: number | undefined): Promise<number> {
  if (!sharing().isPossible) return 1;
  if (asked !== undefined) return asked;
  const processors = isNode
    ? (await nodeModule<typeof import('node:os')>('node:os')).availableParallelism()
    : globalThis.navigator.hardwareConcurrency;
  return Math.max(1, Math.min(MOST_BY_DEFAULT, Math.ceil(processors / 2)));
}

// A name that bundlers do not follow into pages.
const nodeModule = async <T>(name: string): Promise<T> =>
  (await import(/* @vite-ignore */ name)) as T;

export class Team {
  #address: number;
  readonly #core: Core;
  readonly #wanted: number;
  readonly #costs: TeamCosts;
  readonly #threads: WorkerThreads | undefined;
  readonly #helpers: Helper[] = [];
  #isStarted = false;

  private constructor(
    core: Core,
    threads: number,
    costs: TeamCosts,
    workers: WorkerThreads | undefined,
  ) {
    this.#core = core;
    this.#wanted = threads;
    this.#costs = costs;
    this.#threads = workers;
    this.#address = core.heap.allocate(TEAM_BYTES);
    this.#words().fill(0);
  }

  /** @param core one whose memory is shared */
  static async create(core: Core, threads: number, costs = COSTS): Promise<Team> {
    const workers = isNode ? await nodeModule<WorkerThreads>('node:worker_threads') : undefined;
    return new Team(core, threads, costs, workers);
  }

  /** Of struct Team, for run_commands. */
  get address(): number {
    return this.#address;
  }

  /** Threads that take part by now, the leader among them. */
  get size(): number {
    return 1 + Atomics.load(this.#words(), WORD.helpers);
  }

  /** How many private scratch memories a plan needs. */
  get most(): number {
    return this.#wanted;
  }

  /**
   * To be called before commands run; starts helpers when it sees the first plan that is worth it.
   *
   * @param cost of the plan, in multiply-adds
   * @param scratchBytes of one thread
   */
  prepare(cost: number, scratchBytes: number): void {
    if (!this.#isStarted && cost >= this.#costs.start) this.#start();
    const words = this.#words();
    words[WORD.pages] = this.#core.heap.memory.buffer.byteLength / PAGE;
    words[WORD.scratch_bytes] = scratchBytes;
    words[WORD.worth] = this.#costs.command;
    words[WORD.may_sleep] = isNode || typeof document === 'undefined' ? 1 : 0;
  }

  /**
   * To be called when a module was linked to the core: the helpers know those that there were when they started, so others
   * take their place with the next plan that is worth it.
   */
  renew(): void {
    if (!this.#isStarted) return;
    this.stop();
    // A thread that is being ended may look at its gate until it is: nobody opens that one again. Its stack stays, too.
    this.#address = this.#core.heap.allocate(TEAM_BYTES);
    this.#words().fill(0);
    this.#isStarted = false;
  }

  /** Ends the helpers; the core goes on with one thread. */
  stop(): void {
    for (const helper of this.#helpers.splice(0)) helper.stop();
    this.#words()[WORD.helpers] = 0;
  }

  #words(): Int32Array {
    return new Int32Array(this.#core.heap.memory.buffer, this.#address, TEAM_BYTES / 4);
  }

  #start(): void {
    this.#isStarted = true;
    const { heap, linked } = this.#core;
    for (let number = 1; number < this.#wanted; number += 1) {
      const at = heap.allocate(STACK_BYTES);
      const stack = at + STACK_BYTES;
      const { memory } = heap;
      try {
        const team = this.#address;
        this.#helpers.push(this.#helper({ linked, memory, team, stack, number }));
      } catch {
        // A page's policy may forbid workers: results say how many threads ran.
      }
    }
  }

  #helper(start: HelperStart): Helper {
    if (this.#threads !== undefined) {
      const worker = new this.#threads.Worker(HELPER_OF_NODE, { eval: true, workerData: start });
      // It does not keep a process alive; one that cannot start is a thread less, and results say how many ran.
      worker.unref();
      worker.on('error', () => undefined);
      return { stop: () => void worker.terminate() };
    }
    const url = URL.createObjectURL(new Blob([HELPER_OF_PAGE], { type: 'text/javascript' }));
    const worker = new Worker(url);
    worker.onerror = (event): void => event.preventDefault();
    worker.postMessage(start);
    return {
      stop: (): void => {
        worker.terminate();
        URL.revokeObjectURL(url);
      },
    };
  }
}
