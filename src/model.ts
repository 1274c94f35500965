// The types of the public API: what loading takes, what a model does, what a check gives. A session (session.ts) and a
// model in a worker (worker/remote.ts) both are Models. Not here: what a run takes and gives (run_types.ts).
import type { ModelNode } from './evidence/bundle_types.ts';
import type { Feeds } from './feeds.ts';
import type { ValueInfo } from './graph/graph.ts';
import type { Note, RunOptions, RunResult } from './run_types.ts';

/**
 * Where a model finds its GPU. Nothing here changes a bit of a result.
 *
 * @example
 * ```ts
 * import { load, Tensor } from 'isobit';
 *
 * const adapter = await navigator.gpu.requestAdapter();
 * const device = await adapter?.requestDevice();
 * const model = await load('/digits.onnx', { device });
 * const image = new Tensor('float32', new Float32Array(784), [1, 1, 28, 28]);
 * console.log((await model.run({ image }, { backend: 'webgpu' })).backend); // webgpu
 * model.dispose(); // the device stays the caller's
 * device?.destroy();
 * ```
 */
export interface ModelOptions {
  /** The caller's own device; it is used as it is and never destroyed. */
  readonly device?: GPUDevice | undefined;
  /**
   * Where adapters come from; `navigator.gpu` if not given (Node: `create([])` of the webgpu package). Of a caller's own device it
   * says what WGSL has.
   */
  readonly gpu?: GPU | undefined;
  /** What `requestAdapter` is asked for, where the model asks itself. */
  readonly adapterOptions?: GPURequestAdapterOptions | undefined;
  /**
   * What the model may take. `memory`: bytes of the reference's memory, which holds the weights, and values while it runs;
   * 4 GiB if not given, the most that WebAssembly has. Weights that exceed it are a RangeError of `load`, values one of
   * `run`.
   */
  readonly limits?: { readonly memory?: number | undefined } | undefined;
  /**
   * Threads of the reference at most, 1 to 64; half of the processors but no more than 4 if not given. More than one need
   * memory that threads share: a page that is cross-origin isolated has it, and Node, Deno and Bun; elsewhere there is one.
   * The others start with the first plan that is worth it and join once they are ready: `RunResult.threads` says how many
   * took part.
   */
  readonly threads?: number | undefined;
}

/**
 * A loaded model. Runs queue; an error leaves the model as it was, and the next run works.
 *
 * @example
 * ```ts
 * import { load, type Model } from 'isobit';
 *
 * const model: Model = await load('/digits.onnx');
 * console.log(model.inputs[0]?.name, model.inputs[0]?.dims); // image [ 'N', 1, 28, 28 ]
 * model.dispose();
 * ```
 */
export interface Model {
  /** What must be fed: names, dtypes, shapes. */
  readonly inputs: readonly ValueInfo[];
  /** What a run gives, in graph order. */
  readonly outputs: readonly ValueInfo[];
  /**
   * Runs the model once. Batch, backend and options never move a bit: an output element depends on its own operands (R4).
   *
   * @param feeds a tensor for every input, by name: dtype and shape as in `inputs`; they are only read
   * @returns the outputs, on every device the same bits (contract version in `contract`)
   * @throws TypeError or RangeError for feeds that do not fit; DeviceError if the GPU fails; the signal's reason
   */
  run(feeds: Feeds, options?: RunOptions): Promise<RunResult>;
  /** The nodes of the model's own graph, in the order of a trace: what each is computed from, and what it gives. */
  nodes(): Promise<readonly ModelNode[]>;
  /**
   * Runs both backends node by node, unfused, and compares every node's outputs as words.
   *
   * @returns what differs, in node order: the first entry is where the paths part
   * @throws as `run`; DeviceError where there is no GPU, since nothing can be compared then
   */
  check(feeds: Feeds, options?: { signal?: AbortSignal | undefined }): Promise<CheckReport>;
  /** Frees memory, buffers and the device (unless it is the caller's) once queued runs are done. Twice is harmless. */
  dispose(): void;
}

/**
 * The first element at which the outputs of a node differ between the reference and the GPU.
 *
 * @example
 * ```ts
 * import type { Difference } from 'isobit';
 *
 * const text = ({ node, index, wasm, webgpu }: Difference) => `${node}[${index}]: ${wasm}, ${webgpu}`;
 * const one: Difference = {
 *   ...{ node: 'conv1', opType: 'Conv', output: 'y', index: 7, differing: 1, size: 1000 },
 *   ...{ wasm: '0x3f800000', webgpu: '0x3f800001' },
 * };
 * console.log(text(one)); // conv1[7]: 0x3f800000, 0x3f800001
 * ```
 */
export interface Difference {
  /** The node's name, or `#index`. */
  readonly node: string;
  /** Its operator. */
  readonly opType: string;
  /** The name of the output. */
  readonly output: string;
  /** Flat index of the first element that differs. */
  readonly index: number;
  /** How many elements differ in all. */
  readonly differing: number;
  /** How many elements the output has. */
  readonly size: number;
  /** The reference's bits of that element, as hex. */
  readonly wasm: string;
  /** The GPU's bits of that element, as hex. */
  readonly webgpu: string;
}

/**
 * What `model.check` found on this device, for these feeds.
 *
 * @example
 * ```ts
 * import { load, Tensor } from 'isobit';
 *
 * const model = await load('/digits.onnx');
 * const image = new Tensor('float32', new Float32Array(784), [1, 1, 28, 28]);
 * const report = await model.check({ image });
 * console.log(report.identical, report.differences.length); // true 0
 * model.dispose();
 * ```
 */
export interface CheckReport {
  /** True if every compared word is equal. */
  readonly identical: boolean;
  /** The GPU that ran, as it names itself. */
  readonly adapter: string;
  /** Number of node outputs compared. */
  readonly values: number;
  /** Number of their elements. */
  readonly elements: number;
  /** In node order: the first is where the paths part. */
  readonly differences: readonly Difference[];
  /** Nodes that the reference computed on the GPU's side too: their outputs are equal by construction; and other rungs. */
  readonly notes: readonly Note[];
}

/**
 * How far loading is.
 *
 * @example
 * ```ts
 * import { load, type Progress } from 'isobit';
 *
 * const stages = new Set<Progress['stage']>();
 * const model = await load('/digits.onnx', { onProgress: ({ stage }) => stages.add(stage) });
 * console.log([...stages]); // [ 'download', 'parse', 'ready' ]
 * model.dispose();
 * ```
 */
export interface Progress {
  /** What is being done; `ready` comes last, once. */
  readonly stage: 'download' | 'parse' | 'ready';
  /** Bytes so far. */
  readonly loaded: number;
  /** Bytes in all, where that is known. */
  readonly total?: number;
}

/**
 * What `load` is asked for. No option changes a bit of a result.
 *
 * @example
 * ```ts
 * import { load, type LoadOptions } from 'isobit';
 *
 * const options: LoadOptions = { signal: AbortSignal.timeout(60_000) };
 * const model = await load('/digits.onnx', options);
 * console.log(model.outputs[0]?.name); // logits
 * model.dispose();
 * ```
 * @example
 * ```ts
 * import { load, type LoadOptions } from 'isobit';
 *
 * // A split model: its weights are beside it where nothing else is said.
 * const externalData = { 'digits.onnx_data': new URL('/weights/digits.onnx_data', 'https://example.org') };
 * const options: LoadOptions = { externalData, limits: { memory: 64 << 20 } };
 * const model = await load('/digits.onnx', options);
 * console.log(model.inputs[0]?.name); // image
 * model.dispose();
 * ```
 */
export interface LoadOptions extends ModelOptions {
  /**
   * Files with weights that a split model states (`model.onnx_data` …), by the path it states: their bytes, or where they
   * are. What is not given is read beside the model, wherever that came from.
   */
  readonly externalData?: Readonly<Record<string, Uint8Array | URL>> | undefined;
  /** Called after each piece of a download, before parsing, and when the model is ready. */
  readonly onProgress?: ((progress: Progress) => void) | undefined;
  /** Stops loading; `load` rejects with its reason. */
  readonly signal?: AbortSignal | undefined;
  /**
   * Runs everything in a worker, so that the page stays responsive: `true` makes one, or give one that runs
   * `isobit/worker`. The options `device` and `gpu` cannot go with it.
   */
  readonly worker?: boolean | Worker | undefined;
}
