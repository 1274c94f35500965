// What a graph needs before any shape is known: every operator implemented at the file's opset, with known
// attributes and dtypes, subgraphs included. All problems of a file are reported at once. Shapes are checked while planning.
import { formatType, type DataType } from '../core/data.ts';
import type { DType } from '../core/dtype.ts';
import { UnsupportedOpError, type Problem } from '../core/errors.ts';
import type { HostOp } from '../core/host_op.ts';
import type { OpDef } from '../core/op.ts';
import { AttributeContext, attributeProblems, HostTypes } from './context.ts';
import { nodeLabel, subgraphsOf, type Graph, type Node, type ValueInfo } from './graph.ts';
import { qualifyNames } from './qualify.ts';

/** Finds operators: the definition for a domain, type and opset, and all opset ranges of a type. */
export interface Registry {
  find(domain: string, type: string, opset: number): OpDef | undefined;
  findHost(domain: string, type: string, opset: number): HostOp | undefined;
  ranges(domain: string, type: string): (readonly [number, number])[];
}

/** A checked graph: for each node its operator, of either kind, and its opset; for each value its type. */
export interface CheckedGraph {
  readonly graph: Graph;
  readonly defs: readonly (OpDef | undefined)[];
  readonly hosts: readonly (HostOp | undefined)[];
  readonly opsets: readonly number[];
  /** Of numeric tensors, those of the graphs around included. */
  readonly dtypes: ReadonlyMap<string, DType>;
  /** Of all values, those of the graphs around included. */
  readonly types: ReadonlyMap<string, DataType | undefined>;
  /** The graphs that nodes carry. */
  readonly bodies: ReadonlyMap<Graph, CheckedGraph>;
  /** Where operators that are compositions find the others. */
  readonly registry: Registry;
}

/** A registry that must load something before it can answer: who checks loads it and checks again. */
export class PartNeeded extends Error {
  readonly part: string;

  constructor(part: string) {
    super(`part ${part} is not loaded`);
    this.part = part;
  }
}

const REMEDY_OP = 'Export the model with operators of docs/OPERATORS.md, or run it elsewhere.';

/** @throws UnsupportedOpError listing every problem of the file */
export function checkGraph(graph: Graph, registry: Registry): CheckedGraph {
  const problems: Problem[] = [];
  const whole = qualifyNames(graph);
  const checked = new Checker(whole, registry, new Map(), problems).check([]);
  if (problems.length > 0) throw new UnsupportedOpError(problems);
  return checked;
}

const typeOfInfo = (info: ValueInfo | undefined): DataType | undefined =>
  info?.type ?? (info?.dtype === undefined ? undefined : { kind: 'tensor', dtype: info.dtype });

class Checker {
  readonly #graph: Graph;
  readonly #registry: Registry;
  readonly #problems: Problem[];
  readonly #types: Map<string, DataType | undefined>;
  readonly #bodies = new Map<Graph, CheckedGraph>();
  readonly #defs: (OpDef | undefined)[] = [];
  readonly #hosts: (HostOp | undefined)[] = [];
  readonly #opsets: number[] = [];

  constructor(
    graph: Graph,
    registry: Registry,
    outer: ReadonlyMap<string, DataType | undefined>,
    problems: Problem[],
  ) {
    this.#graph = graph;
    this.#registry = registry;
    this.#types = new Map(outer);
    this.#problems = problems;
  }

  /** `given`: the types of the graph's inputs, for those that it does not declare. */
  check(given: readonly (DataType | undefined)[]): CheckedGraph {
    const graph = this.#graph;
    for (const [name, { dtype }] of graph.initializers) {
      this.#types.set(name, { kind: 'tensor', dtype });
    }
    graph.inputs.forEach((info, i) => {
      const type = typeOfInfo(info) ?? given[i];
      if (type !== undefined) this.#types.set(info.name, type);
      else {
        this.#problems.push({
          message: `input '${info.name}': expected a tensor, a sequence or an optional, got ${info.otherType ?? 'no type'}.`,
          remedy: 'Feed tensors.',
        });
      }
    });
    for (const node of graph.nodes) this.#node(node);
    const dtypes = new Map<string, DType>();
    for (const [name, type] of this.#types) {
      if (type?.kind === 'tensor' && type.dtype !== 'string') dtypes.set(name, type.dtype);
    }
    return {
      graph,
      defs: this.#defs,
      hosts: this.#hosts,
      opsets: this.#opsets,
      dtypes,
      types: this.#types,
      bodies: this.#bodies,
      registry: this.#registry,
    };
  }

  #problem(node: Node, message: string, remedy = REMEDY_OP): void {
    const { opType, domain } = node;
    this.#problems.push({ node: nodeLabel(node), opType, domain, message, remedy });
  }

  #node(node: Node): void {
    const { domain, opType } = node;
    const opset = this.#graph.opsets.get(domain) ?? 0;
    this.#opsets[node.index] = opset;
    const planned = this.#registry.find(domain, opType, opset);
    const mayBeHost =
      planned === undefined || isForHost(planned, node, (name) => this.#types.get(name));
    const host = mayBeHost ? this.#registry.findHost(domain, opType, opset) : undefined;
    if (planned === undefined && host === undefined) {
      const ranges = this.#registry.ranges(domain, opType);
      if (ranges.length === 0) this.#problem(node, 'operator is not implemented.');
      else {
        const expected = [...new Set(ranges.map(([a, b]) => `${a}..${b}`))].join(' or ');
        const remedy = 'Convert the model with onnx.version_converter.';
        this.#problem(node, `opset ${opset} is not implemented: expected ${expected}.`, remedy);
      }
      return;
    }
    // Values of operators that failed above have no type; what depends on them is not reported again.
    if (node.inputs.some((name) => name !== '' && !this.#types.has(name))) return;
    const types = node.inputs.map((name) => (name === '' ? undefined : this.#types.get(name)));
    const unknown = node.inputs.find((name, i) => name !== '' && types[i] === undefined);
    if (unknown !== undefined) {
      this.#problem(
        node,
        `the type of input '${unknown}' is not known before the model runs.`,
        'Declare it in value_info.',
      );
      return;
    }
    const context = new HostTypes(node, opset, types, (graph) => this.#bodyTypes(graph));
    const isHost = host !== undefined && (planned === undefined || takes(host, context));
    const def = isHost ? host : planned;
    if (def === undefined) return;
    for (const message of attributeProblems(def, node)) this.#problem(node, message);
    const [fewest, most] = def.inputs;
    if (node.inputs.length < fewest || node.inputs.length > most) {
      const message = `expected ${fewest} to ${most} inputs, got ${node.inputs.length}.`;
      this.#problem(node, message, 'Export it again.');
      return;
    }
    try {
      if (isHost) {
        this.#hosts[node.index] = host;
        const before = this.#problems.length;
        this.#checkBodies(node, host, context);
        // What depends on a body that is at fault is not reported again.
        if (this.#problems.length === before) this.#setTypes(node, host.types(context));
        return;
      }
      const wrong = types.find((type) => type !== undefined && !isNumeric(type));
      if (wrong !== undefined) {
        throw new TypeError(`${opType}: expected numeric tensors, got ${formatType(wrong)}.`);
      }
      this.#defs[node.index] = planned;
      const dtypes = types.map((type) => (type?.kind === 'tensor' ? type.dtype : undefined));
      const given = planned?.dtypes(new AttributeContext(node, opset, dtypes)) ?? [];
      this.#setTypes(
        node,
        given.map((dtype) => ({ kind: 'tensor', dtype })),
      );
    } catch (error) {
      if (error instanceof PartNeeded) throw error;
      this.#problem(node, error instanceof Error ? error.message : String(error));
    }
  }

  #setTypes(node: Node, types: readonly (DataType | undefined)[]): void {
    node.outputs.forEach((name, i) => {
      if (name === '' || i >= types.length) return;
      this.#types.set(name, types[i] ?? typeOfInfo(this.#graph.valueInfo.get(name)));
    });
  }

  #checkBodies(node: Node, host: HostOp, context: HostTypes): void {
    for (const [name, attribute] of node.attributes) {
      if (attribute.type !== 'graph') continue;
      const given = host.bodyTypes?.(context, name) ?? [];
      const inner = new Checker(attribute.value, this.#registry, this.#types, this.#problems);
      this.#bodies.set(attribute.value, inner.check(given));
    }
    for (const graph of subgraphsOf(node)) {
      if (!this.#bodies.has(graph)) throw new TypeError(`${node.opType}: lists of graphs.`);
    }
  }

  #bodyTypes(graph: Graph): (DataType | undefined)[] {
    const body = this.#bodies.get(graph);
    return graph.outputs.map(({ name }) => body?.types.get(name));
  }
}

const isNumeric = (type: DataType): boolean => type.kind === 'tensor' && type.dtype !== 'string';

const STRING = 8; // of TensorProto.DataType

/**
 * Whether a node of an operator that is planned for numbers can be one for the host: something that is no numeric tensor
 * goes in, or an attribute asks for strings or is none of the planned operator's.
 */
function isForHost(
  planned: OpDef,
  node: Node,
  typeOf: (name: string) => DataType | undefined,
): boolean {
  const attributes = [...node.attributes].some(
    ([name, one]) =>
      planned.attributes?.[name] === undefined ||
      (one.type === 'tensor' && one.value.dtype === 'string') ||
      (one.type === 'int' && (name === 'to' || name === 'dtype') && one.value === STRING),
  );
  return (
    attributes ||
    node.inputs.some((name) => {
      const type = typeOf(name);
      return type !== undefined && !isNumeric(type);
    })
  );
}

function takes(host: HostOp, context: HostTypes): boolean {
  if (host.takes !== undefined) return host.takes(context);
  return context.types.some((type) => type !== undefined && !isNumeric(type));
}
