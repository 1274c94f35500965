// Writes the trained classifier as an ONNX file: opset 17, input `image` float32 [N, 1, 28, 28] in 0 .. 1 (white ink
// on black), output `logits` float32 [N, 10]. Initialisers are raw f32. Nothing in it depends on date or machine.

import { PbfWriter } from 'pbf';
import type { Network } from './network.ts';

type Fields = (writer: PbfWriter) => void;

/** The element type `float` of ONNX's TensorProto, and the attribute types INT and INTS. */
const FLOAT = 1;
const INT = 2;
const INTS = 7;

const message = (writer: PbfWriter, field: number, fields: Fields): void =>
  writer.writeMessage(field, (_, inner) => fields(inner), undefined);

const node =
  (
    opType: string,
    name: string,
    inputs: string[],
    attributes: Record<string, number | number[]>,
  ): Fields =>
  (writer) => {
    for (const input of inputs) writer.writeStringField(1, input);
    writer.writeStringField(2, name);
    writer.writeStringField(3, name);
    writer.writeStringField(4, opType);
    for (const [key, value] of Object.entries(attributes)) {
      message(writer, 5, (attribute) => {
        attribute.writeStringField(1, key);
        if (typeof value === 'number') attribute.writeVarintField(3, value);
        else for (const item of value) attribute.writeVarintField(8, item);
        attribute.writeVarintField(20, typeof value === 'number' ? INT : INTS);
      });
    }
  };

const initializer =
  (name: string, dims: readonly number[], values: Float64Array): Fields =>
  (writer) => {
    for (const dim of dims) writer.writeVarintField(1, dim);
    writer.writeVarintField(2, FLOAT);
    writer.writeStringField(8, name);
    const raw = new DataView(new ArrayBuffer(values.length * 4));
    values.forEach((value, i) => raw.setFloat32(i * 4, value, true));
    writer.writeBytesField(9, new Uint8Array(raw.buffer));
  };

const port =
  (name: string, dims: readonly (number | string)[]): Fields =>
  (writer) => {
    writer.writeStringField(1, name);
    message(writer, 2, (type) => {
      message(type, 1, (tensor) => {
        tensor.writeVarintField(1, FLOAT);
        message(tensor, 2, (shape) => {
          for (const dim of dims) {
            message(shape, 1, (entry) => {
              if (typeof dim === 'number') entry.writeVarintField(1, dim);
              else entry.writeStringField(2, dim);
            });
          }
        });
      });
    });
  };

/** The bytes of the ONNX file of a trained network, whose values must be exact in f32. */
export function modelFile(network: Network): Uint8Array {
  const pool = { kernel_shape: [2, 2], strides: [2, 2] };
  const nodes = [
    node('Conv', 'conv1', ['image', 'conv1.weight', 'conv1.bias'], { kernel_shape: [5, 5] }),
    node('Relu', 'relu1', ['conv1'], {}),
    node('MaxPool', 'pool1', ['relu1'], pool),
    node('Conv', 'conv2', ['pool1', 'conv2.weight', 'conv2.bias'], { kernel_shape: [5, 5] }),
    node('Relu', 'relu2', ['conv2'], {}),
    node('MaxPool', 'pool2', ['relu2'], pool),
    node('Flatten', 'features', ['pool2'], { axis: 1 }),
    node('Gemm', 'logits', ['features', 'gemm.weight', 'gemm.bias'], { transB: 1 }),
  ];
  const writer = new PbfWriter();
  writer.writeVarintField(1, 8); // IR version 8, the one of opset 17
  writer.writeStringField(2, 'isobit train_digits');
  message(writer, 7, (graph) => {
    for (const fields of nodes) message(graph, 1, fields);
    graph.writeStringField(2, 'digits');
    for (const { name, dims, value } of network.parameters) {
      message(graph, 5, initializer(name, dims, value));
    }
    message(graph, 11, port('image', ['N', 1, 28, 28]));
    message(graph, 12, port('logits', ['N', 10]));
  });
  message(writer, 8, (opset) => {
    opset.writeStringField(1, '');
    opset.writeVarintField(2, 17);
  });
  return writer.finish();
}
