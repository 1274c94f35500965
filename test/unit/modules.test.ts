// The modules of the core beside core.wasm: a model has those that its plans need, whatever is found out when; helpers of
// a team get to know modules that are linked after they started. That every kernel and step is in one of the modules, and
// works there, is what the operator cases show (test/ops.test.ts).
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { WasmBackend } from '../../src/backends/wasm.ts';
import { createCore } from '../../src/backends/wasm/core.ts';
import { CORE_DIGESTS } from '../../src/backends/wasm/digests.ts';
import { MODULE_NAMES, ModuleNeeded, modulesOf } from '../../src/backends/wasm/modules.ts';
import type { Dispatch } from '../../src/core/op.ts';
import type { Attribute, Graph } from '../../src/graph/graph.ts';
import { ConstantStore } from '../../src/graph/constant_store.ts';
import { planGraph } from '../../src/graph/planner.ts';
import { load, Tensor } from '../../src/index.ts';
import { writeModel } from '../../src/onnx/writer.ts';
import { registry } from '../../src/registry.ts';
import { floats } from '../harness/prng.ts';

const N = 4096;

/** y = types[0](types[1](… x)), with a constant that is folded in front where `folded`. */
function chainOf(types: readonly string[], folded?: string): Graph {
  const names = types.map((_, i) => (i + 1 === types.length ? 'y' : `v${i}`));
  const node = (index: number, opType: string, inputs: string[], outputs: string[]) => ({
    ...{ index, name: `${opType}_${index}`, domain: '', opType, inputs, outputs },
    attributes: new Map<string, Attribute>(),
  });
  const nodes = types.map((type, i) =>
    node(i, type, [i === 0 ? 'x' : `v${i - 1}`], [names[i] ?? '']),
  );
  const outputs = [{ name: 'y' }];
  if (folded !== undefined) {
    nodes.push(node(nodes.length, folded, ['c'], ['z']));
    outputs.push({ name: 'z' });
  }
  return {
    ...{ name: 'modules', nodes, outputs, valueInfo: new Map(), opsets: new Map([['', 17]]) },
    inputs: [{ name: 'x', dtype: 'float32', dims: ['rows', N] }],
    initializers: new Map(
      folded === undefined ? [] : [['c', new Tensor('float32', floats(3, N), [1, N])]],
    ),
  };
}

const feeds = (rows: number): Record<string, Tensor> => ({
  x: new Tensor('float32', floats(rows, rows * N), [rows, N]),
});

async function plansOf(graph: Graph, core: WasmBackend, rows: number) {
  const checked = await registry.check(graph);
  const types = new Map([['x', { dtype: 'float32' as const, dims: [rows, N] }]]);
  const options = { target: 'wasm' as const, outputs: ['y'], fuse: true };
  return core.complete(() => planGraph(checked, new ConstantStore(), core, types, options));
}

const digestOf = (outputs: ReadonlyMap<string, Tensor>): string =>
  Buffer.from(outputs.get('y')?.bytes() ?? []).toString('base64');

describe('modules', () => {
  test('are those of wasm/modules.txt, each with its digest', () => {
    const text = readFileSync(new URL('../../wasm/modules.txt', import.meta.url), 'utf8');
    const listed = [...text.matchAll(/^(\w+):/gm)].map(([, name]) => name);
    expect(listed).toEqual([...MODULE_NAMES]);
    for (const [name, digest] of Object.entries(CORE_DIGESTS)) {
      const file = new URL(`../../src/backends/wasm/${name}.wasm`, import.meta.url);
      expect(createHash('sha256').update(readFileSync(file)).digest('hex'), name).toBe(digest);
    }
  });

  test('are named by kernels and by the steps of chains', async () => {
    const core = await WasmBackend.create({ modules: [] });
    const modules = async (types: string[]): Promise<string[]> => {
      const { steps } = await plansOf(chainOf(types), core, 1);
      return [...new Set(steps.flatMap(({ dispatch }) => modulesOf(dispatch)))].sort();
    };
    expect(await modules(['Relu', 'Tanh', 'Softmax'])).toEqual([]);
    expect(await modules(['Relu', 'Sin'])).toEqual(['functions']);
    expect(await modules(['Softmax', 'Hardmax', 'Cos'])).toEqual(['functions', 'other']);
    expect(await modules(['DynamicQuantizeLinear'])).toEqual([]);
  });

  test('that are not linked refuse their dispatches, and link once', async () => {
    const core = await createCore(undefined, false, []);
    const all = await WasmBackend.create();
    const { steps } = await plansOf(chainOf(['Hardmax']), all, 1);
    const dispatch = steps.map((step) => step.dispatch).find((one) => modulesOf(one).length > 0);
    const kernel = (): number => core.kernel(dispatch as Dispatch);
    expect(kernel).toThrow(ModuleNeeded);
    await Promise.all([core.link(['other']), core.link(['other', 'quantised'])]);
    await core.link(['other']);
    expect(kernel()).toBeGreaterThan(0);
    expect(core.linked).toHaveLength(3);
  });

  test('come by folding and by plans, with the bits that a core with all of them gives', async () => {
    const graph = chainOf(['Sin', 'Hardmax'], 'Erf');
    const folding = chainOf(['Relu'], 'Acos'); // its only function is of a constant
    for (const one of [graph, folding]) {
      const core = await WasmBackend.create();
      const plan = await plansOf(one, core, 3);
      const whole = await core.prepare(plan).run(new Map(Object.entries(feeds(3))), {});
      const model = await load(writeModel(one));
      const { outputs } = await model.run(feeds(3), { backend: 'wasm' });
      expect(digestOf(new Map(Object.entries(outputs)))).toBe(digestOf(whole.outputs));
      expect(outputs['z']?.size).toBe(N);
      model.dispose();
    }
  });

  test('that are linked after helpers started are theirs too', async () => {
    const costs = { start: 0, command: 0 };
    const one = await WasmBackend.create();
    const three = await WasmBackend.create({ threads: 3, costs, modules: [] });
    const fed = new Map(Object.entries(feeds(64)));
    for (const types of [['Tanh'], ['Sin'], ['Tan', 'Hardmax']]) {
      const expected = await one
        .prepare(await plansOf(chainOf(types), one, 64))
        .run(fed, {})
        .then(({ outputs }) => digestOf(outputs));
      const plan = await plansOf(chainOf(types), three, 64);
      await three.linkFor(plan);
      const executable = three.prepare(plan);
      expect(digestOf((await executable.run(fed, {})).outputs)).toBe(expected);
      while (three.threads < 3) await new Promise((resolve) => setTimeout(resolve, 5));
      for (let i = 0; i < 20; i += 1) {
        expect(digestOf((await executable.run(fed, {})).outputs), types.join()).toBe(expected);
      }
    }
    three.dispose();
  });
});
