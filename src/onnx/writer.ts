// Graph and Tensor to ONNX files: for tests and for scripts that build models. Every tensor is written to raw_data
// (strings to string_data). The same graph gives the same bytes. Not a converter: what the reader drops (documentation,
// metadata, the file's own producer) is not written back.

import { PbfWriter } from 'pbf';
import { dtypeInfo } from '../core/dtype.ts';
import type { Tensor } from '../core/tensor.ts';
import type { Attribute, Graph, Node, ValueInfo } from '../graph/graph.ts';

/** IR version 8: initializers need not be inputs, and every runtime of the last years reads it. */
const IR_VERSION = 8;

/** A serialised TensorProto, as in `.pb` files. */
export function writeTensor(name: string, tensor: Tensor): Uint8Array {
  const writer = new PbfWriter();
  tensorFields({ name, tensor }, writer);
  return writer.finish();
}

/** The `external_data` entries of initializers that lie in other files, by name; who asks writes the files. */
export type ExternalEntries = ReadonlyMap<string, Readonly<Record<string, string>>>;

/** A serialised ModelProto. @throws TypeError for attributes that have no value here (type 'other') */
export function writeModel(graph: Graph, external: ExternalEntries = new Map()): Uint8Array {
  const writer = new PbfWriter();
  writer.writeVarintField(1, IR_VERSION);
  writer.writeStringField(2, 'isobit');
  writer.writeMessage(7, (one: Graph, inner) => graphFields(one, inner, external), graph);
  for (const [domain, version] of graph.opsets) {
    writer.writeMessage(
      8,
      (_, inner) => {
        inner.writeStringField(1, domain);
        inner.writeVarintField(2, version);
      },
      null,
    );
  }
  return writer.finish();
}

function tensorFields({ name, tensor }: { name: string; tensor: Tensor }, writer: PbfWriter): void {
  for (const dim of tensor.dims) writer.writeVarintField(1, dim);
  writer.writeVarintField(2, dtypeInfo(tensor.dtype).onnx);
  const data = tensor.data;
  if (Array.isArray(data)) {
    for (const item of data) writer.writeStringField(6, item);
  }
  if (name !== '') writer.writeStringField(8, name);
  if (!Array.isArray(data)) writer.writeBytesField(9, packed(tensor));
}

/** The elements as a file has them: types of fewer than 8 bits share bytes, the first element in the lowest bits. */
function packed(tensor: Tensor): Uint8Array {
  const bytes = tensor.bytes();
  const { packedBits } = dtypeInfo(tensor.dtype);
  if (packedBits === undefined) return bytes;
  const perByte = 8 / packedBits;
  const out = new Uint8Array(Math.ceil(bytes.length / perByte));
  bytes.forEach((byte, i) => {
    const at = Math.floor(i / perByte);
    const bits = byte & ((1 << packedBits) - 1);
    out[at] = (out[at] ?? 0) | (bits << (packedBits * (i % perByte)));
  });
  return out;
}

/** Data location 1 is EXTERNAL. */
function externalFields(
  { name, tensor, entries }: { name: string; tensor: Tensor; entries: Record<string, string> },
  writer: PbfWriter,
): void {
  for (const dim of tensor.dims) writer.writeVarintField(1, dim);
  writer.writeVarintField(2, dtypeInfo(tensor.dtype).onnx);
  writer.writeStringField(8, name);
  for (const [key, value] of Object.entries(entries)) {
    writer.writeMessage(
      13,
      (_, inner) => {
        inner.writeStringField(1, key);
        inner.writeStringField(2, value);
      },
      null,
    );
  }
  writer.writeVarintField(14, 1);
}

function graphFields(graph: Graph, writer: PbfWriter, external: ExternalEntries = new Map()): void {
  for (const node of graph.nodes) writer.writeMessage(1, nodeFields, node);
  writer.writeStringField(2, graph.name);
  for (const [name, tensor] of graph.initializers) {
    const entries = external.get(name);
    if (entries === undefined) writer.writeMessage(5, tensorFields, { name, tensor });
    else writer.writeMessage(5, externalFields, { name, tensor, entries });
  }
  for (const input of graph.inputs) writer.writeMessage(11, valueFields, input);
  for (const output of graph.outputs) writer.writeMessage(12, valueFields, output);
  const listed = new Set([...graph.inputs, ...graph.outputs].map((info) => info.name));
  for (const info of graph.valueInfo.values()) {
    if (!listed.has(info.name)) writer.writeMessage(13, valueFields, info);
  }
}

function nodeFields(node: Node, writer: PbfWriter): void {
  for (const input of node.inputs) writer.writeStringField(1, input);
  for (const output of node.outputs) writer.writeStringField(2, output);
  if (node.name !== '') writer.writeStringField(3, node.name);
  writer.writeStringField(4, node.opType);
  for (const [name, attribute] of node.attributes) {
    writer.writeMessage(5, attributeFields, { name, attribute });
  }
  if (node.domain !== '') writer.writeStringField(7, node.domain);
}

function attributeFields(
  { name, attribute }: { name: string; attribute: Attribute },
  writer: PbfWriter,
): void {
  writer.writeStringField(1, name);
  switch (attribute.type) {
    case 'float':
      writer.writeFloatField(2, attribute.value);
      writer.writeVarintField(20, 1);
      break;
    case 'int':
      writer.writeVarintField(3, attribute.value);
      writer.writeVarintField(20, 2);
      break;
    case 'string':
      writer.writeStringField(4, attribute.value);
      writer.writeVarintField(20, 3);
      break;
    case 'tensor':
      writer.writeMessage(5, tensorFields, { name: '', tensor: attribute.value });
      writer.writeVarintField(20, 4);
      break;
    case 'graph':
      writer.writeMessage(6, (one: Graph, inner) => graphFields(one, inner), attribute.value);
      writer.writeVarintField(20, 5);
      break;
    case 'floats':
      writer.writePackedFloat(7, [...attribute.value]);
      writer.writeVarintField(20, 6);
      break;
    case 'ints':
      for (const value of attribute.value) writer.writeVarintField(8, value);
      writer.writeVarintField(20, 7);
      break;
    case 'strings':
      for (const value of attribute.value) writer.writeStringField(9, value);
      writer.writeVarintField(20, 8);
      break;
    case 'tensors':
      for (const tensor of attribute.value) {
        writer.writeMessage(10, tensorFields, { name: '', tensor });
      }
      writer.writeVarintField(20, 9);
      break;
    case 'graphs':
      for (const graph of attribute.value) {
        writer.writeMessage(11, (one: Graph, inner) => graphFields(one, inner), graph);
      }
      writer.writeVarintField(20, 10);
      break;
    case 'type':
    case 'other': {
      const kind = attribute.type === 'type' ? 'a type' : attribute.value;
      throw new TypeError(
        `writeModel: attribute '${name}' cannot be written: expected a value, got ${kind}. Leave it out.`,
      );
    }
    default:
      attribute satisfies never;
  }
}

function valueFields(info: ValueInfo, writer: PbfWriter): void {
  writer.writeStringField(1, info.name);
  const { dtype, dims } = info;
  if (dtype === undefined) return;
  writer.writeMessage(2, typeFields, { dtype: dtypeInfo(dtype).onnx, dims });
}

interface TensorType {
  readonly dtype: number;
  readonly dims: ValueInfo['dims'];
}

function typeFields(type: TensorType, writer: PbfWriter): void {
  writer.writeMessage(1, tensorTypeFields, type);
}

function tensorTypeFields({ dtype, dims }: TensorType, writer: PbfWriter): void {
  writer.writeVarintField(1, dtype);
  if (dims !== undefined) writer.writeMessage(2, shapeFields, dims);
}

function shapeFields(dims: NonNullable<ValueInfo['dims']>, writer: PbfWriter): void {
  for (const dim of dims) {
    writer.writeMessage(
      1,
      (value, inner) => {
        if (typeof value === 'number') inner.writeVarintField(1, value);
        else if (value !== undefined) inner.writeStringField(2, value);
      },
      dim,
    );
  }
}
