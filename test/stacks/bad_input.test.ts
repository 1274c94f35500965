// Bad input gives a clear error or defined bits, and the same ones on every stack; the next run works. The items are
// test/jobs/bad_input_job.ts; what this process gives is what every stack must give. STACKS=C,E narrows.
import { beforeAll, describe, expect, test } from 'vitest';
import { STACKS } from '../../src/cli/stacks/catalog.ts';
import { openStack } from '../../src/cli/stacks/runner.ts';
import { buildJob } from '../harness/build_job.ts';
import { run, type BadInputReport } from '../jobs/bad_input_job.ts';

const wanted = process.env['STACKS']?.split(',');
const stacks = STACKS.filter((spec) =>
  wanted === undefined ? !spec.optional || spec.find() === undefined : wanted.includes(spec.id),
);

let bundle = '';
let here: BadInputReport = {};
beforeAll(async () => {
  bundle = await buildJob('bad_input_job', 'test-bad-input-job');
  here = await run(
    {},
    {
      gpu: undefined,
      readFile: () => Promise.reject(new Error('no files')),
      url: (path) => path,
      log: () => undefined,
    },
  );
}, 120_000);

test('errors name what is wrong, digests are digests', () => {
  const errors: Record<string, RegExp> = {
    'an empty file': /^ModelError: .*empty: expected an ONNX model/,
    'a text file': /^ModelError: .*the file is text.*'This is not a model\.'/,
    'a web page': /^ModelError: .*the file is text.*web page/,
    'an archive': /^ModelError: .*expected .*, got .*The file is damaged or no ONNX file/,
    zeros: /^ModelError: .*expected .*, got .*The file is damaged or no ONNX file/,
    'an unknown operator':
      /^UnsupportedOpError: Frobnicate 'r': operator is not implemented\. Export/,
    'an operator of another domain': /^UnsupportedOpError: com\.acme\.Relu 'r': operator is not/,
    'opset 99':
      /^UnsupportedOpError: 8 problems:\n- Conv 'c': opset 99 .*: expected 1\.\.27\. Convert/,
    'an input of strings':
      /^UnsupportedOpError: Conv 'c': Conv: expected numeric tensors, got string/,
    'nodes in a circle': /^ModelError: .*cycle: /,
    'a missing weight': /^ModelError: 8 problems:\n- Conv 'c': input 'w' is made by nothing/,
    'weights of another shape': /^RangeError: node l: Gemm: .*\[3, 16\] and \[15, 10\]/,
    'no feed': /^TypeError: run: missing feeds x: expected x, got none/,
    'a feed of another name': /^TypeError: run: unknown feeds z: expected x/,
    'an array': /^TypeError: run: feed 'x': expected a Tensor, got object/,
    'another dtype': /^TypeError: run: feed 'x': expected float32, got int32/,
    'another rank':
      /^RangeError: run: feed 'x': expected shape \[batch, 2, 8, 8\], got \[2, 8, 8\]/,
    'another size':
      /^RangeError: run: feed 'x': expected shape \[batch, 2, 8, 8\], got \[1, 3, 8, 8\]/,
    'an unknown output': /^RangeError: run: unknown outputs: expected some of l, y, got q/,
    'a tensor of the wrong length': /^RangeError: Tensor: .*expected 3 elements .*got 2/,
    'a disposed model': /^TypeError: Model: used after dispose\(\)/,
  };
  for (const [name, text] of Object.entries(here)) {
    const pattern = name.startsWith('a model cut')
      ? /^ModelError: model.*expected .*, got .*\. (The file is damaged|Check that the file)/
      : (errors[name] ?? /^[0-9a-f]{64}$/);
    expect(text, name).toMatch(pattern);
  }
  expect(Object.keys(here).filter((name) => errors[name] === undefined).length).toBe(46);
});

describe.each(stacks.map((spec) => spec.id))('stack %s', (id) => {
  test('says and computes the same', { timeout: 300_000 }, async () => {
    const stack = await openStack(id, { bundle, timeoutMs: 290_000 });
    try {
      const reply = await stack.run({});
      expect(reply.error).toBeUndefined();
      expect(reply.result).toEqual(here);
    } finally {
      await stack.close();
    }
  });
});
