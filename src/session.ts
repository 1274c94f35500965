// A loaded model: runs one at a time, on the reference or on WebGPU, as a program of stages (program.ts).
// Promises: equal bits on both backends or an error; nothing falls back unsaid (see RunResult.notes); after
// any error the next run works. Not here: reading files (load.ts), arithmetic (the backends).
import { formatType, type Data } from './core/data.ts';
import { DeviceError, throwIfAborted } from './core/errors.ts';
import type { Weights } from './core/weight.ts';
import type { Executable } from './backends/backend.ts';
import { WasmBackend } from './backends/wasm.ts';
import { sharing, threadsFor } from './backends/wasm/team.ts';
import { CORE_DIGESTS } from './backends/wasm/digests.ts';
import type { WebGpuBackend } from './backends/webgpu.ts';
import type { CheckedGraph } from './graph/check.ts';
import type { Graph, ValueInfo } from './graph/graph.ts';
import { ConstantStore } from './graph/constant_store.ts';
import { planGraph } from './graph/planner.ts';
import { SEED_FEED, seedTensor } from './graph/seed.ts';
import type { FeedType, PlanOptions } from './graph/plan.ts';
import { checkFeeds, type Feeds } from './feeds.ts';
import { openDevice } from './gpu.ts';
import { describeNotes } from './notes.ts';
import type { CheckReport, Model, ModelOptions } from './model.ts';
import type { Backend, Note, RunOptions, RunResult } from './run_types.ts';
import { compareOutputs } from './compare.ts';
import { callOperator } from './call.ts';
import { resultOf } from './outputs.ts';
import type { Machine, ProgramOptions, ProgramResult, Stage } from './machine.ts';
import type { ModelNode } from './evidence/bundle_types.ts';
import type { NodeUnit } from './node_unit.ts';
import { allInMemory, bringTo } from './bring.ts';
import { Program } from './program.ts';
import { auditOptions, outputNames } from './run_options.ts';
import { registry } from './registry.ts';
import { placeWeights } from './weights.ts';
import type { ReadFile } from './external.ts';
import { Stages } from './stages.ts';

export class Session implements Model {
  readonly inputs: readonly ValueInfo[];
  readonly outputs: readonly ValueInfo[];
  readonly #outputNames: readonly string[];
  /** As it was read: names within graphs of nodes are their own. */
  readonly #graph: Graph;
  readonly #checked: CheckedGraph;
  readonly #wasm: WasmBackend;
  readonly #options: ModelOptions;
  readonly #store = new ConstantStore();
  readonly #stages = new Stages();
  readonly #program: Program;
  readonly #programs = new Map<CheckedGraph, Program>();
  #gpu: Promise<WebGpuBackend> | undefined;
  #auto: Promise<{ backend: Backend; why: string }> | undefined;
  #queue: Promise<unknown> = Promise.resolve();
  #disposed = false;

  private constructor(
    graph: Graph,
    checked: CheckedGraph,
    wasm: WasmBackend,
    options: ModelOptions,
  ) {
    this.#graph = graph;
    this.#checked = checked;
    this.#wasm = wasm;
    this.#options = options;
    this.#program = this.#programOf(checked);
    this.inputs = checked.graph.inputs;
    this.outputs = checked.graph.outputs.map((info) => {
      const type = checked.types.get(info.name) ?? info.type;
      if (type === undefined) return info;
      if (type.kind === 'tensor') return { ...info, dtype: type.dtype };
      return { ...info, type, otherType: formatType(type) };
    });
    this.#outputNames = this.outputs.map(({ name }) => name);
  }

  /**
   * @param weights the weights of the graph, and how to read other files; without them initializers stay as they are
   * @throws UnsupportedOpError listing everything in the graph that is not implemented; RangeError where weights exceed
   * the limit of memory
   */
  static async create(
    graph: Graph,
    options: ModelOptions = {},
    weights?: { held: Weights; read: ReadFile },
  ): Promise<Session> {
    const checked = await registry.check(graph);
    const wasm = await WasmBackend.create({
      limit: options.limits?.memory,
      threads: await threadsFor(options.threads),
      // What a plan needs beside these is linked when it is made, and planning begins again then: quantised models
      // fold their weights, so they would begin again for nothing.
      modules: registry.partsOf(graph).has('quantised') ? ['quantised'] : [],
    });
    if (weights !== undefined) await placeWeights(graph, weights.held, wasm, weights.read);
    return new Session(graph, checked, wasm, options);
  }

  /** Bytes of core memory in use. */
  get memoryInUse(): number {
    return this.#wasm.memoryInUse;
  }

  run(feeds: Feeds, options: RunOptions = {}): Promise<RunResult> {
    return this.#enqueue(() => this.#run(feeds, options));
  }

  async nodes(): Promise<readonly ModelNode[]> {
    const { describeNodes } = await import('./node_unit.ts');
    return describeNodes(this.#checked.graph);
  }

  /** Runs both backends node by node and compares every node output as words. */
  check(feeds: Feeds, options: { signal?: AbortSignal | undefined } = {}): Promise<CheckReport> {
    return this.#enqueue(async () => {
      const fed = checkFeeds(this.#checked, feeds);
      fed.set(SEED_FEED, seedTensor(0));
      const { signal } = options;
      const plan = { outputs: this.#outputNames, keepAll: true, fuse: false };
      const reference = await this.#execute('wasm', fed, { ...plan, run: { signal } });
      // Neither gated nor audited: everything is compared, and a run that repairs itself would hide what is asked for.
      const gpu = await this.#execute('webgpu', fed, { ...plan, run: { signal } });
      const { device } = await this.#webgpu();
      return compareOutputs(this.#checked.graph, reference.values, gpu.values, {
        adapter: device.info.name,
        notes: gpu.notes,
      });
    });
  }

  dispose(): void {
    if (this.#disposed) return;
    this.#disposed = true;
    void this.#enqueue(async () => {
      this.#stages.drop('');
      this.#store.release();
      if (this.#gpu !== undefined) {
        const gpu = await this.#gpu.catch(() => undefined);
        gpu?.dispose();
      }
      // Last: another model may have its core from now on.
      this.#wasm.dispose();
    }, true);
  }

  async #run(feeds: Feeds, options: RunOptions): Promise<RunResult> {
    throwIfAborted(options.signal);
    const audit = auditOptions(options.audit);
    const seed = options.seed ?? 0;
    const unit = options.node === undefined ? undefined : await this.#unit(feeds, options);
    const fed = unit?.fed ?? checkFeeds(this.#checked, feeds);
    const names = unit?.outputs ?? outputNames(this.#outputNames, options.outputs);
    const notes: Note[] = [];
    let backend = options.backend ?? 'auto';
    if (backend === 'auto') {
      this.#auto ??= this.#chooseBackend();
      const chosen = await this.#auto;
      backend = chosen.backend;
      notes.push({ kind: 'auto', message: `auto took ${backend}: ${chosen.why}`, nodes: [] });
    } else if (backend !== 'wasm' && backend !== 'webgpu') {
      throw new RangeError(`run: backend: expected wasm, webgpu or auto, got ${String(backend)}.`);
    }
    const { threads = 1 } = this.#options;
    if (backend === 'wasm' && threads > 1 && !sharing().isPossible) {
      const message = `threads: expected up to ${threads}, got 1: ${sharing().why}`;
      notes.push({ kind: 'threads', message, nodes: [] });
    }
    const keep = options.keepOnDevice ?? false;
    const kept = keep === true ? names : keep === false ? [] : outputNames(this.#outputNames, keep);
    const { onValue } = options;
    const isTraced = options.trace === true || options.receipt === true || onValue !== undefined;
    if (isTraced && kept.length > 0) {
      throw new TypeError(
        'run: trace: expected outputs in memory, got keepOnDevice. Leave one of them out.',
      );
    }
    const evidence = isTraced ? await this.#evidence(fed, options, unit) : undefined;
    fed.set(SEED_FEED, seedTensor(seed));
    const begin = performance.now();
    const result = await this.#execute(backend, fed, {
      outputs: names,
      nodes: unit?.nodes,
      fuse: evidence === undefined,
      keepAll: evidence !== undefined,
      trace: evidence?.recorder,
      run: {
        profile: options.profile,
        signal: options.signal,
        keepOnDevice: new Set(kept),
        audit,
        gate: () => Math.random(),
      },
    });
    const info = backend === 'webgpu' ? (await this.#webgpu()).device.info : undefined;
    notes.push(...result.notes);
    const described = resultOf(result, names, backend, info?.name, notes, seed);
    if (backend === 'wasm') Object.assign(described, { threads: this.#wasm.threads });
    if (evidence !== undefined) {
      const { values: outputs, seed: drawn } = described;
      const facts = { seed: drawn, outputs };
      const claims = { core: CORE_DIGESTS, backend, adapter: info?.name };
      const of = await evidence.of(options.receipt === true ? { ...facts, claims } : facts);
      Object.assign(described, of);
    }
    if (options.profile !== true) return described;
    const profile = result.profile.map((step) => ({ ...step, begin: step.begin - begin }));
    return Object.assign(described, { profile });
  }

  /** What takes evidence of one run. */
  async #evidence(fed: Map<string, Data>, { onValue }: RunOptions, unit?: NodeUnit) {
    const part = await import('./evidence/run_evidence.ts');
    const { graph } = this.#checked;
    const executed = unit === undefined ? graph : { ...graph, nodes: [unit.node] };
    return new part.RunEvidence(this.#graph, executed, await allInMemory(fed), onValue);
  }

  /** What a run of one node is of. */
  async #unit(feeds: Feeds, { node = '', outputs, receipt }: RunOptions): Promise<NodeUnit> {
    if (outputs !== undefined || receipt === true) {
      const what = outputs === undefined ? 'receipt' : 'outputs';
      throw new TypeError(
        `run: node: expected a run of one node, got ${what} too. Leave one of them out.`,
      );
    }
    const { checkUnit } = await import('./node_unit.ts');
    return checkUnit(this.#checked, node, feeds);
  }

  async #execute(
    backend: Backend,
    feeds: ReadonlyMap<string, Data>,
    options: ProgramOptions,
  ): Promise<ProgramResult> {
    const machine = await this.#machine(backend);
    this.#stages.begin();
    return this.#program.run(machine, feeds, options);
  }

  async #machine(backend: Backend): Promise<Machine> {
    const gpu = backend === 'webgpu' ? await this.#webgpu() : undefined;
    const machine: Machine = {
      backend,
      stage: (checked, feeds, options, after) =>
        this.#stage(
          gpu ?? this.#wasm,
          checked,
          feeds,
          { ...options, target: backend, tiles: gpu?.device.tiles },
          after,
        ),
      bring: (feeds) => bringTo(gpu ?? this.#wasm, feeds),
      constant: (name) => this.#store.tensor(name),
      note: (notes, graph) => describeNotes(notes, graph, gpu?.device.info),
      program: (body) => this.#programOf(body),
      call: (node, inputs) => callOperator(this.#wasm, node, inputs),
    };
    return machine;
  }

  #programOf(checked: CheckedGraph): Program {
    let program = this.#programs.get(checked);
    if (program === undefined) {
      program = new Program(checked, this.#programs.size);
      this.#programs.set(checked, program);
    }
    return program;
  }

  async #stage(
    backend: WasmBackend | WebGpuBackend,
    checked: CheckedGraph,
    feeds: ReadonlyMap<string, FeedType>,
    options: PlanOptions,
    after: number,
  ): Promise<Stage> {
    const { target, fuse, keep, inline = true, outputs } = options;
    const { id } = this.#programOf(checked);
    const how = `${fuse} ${keep === 'all'} ${inline}`;
    const kind = `${target} ${id} ${after} ${how} ${outputs.join()}`;
    const key = this.#stages.keyOf(kind, feeds);
    const known = this.#stages.get(key);
    if (known !== undefined) return known;
    const plan = await this.#wasm.complete(() =>
      planGraph(checked, this.#store, this.#wasm, feeds, options),
    );
    let executable: Executable | undefined;
    const release = (): void => {
      executable?.dispose();
      plan.release();
    };
    try {
      await this.#wasm.linkFor(plan);
      executable = await backend.prepare(plan);
    } catch (error) {
      release();
      throw error;
    }
    const stage: Stage = {
      id: this.#stages.nextId(),
      executable,
      feeds: [...plan.feeds.keys()],
      outputs: [...plan.outputs.keys()],
      deferred: plan.deferred,
      replayed: plan.replayed,
      contents: plan.contents,
    };
    this.#stages.add(key, stage, release);
    return stage;
  }

  async #webgpu(): Promise<WebGpuBackend> {
    const current = await this.#gpu?.catch(() => undefined);
    if (current !== undefined && current.device.failure === undefined) return current;
    if (current !== undefined) this.#dropGpu(current);
    this.#gpu = openDevice(this.#options).then(({ part, device }) =>
      part.WebGpuBackend.create(device, this.#wasm),
    );
    return this.#gpu;
  }

  /** A failed device takes its plans with it; the next run asks for a new one. */
  #dropGpu(backend: WebGpuBackend): void {
    this.#stages.drop('webgpu ');
    backend.dispose();
    this.#auto = undefined;
  }

  async #chooseBackend(): Promise<{ backend: Backend; why: string }> {
    try {
      const { name, software } = (await this.#webgpu()).device.info;
      return software
        ? { backend: 'wasm', why: `the only adapter computes in software (${name}).` }
        : { backend: 'webgpu', why: `adapter ${name}.` };
    } catch (error) {
      if (error instanceof DeviceError) return { backend: 'wasm', why: error.message };
      throw error;
    }
  }

  #enqueue<T>(work: () => Promise<T>, last = false): Promise<T> {
    if (this.#disposed && !last) {
      return Promise.reject(new TypeError('Model: used after dispose(). Load it again.'));
    }
    const next = this.#queue.then(work);
    this.#queue = next.catch(() => undefined);
    return next;
  }
}
