// What the dispatches of a case read and write, computed one after the other by the reference, lowered for WebGPU or for
// itself, fused. For tests of single dispatches.
import type { WasmBackend } from '../../src/backends/wasm.ts';
import { HostConstant, type Constant } from '../../src/core/constant.ts';
import { inputsOf, type Dispatch } from '../../src/core/op.ts';
import type { Value } from '../../src/core/value.ts';
import { checkGraph } from '../../src/graph/check.ts';
import { ConstantStore } from '../../src/graph/constant_store.ts';
import { planGraph } from '../../src/graph/planner.ts';
import { SEED_FEED, seedTensor } from '../../src/graph/seed.ts';
import { registry } from '../../src/registry.ts';
import type { OpCase } from './cases.ts';

export interface ObservedDispatch {
  readonly dispatch: Dispatch;
  readonly inputs: readonly Constant[];
  readonly outputs: readonly Uint8Array[];
}

/** Calls `work` with each; a constant's contents are copied, so that nothing is left in the core's memory. */
export function observe(
  one: OpCase,
  core: WasmBackend,
  work: (observed: ObservedDispatch) => void,
  target: 'wasm' | 'webgpu' = 'webgpu',
): void {
  const store = new ConstantStore();
  try {
    const checked = checkGraph(one.graph, registry);
    const feeds = new Map(one.feeds).set(SEED_FEED, seedTensor(0));
    const outputs = one.graph.outputs.map((info) => info.name);
    const plan = planGraph(checked, store, core, feeds, { target, outputs, fuse: true });
    const known = new Map<Value, Uint8Array>();
    for (const [name, value] of plan.feeds) {
      known.set(plan.root(value), feeds.get(name)?.bytes() ?? new Uint8Array(0));
    }
    for (const { dispatch } of plan.steps) {
      const inputs = inputsOf(dispatch).map((value) => {
        const bytes = plan.constant(value)?.bytes().slice() ?? known.get(plan.root(value));
        if (bytes === undefined)
          throw new Error(`${one.id}: value ${value.id} is not computed yet`);
        return new HostConstant(value.dtype, bytes);
      });
      const results = core.compute(
        dispatch,
        inputs.map((constant) => constant.bytes()),
      );
      dispatch.outputs.forEach((value, i) => {
        known.set(plan.root(value), results[i] ?? new Uint8Array(0));
      });
      work({ dispatch, inputs, outputs: results });
    }
    plan.release();
  } finally {
    store.release();
  }
}
