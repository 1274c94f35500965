// Which inputs the command line chooses: named files before a folder before random values; and what it refuses.

import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { chooseInputs, feedFiles } from '../../src/cli/feed_files.ts';
import { resolveModel } from '../../src/cli/model_files.ts';
import { UsageError } from '../../src/cli/output.ts';
import { Tensor } from '../../src/core/tensor.ts';
import { writeModel, writeTensor } from '../../src/onnx/writer.ts';

let folder = '';
const tensor = (...values: number[]) => new Tensor('float32', values, [2]);

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'isobit-feeds-'));
  const info = (name: string) => ({ name, dtype: 'float32' as const, dims: [2] });
  const values = [info('a'), info('b=c'), info('y')];
  const graph = {
    name: 'sum',
    nodes: [
      {
        index: 0,
        name: '',
        domain: '',
        opType: 'Add',
        inputs: ['a', 'b=c'],
        outputs: ['y'],
        attributes: new Map(),
      },
    ],
    inputs: values.slice(0, 2),
    outputs: values.slice(2),
    initializers: new Map(),
    valueInfo: new Map(values.map((value) => [value.name, value])),
    opsets: new Map([['', 17]]),
  };
  mkdirSync(join(folder, 'sum/test_data_set_0'), { recursive: true });
  writeFileSync(join(folder, 'sum/model.onnx'), writeModel(graph));
  const set = join(folder, 'sum/test_data_set_0');
  writeFileSync(join(set, 'input_0.pb'), writeTensor('a', tensor(1, 2)));
  writeFileSync(join(set, 'input_1.pb'), writeTensor('b=c', tensor(3, 4)));
  writeFileSync(join(set, 'output_0.pb'), writeTensor('y', tensor(4, 6)));
  writeFileSync(join(folder, 'other.pb'), writeTensor('', tensor(9, 9)));
});
afterAll(() => rmSync(folder, { recursive: true }));

const model = () => resolveModel(join(folder, 'sum'));
const numbers = (t: Tensor | undefined) => t?.numbers();

test('a folder stands for its model.onnx and gives the name', () => {
  expect(model()).toMatchObject({ name: 'sum', path: join(folder, 'sum/model.onnx') });
  expect(() => resolveModel(join(folder, 'none.onnx'))).toThrow(UsageError);
  expect(() => resolveModel(folder)).toThrow(/no model\.onnx/);
});

test('without files the inputs are random and depend on the seed', async () => {
  const of = async (seed: number) => (await chooseInputs(model(), { input: [], seed })).feeds;
  expect(numbers((await of(1))['a'])).toEqual(numbers((await of(1))['a']));
  expect(numbers((await of(1))['a'])).not.toEqual(numbers((await of(2))['a']));
});

test('a folder gives inputs and expected outputs; a named file replaces one input', async () => {
  const inputs = join(folder, 'sum/test_data_set_0');
  const whole = await chooseInputs(model(), { inputs, input: [], seed: 0 });
  expect(numbers(whole.feeds['b=c'])).toEqual([3, 4]);
  expect(numbers(whole.expected['y'])).toEqual([4, 6]);
  const input = [`b=c=${join(folder, 'other.pb')}`];
  const mixed = await chooseInputs(model(), { inputs, input, seed: 0 });
  expect(numbers(mixed.feeds['a'])).toEqual([1, 2]);
  expect(numbers(mixed.feeds['b=c'])).toEqual([9, 9]);
  expect(mixed.expected).toEqual({});
});

test('wrong --input arguments are refused with what was expected', async () => {
  const choose = (input: string) => chooseInputs(model(), { input: [input], seed: 0 });
  await expect(choose('a')).rejects.toThrow(/expected NAME=FILE, got a/);
  await expect(choose('z=x.pb')).rejects.toThrow(/expected one of a, b=c, got z/);
  await expect(choose('a=missing.pb')).rejects.toThrow(/missing\.pb/);
});

test('feeds become files of little-endian bytes', async () => {
  const files = await feedFiles(model(), { input: [], seed: 0 }, folder, 7);
  expect(files.map(({ name, dtype, dims }) => [name, dtype, dims])).toEqual([
    ['a', 'float32', [2]],
    ['b=c', 'float32', [2]],
  ]);
  const bytes = readFileSync(files[1]?.path ?? '');
  expect([bytes.readFloatLE(0), bytes.readFloatLE(4)]).toEqual([3, 4]);
});
