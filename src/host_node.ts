// What an operator of the host sees of its node while it runs: its inputs in memory, and the graphs that it carries.
import { formatData, isSequence, type Data } from './core/data.ts';
import type { HostContext, Subgraph } from './core/host_op.ts';
import { Tensor } from './core/tensor.ts';
import type { CheckedGraph } from './graph/check.ts';
import { HostTypes } from './graph/context.ts';
import type { Node } from './graph/graph.ts';
import type { HostCall } from './program.ts';

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
      run: (inputs) => this.#runner.run(body, inputs),
    };
  }

  call(
    type: string,
    inputs: readonly (Tensor | undefined)[],
    options: { attributes?: Readonly<Record<string, number | string | readonly number[]>> } = {},
  ): Promise<Tensor[]> {
    return this.#runner.call(type, inputs, options.attributes ?? {}, CALLED_OPSET);
  }
}
