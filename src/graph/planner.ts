// Turns a checked graph and the shapes of its feeds into a plan.
//
// Nodes are visited once, in order. Each operator infers its output shapes and lowers itself; a dispatch whose
// inputs are all known is evaluated on the spot by the reference (constant folding), so shape arithmetic and
// weight packing never reach the plan. Movement that only renames a shape becomes an alias. What is left can
// be fused (fuse.ts). No operator name occurs here, and no float operation.
import { HostConstant, type Constant, type Evaluator } from '../core/constant.ts';
import { typedArrayOf, type DType, type TypedArray } from '../core/dtype.ts';
import { inputsOf, wordsOf, type Dispatch } from '../core/op.ts';
import { sizeOf } from '../core/shape.ts';
import type { Value } from '../core/value.ts';
import type { CheckedGraph } from './check.ts';
import type { ConstantStore } from './constant_store.ts';
import { fuse } from './fuse.ts';
import { nodeLabel, type Node } from './graph.ts';
import { PlanContext, type PlanBuilder } from './plan_context.ts';
import type { Plan, PlanOptions, Step, TensorType } from './plan.ts';

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
      // What it was made of would be forgotten: its node is lowered again, and folded from the store.
      if (value.quantised !== undefined) continue;
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
