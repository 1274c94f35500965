// A loaded model: plans per shape signature, runs one at a time, on the reference or on WebGPU.
// Promises: equal bits on both backends or an error; nothing falls back unsaid (see RunResult.notes); after
// any error the next run works. Not here: reading files (load.ts), arithmetic (the backends).
import { digestOf, digestOfRun } from './core/digest.ts';
import { DeviceError, throwIfAborted } from './core/errors.ts';
import { Tensor } from './core/tensor.ts';
import type {
  AuditOptions,
  Executable,
  RunOptions as ExecutableRunOptions,
  RunResult as ExecutableRunResult,
} from './backends/backend.ts';
import { WasmBackend } from './backends/wasm.ts';
import { WebGpuBackend } from './backends/webgpu.ts';
import { Device } from './backends/webgpu/device.ts';
import { GpuStorage } from './backends/webgpu/storage.ts';
import { checkGraph, type CheckedGraph } from './graph/check.ts';
import type { Graph, ValueInfo } from './graph/graph.ts';
import { ConstantStore } from './graph/constant_store.ts';
import { planGraph } from './graph/planner.ts';
import { signatureOf, type PlanOptions } from './graph/plan.ts';
import { checkFeeds, type Feeds } from './feeds.ts';
import { describeNotes } from './notes.ts';
import type { Backend, Model, ModelOptions, Note, RunOptions, RunResult } from './model.ts';
import { compareOutputs } from './compare.ts';
import type { CheckReport } from './model.ts';
import { registry } from './ops/index.ts';

// Executables kept for shapes seen last; more would hold buffers of shapes that may never come back.
const KEPT_PLANS = 8;

export class Session implements Model {
  readonly inputs: readonly ValueInfo[];
  readonly outputs: readonly ValueInfo[];
  readonly #checked: CheckedGraph;
  readonly #wasm: WasmBackend;
  readonly #options: ModelOptions;
  readonly #store = new ConstantStore();
  readonly #plans = new Map<string, { executable: Executable; release: () => void }>();
  #gpu: Promise<WebGpuBackend> | undefined;
  #auto: Promise<{ backend: Backend; why: string }> | undefined;
  #queue: Promise<unknown> = Promise.resolve();
  #disposed = false;

  private constructor(checked: CheckedGraph, wasm: WasmBackend, options: ModelOptions) {
    this.#checked = checked;
    this.#wasm = wasm;
    this.#options = options;
    this.inputs = checked.graph.inputs;
    this.outputs = checked.graph.outputs.map((info) => {
      const dtype = checked.dtypes.get(info.name) ?? info.dtype;
      return dtype === undefined ? info : { ...info, dtype };
    });
  }

  /** @throws UnsupportedOpError listing everything in the graph that is not implemented */
  static async create(graph: Graph, options: ModelOptions = {}): Promise<Session> {
    const checked = checkGraph(graph, registry);
    return new Session(checked, await WasmBackend.create(), options);
  }

  /** Bytes of core memory in use. */
  get memoryInUse(): number {
    return this.#wasm.memoryInUse;
  }

  run(feeds: Feeds, options: RunOptions = {}): Promise<RunResult> {
    return this.#enqueue(() => this.#run(feeds, options));
  }

  /** Runs both backends node by node and compares every node output as words. */
  check(feeds: Feeds, options: { signal?: AbortSignal | undefined } = {}): Promise<CheckReport> {
    return this.#enqueue(async () => {
      const fed = checkFeeds(this.#checked.graph, feeds);
      const plan: Omit<PlanOptions, 'target'> = {
        outputs: this.#outputNames(undefined),
        keep: 'all',
        fuse: false,
      };
      const { signal } = options;
      const reference = await this.#execute('wasm', fed, plan, { signal });
      // Neither gated nor audited: everything is compared, and a run that repairs itself would hide what is asked for.
      const gpu = await this.#execute('webgpu', fed, plan, { signal });
      const { device } = await this.#webgpu();
      return compareOutputs(this.#checked.graph, reference.outputs, gpu.outputs, {
        adapter: device.info.name,
        notes: describeNotes(gpu.notes, this.#checked.graph, device.info),
      });
    });
  }

  dispose(): void {
    if (this.#disposed) return;
    this.#disposed = true;
    void this.#enqueue(async () => {
      for (const plan of this.#plans.values()) {
        plan.executable.dispose();
        plan.release();
      }
      this.#plans.clear();
      this.#store.release();
      const gpu = await this.#gpu?.catch(() => undefined);
      gpu?.dispose();
    }, true);
  }

  async #run(feeds: Feeds, options: RunOptions): Promise<RunResult> {
    throwIfAborted(options.signal);
    const audit = auditOptions(options.audit);
    const fed = checkFeeds(this.#checked.graph, feeds);
    const names = this.#outputNames(options.outputs);
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
    const keep = options.keepOnDevice ?? false;
    const kept = keep === true ? names : keep === false ? [] : this.#outputNames(keep);
    const result = await this.#execute(
      backend,
      fed,
      { outputs: names, fuse: true },
      { signal: options.signal, keepOnDevice: new Set(kept), audit, gate: () => Math.random() },
    );
    const info = backend === 'webgpu' ? (await this.#webgpu()).device.info : undefined;
    notes.push(...describeNotes(result.notes, this.#checked.graph, info));
    return describeResult(result, names, backend, info?.name, notes);
  }

  async #execute(
    backend: Backend,
    feeds: ReadonlyMap<string, Tensor>,
    options: Omit<PlanOptions, 'target'>,
    run: ExecutableRunOptions,
  ): Promise<ExecutableRunResult> {
    const fed =
      backend === 'wasm' ? await inMemory(feeds) : await onDevice(feeds, await this.#webgpu());
    const key = `${backend} ${options.fuse} ${options.outputs.join()} ${signatureOf(fed)}`;
    let plan = this.#plans.get(key);
    if (plan === undefined) {
      plan = await this.#prepare(backend, fed, options);
      this.#evict();
    } else this.#plans.delete(key);
    this.#plans.set(key, plan); // last used last
    return plan.executable.run(fed, run);
  }

  async #prepare(
    backend: Backend,
    feeds: ReadonlyMap<string, Tensor>,
    options: Omit<PlanOptions, 'target'>,
  ): Promise<{ executable: Executable; release: () => void }> {
    const plan = planGraph(this.#checked, this.#store, this.#wasm, feeds, {
      ...options,
      target: backend,
    });
    const release = (): void => plan.release();
    try {
      const executable =
        backend === 'wasm' ? this.#wasm.prepare(plan) : await (await this.#webgpu()).prepare(plan);
      return { executable, release };
    } catch (error) {
      release();
      throw error;
    }
  }

  #evict(): void {
    for (const [key, plan] of this.#plans) {
      if (this.#plans.size < KEPT_PLANS) return;
      plan.executable.dispose();
      plan.release();
      this.#plans.delete(key);
    }
  }

  async #webgpu(): Promise<WebGpuBackend> {
    const current = await this.#gpu?.catch(() => undefined);
    if (current !== undefined && current.device.failure === undefined) return current;
    if (current !== undefined) this.#dropGpu(current);
    const { device, gpu = globalThis.navigator?.gpu, adapterOptions } = this.#options;
    this.#gpu = (
      device === undefined
        ? Device.request(gpu, adapterOptions)
        : Promise.resolve(Device.wrap(device))
    ).then((one) => WebGpuBackend.create(one, this.#wasm));
    return this.#gpu;
  }

  /** A failed device takes its plans with it; the next run asks for a new one. */
  #dropGpu(backend: WebGpuBackend): void {
    for (const [key, plan] of this.#plans) {
      if (!key.startsWith('webgpu ')) continue;
      plan.executable.dispose();
      plan.release();
      this.#plans.delete(key);
    }
    backend.dispose();
    this.#auto = undefined;
  }

  async #chooseBackend(): Promise<{ backend: Backend; why: string }> {
    try {
      const { device } = await this.#webgpu();
      if (device.info.software) {
        return {
          backend: 'wasm',
          why: `the only adapter computes in software (${device.info.name}).`,
        };
      }
      return { backend: 'webgpu', why: `adapter ${device.info.name}.` };
    } catch (error) {
      if (error instanceof DeviceError) return { backend: 'wasm', why: error.message };
      throw error;
    }
  }

  #outputNames(wanted: readonly string[] | undefined): readonly string[] {
    const known = this.outputs.map((info) => info.name);
    if (wanted === undefined) return known;
    const missing = wanted.filter((name) => !known.includes(name));
    if (missing.length > 0) {
      throw new RangeError(
        `run: unknown outputs: expected some of ${known.join(', ')}, got ${missing.join(', ')}.`,
      );
    }
    return known.filter((name) => wanted.includes(name));
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

/** What a backend is asked for; the draw decides which rows are recomputed, never what they are. */
function auditOptions(audit: RunOptions['audit']): AuditOptions | undefined {
  if (audit === 'off') return undefined;
  if (audit !== undefined && !(Number.isSafeInteger(audit) && audit > 0)) {
    throw new RangeError(
      `run: audit: expected 'off' or a number of rows, at least 1, got ${String(audit)}.`,
    );
  }
  return { rows: audit, random: () => Math.random() };
}

/** Feeds in memory: what lies on a device is fetched. */
async function inMemory(feeds: ReadonlyMap<string, Tensor>): Promise<Map<string, Tensor>> {
  const out = new Map<string, Tensor>();
  for (const [name, tensor] of feeds) {
    const { storage } = tensor;
    out.set(
      name,
      storage === undefined
        ? tensor
        : Tensor.ofBytes(tensor.dtype, await storage.read(), tensor.dims),
    );
  }
  return out;
}

/** Feeds for a device: what lies on another one is fetched. */
async function onDevice(
  feeds: ReadonlyMap<string, Tensor>,
  backend: WebGpuBackend,
): Promise<Map<string, Tensor>> {
  const out = new Map<string, Tensor>();
  for (const [name, tensor] of feeds) {
    const { storage } = tensor;
    const here = storage instanceof GpuStorage && storage.device === backend.device;
    out.set(
      name,
      storage === undefined || here
        ? tensor
        : Tensor.ofBytes(tensor.dtype, await storage.read(), tensor.dims),
    );
  }
  return out;
}

function describeResult(
  { outputs: tensors, gate }: ExecutableRunResult,
  names: readonly string[],
  backend: Backend,
  adapter: string | undefined,
  notes: readonly Note[],
): RunResult {
  const outputs: Record<string, Tensor> = {};
  for (const name of names) {
    const tensor = tensors.get(name);
    if (tensor !== undefined) outputs[name] = tensor;
  }
  let digest: string | undefined;
  return {
    outputs,
    get digest(): string {
      digest ??= digestOfRun(
        Object.entries(outputs).map(([name, tensor]) => ({ name, digest: digestOf(tensor) })),
      );
      return digest;
    },
    backend,
    ...(adapter === undefined ? {} : { adapter }),
    ...(gate === undefined ? {} : { gate }),
    notes,
  };
}
