// `npm run bench:math`: the table of docs/MATH.md, nanoseconds an element of every function of one f32 (functions_bench_job.ts
// says of what). BENCH_STACK=D measures on another stack than D, BENCH_ROUNDS=5 takes other than 9 rounds; UPDATE_DOCS=1 writes the
// table into the document, BENCH_NOTE='…' a remark above it. A new function needs a line here, or the command fails.
import { readFileSync, writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { expect, test } from 'vitest';
import { openStack } from '../../../src/cli/stacks/runner.ts';
import { buildJob } from '../../harness/build_job.ts';
import { functionNames } from '../../harness/functions.ts';
import type { FunctionCost, Measured } from '../../jobs/functions_bench_job.ts';

const of = (name: string, low: number, high: number, js?: string, wgsl?: string): Measured => ({
  ...{ name, low, high, js, wgsl },
});
const same = (name: string, low: number, high: number): Measured =>
  of(name, low, high, name, `${name}(x)`);

// Ranges where the function does its work; what is exact and cheap (neg, floor …) is not measured.
const CHEAP = ['neg', 'abs', 'relu', 'floor', 'ceil', 'round', 'sign'];
const FUNCTIONS: readonly Measured[] = [
  of('sqrt', 0, 16, 'sqrt', 'sqrt(x)'),
  of('reciprocal', 0.1, 16, undefined, '1.0 / x'),
  of('rsqrt', 0.1, 16, undefined, 'inverseSqrt(x)'),
  same('exp', -10, 10),
  of('exp2', -10, 10, undefined, 'exp2(x)'),
  of('expm1', -2, 2, 'expm1'),
  same('log', 0.01, 16),
  same('log2', 0.01, 16),
  of('log10', 0.01, 16, 'log10'),
  of('log1p', -0.9, 4, 'log1p'),
  same('sin', -100, 100),
  same('cos', -100, 100),
  same('tan', -100, 100),
  same('asin', -1, 1),
  same('acos', -1, 1),
  same('atan', -10, 10),
  same('sinh', -5, 5),
  same('cosh', -5, 5),
  same('tanh', -5, 5),
  same('asinh', -10, 10),
  same('acosh', 1, 10),
  same('atanh', -0.99, 0.99),
  of('erf', -3, 3),
  of('erfc', -3, 8),
  of('sigmoid', -8, 8, undefined, '1.0 / (1.0 + exp(-x))'),
  of('softplus', -8, 8, undefined, 'log(1.0 + exp(x))'),
];

const page = new URL('../../../docs/MATH.md', import.meta.url);
const BEGIN = '<!-- npm run bench:math -->';
const END = '<!-- end of bench:math -->';

function table(costs: readonly FunctionCost[], head: string): string {
  const cell = (ns: number | undefined): string => (ns === undefined ? '' : ns.toFixed(1));
  const rows = costs.map(
    ({ name, core, js, gpu, builtin }) =>
      `| ${name} | ${[core, js, gpu, builtin].map(cell).join(' | ')} |`,
  );
  return [
    head,
    '',
    '| function | WASM | `Math.*` | WebGPU | WGSL’s own |',
    '|---|---|---|---|---|',
    ...rows,
  ].join('\n');
}

test('what each function costs', async () => {
  const known = functionNames().filter((name) => !CHEAP.includes(name));
  const measured = FUNCTIONS.filter(({ name }) => known.includes(name));
  expect(measured.map(({ name }) => name).sort()).toEqual([...known].sort());
  const id = process.env['BENCH_STACK'] ?? 'D';
  const rounds = Number(process.env['BENCH_ROUNDS'] ?? 9);
  const bundle = await buildJob('functions_bench_job', 'bench-math-job');
  const stack = await openStack(id, {
    bundle,
    timeoutMs: 1_100_000,
    log: (line) => console.log(line),
  });
  let text = '';
  try {
    const reply = await stack.run({ functions: measured, rounds });
    expect(reply.error).toBeUndefined();
    const date = new Date().toISOString().slice(0, 10);
    const note = process.env['BENCH_NOTE'];
    const where = `${date}, ${cpus()[0]?.model.trim() ?? ''}, ${cpus().length} cores, Node ${process.versions.node}, stack ${id}`;
    const remark = note === undefined ? '' : ` ${note}`;
    text = table(reply.result as FunctionCost[], `Nanoseconds an element; ${where}.${remark}`);
  } finally {
    await stack.close();
  }
  console.log(text);
  if (process.env['UPDATE_DOCS'] === undefined) return;
  const before = readFileSync(page, 'utf8');
  const [begin, end] = [before.indexOf(BEGIN), before.indexOf(END)];
  expect(begin >= 0 && end > begin, 'docs/MATH.md has the marks').toBe(true);
  writeFileSync(page, `${before.slice(0, begin + BEGIN.length)}\n${text}\n${before.slice(end)}`);
});
