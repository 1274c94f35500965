#!/usr/bin/env node
// The executable `isobit`: hands its arguments to main() and ends with its exit code.

import { main } from './main.ts';

process.exitCode = await main(process.argv.slice(2));
