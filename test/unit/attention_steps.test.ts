// How many steps attention over a cache takes: what of a node of GroupQueryAttention, one row behind a past, is left when its
// plan is made. Figures of the changelog; more would be found by nobody else. Bits: test/ops/group_query.cases.ts.
import { expect, test } from 'vitest';
import { WasmBackend } from '../../src/backends/wasm.ts';
import { checkGraph } from '../../src/graph/check.ts';
import { ConstantStore } from '../../src/graph/constant_store.ts';
import type { Attribute } from '../../src/graph/graph.ts';
import { planGraph } from '../../src/graph/planner.ts';
import { registry } from '../../src/registry.ts';
import { graphOf } from '../harness/graphs.ts';

await registry.load();

const integer = (value: number): Attribute => ({ type: 'int', value });
const float = (name: string, ...dims: number[]) => ({ name, dtype: 'float32' as const, dims });
const inputs = [
  float('q', 1, 1, 576),
  float('k', 1, 1, 192),
  float('v', 1, 1, 192),
  float('past_k', 1, 3, 100, 64),
  float('past_v', 1, 3, 100, 64),
  { name: 'lengths', dtype: 'int32' as const, dims: [1] },
  { name: 'total', dtype: 'int32' as const, dims: [] },
  float('cos', 512, 32),
  float('sin', 512, 32),
];
const graph = graphOf(
  [
    {
      op: 'GroupQueryAttention',
      domain: 'com.microsoft',
      inputs: inputs.map(({ name }) => name),
      outputs: ['y', 'present_k', 'present_v'],
      attributes: {
        num_heads: integer(9),
        kv_num_heads: integer(3),
        do_rotary: integer(1),
      },
    },
  ],
  inputs,
  ['y', 'present_k', 'present_v'],
);

test.each(['wasm', 'webgpu'] as const)('attention over a cache is 11 steps: %s', async (target) => {
  const core = await WasmBackend.create();
  const contents = new Uint8Array(Int32Array.of(101).buffer);
  const feeds = new Map(
    inputs.map(({ name, dtype, dims }) => [
      name,
      { dtype, dims, ...(name === 'total' ? { contents } : {}) },
    ]),
  );
  const plan = planGraph(checkGraph(graph, registry), new ConstantStore(), core, feeds, {
    target,
    outputs: ['y', 'present_k', 'present_v'],
    fuse: true,
  });
  const kernels = plan.steps.map(({ dispatch }) => dispatch.kernel.name);
  plan.release();
  core.dispose();
  const product = target === 'wasm' ? 'mat_mul' : 'mat_mul_strided';
  const twice = ['append_rows', 'elementwise', 'gather_slices', product, 'rotate_pairs'];
  expect(kernels.sort()).toEqual([...twice, ...twice, 'softmax'].sort());
});
