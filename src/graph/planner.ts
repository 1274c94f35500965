// Turns a checked graph and the shapes of its feeds into a plan.
//
// Nodes are visited once, in order; where a plan can be made of the one before it, those that changed (basis.ts). Each operator
// infers its output shapes and lowers itself (planning.ts holds what comes of it). Movement that only renames a shape becomes
// an alias. What repeats is shared, what is left can be fused (optimise.ts). A node that cannot be planned yet, and what
// depends on it, is left for a later plan.
// No operator name occurs here, and no float operation.
import type { Evaluator } from '../core/constant.ts';
import type { Value } from '../core/value.ts';
import type { CheckedGraph } from './check.ts';
import { basisOf, isBasisFor, planAgain, type Basis, type Changes } from './basis.ts';
import type { ConstantStore } from './constant_store.ts';
import { nodeLabel, type Node } from './graph.ts';
import { liveSteps, optimise, optimiseAgain, type Lowered, type Optimised } from './optimise.ts';
import { ContentsNeeded, PlanContext } from './plan_context.ts';
import type { FeedType, Plan, PlanOptions, Step } from './plan.ts';
import { Planner } from './planning.ts';
import type { Sameness } from './share.ts';
import { Recording } from './templates.ts';
import { valuesRead } from './sort.ts';
import { Values } from './values.ts';

const needed = new WeakMap<readonly Node[], Map<string, readonly Node[]>>();

/** Nodes among `nodes`, a list that does not change, that the wanted values depend on, in order; found once. */
export function neededNodes(nodes: readonly Node[], wanted: readonly string[]): readonly Node[] {
  let known = needed.get(nodes);
  if (known === undefined) needed.set(nodes, (known = new Map()));
  const key = JSON.stringify(wanted);
  let found = known.get(key);
  if (found === undefined) known.set(key, (found = findNeeded(nodes, wanted)));
  return found;
}

function findNeeded(nodes: readonly Node[], wanted: readonly string[]): Node[] {
  const producer = new Map<string, Node>();
  for (const node of nodes) for (const name of node.outputs) producer.set(name, node);
  const found = new Set<Node>();
  const stack = [...wanted];
  for (let name = stack.pop(); name !== undefined; name = stack.pop()) {
    const node = producer.get(name);
    if (node === undefined || found.has(node)) continue;
    found.add(node);
    stack.push(...valuesRead(node));
  }
  return nodes.filter((node) => found.has(node));
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
  const nodes = neededNodes(options.nodes ?? checked.graph.nodes, options.outputs);
  const basis = store.bases.get(checked);
  if (basis === undefined || !isBasisFor(basis, nodes, feeds, options)) {
    const planner = new Planner(checked, store, evaluator, feeds, options);
    return released(planner, () => planOf(planner, nodes));
  }
  store.bases.delete(checked);
  const planner = new Planner(checked, store, evaluator, feeds, options, basis);
  return released(planner, () => {
    const plan = planOfBasis(planner, basis);
    if (plan !== undefined) return plan;
    // What it holds by now is found by the one that plans everything.
    const other = planGraph(checked, store, evaluator, feeds, options);
    planner.holdings.release();
    return other;
  });
}

/** What work gives; where it fails, nothing stays held. */
function released<T>(planner: Planner, work: () => T): T {
  try {
    return work();
  } catch (error) {
    planner.holdings.release();
    throw error;
  }
}

function planOf(planner: Planner, nodes: readonly Node[]): Plan {
  const { options } = planner;
  const left = new Set<string>();
  for (const node of nodes) {
    const waits = left.size > 0 && [...valuesRead(node)].some((name) => left.has(name));
    if (waits || !lowerNode(planner, node, options.inline ?? true)) {
      planner.deferred.push(node);
      for (const name of node.outputs) left.add(name);
    }
  }
  return finished(planner, nodes, left);
}

/** The plan of the nodes made of the last; undefined where it cannot be. */
function planOfBasis(planner: Planner, basis: Basis): Plan | undefined {
  const inlines = planner.options.inline ?? true;
  const changes = planAgain(basis, planner, (node) => lowerNode(planner, node, inlines));
  return changes && finished(planner, basis.nodes, new Set(), { basis, changes });
}

/** @param left values of nodes that wait */
function finished(
  planner: Planner,
  nodes: readonly Node[],
  left: ReadonlySet<string>,
  before?: { basis: Basis; changes: Changes },
): Plan {
  const { store, options } = planner;
  const outputs = new Map<string, Value>();
  for (const name of options.outputs) {
    const found = planner.lookup(name);
    if (found !== undefined) outputs.set(name, found);
    else if (!left.has(name)) throw new RangeError(`plan: there is no value '${name}'`);
  }
  const replayed = replayedNodes(planner, nodes);
  // What later plans read and nobody else holds: feeds are the caller's, constants the store's.
  for (const node of [...planner.deferred, ...replayed]) {
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
  const { steps } = planner;
  const lowered = { steps, outputs, target: options.target, count: planner.values.next };
  const root = (one: Value): Value => planner.root(one);
  const { steps: found, structure } = options.fuse
    ? optimised(planner, lowered, nodes, before)
    : { steps: liveSteps(lowered, root).map((i) => steps[i] as Step), structure: {} };
  return {
    target: options.target,
    steps: found,
    structure,
    value: (id) => planner.values.at(id),
    feeds: planner.fed,
    deferred: planner.deferred,
    replayed,
    contents: planner.contentsNeeded,
    outputs,
    root,
    constant: (one) => planner.constant(one),
    release: () => planner.holdings.release(),
  };
}

/** Leaves the plan for the next to be made of. */
function optimised(
  planner: Planner,
  lowered: Lowered,
  nodes: readonly Node[],
  before: { basis: Basis; changes: Changes } | undefined,
): Optimised {
  const { checked, store } = planner;
  const root = (value: Value): Value => planner.root(value);
  const on: Sameness = {
    root,
    identity: (value) => {
      const constant = planner.constant(value);
      return constant === undefined ? root(value).id : -1 - store.idOf(constant);
    },
    alias: (to, from) => planner.values.setRoot(to, from),
  };
  const values = new Values(planner.values);
  let found: Optimised | undefined;
  if (before?.changes.isAlike === true) {
    found = optimiseAgain(before.basis.optimised, lowered, before.changes.areSteps, on);
    if (found === undefined) planner.values = new Values(values);
  }
  found ??= optimise(lowered, on);
  const basis = basisOf(planner, nodes, values, found);
  if (basis !== undefined) store.bases.set(checked, basis);
  return found;
}

/** Planned nodes that are planned again with the deferred ones, which must see what they dequantised (V8). */
function replayedNodes(planner: Planner, nodes: readonly Node[]): Node[] {
  const read = new Set(planner.deferred.flatMap((node) => [...valuesRead(node)]));
  return nodes.filter((node) =>
    node.outputs.some((name) => {
      const value = read.has(name) ? planner.named.get(name) : undefined;
      return value !== undefined && planner.isDequantised(value, planner.checked);
    }),
  );
}

/** Lowers a node of the planned graph, or says that it must wait. */
function lowerNode(planner: Planner, node: Node, inlines: boolean): boolean {
  const { checked } = planner;
  const mark = planner.mark();
  try {
    const isHost = checked.hosts[node.index] !== undefined;
    planner.isPlain &&= !isHost;
    if (isHost) return inlines && inlineBody(planner, checked, node, node);
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
  planner.store.addInitializers(body.graph, planner.evaluator);
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
    planner.name(name, value);
  }
  return true;
}

/** `origin`: the node of the planned graph that this is, or is a part of. */
function lowerPlanned(planner: Planner, checked: CheckedGraph, node: Node, origin: Node): void {
  const def = checked.defs[node.index];
  if (def === undefined) throw new Error(`plan: node ${nodeLabel(node)} was not checked`);
  if (node.outputs.every((name) => name === '' || planner.store.named.has(name))) {
    planner.begin([])();
    return;
  }
  const inputs = node.inputs.map((name) =>
    name === '' ? undefined : planner.taken(name, checked),
  );
  const opset = checked.opsets[node.index] ?? 0;
  planner.isPlain &&= def.isUsers !== true;
  const key = def.isUsers === true ? undefined : planner.keyOf(node, inputs, opset);
  const end = planner.begin(inputs);
  try {
    if (key !== undefined && planner.repeat(key, node, inputs, origin.index)) {
      end();
      return;
    }
    const context = new PlanContext(planner, node, inputs, opset, origin.index);
    const recording = key === undefined ? undefined : new Recording(inputs);
    planner.recording = recording;
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
    planner.noteDequantised(context.outputs, checked);
    planner.remember(context.outputs);
    const template = recording?.template(context.outputs);
    if (key !== undefined && template !== undefined) planner.store.templates.add(key, template);
    end();
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
  } finally {
    planner.recording = undefined;
  }
}
