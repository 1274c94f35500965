// `npm run fuzz -- [--count N] [--seed S] [--from I] [DIR…]`: see test/fuzz/command.ts.
import { runnerImport } from 'vite';

const { module } = await runnerImport('./test/fuzz/command.ts');
process.exitCode = await module.main(process.argv.slice(2));
