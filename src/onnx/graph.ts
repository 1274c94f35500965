// GraphProto and NodeProto to Graph and Node, for the model's graph, for subgraphs and for the bodies of functions.
// Problems are collected in Findings while reading goes on. The order of nodes and the existence of values are not
// checked here.

import { dtypeInfo } from '../core/dtype.ts';
import { ModelError, UnsupportedOpError, type Problem } from '../core/errors.ts';
import type { Tensor } from '../core/tensor.ts';
import { SMALL_BYTES, type Weights } from '../core/weight.ts';
import {
  nodeLabel,
  type Attribute,
  type Graph,
  type Node,
  type ValueInfo,
} from '../graph/graph.ts';
import { readAttribute } from './attribute.ts';
import type { Message } from './proto.ts';
import { readTensorProto } from './tensor.ts';
import { readValueInfo } from './value_info.ts';

/** What is wrong with a file, collected while reading on. */
export class Findings {
  /** Against the format or the rules of graphs. */
  readonly invalid: Problem[] = [];
  /** Valid, but not supported. */
  readonly unsupported: Problem[] = [];
  /** Values that would exist if their tensor had been good: nobody must report them as missing too. */
  readonly known = new Set<string>();
  /** The `overload` of nodes that have one. */
  readonly overloads = new WeakMap<Node, string>();
  /** Takes the large tensors, where the reader is a loader. */
  readonly weights: Weights | undefined;

  constructor(weights?: Weights) {
    this.weights = weights;
  }

  add(error: ModelError, node?: Pick<Problem, 'node' | 'opType' | 'domain'>): void {
    const list = error instanceof UnsupportedOpError ? this.unsupported : this.invalid;
    list.push(...error.problems.map((problem) => ({ ...problem, ...node })));
  }

  throwIfAny(): void {
    const all = [...this.invalid, ...this.unsupported];
    if (all.length === 0) return;
    throw this.invalid.length > 0 ? new ModelError(all) : new UnsupportedOpError(all);
  }
}

/** 'ai.onnx' and '' are two spellings of one domain. */
export function domainOf(name: string): string {
  return name === 'ai.onnx' ? '' : name;
}

/** Reads a GraphProto, that of the model or that of an attribute. */
export function readGraph(
  message: Message,
  findings: Findings,
  opsets: ReadonlyMap<string, number>,
): Graph {
  const read: Node[] = [];
  const declared: ValueInfo[] = [];
  const outputs: ValueInfo[] = [];
  const valueInfo = new Map<string, ValueInfo>();
  const initializers = new Map<string, Tensor>();
  const broken = new Set<string>();
  let count = 0;
  let name = '';
  const invalid = (text: string, remedy: string): void => {
    findings.invalid.push({ message: `${message.path}: ${text}`, remedy });
  };
  while (message.next()) {
    switch (message.field) {
      case 1: {
        const index = read.length;
        read.push(
          message.message('node', (inner) => readNode(inner, index, findings, opsets), index),
        );
        break;
      }
      case 2:
        name = message.string('name');
        break;
      case 5: {
        const tensor = message.message(
          'initializer',
          (inner) => readTensorProto(inner, findings.weights),
          count++,
        );
        if (tensor.name === '') {
          invalid(`initializer ${count - 1} has no name.`, 'Export the model again.');
        } else if (initializers.has(tensor.name) || broken.has(tensor.name)) {
          invalid(`initializer '${tensor.name}' is there twice.`, 'Give every value its own name.');
        }
        if (tensor.tensor !== undefined) initializers.set(tensor.name, tensor.tensor);
        else {
          broken.add(tensor.name);
          findings.known.add(tensor.name);
          if (tensor.error !== undefined) findings.add(tensor.error);
        }
        break;
      }
      case 11:
        declared.push(message.message('input', readValueInfo, declared.length));
        break;
      case 12:
        outputs.push(message.message('output', readValueInfo, outputs.length));
        break;
      case 13: {
        const info = message.message('value_info', readValueInfo);
        valueInfo.set(info.name, info);
        break;
      }
      case 15: {
        const sparse = message.message('sparse_initializer', readSparseName);
        findings.known.add(sparse);
        findings.unsupported.push({
          message: `sparse initializer '${sparse}' is not supported.`,
          remedy: 'Convert it to a dense tensor.',
        });
        break;
      }
      default:
        message.skip();
    }
  }
  for (const info of [...declared, ...outputs]) {
    if (info.name === '') invalid('an input or output has no name.', 'Export the model again.');
    valueInfo.set(info.name, info);
  }
  // Up to IR version 3 every initializer had to be listed as an input, later it may be, as a default: a caller need
  // not feed it either way.
  const inputs = declared.filter(
    (info) =>
      !initializers.has(info.name) && !broken.has(info.name) && !findings.known.has(info.name),
  );
  if (outputs.length === 0) invalid('no outputs.', 'A graph must have an output.');
  const nodes =
    findings.weights === undefined ? read : withoutWeights(read, initializers, findings);
  return { name, nodes, inputs, outputs, initializers, valueInfo, opsets };
}

/** The nodes without those that are weights, numbered anew where there are such. */
function withoutWeights(
  nodes: readonly Node[],
  initializers: Map<string, Tensor>,
  { overloads }: Findings,
): readonly Node[] {
  const left = nodes.filter((node) => !hoist(node, initializers));
  if (left.length === nodes.length) return nodes;
  return left.map((node, index) => {
    const overload = overloads.get(node);
    const moved = { ...node, index };
    if (overload !== undefined) overloads.set(moved, overload);
    return moved;
  });
}

/**
 * A Constant with a large tensor is an initializer: true if it became one of these. Weights are then held in one way,
 * whichever way the file was written.
 */
function hoist(node: Node, initializers: Map<string, Tensor>): boolean {
  const value = node.attributes.get('value');
  const [output = '', ...more] = node.outputs;
  const isWeight =
    node.opType === 'Constant' &&
    node.domain === '' &&
    node.attributes.size === 1 &&
    node.inputs.length + more.length === 0 &&
    value?.type === 'tensor' &&
    value.value.dtype !== 'string' &&
    value.value.size * dtypeInfo(value.value.dtype).bytes > SMALL_BYTES;
  if (!isWeight || output === '' || initializers.has(output)) return false;
  initializers.set(output, value.value);
  return true;
}

/** The name of a SparseTensorProto: that of its values. */
function readSparseName(message: Message): string {
  let name = '';
  while (message.next()) {
    if (message.field === 1)
      name = message.message('values', (inner) => readTensorProto(inner)).name;
    else message.skip();
  }
  return name;
}

/** Reads a NodeProto; what is wrong with its attributes is said of the node. */
export function readNode(
  message: Message,
  index: number,
  findings: Findings,
  opsets: ReadonlyMap<string, number>,
): Node {
  const attributes = new Map<string, Attribute>();
  const node = {
    index,
    attributes,
    name: '',
    domain: '',
    opType: '',
    inputs: [] as string[],
    outputs: [] as string[],
  };
  const errors: ModelError[] = [];
  let overload = '';
  while (message.next()) {
    switch (message.field) {
      case 1:
        node.inputs.push(message.string('input', node.inputs.length));
        break;
      case 2:
        node.outputs.push(message.string('output', node.outputs.length));
        break;
      case 3:
        node.name = message.string('name');
        break;
      case 4:
        node.opType = message.string('op_type');
        break;
      case 5: {
        const read = message.message(
          'attribute',
          (inner) =>
            readAttribute(inner, (body) => readGraph(body, findings, opsets), findings.weights),
          attributes.size,
        );
        if (read.error !== undefined) errors.push(read.error);
        if (attributes.has(read.name)) {
          errors.push(
            new ModelError([
              { message: `attribute '${read.name}' is there twice.`, remedy: 'Keep one of them.' },
            ]),
          );
        }
        if (read.attribute !== undefined) attributes.set(read.name, read.attribute);
        break;
      }
      case 7:
        node.domain = domainOf(message.string('domain'));
        break;
      case 8:
        overload = message.string('overload');
        break;
      default:
        message.skip();
    }
  }
  const identity = { node: nodeLabel(node), opType: node.opType, domain: node.domain };
  for (const error of errors) findings.add(error, identity);
  if (node.opType === '') {
    findings.invalid.push({
      ...identity,
      message: `${message.path}: no operator: expected op_type, got none.`,
      remedy: 'Export the model again.',
    });
  }
  if (overload !== '') findings.overloads.set(node, overload);
  return node;
}
