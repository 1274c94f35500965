// An ONNX file (a serialised ModelProto) to a Graph that is ready to be planned: values checked, model-local functions
// inlined, nodes in executable order. A damaged file stops at the first broken byte; everything else that is wrong
// or not supported is collected and reported at once. Whether an operator is implemented is not asked here.

import { ModelError } from '../core/errors.ts';
import { clampedNumber } from '../core/shape.ts';
import type { Weights } from '../core/weight.ts';
import { nodeLabel, subgraphsOf, type Attribute, type Graph, type Node } from '../graph/graph.ts';
import { sortGraph } from '../graph/sort.ts';
import { readAttribute } from './attribute.ts';
import { inlineFunctions, type FunctionBody } from './functions.ts';
import { domainOf, Findings, readGraph, readNode } from './graph.ts';
import { Message } from './proto.ts';

/**
 * Reads an ONNX model. Initializers are views of `bytes` where they are aligned: do not write to it afterwards.
 *
 * @param weights takes the large tensors, and those in other files, which whoever gives it then has to read
 * @throws ModelError with all problems of the file; UnsupportedOpError if the file is valid but uses what is not
 * supported (sparse tensors, exotic element types; without `weights` data in other files)
 */
export function readModel(bytes: Uint8Array, weights?: Weights): Graph {
  refuseOtherFiles(bytes);
  const message = Message.of(bytes, 'model');
  const findings = new Findings(weights);
  const opsets = new Map<string, number>();
  const functions: FunctionBody[] = [];
  let irVersion = 0;
  let graph: Graph | undefined;
  while (message.next()) {
    switch (message.field) {
      case 1:
        irVersion = message.int32('ir_version');
        break;
      case 7:
        graph = message.message('graph', (inner) => readGraph(inner, findings, opsets));
        break;
      case 8:
        message.message('opset_import', (inner) => readOpset(inner, opsets));
        break;
      case 25: {
        const read = message.message(
          'functions',
          (inner) => readFunction(inner, findings),
          functions.length,
        );
        functions.push(read);
        break;
      }
      default:
        message.skip();
    }
  }
  if (graph === undefined || irVersion < 1) {
    throw new ModelError([
      {
        message: `model: no ONNX model: expected ir_version and graph, got ${graph === undefined ? 'no graph' : 'no ir_version'}.`,
        remedy: 'Check that the file is an ONNX model, and complete.',
      },
    ]);
  }
  const inlined = inlineFunctions(graph, functions, findings);
  checkOpsets(inlined, findings, new Set());
  const sorted = sortGraph(inlined, findings.known, findings.invalid);
  findings.throwIfAny();
  return sorted;
}

/** An empty file, or text where a model should be (a web page, a Git LFS pointer): said before the bytes are parsed. */
function refuseOtherFiles(bytes: Uint8Array): void {
  if (bytes.length === 0) {
    throw new ModelError([
      {
        message: 'model: the file is empty: expected an ONNX model.',
        remedy: 'Get the file again.',
      },
    ]);
  }
  const head = bytes.subarray(0, 64);
  const isText = head.every((byte) => (byte >= 0x20 && byte < 0x7f) || (byte >= 9 && byte <= 13));
  // A model starts with ir_version: field 1, a varint, byte 8 (a control character), or another field's tag before
  // bytes that are no text; 64 printable bytes in a row are never a model's beginning.
  if (isText) {
    const line = (new TextDecoder().decode(head).split(/[\r\n]/)[0] ?? '').slice(0, 40);
    throw new ModelError([
      {
        message: `model: the file is text: expected an ONNX model, got '${line}'.`,
        remedy:
          'Check that the download is the model and not a web page or a Git LFS pointer, and binary, not a text form.',
      },
    ]);
  }
}

function readOpset(message: Message, opsets: Map<string, number>): void {
  let domain = '';
  let version = 0;
  while (message.next()) {
    if (message.field === 1) domain = message.string('domain');
    else if (message.field === 2) version = clampedNumber(message.int64('version'));
    else message.skip();
  }
  const before = opsets.get(domainOf(domain));
  if (version < 1 || (before !== undefined && before !== version)) {
    const got = before === undefined ? `${version}` : `${before} and ${version}`;
    message.fail(
      `bad opset of domain '${domain}': expected one version of at least 1, got ${got}.`,
      undefined,
      'Export the model again.',
    );
  }
  opsets.set(domainOf(domain), version);
}

/** Reads a FunctionProto. */
function readFunction(message: Message, findings: Findings): FunctionBody {
  const inputs: string[] = [];
  const outputs: string[] = [];
  const nodes: Node[] = [];
  const opsets = new Map<string, number>();
  const defaults = new Map<string, Attribute>();
  let name = '';
  let domain = '';
  let overload = '';
  while (message.next()) {
    switch (message.field) {
      case 1:
        name = message.string('name');
        break;
      case 4:
        inputs.push(message.string('input', inputs.length));
        break;
      case 5:
        outputs.push(message.string('output', outputs.length));
        break;
      case 7: {
        const index = nodes.length;
        nodes.push(
          message.message('node', (inner) => readNode(inner, index, findings, opsets), index),
        );
        break;
      }
      case 9:
        message.message('opset_import', (inner) => readOpset(inner, opsets));
        break;
      case 10:
        domain = domainOf(message.string('domain'));
        break;
      case 11: {
        const read = message.message('attribute_proto', (inner) =>
          readAttribute(inner, (body) => readGraph(body, findings, opsets), findings.weights),
        );
        if (read.error !== undefined) findings.add(read.error);
        if (read.attribute !== undefined) defaults.set(read.name, read.attribute);
        break;
      }
      case 13:
        overload = message.string('overload');
        break;
      default:
        message.skip();
    }
  }
  return { name, domain, overload, inputs, outputs, nodes, opsets, defaults };
}

/** Every domain that nodes use must say which version of it they mean. */
function checkOpsets(graph: Graph, findings: Findings, reported: Set<string>): void {
  for (const node of graph.nodes) {
    if (!graph.opsets.has(node.domain) && !reported.has(node.domain)) {
      reported.add(node.domain);
      findings.invalid.push({
        node: nodeLabel(node),
        opType: node.opType,
        domain: node.domain,
        message: `no opset for domain '${node.domain === '' ? 'ai.onnx' : node.domain}': expected an opset_import of it.`,
        remedy: 'Export the model again.',
      });
    }
    for (const inner of subgraphsOf(node)) {
      checkOpsets({ ...inner, opsets: graph.opsets }, findings, reported);
    }
  }
}
