// The reference backend: executes plans on one instance of the C core, one call for each stretch.
// Promises: bits as docs/NUMERICS.md defines them; memory of a disposed executable or constant is free for
// the next; a run with a signal yields to the event loop at least every 50 ms. One run at a time (the session
// queues). Not here: what threads do with a command (wasm/team.c).
import { throwIfAborted } from '../core/errors.ts';
import { HostConstant, type Constant, type Evaluator } from '../core/constant.ts';
import { inputsOf, type Dispatch } from '../core/op.ts';
import type { Value } from '../core/value.ts';
import type { HostStorage, Weight } from '../core/weight.ts';
import { Checked, Tensor } from '../core/tensor.ts';
import { arrange, byteLengthOf, type Arrangement } from '../graph/memory.ts';
import type { Plan } from '../graph/plan.ts';
import type { Executable, RunOptions, RunResult, StepTime } from './backend.ts';
import { CommandList } from './wasm/command_list.ts';
import { COMMAND_BYTES, nextTurn, Pacer } from './wasm/commands.ts';
import { CoreConstant, Constants } from './wasm/constants.ts';
import { createCore, DONE, FAILED, type Core } from './wasm/core.ts';
import { LaidOut } from './wasm/laid_out.ts';
import { Lent } from './wasm/lent.ts';
import {
  compiledModule,
  MODULE_NAMES,
  ModuleNeeded,
  modulesOf,
  type ModuleName,
} from './wasm/modules.ts';
import { PlacedConstant, Placement } from './wasm/placement.ts';
import { keepSpare, takeSpare } from './wasm/spare.ts';
import { CoreStorage } from './wasm/storage.ts';
import { Team, threadsFor, type TeamCosts } from './wasm/team.ts';

// Results up to this size go back to the JavaScript heap when folded: shapes, scalars, small tables.
const HOST_BYTES = 4096;
const ALIGN = 64;
/** Weights of a model below which having them twice costs less than giving them up: finding out takes a quarter of loading. */
const FEW_BYTES = 16 << 20;
const NONE: ReadonlySet<string> = new Set();

export interface WasmOptions {
  /** Bytes that the core may take in all; 4 GiB if not given. */
  readonly limit?: number | undefined;
  /** With more than one its memory is shared, and the others start when a plan is worth it. */
  readonly threads?: number | undefined;
  readonly costs?: TeamCosts | undefined;
  /** The modules of the core that are linked at once; all if not given. */
  readonly modules?: readonly ModuleName[] | undefined;
}

/**
 * Has the core fetched and compiled for a backend that will be asked for: for what it takes to read a model. A failure is the
 * backend's to report.
 */
export function expectBackend(threads: number | undefined): void {
  threadsFor(threads)
    .then((count) => compiledModule('core', count > 1))
    .catch(() => undefined);
}

export class WasmBackend implements Evaluator {
  readonly #core: Core;
  readonly #team: Team | undefined;
  readonly #constants: Constants;
  readonly #placed = new WeakMap<HostStorage, Placement>();
  #weightBytes = 0;
  #scratch = new Uint32Array(0);
  #arena = { at: 0, bytes: 0, version: 0 };
  /** Where the values of the last plan lie. */
  #arranged: Arrangement | undefined;

  /** Its core may serve another backend after it. */
  #isLent: boolean;

  private constructor(core: Core, team: Team | undefined, isLent: boolean) {
    this.#core = core;
    this.#constants = new Constants(core.heap);
    this.#team = team;
    this.#isLent = isLent;
  }

  /** @throws WebAssembly.CompileError where the engine has no WebAssembly SIMD */
  static async create(options: WasmOptions = {}): Promise<WasmBackend> {
    const { limit, threads = 1, costs, modules } = options;
    const isLent = threads === 1 && limit === undefined;
    const core = (isLent ? takeSpare() : undefined) ?? (await createCore(limit, threads > 1, []));
    await core.link(modules ?? MODULE_NAMES);
    const team = threads > 1 ? await Team.create(core, threads, costs) : undefined;
    return new WasmBackend(core, team, isLent);
  }

  /** Threads that take part by now. */
  get threads(): number {
    return this.#team?.size ?? 1;
  }

  /** Ends its threads; memory goes when nobody refers to it, or to the next backend. Not to be used afterwards. */
  dispose(): void {
    this.#team?.stop();
    if (this.#isLent) keepSpare(this.#core);
    this.#isLent = false;
  }

  /**
   * Does `work`, which evaluates dispatches, again until all modules of the core that they need are linked.
   *
   * @param work leaves nothing behind where it throws
   */
  async complete<T>(work: () => T): Promise<T> {
    for (;;) {
      try {
        return work();
      } catch (error) {
        if (!(error instanceof ModuleNeeded)) throw error;
        await this.#link([error.module]);
      }
    }
  }

  /** Links the modules of the core that the steps of a plan need, so that it can be executed. */
  async linkFor({ steps }: Plan): Promise<void> {
    const modules = new Set<ModuleName>();
    for (const { dispatch } of steps) for (const one of modulesOf(dispatch)) modules.add(one);
    await this.#link(modules);
  }

  async #link(modules: Iterable<ModuleName>): Promise<void> {
    const before = this.#core.linked.length;
    await this.#core.link(modules);
    if (this.#core.linked.length > before) this.#team?.renew();
  }

  /** Room for weights of these sizes. @throws RangeError if there is none */
  reserve(sizes: readonly number[]): void {
    this.#core.heap.reserve(sizes);
  }

  /** A place for a weight in the core's memory, where it stays; gives what writes it, from any byte on. */
  place(weight: Weight): (bytes: Uint8Array, at: number) => void {
    const placement = new Placement(this.#core.heap, weight.byteLength);
    this.#placed.set(weight, placement);
    this.#weightBytes += weight.byteLength;
    weight.place(() => placement.bytes());
    return (bytes, at) => placement.bytes().set(bytes, at);
  }

  /** A tensor that lies in the core's memory, as a constant; undefined for any other. */
  constantOf(tensor: Tensor): Constant | undefined {
    const storage = tensor.hostStorage;
    const placement = storage === undefined ? undefined : this.#placed.get(storage);
    return placement === undefined ? undefined : new PlacedConstant(tensor.dtype, placement);
  }

  keepsFolded(dispatch: Dispatch, inputs: readonly Constant[], outputs: readonly Constant[]): void {
    const [from] = inputs;
    const [to] = outputs;
    if (this.#weightBytes < FEW_BYTES) return;
    if (from instanceof PlacedConstant && to instanceof CoreConstant) {
      from.placement.packed(
        dispatch,
        () => to.bytes(),
        (length) => this.#words(length),
      );
    }
  }

  /** Whether the tensor lies in the core's memory. */
  holds({ storage }: Tensor): boolean {
    return storage instanceof CoreStorage && storage.heap === this.#core.heap;
  }

  /** Bytes that the core's memory can have. */
  get memoryLimit(): number {
    return this.#core.heap.limit;
  }

  /** Bytes of core memory in use: constants, arena, command lists, and outputs that stayed. */
  get memoryInUse(): number {
    return this.#core.heap.inUse;
  }

  evaluate(dispatch: Dispatch, inputs: readonly Constant[]): Constant[] {
    const { heap } = this.#core;
    const laid = this.layOut(dispatch, inputs);
    try {
      laid.run(0, dispatch.units);
      return dispatch.outputs.map((value, i) => {
        const bytes = byteLengthOf(value);
        if (bytes <= HOST_BYTES) return new HostConstant(value.dtype, laid.output(i).slice());
        return new CoreConstant(heap, value.dtype, laid.keep(i), bytes);
      });
    } finally {
      laid.free();
    }
  }

  /** Words to work in while a plan is made: one array for all, since arrays of this size are slow to come and go. */
  #words(length: number): Uint32Array {
    if (this.#scratch.length < length) this.#scratch = new Uint32Array(length);
    return this.#scratch.subarray(0, length);
  }

  /** The dispatch in the core's memory, to run parts of it; whoever asks frees it. */
  layOut(dispatch: Dispatch, inputs: readonly Constant[]): LaidOut {
    const known = inputs.map((constant) => this.#constants.addressOf(constant) ?? constant.bytes());
    return new LaidOut(this.#core, dispatch, known);
  }

  /** Executes one dispatch on given bytes; what a GPU run asks for. */
  compute(dispatch: Dispatch, inputs: readonly Uint8Array[]): Uint8Array[] {
    const constants = inputs.map((bytes, i) => {
      const dtype = inputsOf(dispatch)[i]?.dtype ?? 'uint8';
      return new HostConstant(dtype, bytes);
    });
    return this.evaluate(dispatch, constants).map((constant) => {
      const bytes = constant.bytes().slice();
      constant.release();
      return bytes;
    });
  }

  prepare(plan: Plan): Executable {
    this.#scratch = new Uint32Array(0);
    const { heap } = this.#core;
    let arranged = (this.#arranged = arrange(plan, ALIGN, this.#arranged));
    const needed = plan.steps.reduce((most, { dispatch }) => Math.max(most, dispatch.scratch), 0);
    const scratch = Math.ceil(needed / ALIGN) * ALIGN;
    const used = this.#constants.use(plan);
    const cost = plan.steps.reduce((sum, { dispatch: d }) => sum + d.units * d.unitCost, 0);
    const team = this.#team;
    const addressOf = (value: Value): number => {
      const root = plan.root(value);
      const constant = plan.constant(root);
      if (constant !== undefined) return this.#constants.addressOf(constant) ?? 0;
      return list.lent?.places.get(root) ?? this.#arena.at + (arranged.offsets.get(root.id) ?? 0);
    };
    const list = new CommandList(this.#core, plan, addressOf);
    const reserve = (): void => {
      const behind = scratch * (team?.most ?? 1);
      try {
        this.#reserve(arranged.bytes + behind);
      } catch (error) {
        // Without the room that values get to grow in.
        const least = arrange(plan, ALIGN);
        if (least.bytes >= arranged.bytes) throw error;
        this.#arranged = arranged = least;
        this.#reserve(arranged.bytes + behind);
      }
    };

    return {
      run: async (feeds, options): Promise<RunResult> => {
        throwIfAborted(options.signal);
        const keep = options.keepOnDevice ?? NONE;
        const own = new Lent(heap, plan, feeds, keep, ({ id }) => arranged.offsets.has(id));
        try {
          reserve();
          list.write(this.#arena.version, this.#arena.at + arranged.bytes, own);
          for (const [name, value] of plan.feeds) {
            const tensor = feeds.get(name);
            if (tensor === undefined) throw new TypeError(`run: feed '${name}' is missing`);
            if (!arranged.offsets.has(value.id) || own.places.has(value)) continue; // no step reads it, or it is there
            const length = byteLengthOf(value);
            heap.bytes(addressOf(value), length).set(tensor.bytes());
          }
          team?.prepare(cost, scratch);
          const { commands, count, cursor } = list;
          heap.words(cursor, 2).fill(0);
          const steps: StepTime[] = [];
          if (options.profile === true) this.#executeTimed(commands, plan, cursor, steps);
          else await this.#execute(commands, count, cursor, options);
          const outputs = new Map<string, Tensor>();
          for (const [name, value] of plan.outputs) {
            const kept = own.output(name, value, addressOf);
            outputs.set(name, kept ?? this.#copied(value, plan.constant(value), addressOf(value)));
          }
          own.end();
          return { outputs, notes: [], ...(options.profile === true ? { steps } : {}) };
        } catch (error) {
          own.giveUp();
          throw error;
        }
      },
      dispose: () => {
        list.free();
        for (const constant of used) this.#constants.drop(constant);
      },
    };
  }

  /** A computed value, or a constant, as a tensor of its own. */
  #copied(value: Value, constant: Constant | undefined, address: number): Tensor {
    const { dtype, dims } = value;
    const stored =
      constant === undefined
        ? this.#core.heap.bytes(address, byteLengthOf(value))
        : constant.bytes();
    // Copied by a constructor, which need not clear the memory first as slice does.
    const own = new Uint8Array(stored);
    const areBools =
      dtype === 'bool' && constant === undefined && this.#core.areBools(address, own.length);
    return areBools ? new Tensor(dtype, new Checked(own), dims) : Tensor.ofBytes(dtype, own, dims);
  }

  async #execute(list: number, count: number, cursor: number, options: RunOptions): Promise<void> {
    if (options.signal === undefined) {
      this.#run(list, count, cursor, 0);
      return;
    }
    const pacer = new Pacer();
    for (;;) {
      const left = pacer.slice((budget) => this.#run(list, count, cursor, budget));
      if (left === DONE) return;
      await nextTurn();
      throwIfAborted(options.signal);
    }
  }

  #run(list: number, count: number, cursor: number, budget: number): number {
    const left = this.#core.runCommands(list, count, cursor, budget, this.#team?.address ?? 0);
    if (left === FAILED) {
      throw new Error(
        'run: a kernel ended in one of the threads, which is a fault of this library. Run again, or load with threads: 1.',
      );
    }
    return left;
  }

  /** One command after the other, each with its time. */
  #executeTimed(list: number, plan: Plan, cursor: number, into: StepTime[]): void {
    plan.steps.forEach(({ dispatch, nodes }, i) => {
      const begin = performance.now();
      this.#core.heap.words(cursor, 2).fill(0);
      this.#run(list + i * COMMAND_BYTES, 1, cursor, 0);
      const milliseconds = performance.now() - begin;
      into.push({ kernel: dispatch.kernel.name, nodes, backend: 'wasm', begin, milliseconds });
    });
  }

  /** Makes the arena large enough; every executable shares it, since one runs at a time. */
  #reserve(bytes: number): void {
    if (bytes <= this.#arena.bytes && this.#arena.at !== 0) return;
    const { heap } = this.#core;
    if (this.#arena.at !== 0) heap.free(this.#arena.at);
    this.#arena = { at: 0, bytes: 0, version: this.#arena.version + 1 };
    this.#arena.at = heap.allocate(Math.max(bytes, ALIGN));
    this.#arena.bytes = bytes;
  }
}
