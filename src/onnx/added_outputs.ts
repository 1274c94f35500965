// More outputs for an ONNX file as it is: for runtimes that read the file itself, so that nothing of it is lost or written
// anew (functions, metadata, other encodings of weights). Serialised messages that stand one after another are one message
// with the fields of both, and lists are joined (protobuf's documentation of the encoding, "Last One Wins"): the outputs
// are a second `graph` behind the file. Our own reader wants one graph and is not meant to read the result.

import { PbfWriter } from 'pbf';
import { Message } from './proto.ts';

/**
 * The names of all values that nodes of the model's own graph give, as the file has them: without those in graphs of
 * nodes and in functions.
 *
 * @throws ModelError for a file that is damaged
 */
export function namesOfNodeOutputs(bytes: Uint8Array): Set<string> {
  const names = new Set<string>();
  const readNode = (node: Message): void => {
    while (node.next()) {
      if (node.field === 2) names.add(node.string('output'));
      else node.skip();
    }
  };
  const readGraph = (graph: Message): void => {
    while (graph.next()) {
      if (graph.field === 1) graph.message('node', readNode);
      else graph.skip();
    }
  };
  const model = Message.of(bytes, 'model');
  while (model.next()) {
    if (model.field === 7) model.message('graph', readGraph);
    else model.skip();
  }
  names.delete('');
  return names;
}

/** The file with outputs of these names behind its own; their types are left to who reads it. */
export function withAddedOutputs(bytes: Uint8Array, names: readonly string[]): Uint8Array {
  if (names.length === 0) return bytes;
  const writer = new PbfWriter();
  writer.writeMessage(
    7,
    (all, graph) => {
      for (const name of all) {
        graph.writeMessage(12, (one, output) => output.writeStringField(1, one), name);
      }
    },
    names,
  );
  const added = writer.finish();
  const file = new Uint8Array(bytes.length + added.length);
  file.set(bytes);
  file.set(added, bytes.length);
  return file;
}
