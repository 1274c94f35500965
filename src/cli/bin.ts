#!/usr/bin/env node
// The executable `isobit`: hands its arguments to main() and ends with its exit code. An interrupt ends it through
// process.exit, so that stacks are stopped and temporary folders removed.

import { main } from './main.ts';

process.once('SIGINT', () => process.exit(130));
process.once('SIGTERM', () => process.exit(143));
process.exitCode = await main(process.argv.slice(2));
