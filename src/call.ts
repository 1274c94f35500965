// Executes one planned operator on tensors in memory, on the reference: what operators of the host ask for where their
// work is an operator that exists. The bits are those of a node of its own.
import type { Tensor } from './core/tensor.ts';
import type { WasmBackend } from './backends/wasm.ts';
import { checkGraph } from './graph/check.ts';
import { ConstantStore } from './graph/constant_store.ts';
import type { Attribute, Graph, ValueInfo } from './graph/graph.ts';
import type { FeedType } from './graph/plan.ts';
import { planGraph } from './graph/planner.ts';
import { registry } from './registry.ts';

/** @throws UnsupportedOpError, TypeError or RangeError as a model of this one node does */
export async function callOperator(
  wasm: WasmBackend,
  type: string,
  inputs: readonly (Tensor | undefined)[],
  attributes: Readonly<Record<string, number | string | readonly number[]>>,
  opset: number,
): Promise<Tensor[]> {
  const infos: ValueInfo[] = [];
  const feeds = new Map<string, FeedType>();
  const names = inputs.map((tensor, i) => {
    if (tensor === undefined) return '';
    const name = `in${i}`;
    const { dtype, dims } = tensor;
    infos.push({ name, dtype, dims });
    feeds.set(name, { dtype, dims, contents: tensor.bytes() });
    return name;
  });
  const graph: Graph = {
    name: type,
    nodes: [
      {
        ...{ index: 0, name: type, domain: '', opType: type, inputs: names, outputs: ['out0'] },
        attributes: new Map(
          Object.entries(attributes).map(([name, value]) => [name, attributeOf(value)]),
        ),
      },
    ],
    inputs: infos,
    outputs: [{ name: 'out0' }],
    initializers: new Map(),
    valueInfo: new Map(),
    opsets: new Map([['', opset]]),
  };
  // Every input is known: planning computes the result.
  const store = new ConstantStore();
  const plan = planGraph(checkGraph(graph, registry), store, wasm, feeds, {
    ...{ target: 'wasm', outputs: ['out0'], fuse: false },
  });
  const executable = wasm.prepare(plan);
  try {
    const { outputs } = await executable.run(new Map(), {});
    return [...outputs.values()];
  } finally {
    executable.dispose();
    plan.release();
    store.release();
  }
}

function attributeOf(value: number | string | readonly number[]): Attribute {
  if (typeof value === 'number') return { type: 'int', value };
  if (typeof value === 'string') return { type: 'string', value };
  return { type: 'ints', value };
}
