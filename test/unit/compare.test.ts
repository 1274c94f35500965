// The checker's comparison: words, never floats (M3); a tensor of another type or shape, and one that is missing, is a
// difference and not a reason to look away.
import { describe, expect, test } from 'vitest';
import { compareOutputs, compareTensors } from '../../src/compare.ts';
import { Tensor } from '../../src/core/tensor.ts';
import { nodeCase } from '../harness/cases.ts';

const words = (...list: number[]): Tensor =>
  Tensor.ofBytes('float32', new Uint8Array(Uint32Array.from(list).buffer), [list.length]);

describe('compareTensors', () => {
  test('equal words', () => {
    expect(compareTensors(words(1, 2), words(1, 2))).toBeUndefined();
    expect(compareTensors(words(0x7fc00001), words(0x7fc00001))).toBeUndefined();
  });

  test.each([
    ['the sign of a zero', 0, 0x80000000],
    ['the payload of a NaN', 0x7fc00000, 0x7fc00001],
    ['the last place', 0x3f800000, 0x3f800001],
  ])('%s is a difference', (_, a, b) => {
    const hex = (word: number): string => `0x${word.toString(16).padStart(8, '0')}`;
    expect(compareTensors(words(7, a), words(7, b))).toEqual({
      ...{ index: 1, differing: 1 },
      ...{ a: hex(a), b: hex(b) },
    });
  });

  test('the first difference and the number of all', () => {
    const found = compareTensors(words(1, 2, 3, 4), words(1, 9, 3, 9));
    expect(found).toMatchObject({ index: 1, differing: 2 });
  });

  test('another shape or element type', () => {
    const flat = words(1, 2, 3, 4);
    const square = Tensor.ofBytes('float32', flat.bytes(), [2, 2]);
    expect(compareTensors(flat, square)).toMatchObject({ differing: 4, b: 'float32[2,2]' });
    const integers = new Tensor('int32', [1, 2, 3, 4], [4]);
    expect(compareTensors(flat, integers)).toMatchObject({ differing: 4, b: 'int32[4]' });
    expect(compareTensors(flat, words(1, 2))).toMatchObject({ differing: 4, b: 'float32[2]' });
  });

  test('one byte an element', () => {
    const [a, b] = [new Tensor('bool', [true, false], [2]), new Tensor('bool', [true, true], [2])];
    expect(compareTensors(a, b)).toEqual({ index: 1, differing: 1, a: '0x00', b: '0x01' });
  });
});

describe('compareOutputs', () => {
  const one = { dtype: 'float32', dims: [1], data: [1] } as const;
  const { graph } = nodeCase('compare', 'defined', { opType: 'Relu', inputs: [one] });
  const about = { adapter: 'none', notes: [] };
  const report = (a: Record<string, Tensor>, b: Record<string, Tensor>) =>
    compareOutputs(graph, new Map(Object.entries(a)), new Map(Object.entries(b)), about);

  test('counts what it compared', () => {
    const found = report({ y0: words(1, 2) }, { y0: words(1, 2) });
    expect(found).toMatchObject({ identical: true, values: 1, elements: 2, differences: [] });
  });

  test('a difference names its node and both words', () => {
    const found = report({ y0: words(1, 2) }, { y0: words(1, 3) });
    expect(found.identical).toBe(false);
    expect(found.differences).toEqual([
      {
        ...{ node: 'node', opType: 'Relu', output: 'y0', index: 1, differing: 1, size: 2 },
        ...{ wasm: '0x00000002', webgpu: '0x00000003' },
      },
    ]);
  });

  test('an output that one side misses is a difference', () => {
    expect(report({ y0: words(1) }, {}).differences[0]).toMatchObject({ webgpu: 'missing' });
    expect(report({}, { y0: words(1) }).differences[0]).toMatchObject({ wasm: 'missing' });
  });
});
