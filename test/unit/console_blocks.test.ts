// The reader of console blocks sees every command, and takes for printed only what is said.
import { describe, expect, test } from 'vitest';
import { consoleCommands } from '../harness/console_blocks.ts';

const page = `Text.

\`\`\`console
$ one --a
first 1.5 (x)
…
last … end
$ two
exit code 3
\`\`\`

\`\`\`sh
$ not this
\`\`\`

\`\`\`console
$ three
\`\`\`
`;

describe('console blocks', () => {
  const [one, two, three, ...more] = consoleCommands(page);

  test('are commands with exit codes', () => {
    expect([one?.command, two?.command, three?.command]).toEqual(['one --a', 'two', 'three']);
    expect([one?.exitCode, two?.exitCode, three?.exitCode]).toEqual([0, 3, 0]);
    expect(more).toEqual([]);
  });

  test.each([
    ['first 1.5 (x)\nlast  end\n', true],
    ['first 1.5 (x)\na\nb\nlast of all end\n', true],
    ['first 1x5 (x)\nlast  end\n', false],
    ['first 1.5 (x)\nlast  end\nmore\n', false],
    ['before\nfirst 1.5 (x)\nlast  end\n', false],
    ['first 1.5 (x)\n', false],
  ])('%j is what one prints: %s', (text, expected) => {
    expect(one?.printed.test(text)).toBe(expected);
  });

  test('without output match none', () => {
    expect(two?.printed.test('')).toBe(true);
    expect(two?.printed.test('a\n')).toBe(false);
  });
});
