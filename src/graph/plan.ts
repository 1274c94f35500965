// Turns a checked graph and the shapes of its feeds into a list of dispatches.
//
// Nodes are visited once, in order. Each operator infers its output shapes and lowers itself; a dispatch whose
// inputs are all known is evaluated on the spot by the reference (constant folding), so shape arithmetic and
// weight packing never reach the list. Movement that only renames a shape becomes an alias. What is left can
// be fused (fuse.ts) and is executed by either backend. No operator name occurs here, and no float operation.
import type { Constant, Evaluator } from '../core/constant.ts';
import { HostConstant } from '../core/constant.ts';
import { dtypeInfo, typedArrayOf, type DType, type TypedArray } from '../core/dtype.ts';
import { canonicalWord } from '../core/bits.ts';
import { inputsOf, packParams, wordsOf } from '../core/op.ts';
import type { Dispatch, DispatchOptions, Kernel, LowerContext, Value } from '../core/op.ts';
import { formatShape, sameShape, sizeOf } from '../core/shape.ts';
import type { CheckedGraph } from './check.ts';
import { AttributeContext } from './context.ts';
import { fuse } from './fuse.ts';
import { nodeLabel, type Node } from './graph.ts';

export interface TensorType {
  readonly dtype: DType;
  readonly dims: readonly number[];
}

/** A dispatch and the graph nodes it computes (several once fused). */
export interface Step {
  readonly dispatch: Dispatch;
  readonly nodes: readonly number[];
}

export interface PlanOptions {
  readonly target: 'wasm' | 'webgpu';
  /** Names of the graph outputs that are computed. */
  readonly outputs: readonly string[];
  /** Names of further values to be kept readable (the checker keeps all). */
  readonly keep?: ReadonlySet<string> | 'all';
  /** Join element-wise dispatches and epilogues; off while single nodes are compared. */
  readonly fuse: boolean;
}

/** Everything a backend needs to execute a model for one set of shapes. */
export interface Plan {
  readonly target: 'wasm' | 'webgpu';
  readonly steps: readonly Step[];
  readonly feeds: ReadonlyMap<string, Value>;
  /** The wanted outputs, in the order asked for, then what is kept, by name. */
  readonly outputs: ReadonlyMap<string, Value>;
  /** The value whose storage `value` shares; itself if it has its own. */
  root(value: Value): Value;
  /** The contents of a value known while planning. */
  constant(value: Value): Constant | undefined;
  /** Releases what only this plan holds. */
  release(): void;
}

/** Constants that do not depend on feed shapes, kept with the model: initialisers and folded weights. */
export class ConstantStore {
  /** Named values whose contents no feed's shape changes: initialisers, and nodes that read only such values. */
  readonly named = new Map<string, NamedConstant>();
  /** Results of folded dispatches, by kernel, Params and inputs: packed weights. */
  readonly folded = new Map<string, Constant[]>();
  readonly #canonical = new WeakMap<Constant, boolean>();
  #count = 0;
  readonly #ids = new WeakMap<Constant, number>();

  idOf(constant: Constant): number {
    const known = this.#ids.get(constant);
    if (known !== undefined) return known;
    this.#count += 1;
    this.#ids.set(constant, this.#count);
    return this.#count;
  }

  /** Whether all words of an f32 constant are canonical; tested once. */
  isCanonical(constant: Constant): boolean {
    let known = this.#canonical.get(constant);
    if (known === undefined) {
      known = constant.byteLength <= SCAN_BYTES && allCanonical(constant.bytes());
      this.#canonical.set(constant, known);
    }
    return known;
  }

  release(): void {
    for (const list of this.folded.values()) for (const constant of list) constant.release();
    this.named.clear();
    this.folded.clear();
  }
}

/** A constant under a name of the graph. Folded ones belong to `ConstantStore.folded`, which releases them. */
interface NamedConstant {
  readonly constant: Constant;
  readonly dims: readonly number[];
  readonly canonical: boolean;
}

// Contents up to this size are tested for canonical words; more is not worth the time, readers test instead.
const SCAN_BYTES = 1 << 16;

class Planner {
  readonly values: Value[] = [];
  readonly roots = new Map<Value, Value>();
  readonly constants = new Map<Value, Constant>();
  /** Constants that depend on feed shapes: released with the plan. */
  readonly own: Constant[] = [];
  readonly named = new Map<string, Value>();
  readonly steps: Step[] = [];
  readonly checked: CheckedGraph;
  readonly store: ConstantStore;
  readonly evaluator: Evaluator;
  readonly options: PlanOptions;
  readonly #shared = new Set<Constant>();

  constructor(
    checked: CheckedGraph,
    store: ConstantStore,
    evaluator: Evaluator,
    options: PlanOptions,
  ) {
    this.checked = checked;
    this.store = store;
    this.evaluator = evaluator;
    this.options = options;
    for (const [name, tensor] of checked.graph.initializers) {
      if (store.named.has(name)) continue;
      const constant = new HostConstant(tensor.dtype, tensor.bytes());
      const canonical = tensor.dtype === 'float32' && store.isCanonical(constant);
      store.named.set(name, { constant, dims: tensor.dims, canonical });
    }
  }

  /** The value of a graph name: made by a node that was lowered, or known from the store. */
  lookup(name: string): Value | undefined {
    const value = this.named.get(name);
    const known = value === undefined ? this.store.named.get(name) : undefined;
    const dtype = this.checked.dtypes.get(name);
    if (known === undefined || dtype === undefined) return value;
    const made = this.create(dtype, known.dims, name);
    this.constants.set(made, known.constant);
    this.#shared.add(known.constant);
    made.canonical = known.canonical;
    return made;
  }

  /** Remembers the outputs of a node whose contents no feed's shape changes. */
  remember(outputs: readonly (Value | undefined)[]): void {
    for (const value of outputs) {
      const constant = value === undefined ? undefined : this.constant(value);
      if (value === undefined || constant === undefined || !this.#shared.has(constant)) continue;
      const { dims, canonical } = value;
      this.store.named.set(value.name, { constant, dims, canonical });
    }
  }

  create(dtype: DType, dims: readonly number[], name = ''): Value {
    const value: Value = { id: this.values.length, dtype, dims, name, canonical: false };
    this.values.push(value);
    if (name !== '') this.named.set(name, value);
    return value;
  }

  root(value: Value): Value {
    let at = value;
    for (let next = this.roots.get(at); next !== undefined; next = this.roots.get(at)) at = next;
    return at;
  }

  constant(value: Value): Constant | undefined {
    return this.constants.get(this.root(value));
  }

  setConstant(value: Value, constant: Constant): void {
    this.constants.set(value, constant);
    if (value.dtype === 'float32') value.canonical = this.store.isCanonical(constant);
  }

  contents(value: Value): TypedArray | undefined {
    const constant = this.constant(value);
    if (constant === undefined) return undefined;
    const bytes = constant.bytes().slice();
    return typedArrayOf(value.dtype, bytes.buffer, 0, sizeOf(value.dims));
  }

  emit(node: number, dispatch: Dispatch): void {
    const inputs = inputsOf(dispatch);
    const known = inputs.map((value) => this.constant(value));
    if (known.every((constant): constant is Constant => constant !== undefined)) {
      this.fold(dispatch, known);
    } else {
      this.steps.push({ dispatch, nodes: [node] });
    }
  }

  fold(dispatch: Dispatch, inputs: readonly Constant[]): void {
    // Nothing with zero elements is computed; kernels never see an empty output.
    const shared = inputs.length > 0 && inputs.every((one) => this.#shared.has(one));
    const key = shared
      ? `${dispatch.kernel.name} ${wordsOf(dispatch).join()} ${dispatch.units} ${inputs.map((one) => this.store.idOf(one)).join()}`
      : '';
    let results = shared ? this.store.folded.get(key) : undefined;
    if (results === undefined) {
      results = this.evaluator.evaluate(dispatch, inputs);
      if (shared) this.store.folded.set(key, results);
      else this.own.push(...results);
    }
    dispatch.outputs.forEach((value, i) => {
      const constant = results[i];
      if (constant === undefined)
        throw new Error(`${dispatch.kernel.name}: folding gave no output ${i}`);
      if (shared) this.#shared.add(constant);
      const canonical = value.canonical;
      this.setConstant(value, constant);
      value.canonical ||= canonical;
    });
  }
}

function allCanonical(bytes: Uint8Array): boolean {
  const aligned = bytes.byteOffset % 4 === 0 ? bytes : bytes.slice();
  const words = new Uint32Array(aligned.buffer, aligned.byteOffset, aligned.byteLength / 4);
  return words.every((word) => canonicalWord(word) === word);
}

/** The context an operator lowers itself in. */
class PlanContext extends AttributeContext implements LowerContext {
  readonly target: 'wasm' | 'webgpu';
  readonly #planner: Planner;
  readonly #inputs: readonly (Value | undefined)[];
  outputs: readonly (Value | undefined)[] = [];

  constructor(planner: Planner, node: Node, inputs: readonly (Value | undefined)[]) {
    super(
      node,
      planner.checked.opsets[node.index] ?? 0,
      inputs.map((value) => value?.dtype),
    );
    this.#planner = planner;
    this.#inputs = inputs;
    this.target = planner.options.target;
  }

  input(i: number): Value {
    const value = this.#inputs[i];
    if (value === undefined) throw new TypeError(`${this.opType}: input ${i} is missing.`);
    return value;
  }

  optional(i: number): Value | undefined {
    return this.#inputs[i];
  }

  constant(i: number): TypedArray | undefined {
    const value = this.#inputs[i];
    return value === undefined ? undefined : this.#planner.contents(value);
  }

  known(i: number, what: string): TypedArray {
    const contents = this.constant(i);
    if (contents === undefined) {
      throw new TypeError(
        `${this.opType}: ${what} (input ${i}) must be known from the model and the shapes of its inputs, got a computed tensor. Make it an initializer.`,
      );
    }
    return contents;
  }

  output(i: number): Value {
    const value = this.outputs[i];
    if (value === undefined) throw new TypeError(`${this.opType}: output ${i} is not wanted.`);
    return value;
  }

  wants(i: number): boolean {
    return this.outputs[i] !== undefined;
  }

  isConstant(value: Value): boolean {
    return this.#planner.constant(value) !== undefined;
  }

  temp(dtype: DType, dims: readonly number[]): Value {
    return this.#planner.create(dtype, dims);
  }

  constantValue(dtype: DType, dims: readonly number[], data: TypedArray): Value {
    const value = this.#planner.create(dtype, dims);
    const bytes = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
    this.#planner.setConstant(value, new HostConstant(dtype, bytes));
    return value;
  }

  emit(kernel: Kernel, options: DispatchOptions): void {
    if (options.outputs.every((value) => sizeOf(value.dims) === 0)) {
      // Zero elements: nothing to compute, on either machine.
      for (const value of options.outputs) {
        this.#planner.setConstant(value, new HostConstant(value.dtype, new Uint8Array(0)));
      }
      return;
    }
    const dispatch: Dispatch = {
      kernel,
      params: packParams(kernel, options.params ?? {}),
      inputs: options.inputs,
      outputs: options.outputs,
      units: options.units ?? 1,
      unitCost: Math.max(1, Math.min(4294967295, Math.round(options.unitCost ?? 1))),
      scratch: options.scratch ?? 0,
      grid: options.grid ?? [1, 1, 1],
      constants: options.constants ?? {},
      ...(options.chain === undefined ? {} : { chain: options.chain }),
    };
    this.#planner.emit(this.node.index, dispatch);
  }

  alias(to: Value, from: Value): void {
    if (
      dtypeInfo(to.dtype).bytes !== dtypeInfo(from.dtype).bytes ||
      sizeOf(to.dims) !== sizeOf(from.dims)
    ) {
      throw new RangeError(
        `${this.opType}: expected ${sizeOf(from.dims)} elements, got shape ${formatShape(to.dims)}.`,
      );
    }
    to.canonical = from.canonical;
    this.#planner.roots.set(to, from);
  }
}

/** Nodes that the wanted values depend on, in order. */
function neededNodes(checked: CheckedGraph, wanted: Iterable<string>): Node[] {
  const producer = new Map<string, Node>();
  for (const node of checked.graph.nodes) for (const name of node.outputs) producer.set(name, node);
  const needed = new Set<Node>();
  const stack = [...wanted];
  for (let name = stack.pop(); name !== undefined; name = stack.pop()) {
    const node = producer.get(name);
    if (node === undefined || needed.has(node)) continue;
    needed.add(node);
    stack.push(...node.inputs.filter((input) => input !== ''));
  }
  return checked.graph.nodes.filter((node) => needed.has(node));
}

/** @throws RangeError or TypeError naming operator and node, for shapes that do not fit */
export function planGraph(
  checked: CheckedGraph,
  store: ConstantStore,
  evaluator: Evaluator,
  feeds: ReadonlyMap<string, TensorType>,
  options: PlanOptions,
): Plan {
  const planner = new Planner(checked, store, evaluator, options);
  const feedValues = new Map<string, Value>();
  for (const [name, type] of feeds)
    feedValues.set(name, planner.create(type.dtype, type.dims, name));
  for (const node of neededNodes(checked, options.outputs)) lowerNode(planner, node);

  const outputs = new Map<string, Value>();
  const value = (name: string): Value => {
    const found = planner.lookup(name);
    if (found === undefined) throw new RangeError(`plan: there is no value '${name}'`);
    return found;
  };
  for (const name of options.outputs) outputs.set(name, value(name));
  if (options.keep === 'all') {
    for (const node of checked.graph.nodes)
      for (const name of node.outputs) if (planner.lookup(name)) outputs.set(name, value(name));
  } else {
    for (const name of options.keep ?? []) outputs.set(name, value(name));
  }
  const root = (one: Value): Value => planner.root(one);
  const live = liveSteps(planner.steps, outputs, root);
  return {
    target: options.target,
    steps: options.fuse ? fuse(live, outputs, root, options.target) : live,
    feeds: feedValues,
    outputs,
    root,
    constant: (one) => planner.constant(one),
    release: () => {
      for (const constant of planner.own) constant.release();
    },
  };
}

function lowerNode(planner: Planner, node: Node): void {
  const def = planner.checked.defs[node.index];
  if (def === undefined) throw new Error(`plan: node ${nodeLabel(node)} was not checked`);
  if (node.outputs.every((name) => name === '' || planner.store.named.has(name))) return;
  const inputs = node.inputs.map((name) => (name === '' ? undefined : planner.lookup(name)));
  const context = new PlanContext(planner, node, inputs);
  try {
    const dims = def.infer(context);
    context.outputs = node.outputs.map((name, i) => {
      const dtype = planner.checked.dtypes.get(name);
      const shape = dims[i];
      if (name === '') return undefined;
      if (dtype === undefined || shape === undefined) {
        throw new TypeError(`${node.opType}: output ${i} ('${name}') is not implemented.`);
      }
      return planner.create(dtype, shape, name);
    });
    def.lower(context);
    planner.remember(context.outputs);
  } catch (error) {
    if (error instanceof RangeError || error instanceof TypeError) {
      error.message = `node ${nodeLabel(node)}: ${error.message}`;
    }
    throw error;
  }
}

/** Steps that some output depends on: a node may emit more than is wanted of it. */
function liveSteps(
  steps: readonly Step[],
  outputs: ReadonlyMap<string, Value>,
  root: (value: Value) => Value,
): Step[] {
  const wanted = new Set([...outputs.values()].map(root));
  const live: Step[] = [];
  for (const step of steps.toReversed()) {
    if (!step.dispatch.outputs.some((value) => wanted.has(root(value)))) continue;
    for (const value of inputsOf(step.dispatch)) wanted.add(root(value));
    live.push(step);
  }
  return live.reverse();
}

/** Whether two plans' feeds have the same shapes, as a cache key. */
export function signatureOf(feeds: ReadonlyMap<string, TensorType>): string {
  return [...feeds].map(([name, type]) => `${name}:${type.dtype}[${type.dims.join()}]`).join(';');
}

/** True if `value` is stored as `dims` without broadcasting. */
export function hasShape(value: Value, dims: readonly number[]): boolean {
  return sameShape(value.dims, dims);
}
