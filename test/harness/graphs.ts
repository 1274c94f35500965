// Small graphs for tests of sessions and stacks, as text would write them: nodes by operator, inputs and outputs.
// No operator is tested here; those have case files.
import { sizeOf } from '../../src/core/shape.ts';
import { Tensor } from '../../src/core/tensor.ts';
import type { Attribute, Graph, Node, ValueInfo } from '../../src/graph/graph.ts';
import { floats } from './prng.ts';

export interface NodeText {
  readonly op: string;
  /** '' if not given; others are at opset 1. */
  readonly domain?: string;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  /** The first output's name if not given. */
  readonly name?: string;
  readonly attributes?: Readonly<Record<string, Attribute>>;
}

export function graphOf(
  nodes: readonly NodeText[],
  inputs: readonly ValueInfo[],
  outputs: readonly string[],
  initializers: Readonly<Record<string, Tensor>> = {},
): Graph {
  return {
    name: 'graph',
    nodes: nodes.map(({ op, domain = '', inputs, outputs, name, attributes }, index): Node => ({
      index,
      name: name ?? outputs[0] ?? '',
      domain,
      opType: op,
      inputs,
      outputs,
      attributes: new Map(Object.entries(attributes ?? {})),
    })),
    inputs,
    outputs: outputs.map((name) => ({ name, dtype: 'float32' as const })),
    initializers: new Map(Object.entries(initializers)),
    valueInfo: new Map(),
    opsets: new Map([...nodes.map(({ domain = '' }) => [domain, 1] as const), ['', 17]]),
  };
}

export const f32 = (name: string, ...dims: (number | string)[]): ValueInfo => ({
  name,
  dtype: 'float32',
  dims,
});

/** A tensor of drawn floats. */
export const drawn = (seed: number, ...dims: number[]): Tensor =>
  new Tensor('float32', floats(seed, sizeOf(dims)), dims);
