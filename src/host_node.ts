// What an operator of the host sees of its node while it runs: its inputs in memory, and the graphs that it carries.
import { formatData, isSequence, type Data } from './core/data.ts';
import type { HostContext, Subgraph } from './core/host_op.ts';
import { Tensor } from './core/tensor.ts';
import type { CheckedGraph } from './graph/check.ts';
import { HostTypes } from './graph/context.ts';
import type { Attribute, Node } from './graph/graph.ts';
import type { HostCall } from './machine.ts';

/** Who executes what an operator of the host asks for. */
export interface HostRunner {
  run(body: CheckedGraph, inputs: readonly Data[]): Promise<Data[]>;
  readonly call: HostCall;
}

/** The opset of operators that are called: the newest in which none of them has changed since. */
const CALLED_OPSET = 21;

export class HostNode extends HostTypes implements HostContext {
  readonly #checked: CheckedGraph;
  readonly #inputs: readonly (Data | undefined)[];
  readonly #runner: HostRunner;

  constructor(
    node: Node,
    checked: CheckedGraph,
    inputs: readonly (Data | undefined)[],
    runner: HostRunner,
  ) {
    super(
      node,
      checked.opsets[node.index] ?? 0,
      node.inputs.map((name) => (name === '' ? undefined : checked.types.get(name))),
      (graph) => graph.outputs.map(({ name }) => checked.bodies.get(graph)?.types.get(name)),
    );
    this.#checked = checked;
    this.#inputs = inputs;
    this.#runner = runner;
  }

  value(i: number): Data | undefined {
    return this.#inputs[i];
  }

  tensorAt(i: number): Tensor {
    const data = this.#inputs[i];
    if (data instanceof Tensor) return data;
    throw new TypeError(`${this.opType}: input ${i}: expected a tensor, got ${formatData(data)}.`);
  }

  sequenceAt(i: number): readonly Data[] {
    const data = this.#inputs[i];
    if (data !== undefined && isSequence(data)) return data;
    throw new TypeError(
      `${this.opType}: input ${i}: expected a sequence, got ${formatData(data)}.`,
    );
  }

  graph(attribute: string): Subgraph {
    const graph = this.carried(attribute);
    const body = this.#checked.bodies.get(graph);
    if (body === undefined) throw new Error(`${this.opType}: ${attribute} was not checked.`);
    return {
      inputs: graph.inputs.length,
      outputs: graph.outputs.length,
      outputDims: graph.outputs.map(({ dims }) => dims),
      outputTypes: this.graphTypes(attribute),
      run: (inputs) => this.#runner.run(body, inputs),
    };
  }

  call(
    type: string,
    inputs: readonly (Tensor | undefined)[],
    options: { attributes?: Readonly<Record<string, number | string | readonly number[]>> } = {},
  ): Promise<Tensor[]> {
    const attributes = new Map(
      Object.entries(options.attributes ?? {}).map(([name, value]) => [name, attributeOf(value)]),
    );
    const node = { domain: '', opType: type, attributes, opset: CALLED_OPSET, outputs: 1 };
    return this.#runner.call(node, inputs);
  }

  callPlanned(inputs: readonly (Tensor | undefined)[]): Promise<Tensor[]> {
    const { domain, opType, attributes, outputs } = this.node;
    const node = { domain, opType, attributes, opset: this.opset, outputs: outputs.length };
    return this.#runner.call(node, inputs);
  }
}

function attributeOf(value: number | string | readonly number[]): Attribute {
  if (typeof value === 'number') return { type: 'int', value };
  if (typeof value === 'string') return { type: 'string', value };
  return { type: 'ints', value };
}
