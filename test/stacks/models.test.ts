// The real models on every stack of this machine, through `isobit matrix`: one digest a model, the golden that
// the reference gave. The models lie beside the repository; absent, this file says so, and fails under CI.
import { existsSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { describe, expect, test } from 'vitest';
import { matrixText } from '../../src/cli/matrix.ts';
import { matrixOfModels } from '../../src/cli/matrix_command.ts';
import { STACKS } from '../../src/cli/stacks/catalog.ts';

const folder = resolve(import.meta.dirname, '../../../shared/models');
const here = existsSync(folder);
if (!here) console.log(`models: ${folder} is absent, its models are not run on the stacks`);
test('the models are there in CI', () =>
  expect(here || process.env['CI'] === undefined).toBe(true));

const golden = JSON.parse(
  readFileSync(new URL('../golden/models.json', import.meta.url), 'utf8'),
) as Record<string, string>;
const wanted = process.env['STACKS']?.split(',');
const stacks = STACKS.filter((spec) =>
  wanted === undefined ? !spec.optional || spec.find() === undefined : wanted.includes(spec.id),
).map((spec) => spec.id);
const models = [...new Set(Object.keys(golden).map((key) => key.split('/')[0] ?? ''))];

describe.runIf(here).each(models)('%s', (name) => {
  test('gives the golden digest on every stack', { timeout: 900_000 }, async () => {
    const [row] = await matrixOfModels([resolve(folder, name)], {
      connect: [],
      capabilities: [],
      parallel: 1,
      retries: 0,
      input: [],
      seed: 0,
      stacks,
      timeout: 600,
    });
    if (row === undefined) throw new Error('the matrix has no row');
    console.log(matrixText(row));
    const expected = golden[`${name}/test_data_set_0`];
    expect(row.stacks.map((stack) => [stack.id, stack.digest, stack.error])).toEqual(
      stacks.map((id) => [id, expected, undefined]),
    );
  });
});
