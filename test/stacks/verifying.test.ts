// docs/VERIFYING.md is what happens: its commands, in order, print what stands there. Firefox, Node and Dawn over SwiftShader.
// dist/ must be built. `npx isobit` is the command line of this folder: npx would start the same file.
import { spawnSync } from 'node:child_process';
import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { consoleCommands } from '../harness/console_blocks.ts';
import { read, root } from '../harness/documents.ts';

const folder = join(root, 'build/verifying');
const commands = consoleCommands(read('docs/VERIFYING.md'));
const COMMAND_LINE = `${process.execPath} dist/cli.js`;

describe('docs/VERIFYING.md', () => {
  beforeAll(() => {
    rmSync(folder, { recursive: true, force: true });
    mkdirSync(folder, { recursive: true });
  });

  test('has commands', () => {
    expect(commands.length).toBeGreaterThan(8);
    expect(commands.every(({ command }) => command !== '')).toBe(true);
  });

  test.each(commands.map((one, i) => [i + 1, one.command, one] as const))(
    '%i: %s',
    { timeout: 300_000 },
    (_, __, { command, exitCode, printed, said }) => {
      const line = command.replace(/^npx isobit /, () => `${COMMAND_LINE} `);
      const { status, stdout, stderr } = spawnSync(line, {
        ...{ cwd: root, shell: '/bin/sh', encoding: 'utf8' },
      });
      expect(status, stderr).toBe(exitCode);
      if (!printed.test(stdout)) expect(stdout).toBe(said);
    },
  );
});
