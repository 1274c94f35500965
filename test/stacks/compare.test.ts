// `isobit compare` with onnxruntime-web on WebGPU, in Chromium: of a small model all nodes are within the tolerance but the
// one with a fault planted in a weight of the guest's file, and it is known that a GPU computed. STACKS=B chooses Firefox.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, test } from 'vitest';
import { compare } from '../../src/cli/compare.ts';
import type { CompareOptions } from '../../src/cli/compare.ts';
import { compareText } from '../../src/cli/compare_text.ts';
import { readWhole } from '../../src/cli/node_files.ts';
import { randomFeeds } from '../../src/cli/random.ts';
import { Tensor } from '../../src/core/tensor.ts';
import { writeModel } from '../../src/onnx/writer.ts';

const folder = mkdtempSync(join(tmpdir(), 'isobit-compare-'));
afterAll(() => rmSync(folder, { recursive: true }));
const digits = fileURLToPath(new URL('../../demo/public/digits.onnx', import.meta.url));
const stacks = process.env['STACKS']?.split(',') ?? ['A'];

describe.each(stacks)('stack %s', (stack) => {
  const options = (more: Partial<CompareOptions>): CompareOptions => ({
    ...{ with: 'onnxruntime-web:webgpu', stack, guestOptimised: false, branches: false },
    ...{ input: [], seed: 3, json: false, ...more },
  });

  test(
    'names the fault in a weight of its file, and nothing else',
    { timeout: 300_000 },
    async () => {
      const graph = readWhole(digits);
      const node = graph.nodes.filter(({ opType }) => opType === 'Conv').at(-1);
      const weight = node?.inputs[1] ?? '';
      const tensor = graph.initializers.get(weight);
      const data = Float32Array.from(tensor?.numbers() ?? []);
      data[0] = (data[0] ?? 0) + 1;
      const changed = new Tensor('float32', data, tensor?.dims ?? []);
      const guestModel = join(folder, 'fault.onnx');
      const initializers = new Map([...graph.initializers, [weight, changed]]);
      writeFileSync(guestModel, writeModel({ ...graph, initializers }));
      const document = await compare(digits, options({ guestModel }));
      const beyond = document.nodes.filter(({ introduced }) => introduced?.within === false);
      expect(
        beyond.map(({ index }) => index),
        compareText(document),
      ).toEqual([node?.index]);
      expect(beyond[0]?.differs).toEqual([`weights '${weight}'`]);
      expect(document.guest.dispatches).toBeGreaterThan(0);
      expect(document.compared).toMatchObject({ values: 8, nodes: 8 });
      expect(document.left_out).toEqual({ values: [], nodes: [], inner: 0 });
    },
  );

  // Known, and named by this command in a published model: when it is mended, docs/COMPARE.md is to say so.
  test(
    'names the convolution that this version computes otherwise',
    { timeout: 300_000 },
    async () => {
      const { w, b } = randomFeeds(
        [
          { name: 'w', dtype: 'float32', dims: [128, 129, 3] },
          { name: 'b', dtype: 'float32', dims: [128] },
        ],
        1,
      );
      if (w === undefined || b === undefined) throw new Error('no weights.');
      const ints = (...value: number[]) => ({ type: 'ints' as const, value });
      const attributes = { kernel_shape: ints(3), pads: ints(1, 1) };
      const conv = { index: 0, name: 'conv', domain: '', opType: 'Conv', inputs: ['x', 'w', 'b'] };
      const model = join(folder, 'conv.onnx');
      writeFileSync(
        model,
        writeModel({
          name: 'conv',
          nodes: [{ ...conv, outputs: ['y'], attributes: new Map(Object.entries(attributes)) }],
          inputs: [{ name: 'x', dtype: 'float32', dims: [1, 129, 4] }],
          outputs: [{ name: 'y' }],
          initializers: new Map([
            ['w', w],
            ['b', b],
          ]),
          valueInfo: new Map(),
          opsets: new Map([['', 17]]),
        }),
      );
      const onGpu = await compare(model, options({}));
      expect(onGpu.first.introduced).toBe(0);
      const onWasm = await compare(
        model,
        options({ with: 'onnxruntime-web:wasm', stack: 'wasm-node' }),
      );
      expect(onWasm.within).toBe(true);
    },
  );
});
