// Replaces calls of model-local functions by their bodies, as the ONNX IR says: formal inputs and outputs take the
// names of the call, inner values get fresh names, attribute references take the call's attributes or the function's
// defaults. Afterwards no node of the graph calls a function. Recursion, and a body written for other opset versions
// than the model's, are refused.

import type { Problem } from '../core/errors.ts';
import {
  nodeLabel,
  subgraphsOf,
  type Attribute,
  type Graph,
  type Node,
  type ValueInfo,
} from '../graph/graph.ts';

export interface FunctionBody {
  readonly name: string;
  readonly domain: string;
  readonly overload: string;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly nodes: readonly Node[];
  readonly opsets: ReadonlyMap<string, number>;
  readonly defaults: ReadonlyMap<string, Attribute>;
}

interface Context {
  readonly functions: ReadonlyMap<string, FunctionBody>;
  readonly opsets: Map<string, number>;
  readonly overloads: WeakMap<Node, string>;
  readonly invalid: Problem[];
  readonly unsupported: Problem[];
  readonly used: Set<string>;
}

function keyOf(domain: string, name: string, overload: string): string {
  return JSON.stringify([domain, name, overload]);
}

/** The graph with every call of a function replaced by the function's nodes. */
export function inlineFunctions(
  graph: Graph,
  functions: readonly FunctionBody[],
  findings: {
    readonly invalid: Problem[];
    readonly unsupported: Problem[];
    readonly overloads: WeakMap<Node, string>;
  },
): Graph {
  if (functions.length === 0) return graph;
  const context: Context = {
    functions: new Map(
      functions.map((body) => [keyOf(body.domain, body.name, body.overload), body]),
    ),
    opsets: new Map(graph.opsets),
    overloads: findings.overloads,
    invalid: findings.invalid,
    unsupported: findings.unsupported,
    used: new Set(),
  };
  collectNames(graph, context.used);
  const nodes = expandAll(graph.nodes, context, []);
  return {
    ...graph,
    nodes: nodes.map((node, index) => ({ ...node, index })),
    opsets: context.opsets,
  };
}

function collectNames(graph: Graph, names: Set<string>): void {
  for (const { name } of [...graph.inputs, ...graph.outputs]) names.add(name);
  for (const name of graph.initializers.keys()) names.add(name);
  for (const node of graph.nodes) {
    for (const name of [...node.inputs, ...node.outputs]) names.add(name);
    for (const inner of subgraphsOf(node)) collectNames(inner, names);
  }
}

function fresh(name: string, prefix: string, context: Context): string {
  let candidate = `${prefix}/${name}`;
  for (let count = 2; context.used.has(candidate); count++)
    candidate = `${prefix}/${name}_${count}`;
  context.used.add(candidate);
  return candidate;
}

/** Expands calls in a list of nodes and in their subgraphs. @param stack the functions being expanded */
function expandAll(nodes: readonly Node[], context: Context, stack: readonly string[]): Node[] {
  return nodes.flatMap((node) => {
    const key = keyOf(node.domain, node.opType, context.overloads.get(node) ?? '');
    const body = context.functions.get(key);
    if (body !== undefined) return expand(node, body, key, context, stack);
    const attributes = mapGraphs(node.attributes, (inner) => ({
      ...inner,
      opsets: context.opsets,
      nodes: expandAll(inner.nodes, context, stack).map((item, index) => ({ ...item, index })),
    }));
    return attributes === node.attributes ? [node] : [{ ...node, attributes }];
  });
}

function expand(
  call: Node,
  body: FunctionBody,
  key: string,
  context: Context,
  stack: readonly string[],
): Node[] {
  const identity = { node: nodeLabel(call), opType: call.opType, domain: call.domain };
  if (stack.includes(key)) {
    context.invalid.push({
      ...identity,
      message: `function '${body.name}' calls itself: expected functions without recursion.`,
      remedy: 'Use Loop or Scan.',
    });
    return [];
  }
  if (call.inputs.length > body.inputs.length || call.outputs.length > body.outputs.length) {
    context.invalid.push({
      ...identity,
      message:
        `call does not fit its function: expected at most ${body.inputs.length} inputs and ${body.outputs.length} ` +
        `outputs, got ${call.inputs.length} and ${call.outputs.length}.`,
      remedy: 'Export the model again.',
    });
    return [];
  }
  for (const [domain, version] of body.opsets) {
    const had = context.opsets.get(domain);
    if (had === undefined) context.opsets.set(domain, version);
    else if (had !== version) {
      context.unsupported.push({
        ...identity,
        message: `function '${body.name}' is written for another opset of domain '${domain === '' ? 'ai.onnx' : domain}': expected ${had} as in the model, got ${version}.`,
        remedy: 'Convert the model to one opset version, or inline its functions.',
      });
    }
  }

  const prefix = call.name === '' ? body.name : call.name;
  const names = new Map<string, string>([['', '']]);
  body.inputs.forEach((formal, index) => names.set(formal, call.inputs[index] ?? ''));
  const passed: Node[] = [];
  body.outputs.forEach((formal, index) => {
    const actual = call.outputs[index] ?? '';
    if (actual === '') return;
    const input = names.get(formal);
    if (input === undefined) names.set(formal, actual);
    else {
      // An output that is an input (or another output) needs a node that makes the call's name of it.
      passed.push({
        index: 0,
        name: fresh('Identity', prefix, context),
        domain: '',
        opType: 'Identity',
        inputs: [input],
        outputs: [actual],
        attributes: new Map(),
      });
    }
  });
  // All inner values first, so that a subgraph may read one that is made further down.
  for (const name of body.nodes.flatMap((node) => node.outputs)) {
    if (!names.has(name)) names.set(name, fresh(name, prefix, context));
  }
  const nodes = body.nodes.map((node) => rename(node, names, prefix, call, body, context));
  return expandAll([...nodes, ...passed], context, [...stack, key]);
}

function rename(
  node: Node,
  names: Map<string, string>,
  prefix: string,
  call: Node,
  body: FunctionBody,
  context: Context,
): Node {
  const named = (name: string): string => {
    const had = names.get(name);
    if (had !== undefined) return had;
    const made = fresh(name, prefix, context);
    names.set(name, made);
    return made;
  };
  const own = mapGraphs(node.attributes, (inner) => {
    // Every value of the subgraph gets a fresh name, so that none can hide a value of the caller.
    const scope = new Map(names);
    for (const { name } of inner.inputs) scope.set(name, fresh(name, prefix, context));
    for (const name of inner.initializers.keys()) scope.set(name, fresh(name, prefix, context));
    for (const item of inner.nodes) {
      for (const name of item.outputs) {
        if (name !== '') scope.set(name, fresh(name, prefix, context));
      }
    }
    const info = (value: ValueInfo): ValueInfo => ({
      ...value,
      name: scope.get(value.name) ?? value.name,
    });
    return {
      ...inner,
      nodes: inner.nodes.map((item) => rename(item, scope, prefix, call, body, context)),
      inputs: inner.inputs.map(info),
      outputs: inner.outputs.map(info),
      initializers: new Map(
        [...inner.initializers].map(([name, t]) => [scope.get(name) ?? name, t]),
      ),
      valueInfo: new Map(
        [...inner.valueInfo.values()].map(info).map((value) => [value.name, value]),
      ),
    };
  });
  const renamed: Node = {
    ...node,
    name: node.name === '' ? '' : `${prefix}/${node.name}`,
    inputs: node.inputs.map(named),
    outputs: node.outputs.map(named),
    attributes: resolve(own, call, body),
  };
  const overload = context.overloads.get(node);
  if (overload !== undefined) context.overloads.set(renamed, overload);
  return renamed;
}

/** Attributes that refer to an attribute of the function get the call's value, or the default, or are left out. */
function resolve(
  attributes: ReadonlyMap<string, Attribute>,
  call: Node,
  body: FunctionBody,
): ReadonlyMap<string, Attribute> {
  const resolved = new Map<string, Attribute>();
  for (const [name, attribute] of attributes) {
    if (attribute.type !== 'other' || attribute.reference === undefined) {
      resolved.set(name, attribute);
      continue;
    }
    const given =
      call.attributes.get(attribute.reference) ?? body.defaults.get(attribute.reference);
    if (given !== undefined) resolved.set(name, given);
  }
  return resolved;
}

/** The attributes with `change` applied to every graph; the same map if there is none. */
function mapGraphs(
  attributes: ReadonlyMap<string, Attribute>,
  change: (graph: Graph) => Graph,
): ReadonlyMap<string, Attribute> {
  const all = [...attributes];
  if (!all.some(([, { type }]) => type === 'graph' || type === 'graphs')) return attributes;
  return new Map(
    all.map(([name, attribute]): [string, Attribute] => {
      if (attribute.type === 'graph')
        return [name, { type: 'graph', value: change(attribute.value) }];
      if (attribute.type === 'graphs') {
        return [name, { type: 'graphs', value: attribute.value.map(change) }];
      }
      return [name, attribute];
    }),
  );
}
