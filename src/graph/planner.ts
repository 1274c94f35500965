// Turns a checked graph and the shapes of its feeds into a plan.
//
// Nodes are visited once, in order. Each operator infers its output shapes and lowers itself; a dispatch whose
// inputs are all known is evaluated on the spot by the reference (constant folding), so shape arithmetic and
// weight packing never reach the plan. Movement that only renames a shape becomes an alias. What is left can
// be fused (fuse.ts). A node that cannot be planned yet, and what depends on it, is left for a later plan.
// No operator name occurs here, and no float operation.
import { HostConstant, type Constant, type Evaluator } from '../core/constant.ts';
import { dtypeInfo, typedArrayOf, type DType, type TypedArray } from '../core/dtype.ts';
import { inputsOf, wordsOf, type Dispatch } from '../core/op.ts';
import { formatShape, sizeOf } from '../core/shape.ts';
import { Tensor } from '../core/tensor.ts';
import type { Value } from '../core/value.ts';
import type { CheckedGraph } from './check.ts';
import type { ConstantStore } from './constant_store.ts';
import { fuse } from './fuse.ts';
import { nodeLabel, type Node } from './graph.ts';
import { valuesRead } from './sort.ts';
import { ContentsNeeded, PlanContext, type PlanBuilder } from './plan_context.ts';
import type { FeedType, Plan, PlanOptions, Step } from './plan.ts';

interface Mark {
  readonly steps: number;
  readonly named: ReadonlyMap<string, Value>;
}

class Planner implements PlanBuilder {
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
  readonly #feeds: ReadonlyMap<string, FeedType>;
  /** The feeds that something reads. */
  readonly fed = new Map<string, Value>();
  readonly deferred: Node[] = [];
  readonly contentsNeeded = new Map<string, TypeError>();
  readonly #shared = new Set<Constant>();

  constructor(
    checked: CheckedGraph,
    store: ConstantStore,
    evaluator: Evaluator,
    feeds: ReadonlyMap<string, FeedType>,
    options: PlanOptions,
  ) {
    this.checked = checked;
    this.store = store;
    this.evaluator = evaluator;
    this.options = options;
    this.#feeds = feeds;
    this.addInitializers(checked);
  }

  addInitializers({ graph }: CheckedGraph): void {
    const { store } = this;
    for (const [name, tensor] of graph.initializers) {
      if (store.named.has(name) || tensor.dtype === 'string') continue;
      const constant =
        this.evaluator.constantOf?.(tensor) ?? new HostConstant(tensor.dtype, tensor.bytes());
      const canonical = tensor.dtype === 'float32' && store.isCanonical(constant);
      store.named.set(name, { constant, dims: tensor.dims, canonical });
    }
  }

  /** The value of a graph name: made by a node that was lowered, fed, or known from the store. */
  lookup(name: string): Value | undefined {
    const value = this.named.get(name);
    if (value !== undefined) return value;
    const feed = this.#feeds.get(name);
    if (feed !== undefined) return this.#feed(name, feed);
    const known = this.store.named.get(name);
    if (known === undefined) return undefined;
    const made = this.create(known.constant.dtype, known.dims, name);
    this.constants.set(made, known.constant);
    this.#shared.add(known.constant);
    made.canonical = known.canonical;
    return made;
  }

  #feed(name: string, { dtype, dims, contents }: FeedType): Value {
    const value = this.create(dtype, dims, name);
    if (contents === undefined) this.fed.set(name, value);
    else this.setConstant(value, new HostConstant(dtype, contents));
    return value;
  }

  nameOf(value: Value): string {
    return value.name === '' ? this.root(value).name : value.name;
  }

  /** Remembers the outputs of a node whose contents no feed's shape changes. */
  remember(outputs: readonly (Value | undefined)[]): void {
    for (const value of outputs) {
      const constant = value === undefined ? undefined : this.constant(value);
      if (value === undefined || constant === undefined || !this.#shared.has(constant)) continue;
      // What it was made of would be forgotten: its node is lowered again, and folded from the store.
      if (value.quantised !== undefined) continue;
      const { dims, canonical } = value;
      this.store.named.set(value.name, { constant, dims, canonical });
    }
  }

  /** @throws RangeError for a value that no machine has room for, before anything of its size is made */
  create(dtype: DType, dims: readonly number[], name = ''): Value {
    const bytes = sizeOf(dims) * dtypeInfo(dtype).bytes;
    const limit = this.evaluator.memoryLimit ?? Infinity;
    if (bytes > limit) {
      throw new RangeError(
        `memory: value too large: expected at most ${limit} bytes, got ${bytes} for ${dtype} ${formatShape(dims)}. Use smaller sizes.`,
      );
    }
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

  /** The contents of a graph value that are known while planning, as a tensor. */
  known(name: string): Tensor | undefined {
    const isOpen = !this.named.has(name) && this.#feeds.get(name)?.contents === undefined;
    const value = isOpen && !this.store.named.has(name) ? undefined : this.lookup(name);
    const contents = value === undefined ? undefined : this.contents(value);
    return value === undefined || contents === undefined
      ? undefined
      : new Tensor(value.dtype, contents, value.dims);
  }

  /** How far planning has come, to go back to. */
  mark(): Mark {
    return { steps: this.steps.length, named: new Map(this.named) };
  }

  rewind({ steps, named }: Mark): void {
    this.steps.length = steps;
    this.named.clear();
    for (const [name, value] of named) this.named.set(name, value);
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
      if (shared) {
        this.store.folded.set(key, results);
        this.evaluator.keepsFolded?.(dispatch, inputs, results);
      } else this.own.push(...results);
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

/** Nodes among `nodes` that the wanted values depend on, in order. */
export function neededNodes(nodes: readonly Node[], wanted: Iterable<string>): Node[] {
  const producer = new Map<string, Node>();
  for (const node of nodes) for (const name of node.outputs) producer.set(name, node);
  const needed = new Set<Node>();
  const stack = [...wanted];
  for (let name = stack.pop(); name !== undefined; name = stack.pop()) {
    const node = producer.get(name);
    if (node === undefined || needed.has(node)) continue;
    needed.add(node);
    stack.push(...valuesRead(node));
  }
  return nodes.filter((node) => needed.has(node));
}

/**
 * Plans as many nodes as can be: those that run on the host, need contents that only a run knows, or depend on such are
 * left over in `deferred`, and what they read of the planned ones is among the outputs.
 *
 * @throws RangeError or TypeError naming operator and node, for shapes that do not fit
 */
export function planGraph(
  checked: CheckedGraph,
  store: ConstantStore,
  evaluator: Evaluator,
  feeds: ReadonlyMap<string, FeedType>,
  options: PlanOptions,
): Plan {
  const planner = new Planner(checked, store, evaluator, feeds, options);
  const nodes = neededNodes(options.nodes ?? checked.graph.nodes, options.outputs);
  const left = new Set<string>();
  for (const node of nodes) {
    const waits = [...valuesRead(node)].some((name) => left.has(name));
    if (waits || !lowerNode(planner, node)) {
      planner.deferred.push(node);
      for (const name of node.outputs) left.add(name);
    }
  }

  const outputs = new Map<string, Value>();
  for (const name of options.outputs) {
    const found = planner.lookup(name);
    if (found !== undefined) outputs.set(name, found);
    else if (!left.has(name)) throw new RangeError(`plan: there is no value '${name}'`);
  }
  // What deferred nodes read and nobody else holds: feeds are the caller's, constants the store's.
  for (const node of planner.deferred) {
    for (const name of valuesRead(node)) {
      const value = planner.named.get(name);
      if (value !== undefined && !planner.fed.has(name) && !store.named.has(name))
        outputs.set(name, value);
    }
  }
  if (options.keep === 'all') {
    for (const node of nodes)
      for (const name of node.outputs) {
        const value = name === '' || left.has(name) ? undefined : planner.lookup(name);
        if (value !== undefined) outputs.set(name, value);
      }
  } else {
    for (const name of options.keep ?? []) {
      const value = planner.lookup(name);
      if (value !== undefined) outputs.set(name, value);
    }
  }
  const root = (one: Value): Value => planner.root(one);
  const live = liveSteps(planner.steps, outputs, root);
  return {
    target: options.target,
    steps: options.fuse ? fuse(live, outputs, root, options.target) : live,
    feeds: planner.fed,
    deferred: planner.deferred,
    contents: planner.contentsNeeded,
    outputs,
    root,
    constant: (one) => planner.constant(one),
    release: () => {
      for (const constant of planner.own) constant.release();
    },
  };
}

/** Lowers a node of the planned graph, or says that it must wait. */
function lowerNode(planner: Planner, node: Node): boolean {
  const { checked } = planner;
  const mark = planner.mark();
  try {
    if (checked.hosts[node.index] !== undefined) return inlineBody(planner, checked, node, node);
    lowerPlanned(planner, checked, node, node);
    return true;
  } catch (error) {
    if (!(error instanceof ContentsNeeded)) throw error;
    planner.contentsNeeded.set(error.value, error);
    planner.rewind(mark);
    return false;
  }
}

/** Lowers the graph that a node of the host stands for, if what is known decides which. */
function inlineBody(planner: Planner, checked: CheckedGraph, node: Node, origin: Node): boolean {
  const host = checked.hosts[node.index];
  const attribute = host?.choose?.((i) => planner.known(node.inputs[i] ?? ''));
  const carried = attribute === undefined ? undefined : node.attributes.get(attribute);
  const body = carried?.type === 'graph' ? checked.bodies.get(carried.value) : undefined;
  if (body === undefined) return false;
  const mark = planner.mark();
  planner.addInitializers(body);
  const wanted = body.graph.outputs.map(({ name }) => name);
  for (const inner of neededNodes(body.graph.nodes, wanted)) {
    if (body.hosts[inner.index] === undefined) lowerPlanned(planner, body, inner, origin);
    else if (!inlineBody(planner, body, inner, origin)) {
      planner.rewind(mark);
      return false;
    }
  }
  for (const [i, name] of node.outputs.entries()) {
    const value = planner.lookup(wanted[i] ?? '');
    if (name === '') continue;
    if (value === undefined) {
      planner.rewind(mark);
      return false;
    }
    planner.named.set(name, value);
  }
  return true;
}

/** `origin`: the node of the planned graph that this is, or is a part of. */
function lowerPlanned(planner: Planner, checked: CheckedGraph, node: Node, origin: Node): void {
  const def = checked.defs[node.index];
  if (def === undefined) throw new Error(`plan: node ${nodeLabel(node)} was not checked`);
  if (node.outputs.every((name) => name === '' || planner.store.named.has(name))) return;
  const inputs = node.inputs.map((name) => (name === '' ? undefined : planner.lookup(name)));
  const opset = checked.opsets[node.index] ?? 0;
  const context = new PlanContext(planner, node, inputs, opset, origin.index);
  try {
    const dims = def.infer(context);
    context.outputs = node.outputs.map((name, i) => {
      const dtype = checked.dtypes.get(name);
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
      // What engines throw for sizes that no array can have names nothing.
      const what =
        error instanceof RangeError && !error.message.includes(': ')
          ? `${node.opType}: sizes are too large: ${error.message}. Use smaller ones.`
          : error.message;
      error.message = `node ${nodeLabel(node)}: ${what}`;
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
