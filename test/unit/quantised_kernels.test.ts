// Kernels of quantised models that the reference alone has, or that take several steps as one, on random shapes around the
// sizes where they change their way: against the lowering for WebGPU, whose kernels share no loop with them, computed by the C
// core, and against steps written out in numbers. Not here: what the operators are (test/ops, test/oracle).
import { expect, test } from 'vitest';
import { WasmBackend } from '../../src/backends/wasm.ts';
import { Tensor } from '../../src/core/tensor.ts';
import { outputsOf } from '../../src/outputs.ts';
import { nodeCase, type CaseInput, type NodeSpec } from '../harness/cases.ts';
import { runPlanned } from '../harness/planned.ts';
import { floats, integers, Prng, type FloatKind } from '../harness/prng.ts';

const KINDS: readonly FloatKind[] = ['normal', 'wide', 'special', 'subnormal'];
const size = (dims: readonly number[]): number => dims.reduce((a, b) => a * b, 1);
const words = (dims: readonly number[], seed: number, kind: FloatKind = 'normal'): CaseInput => ({
  dtype: 'float32',
  dims,
  data: floats(seed, size(dims), kind),
});
type Byte = 'uint8' | 'int8';
const bytes = (dtype: Byte, dims: readonly number[], seed: number): CaseInput => ({
  dtype,
  dims,
  data: integers(seed, size(dims), dtype === 'int8' ? -128 : 0, dtype === 'int8' ? 128 : 256),
});
const pick = <T>(prng: Prng, first: T, ...rest: readonly T[]): T =>
  rest[prng.below(rest.length + 1) - 1] ?? first;
const byteType = (prng: Prng): Byte => (prng.below(2) === 0 ? 'uint8' : 'int8');

const core = await WasmBackend.create();
async function digestOn(target: 'wasm' | 'webgpu', id: string, spec: NodeSpec): Promise<string> {
  const { graph, feeds } = nodeCase(id, 'random', spec);
  const values = await runPlanned(graph, Object.fromEntries(feeds), { target, fuse: true }, core);
  return outputsOf(Object.fromEntries(values)).digest;
}
/** Ids of those of `n` nodes that have other words on one target than on the other. */
async function differing(
  n: number,
  specOf: (prng: Prng, seed: number) => NodeSpec,
): Promise<string[]> {
  const wrong: string[] = [];
  for (let seed = 0; seed < n; seed += 1) {
    const spec = specOf(new Prng(seed + 1), seed);
    const id = `${spec.opType} ${seed}: ${spec.inputs.map((input) => input?.dims.join('x')).join(' ')}`;
    if ((await digestOn('wasm', id, spec)) !== (await digestOn('webgpu', id, spec))) wrong.push(id);
  }
  return wrong;
}

test('the range of DynamicQuantizeLinear, wherever its ends are', async () => {
  const sizes = [1, 2, 15, 16, 17, 31, 8191, 8192, 8193, 16_400, 70_001];
  const wrong = await differing(80, (prng, seed) => {
    const n = pick(prng, 16, ...sizes);
    const data = floats(seed, n, seed % 4 === 0 ? 'special' : 'normal');
    const ends = [prng.below(n), n - 1, 0];
    const at = ends[prng.below(3)] ?? 0;
    data[at] = pick(prng, 1000, -1000, Infinity, -Infinity, Number.NaN, -1e30, 2 ** -130);
    return {
      opType: 'DynamicQuantizeLinear',
      outputs: 3,
      inputs: [{ dtype: 'float32', dims: [n], data }],
    };
  });
  expect(wrong).toEqual([]);
});

test(
  'integer convolutions: windows of all widths, depthwise and not',
  { timeout: 60_000 },
  async () => {
    const wrong = await differing(150, (prng, seed) => {
      const [groups, filters] = [1 + prng.below(4), pick(prng, 1, 1, 1, 3, 5)];
      const kernel = [pick(prng, 3, 3, 1, 2), pick(prng, 3, 3, 3, 4)];
      const [type, of] = [byteType(prng), byteType(prng)];
      const dims = [1 + prng.below(2), groups, 4 + prng.below(14), 4 + prng.below(40)];
      return {
        opType: 'ConvInteger',
        attributes: {
          group: groups,
          strides: [1 + prng.below(2), 1 + prng.below(3)],
          pads: [prng.below(2), prng.below(3), prng.below(2), prng.below(3)],
          dilations: [1, 1 + (prng.below(5 - (kernel[1] ?? 3)) % 2)],
        },
        inputs: [
          bytes(type, dims, seed),
          { ...bytes(of, [groups * filters, 1, ...kernel], seed + 1), constant: true },
          bytes(type, [], seed + 2),
          bytes(of, [], seed + 3),
        ],
      };
    });
    expect(wrong).toEqual([]);
  },
);

test(
  'MatMulNBits: the exact sums of blocks, and weights made for blocks of rows',
  { timeout: 60_000 },
  async () => {
    const wrong = await differing(120, (prng, seed) => {
      const bits = pick(prng, 4, 4, 8, 2);
      const [level, block] = [pick(prng, 4, 0), pick(prng, 16, 32, 64)];
      const [m, n] = [pick(prng, 1, 2, 3, 4, 6, 67, 131), pick(prng, 8, 1, 5, 19, 33, 137)];
      // More than 64 blocks are sums of two levels.
      const k =
        m * n > 500 ? 1 + prng.below(150) : pick(prng, 1 + prng.below(200), 16 * 70, 16 * 129);
      const blocks = Math.ceil(k / block);
      const zeros = pick(
        prng,
        undefined,
        bytes('uint8', [n * Math.ceil((blocks * bits) / 8)], seed),
      );
      return {
        opType: 'MatMulNBits',
        domain: 'com.microsoft',
        attributes: { K: k, N: n, bits, block_size: block, accuracy_level: level },
        inputs: [
          words([m, k], seed, pick(prng, 'normal', ...KINDS)),
          bytes('uint8', [n, blocks, (block * bits) / 8], seed + 1),
          words([n, blocks], seed + 2, pick(prng, 'normal', ...KINDS)),
          zeros,
        ],
      };
    });
    expect(wrong).toEqual([]);
  },
);

/** Half to even, as quantising rounds. */
const rounded = (x: number): number => {
  const down = Math.floor(x);
  const rest = x - down;
  return rest < 0.5 || (rest === 0.5 && down % 2 === 0) ? down : down + 1;
};

test('QuantizeLinear is its steps one by one, and so are those in the middle of a chain', async () => {
  const wrong: string[] = [];
  for (let seed = 0; seed < 160; seed += 1) {
    const prng = new Prng(seed + 1);
    const type = byteType(prng);
    const rows = pick(prng, 1, 3);
    const dims = [rows, pick(prng, 16, 1, 3, 5, 17, 31, 255, 257, 1030)];
    const x = words(dims, seed, pick(prng, 'normal', ...KINDS));
    const scales = floats(seed + 1, rows, 'normal').map((s) => Math.fround(Math.abs(s) / 40));
    const hasZero = prng.below(3) > 0;
    const zero = bytes(type, [rows], seed + 2);
    const scale: CaseInput = { dtype: 'float32', dims: [rows], data: scales };
    const [least, most] = type === 'int8' ? [-128, 127] : [0, 255];
    const want = Array.from(x.data as Float32Array, (value, i) => {
      const row = Math.floor(i / (dims[1] ?? 1));
      const quotient = Math.fround(value / (scales[row] ?? 1));
      const whole = Number.isNaN(quotient)
        ? 0
        : rounded(Math.max(-(2 ** 20), Math.min(2 ** 20, quotient)));
      return Math.max(least, Math.min(most, whole + (hasZero ? Number(zero.data[row] ?? 0) : 0)));
    });
    const { graph, feeds } = nodeCase('quantise', 'random', {
      opType: 'QuantizeLinear',
      opset: 21,
      attributes: { axis: 0, ...(hasZero ? {} : { output_dtype: type === 'int8' ? 3 : 2 }) },
      inputs: [x, scale, ...(hasZero ? [zero] : [])],
    });
    const options = { target: 'wasm', fuse: true } as const;
    const alone = (await runPlanned(graph, Object.fromEntries(feeds), options, core)).get('y0');
    // As int32 behind it the bytes stay words of the same chain.
    const cast = {
      ...{ index: 1, name: 'cast', domain: '', opType: 'Cast', inputs: ['y0'], outputs: ['z'] },
      attributes: new Map([['to', { type: 'int', value: 6 } as const]]),
    };
    const longer = { ...graph, nodes: [...graph.nodes, cast], outputs: [{ name: 'z' }] };
    const inside = (await runPlanned(longer, Object.fromEntries(feeds), options, core)).get('z');
    for (const got of [alone, inside]) {
      const list = got instanceof Tensor ? Array.from(got.data, Number) : [];
      const at = want.findIndex((value, i) => value !== list[i]);
      if (at >= 0 || list.length !== want.length) {
        wrong.push(`${seed}: ${type} ${dims.join('x')}: [${at}] ${list[at]}, not ${want[at]}`);
      }
    }
  }
  expect(wrong).toEqual([]);
});

test('what follows an integer product: its scale, a sum, Relu or PRelu, joined and one by one', async () => {
  const wrong: string[] = [];
  for (let seed = 0; seed < 60; seed += 1) {
    const prng = new Prng(seed + 1);
    const [m, n] = [pick(prng, 1, 3, 7), pick(prng, 16, 1, 5, 70, 300)];
    const shape = pick(prng, [1], [n], [m, 1]);
    const operand = (): CaseInput => words(shape, prng.word(), pick(prng, 'normal', ...KINDS));
    const { graph, feeds } = nodeCase('product', 'random', {
      opType: 'MatMulInteger',
      inputs: [bytes('uint8', [m, 6], seed), bytes('int8', [6, n], seed + 1)],
    });
    const steps = ['Cast', 'Mul', 'Add', ...pick(prng, ['PRelu'], ['Relu'], [])];
    const all = new Map(feeds);
    const inputs = [...graph.inputs];
    const nodes = steps.map((opType, i) => {
      const names = [`y${i}`];
      if (opType !== 'Cast' && opType !== 'Relu') {
        const { dims, data } = operand();
        all.set(`o${i}`, new Tensor('float32', data as Float32Array, dims));
        inputs.push({ name: `o${i}`, dtype: 'float32', dims });
        names.push(`o${i}`);
      }
      return {
        ...{
          index: i + 1,
          name: opType,
          domain: '',
          opType,
          inputs: names,
          outputs: [`y${i + 1}`],
        },
        attributes: new Map(opType === 'Cast' ? [['to', { type: 'int', value: 1 } as const]] : []),
      };
    });
    const longer = {
      ...{ ...graph, inputs, nodes: [...graph.nodes, ...nodes] },
      outputs: [{ name: `y${steps.length}` }],
    };
    const digestOf = async (fuse: boolean): Promise<string> => {
      const options = { target: 'wasm', fuse } as const;
      const values = await runPlanned(longer, Object.fromEntries(all), options, core);
      return outputsOf(Object.fromEntries(values)).digest;
    };
    const [joined, apart] = [await digestOf(true), await digestOf(false)];
    if (joined !== apart) wrong.push(`${seed}: ${steps.join()} ${m}x${n}`);
  }
  expect(wrong).toEqual([]);
});
