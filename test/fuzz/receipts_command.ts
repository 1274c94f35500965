// `npm run fuzz:receipts -- [--count N] [--seed S]`: changes the good receipts of docs/receipts N times and prints what was
// accepted that must not be; exit code 1 if anything was.
import { parseArgs } from 'node:util';
import { readVectors } from '../harness/receipt_vectors.ts';
import { fuzzReceipts } from './receipts.ts';

export async function main(args: string[]): Promise<number> {
  const { values } = parseArgs({
    args,
    options: { count: { type: 'string' }, seed: { type: 'string' } },
  });
  const count = Number(values.count ?? 100_000);
  const seed = Number(values.seed ?? 1);
  if (![count, seed].every((one) => Number.isSafeInteger(one) && one >= 0)) {
    console.error('fuzz:receipts: expected integers for --count and --seed.');
    return 2;
  }
  const begin = performance.now();
  const report = await fuzzReceipts(readVectors(), {
    ...{ seed, count },
    onProgress: (done) => {
      if (done % 10_000 === 0) process.stderr.write(`${done} of ${count}\n`);
    },
  });
  for (const text of report.wrong) console.log(`WRONG: ${text}`);
  const seconds = ((performance.now() - begin) / 1000).toFixed(0);
  console.log(
    `${count} receipts, seed ${seed}, ${seconds} s: ${report.accepted} accepted, ${report.refused} refused, ${report.wrong.length} wrong`,
  );
  return report.wrong.length === 0 ? 0 : 1;
}
