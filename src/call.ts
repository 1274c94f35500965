// Executes one planned operator on tensors in memory, on the reference: what operators of the host ask for where their
// work is an operator that exists. The bits are those of a node of its own.
import type { Tensor } from './core/tensor.ts';
import type { WasmBackend } from './backends/wasm.ts';
import { checkGraph } from './graph/check.ts';
import { ConstantStore } from './graph/constant_store.ts';
import type { Graph, ValueInfo } from './graph/graph.ts';
import type { FeedType } from './graph/plan.ts';
import { planGraph } from './graph/planner.ts';
import type { CalledNode } from './program.ts';
import { registry } from './registry.ts';

/** @throws UnsupportedOpError, TypeError or RangeError as a model of this one node does */
export async function callOperator(
  wasm: WasmBackend,
  { domain, opType, attributes, opset, outputs: count }: CalledNode,
  inputs: readonly (Tensor | undefined)[],
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
  const wanted = Array.from({ length: count }, (_, i) => `out${i}`);
  const graph: Graph = {
    name: opType,
    nodes: [{ index: 0, name: opType, domain, opType, inputs: names, outputs: wanted, attributes }],
    inputs: infos,
    outputs: wanted.map((name) => ({ name })),
    initializers: new Map(),
    valueInfo: new Map(),
    opsets: new Map([[domain, opset]]),
  };
  // Every input is known: planning computes the result.
  const store = new ConstantStore();
  const plan = planGraph(checkGraph(graph, registry), store, wasm, feeds, {
    ...{ target: 'wasm', outputs: wanted, fuse: false },
  });
  const executable = wasm.prepare(plan);
  try {
    const { outputs } = await executable.run(new Map(), {});
    return wanted.flatMap((name) => outputs.get(name) ?? []);
  } finally {
    executable.dispose();
    plan.release();
    store.release();
  }
}
