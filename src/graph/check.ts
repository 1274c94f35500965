// What a graph needs before any shape is known: every operator implemented at the file's opset, with known
// attributes and dtypes. All problems of a file are reported at once. Shapes are checked while planning.
import type { DType } from '../core/dtype.ts';
import { UnsupportedOpError, type Problem } from '../core/errors.ts';
import type { OpDef } from '../core/op.ts';
import { AttributeContext, attributeProblems } from './context.ts';
import { nodeLabel, type Graph, type Node } from './graph.ts';

/** Finds operators: the definition for a domain, type and opset, and all opset ranges of a type. */
export interface Registry {
  find(domain: string, type: string, opset: number): OpDef | undefined;
  ranges(domain: string, type: string): (readonly [number, number])[];
}

/** A checked graph: for each node its operator and context, for each value its dtype. */
export interface CheckedGraph {
  readonly graph: Graph;
  readonly defs: readonly OpDef[];
  readonly opsets: readonly number[];
  readonly dtypes: ReadonlyMap<string, DType>;
  /** Where operators that are compositions find the others. */
  readonly registry: Registry;
}

const REMEDY_OP = 'Export the model with operators of docs/OPERATORS.md, or run it elsewhere.';

function describe(node: Node, message: string, remedy: string): Problem {
  return { node: nodeLabel(node), opType: node.opType, domain: node.domain, message, remedy };
}

/** @throws UnsupportedOpError listing every problem of the file */
export function checkGraph(graph: Graph, registry: Registry): CheckedGraph {
  const problems: Problem[] = [];
  const dtypes = new Map<string, DType>();
  const defs: OpDef[] = [];
  const opsets: number[] = [];
  for (const [name, tensor] of graph.initializers) dtypes.set(name, tensor.dtype);
  for (const info of graph.inputs) {
    if (info.dtype !== undefined && info.dtype !== 'string') dtypes.set(info.name, info.dtype);
    else {
      problems.push({
        message: `input '${info.name}': expected a numeric tensor, got ${info.otherType ?? info.dtype ?? 'no type'}.`,
        remedy: 'Feed numeric tensors.',
      });
    }
  }
  for (const node of graph.nodes) {
    const opset = graph.opsets.get(node.domain) ?? 0;
    const def = registry.find(node.domain, node.opType, opset);
    if (def === undefined) {
      const ranges = registry.ranges(node.domain, node.opType);
      problems.push(
        ranges.length === 0
          ? describe(node, 'operator is not implemented.', REMEDY_OP)
          : describe(
              node,
              `opset ${opset} is not implemented: expected ${ranges.map(([a, b]) => `${a}..${b}`).join(' or ')}.`,
              'Convert the model with onnx.version_converter.',
            ),
      );
      continue;
    }
    defs[node.index] = def;
    opsets[node.index] = opset;
    for (const message of attributeProblems(def, node))
      problems.push(describe(node, message, REMEDY_OP));
    const [fewest, most] = def.inputs;
    if (node.inputs.length < fewest || node.inputs.length > most) {
      problems.push(
        describe(
          node,
          `expected ${fewest} to ${most} inputs, got ${node.inputs.length}.`,
          'Export it again.',
        ),
      );
      continue;
    }
    // Values of operators that failed above have no dtype; what depends on them is not reported again.
    if (node.inputs.some((name) => name !== '' && !dtypes.has(name))) continue;
    const context = new AttributeContext(
      node,
      opset,
      node.inputs.map((name) => (name === '' ? undefined : dtypes.get(name))),
    );
    try {
      const types = def.dtypes(context);
      node.outputs.forEach((name, i) => {
        const dtype = types[i];
        if (name !== '' && dtype !== undefined) dtypes.set(name, dtype);
      });
    } catch (error) {
      problems.push(
        describe(node, error instanceof Error ? error.message : String(error), REMEDY_OP),
      );
    }
  }
  if (problems.length > 0) throw new UnsupportedOpError(problems);
  return { graph, defs, opsets, dtypes, registry };
}
