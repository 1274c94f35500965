// `node scripts/peak.mjs [--size N] [--seconds N] [--json]`: see scripts/peak.ts.
import { runSource } from './run_source.mjs';

process.exitCode = await runSource('/scripts/peak.ts', process.argv.slice(2));
