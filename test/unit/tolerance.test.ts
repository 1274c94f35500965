// The comparison with foreign outputs: the formula of the tolerance, its special values, and where it comes from.

import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { compareOutput, toleranceOf } from '../../src/cli/tolerance.ts';
import type { DType } from '../../src/core/dtype.ts';
import { Tensor } from '../../src/core/tensor.ts';

const tolerance = { rtol: 0.1, atol: 0.5 };
const floats = (...values: number[]) => new Tensor('float32', values, [values.length]);
const compare = (got: Tensor, want: Tensor) => compareOutput('y', got, want, tolerance);

test('floats agree within atol + rtol * |want|', () => {
  expect(compare(floats(1, 11.5), floats(1, 10))).toEqual({
    name: 'y',
    within: true,
    max_abs: 1.5,
  });
  const off = compare(floats(1, 11.75), floats(1, 10));
  expect(off).toMatchObject({ within: false, max_abs: 1.75 });
  expect(off.error).toMatch(/element 1: expected 10 within 1\.5, got 11\.75/);
});

test('NaN and infinities agree with themselves only', () => {
  const special = floats(NaN, Infinity, -Infinity, -0);
  expect(compare(special, special).within).toBe(true);
  expect(compare(floats(0), floats(-0)).within).toBe(true);
  for (const [got, want] of [
    [NaN, 1],
    [1, NaN],
    [Infinity, -Infinity],
    [1, Infinity],
    [Infinity, 1],
  ]) {
    const result = compare(floats(got ?? 0), floats(want ?? 0));
    expect(result, `${got} for ${want}`).toMatchObject({ within: false, max_abs: null });
  }
});

test('integers and strings must be equal', () => {
  const big = (n: bigint) => new Tensor('int64', [n], [1]);
  expect(compare(big(2n ** 60n), big(2n ** 60n)).within).toBe(true);
  expect(compare(big(2n ** 60n), big(2n ** 60n + 1n)).within).toBe(false);
  const int = (n: number) => new Tensor('int32', [n], [1]);
  expect(compare(int(100), int(101)).within).toBe(false);
  const text = (s: string) => new Tensor('string', [s], [1]);
  expect(compare(text('a'), text('a')).within).toBe(true);
  expect(compare(text('a'), text('b')).within).toBe(false);
});

test('16-bit floats are compared as numbers', () => {
  const half = (bits: number) => new Tensor('float16', [bits], [1]);
  // 0x4900 is 10, 0x49c0 is 11.5, 0x4a00 is 12.
  expect(compare(half(0x49c0), half(0x4900))).toMatchObject({ within: true, max_abs: 1.5 });
  expect(compare(half(0x4a00), half(0x4900)).within).toBe(false);
  const brain = (bits: number) => new Tensor('bfloat16', [bits], [1]);
  expect(compare(brain(0x3f80), brain(0x3f80))).toMatchObject({ within: true, max_abs: 0 });
});

test('another dtype or shape is a difference', () => {
  expect(compare(floats(1), floats(1, 2)).error).toContain('expected float32 [2]');
  expect(compare(floats(1), new Tensor('int32', [1], [1])).within).toBe(false);
});

test('the tolerance is that of meta.json, in the folder or above it', () => {
  const folder = mkdtempSync(join(tmpdir(), 'isobit-tolerance-'));
  try {
    const set = join(folder, 'test_data_set_0');
    mkdirSync(set);
    expect(toleranceOf(set)).toEqual({ rtol: 1e-3, atol: 1e-5 });
    writeFileSync(join(folder, 'meta.json'), '{ "tolerance": { "rtol": 0.01, "atol": 2 } }');
    expect(toleranceOf(set)).toEqual({ rtol: 0.01, atol: 2 });
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test('floats of 8 and 4 bits are compared by value', () => {
  const of = (dtype: DType, ...bits: number[]) => new Tensor(dtype, bits, [bits.length]);
  const exact = { rtol: 0, atol: 0 };
  const agree = (dtype: DType, got: number, want: number): boolean =>
    compareOutput('y', of(dtype, got), of(dtype, want), exact).within;
  expect(agree('float8e4m3fn', 0x80, 0)).toBe(true); // -0
  expect(agree('float8e4m3fn', 0x7f, 0xff)).toBe(true); // NaN
  expect(agree('float8e4m3fn', 0x7e, 0x7f)).toBe(false);
  expect(agree('float8e5m2', 0x7d, 0xfe)).toBe(true);
  expect(agree('float8e5m2', 0x7c, 0xfc)).toBe(false);
  expect(agree('float4e2m1', 8, 0)).toBe(true);
  expect(
    compareOutput('y', of('float8e4m3fn', 0x7e), of('float8e4m3fn', 0x38), exact).max_abs,
  ).toBe(447);
  expect(compareOutput('y', of('float4e2m1', 7), of('float4e2m1', 1), exact).max_abs).toBe(5.5);
  expect(compareOutput('y', of('float8e8m0', 128), of('float8e8m0', 127), exact).max_abs).toBe(1);
});
