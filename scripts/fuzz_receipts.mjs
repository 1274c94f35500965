// `npm run fuzz:receipts -- [--count N] [--seed S]`: see test/fuzz/receipts_command.ts.
import { runnerImport } from 'vite';

const { module } = await runnerImport('./test/fuzz/receipts_command.ts');
process.exitCode = await module.main(process.argv.slice(2));
