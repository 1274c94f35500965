// `npm run fuzz -- [--count N] [--seed S] [--from I] [DIR…]`: hostile models out of the operator cases, random graphs and the
// models below the folders; ends with 1 if one of them did more than run or be refused. Models that did are left in
// build/fuzz.
import { readdirSync, statSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { runFuzz } from './runner.ts';

function modelsBelow(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.onnx'))
    .sort()
    .map((name) => join(folder, name))
    .filter((path) => statSync(path).size <= 32768);
}

/** @returns the exit code */
export async function main(args: string[]): Promise<number> {
  const { values, positionals } = parseArgs({
    args,
    allowPositionals: true,
    options: {
      count: { type: 'string', default: '100000' },
      seed: { type: 'string', default: '1' },
      from: { type: 'string', default: '0' },
    },
  });
  const [count, seed, from] = [values.count, values.seed, values.from].map(Number);
  if (![count, seed, from].every((one) => Number.isSafeInteger(one))) {
    console.error('fuzz: expected integers for --count, --seed and --from.');
    return 2;
  }
  const report = await runFuzz({
    seed: seed ?? 0,
    from: from ?? 0,
    count: count ?? 0,
    files: positionals.flatMap((folder) => modelsBelow(resolve(folder))),
    onProgress: (done) => {
      if (done % 5000 === 0) console.log(`${done} models`);
    },
    onFailure: ({ index, name, wrong, error, stack, model }) => {
      console.log(`\n${index} (${name}): ${wrong}\n  ${error.slice(0, 500)}`);
      console.log(stack.split('\n').slice(1, 7).join('\n'));
      if (model === undefined) return;
      const path = resolve(`build/fuzz/${seed}-${index}.onnx`);
      writeFileSync(path, model);
      console.log(`  ${path}`);
    },
  });
  const { ran, loaded, refused, failures, milliseconds } = report;
  console.log(
    `\n${ran} ran, ${loaded} loaded, ${refused} refused, ${failures.length} broken, in ${Math.round(milliseconds / 1000)} s`,
  );
  return failures.length === 0 ? 0 : 1;
}
