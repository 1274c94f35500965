// What a device chooses of tiles: software adapters have other ones than graphics cards, from what the adapter says alone;
// the choice changes the plan; and whatever is chosen, the workgroups of a product reach every block of every row once.
// That no choice moves a bit is tested on the stacks (test/stacks/tiles.test.ts).
import { beforeAll, describe, expect, test } from 'vitest';
import { WasmBackend } from '../../src/backends/wasm.ts';
import { tilesOf } from '../../src/backends/webgpu/tiles.ts';
import type { Dispatch } from '../../src/core/op.ts';
import { DEFAULT_TILES, type Tiles } from '../../src/core/tiles.ts';
import { ConstantStore } from '../../src/graph/constant_store.ts';
import { planGraph } from '../../src/graph/planner.ts';
import { blockGrid } from '../../src/ops/mat_mul_strided.ts';
import { registry } from '../../src/registry.ts';
import { f32, graphOf } from '../harness/graphs.ts';
import { Prng } from '../harness/prng.ts';

const TWO: Tiles = { fewRows: 'blocks', processors: 2 };

test('a graphics card has the default, a software adapter its own', () => {
  expect(tilesOf(false, 8)).toBe(DEFAULT_TILES);
  expect(tilesOf(true, 8)).toEqual({ fewRows: 'blocks', processors: 8 });
});

describe('a plan', () => {
  let core: WasmBackend;
  beforeAll(async () => {
    core = await WasmBackend.create();
  });

  async function productOf(m: number, k: number, n: number, tiles?: Tiles): Promise<Dispatch> {
    const graph = graphOf(
      [{ op: 'MatMul', inputs: ['a', 'b'], outputs: ['y'] }],
      [f32('a', m, k), f32('b', k, n)],
      ['y'],
    );
    const feeds = new Map([
      ['a', { dtype: 'float32' as const, dims: [m, k] }],
      ['b', { dtype: 'float32' as const, dims: [k, n] }],
    ]);
    const options = { target: 'webgpu' as const, outputs: ['y'], fuse: true, tiles };
    const checked = await registry.check(graph);
    const [step] = planGraph(checked, new ConstantStore(), core, feeds, options).steps;
    if (step === undefined) throw new Error('the plan is empty');
    return step.dispatch;
  }

  test.each([
    [1, 64, 512],
    [3, 300, 64],
  ])('%i x %i x %i is thin on a graphics card, a block of rows on processors', async (m, k, n) => {
    expect((await productOf(m, k, n)).constants).toHaveProperty('LANE_BITS');
    expect((await productOf(m, k, n, DEFAULT_TILES)).constants).toHaveProperty('LANE_BITS');
    expect((await productOf(m, k, n, TWO)).constants).toHaveProperty('LEVELS');
  });

  test('8 x 576 x 576 has as much work for two processors as can be, on a graphics card full workgroups', async () => {
    expect((await productOf(8, 576, 576)).grid).toEqual([2, 1, 1]);
    expect((await productOf(8, 576, 576, TWO)).grid).toEqual([3, 1, 1]);
    // So little work that another workgroup costs more.
    expect((await productOf(8, 16, 576, TWO)).grid).toEqual([2, 1, 1]);
  });
});

// So many that balancing is worth it for every size.
const TERMS = 16384;

/** The index arithmetic of shaders/math/product_8x8.wgsl: how often each block of each row is computed. */
function reached(images: number, blocks: number, lanes: number, tiles: Tiles): number[] {
  const { rowBits, grid } = blockGrid(images, 8 * blocks, 8 * lanes, TERMS, tiles);
  const strips = Math.ceil(blocks / 2 ** rowBits);
  const counts = Array.from({ length: images * blocks * lanes }, () => 0);
  for (let invocation = 0; invocation < 64 * grid[0] * grid[1]; invocation += 1) {
    const [workgroup, local] = [invocation >> 6, invocation & 63];
    const index = (workgroup << (6 - rowBits)) + (local & (63 >> rowBits));
    const strip = Math.floor(index / lanes);
    const image = Math.floor(strip / strips);
    const block = ((strip - image * strips) << rowBits) + (local >> (6 - rowBits));
    if (image >= images || block >= blocks) continue;
    const at = (image * blocks + block) * lanes + (index - strip * lanes);
    counts[at] = (counts[at] ?? 0) + 1;
  }
  return counts;
}

test('every block of every row is reached once, whatever a device says', () => {
  const prng = new Prng(11);
  for (let i = 0; i < 300; i += 1) {
    const sizes = [1 + prng.below(3), 1 + prng.below(20), 1 + prng.below(90)] as const;
    const processors = prng.below(4) === 0 ? undefined : 1 + prng.below(70);
    const tiles = processors === undefined ? DEFAULT_TILES : { ...TWO, processors };
    const counts = reached(...sizes, tiles);
    expect(
      counts.every((count) => count === 1),
      `${sizes.join(' ')} of ${processors ?? 'a card'}`,
    ).toBe(true);
  }
});
