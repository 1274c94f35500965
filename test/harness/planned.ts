// Runs a graph as a program whose plans are made for one target and executed by the core: fused or not, or lowered for a
// GPU but computed by the C twins of its kernels.
import type { WasmBackend } from '../../src/backends/wasm.ts';
import { callOperator } from '../../src/call.ts';
import type { Data } from '../../src/core/data.ts';
import type { Feeds } from '../../src/feeds.ts';
import { checkFeeds } from '../../src/feeds.ts';
import type { CheckedGraph } from '../../src/graph/check.ts';
import { ConstantStore } from '../../src/graph/constant_store.ts';
import type { Graph } from '../../src/graph/graph.ts';
import { planGraph } from '../../src/graph/planner.ts';
import { SEED_FEED, seedTensor } from '../../src/graph/seed.ts';
import type { Machine } from '../../src/machine.ts';
import { Program } from '../../src/program.ts';
import { registry, type Operators } from '../../src/registry.ts';

/** The outputs by name. */
export async function runPlanned(
  graph: Graph,
  feeds: Feeds,
  { target, fuse }: { target: 'wasm' | 'webgpu'; fuse: boolean },
  core: WasmBackend,
  operators: Operators = registry,
): Promise<ReadonlyMap<string, Data>> {
  const store = new ConstantStore();
  const programs = new Map<CheckedGraph, Program>();
  const after: (() => void)[] = [];
  let count = 0;
  const programOf = (checked: CheckedGraph): Program => {
    let program = programs.get(checked);
    if (program === undefined) programs.set(checked, (program = new Program(checked, count++)));
    return program;
  };
  const machine: Machine = {
    backend: 'wasm',
    stage: (checked, types, options) => {
      const plan = planGraph(checked, store, core, types, { ...options, target });
      const executable = core.prepare(plan);
      after.push(() => {
        executable.dispose();
        plan.release();
      });
      return Promise.resolve({
        executable,
        feeds: [...plan.feeds.keys()],
        outputs: [...plan.outputs.keys()],
        deferred: plan.deferred,
        replayed: plan.replayed,
        contents: plan.contents,
        id: (count += 1),
      });
    },
    bring: (given) => Promise.resolve(new Map(given)),
    constant: (name) => store.tensor(name),
    note: () => [],
    program: programOf,
    call: (node, inputs) => callOperator(core, node, inputs),
  };
  try {
    const checked = await operators.check(graph);
    const outputs = graph.outputs.map(({ name }) => name);
    const given = checkFeeds(checked, feeds).set(SEED_FEED, seedTensor(0));
    const { values } = await programOf(checked).run(machine, given, { outputs, fuse, run: {} });
    return new Map(
      outputs.flatMap((name) => {
        const value = values.get(name);
        return value === undefined ? [] : [[name, value] as const];
      }),
    );
  } finally {
    for (const release of after) release();
    store.release();
  }
}
