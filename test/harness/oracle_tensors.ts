// Between the library's tensors and the oracle's: conversion, bits unchanged, and comparison. It stands here so that the
// oracle itself imports nothing of the library.
import { compareTensors } from '../../src/compare.ts';
import { wordOfF32 } from '../../src/core/bits.ts';
import { typedArrayOf, type TypedArray } from '../../src/core/dtype.ts';
import { Tensor } from '../../src/core/tensor.ts';
import type { Attribute, Graph } from '../../src/graph/graph.ts';
import { runOracle, type OracleGraph } from '../oracle/index.ts';
import type { OracleAttribute, OracleTensor } from '../oracle/types.ts';

/** The same elements as exact words. */
export function toOracle(tensor: Tensor): OracleTensor {
  const { dtype, dims, size } = tensor;
  if (dtype === 'string') throw new TypeError('toOracle: no form for strings.');
  const bytes = tensor.bytes().slice();
  const array: TypedArray =
    dtype === 'float32'
      ? new Uint32Array(bytes.buffer)
      : dtype === 'float64'
        ? new BigUint64Array(bytes.buffer)
        : typedArrayOf(dtype, bytes.buffer, 0, size);
  const data: (number | bigint)[] = [];
  for (const value of array) data.push(value);
  return { dtype, dims, data };
}

/** The same words as a tensor. @throws RangeError for a value that is none of its dtype */
export function fromOracle({ dtype, dims, data }: OracleTensor): Tensor {
  if (dtype === 'float32') {
    const words = Uint32Array.from(data, Number);
    data.forEach((word, i) => {
      if (words[i] !== word) throw new RangeError(`fromOracle: no word: ${word}.`);
    });
    return new Tensor(dtype, new Float32Array(words.buffer), dims);
  }
  if (dtype === 'float64') {
    return new Tensor(dtype, new Float64Array(BigUint64Array.from(data, BigInt).buffer), dims);
  }
  return new Tensor(dtype, data, dims);
}

function attributeOf(name: string, attribute: Attribute): OracleAttribute {
  switch (attribute.type) {
    case 'float':
      return { type: 'float', bits: wordOfF32(attribute.value) };
    case 'floats':
      return { type: 'floats', bits: attribute.value.map(wordOfF32) };
    case 'tensor':
      return { type: 'tensor', value: toOracle(attribute.value) };
    case 'int':
    case 'ints':
    case 'string':
    case 'strings':
      return attribute;
    default:
      throw new TypeError(`attribute ${name}: the oracle has no form for ${attribute.type}.`);
  }
}

export const toOracleTensors = (
  tensors: ReadonlyMap<string, Tensor>,
): ReadonlyMap<string, OracleTensor> =>
  new Map([...tensors].map(([name, tensor]) => [name, toOracle(tensor)]));

/** The same graph for the oracle. */
export function toOracleGraph(graph: Graph): OracleGraph {
  return {
    nodes: graph.nodes.map(({ opType, domain, inputs, outputs, attributes }) => ({
      opType,
      domain,
      inputs,
      outputs,
      attributes: new Map(
        [...attributes].map(([name, attribute]) => [name, attributeOf(name, attribute)]),
      ),
    })),
    opsets: graph.opsets,
    initializers: toOracleTensors(graph.initializers),
    outputs: graph.outputs.map(({ name }) => name),
  };
}

/** What differs between the oracle's outputs of a graph and the given ones, in words; undefined if nothing does. */
export function differenceFromOracle(
  graph: Graph,
  feeds: ReadonlyMap<string, Tensor>,
  outputs: ReadonlyMap<string, Tensor>,
): string | undefined {
  for (const [name, words] of runOracle(toOracleGraph(graph), toOracleTensors(feeds))) {
    const expected = fromOracle(words);
    const got = outputs.get(name);
    if (got === undefined) return `output ${name} is missing`;
    if (got.dtype !== expected.dtype || got.dims.join() !== expected.dims.join()) {
      return `${name}: the oracle has ${expected.dtype}[${expected.dims.join()}], not ${got.dtype}[${got.dims.join()}]`;
    }
    const found = compareTensors(expected, got);
    if (found !== undefined) {
      return `${name}[${found.index}]: the oracle has ${found.a}, not ${found.b} (${found.differing} of ${got.size} differ)`;
    }
  }
  return undefined;
}
