// Executes one planned operator on tensors in memory, on the reference: what operators of the host ask for where their
// work is an operator that exists. The bits are those of a node of its own.
import type { Tensor } from './core/tensor.ts';
import type { WasmBackend } from './backends/wasm.ts';
import { ConstantStore } from './graph/constant_store.ts';
import type { Graph, ValueInfo } from './graph/graph.ts';
import type { FeedType } from './graph/plan.ts';
import { planGraph } from './graph/planner.ts';
import type { CalledNode } from './machine.ts';
import { registry } from './registry.ts';

/** @throws UnsupportedOpError, TypeError or RangeError as a model of this one node does */
export async function callOperator(
  wasm: WasmBackend,
  { domain, opType, attributes, opset, outputs: count }: CalledNode,
  inputs: readonly (Tensor | undefined)[],
): Promise<Tensor[]> {
  const given = new Map<string, Tensor>();
  const infos: ValueInfo[] = [];
  const names = inputs.map((tensor, i) => {
    if (tensor === undefined) return '';
    const name = `in${i}`;
    given.set(name, tensor);
    infos.push({ name, dtype: tensor.dtype, dims: tensor.dims });
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
  const checked = await registry.check(graph);
  const store = new ConstantStore();
  // Contents are known to the plan only where it asks for them, as those of a node's own inputs would be.
  const contents = new Set<string>();
  try {
    for (;;) {
      const feeds = new Map<string, FeedType>();
      for (const [name, tensor] of given) {
        const { dtype, dims } = tensor;
        feeds.set(name, {
          ...{ dtype, dims },
          ...(contents.has(name) ? { contents: tensor.bytes() } : {}),
        });
      }
      const plan = await wasm.complete(() =>
        planGraph(checked, store, wasm, feeds, { target: 'wasm', outputs: wanted, fuse: false }),
      );
      if (plan.deferred.length > 0) {
        const asked = [...plan.contents].filter(([name]) => !contents.has(name));
        plan.release();
        const [first] = plan.contents.values();
        if (asked.length === 0) throw first ?? new Error(`${opType}: cannot be planned.`);
        for (const [name] of asked) contents.add(name);
        continue;
      }
      await wasm.linkFor(plan);
      const executable = wasm.prepare(plan);
      try {
        const fed = new Map([...given].filter(([name]) => plan.feeds.has(name)));
        const { outputs } = await executable.run(fed, {});
        return wanted.flatMap((name) => outputs.get(name) ?? []);
      } finally {
        executable.dispose();
        plan.release();
      }
    }
  } finally {
    store.release();
  }
}
