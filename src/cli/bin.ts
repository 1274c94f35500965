#!/usr/bin/env node
// The executable `isobit`: hands its arguments to main() and ends with its exit code. An interrupt ends sessions at other
// machines first, then this process through process.exit, so that stacks are stopped and temporary folders removed. A
// second one waits for nothing.

import { endAll } from './interrupt.ts';
import { main } from './main.ts';

let interrupted = false;
function interrupt(code: number): void {
  if (interrupted) process.exit(code);
  interrupted = true;
  void endAll().then(() => process.exit(code));
}
process.on('SIGINT', () => interrupt(130));
process.on('SIGTERM', () => interrupt(143));
process.exitCode = await main(process.argv.slice(2));
