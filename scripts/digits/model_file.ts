// The trained classifier as an ONNX file: opset 17, input `image` float32 [N, 1, 28, 28] in 0 .. 1 (white ink on
// black), output `logits` float32 [N, 10]. Nothing in it depends on date or machine.

import { Tensor } from '../../src/core/tensor.ts';
import type { Attribute, Graph, Node, ValueInfo } from '../../src/graph/graph.ts';
import { writeModel } from '../../src/onnx/writer.ts';
import type { Network } from './network.ts';

const OPSET = 17;

/** Each node writes one value, of the node's own name, and reads the value before it. */
const kNodes: readonly (readonly [
  opType: string,
  name: string,
  parameters: readonly string[],
  attributes: Readonly<Record<string, number | readonly number[]>>,
])[] = [
  ['Conv', 'conv1', ['conv1.weight', 'conv1.bias'], { kernel_shape: [5, 5] }],
  ['Relu', 'relu1', [], {}],
  ['MaxPool', 'pool1', [], { kernel_shape: [2, 2], strides: [2, 2] }],
  ['Conv', 'conv2', ['conv2.weight', 'conv2.bias'], { kernel_shape: [5, 5] }],
  ['Relu', 'relu2', [], {}],
  ['MaxPool', 'pool2', [], { kernel_shape: [2, 2], strides: [2, 2] }],
  ['Flatten', 'features', [], { axis: 1 }],
  ['Gemm', 'logits', ['gemm.weight', 'gemm.bias'], { transB: 1 }],
];

/** The bytes of the ONNX file of a trained network, whose values must be exact in f32. */
export function modelFile(network: Network): Uint8Array {
  const attribute = (value: number | readonly number[]): Attribute =>
    typeof value === 'number' ? { type: 'int', value } : { type: 'ints', value };
  const nodes = kNodes.map(([opType, name, parameters, attributes], index): Node => ({
    index,
    name,
    domain: '',
    opType,
    inputs: [kNodes[index - 1]?.[1] ?? 'image', ...parameters],
    outputs: [name],
    attributes: new Map(Object.entries(attributes).map(([key, value]) => [key, attribute(value)])),
  }));
  const inputs: ValueInfo[] = [{ name: 'image', dtype: 'float32', dims: ['N', 1, 28, 28] }];
  const outputs: ValueInfo[] = [{ name: 'logits', dtype: 'float32', dims: ['N', 10] }];
  const graph: Graph = {
    name: 'digits',
    nodes,
    inputs,
    outputs,
    initializers: new Map(
      network.parameters.map(({ name, dims, value }) => [
        name,
        new Tensor('float32', Float32Array.from(value), dims),
      ]),
    ),
    valueInfo: new Map(),
    opsets: new Map([['', OPSET]]),
  };
  return writeModel(graph);
}
