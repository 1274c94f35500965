// The ```console blocks of a document: commands behind `$ `, and what each is said to print; `exit code N` at the end of that
// where it is not 0. In what is printed `…` stands for any text, alone on a line for any lines, none included. Running the
// commands is the caller's.

export interface ConsoleCommand {
  readonly command: string;
  /** As the document has it. */
  readonly said: string;
  readonly exitCode: number;
  /** Matches exactly what may be printed. */
  readonly printed: RegExp;
}

const EXIT = /^exit code (\d+)$/;

function patternOf(lines: readonly string[]): RegExp {
  const parts = lines.map((line) => {
    if (line === '…') return '(?:.*\\n)*?';
    const escaped = line.replaceAll(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`);
    return `${escaped.replaceAll('…', '.*')}\\n`;
  });
  return new RegExp(`^${parts.join('')}$`);
}

function commandOf(text: string): ConsoleCommand {
  const [command = '', ...rest] = text.trimEnd().split('\n');
  const exit = EXIT.exec(rest.at(-1) ?? '');
  const lines = exit === null ? rest : rest.slice(0, -1);
  const exitCode = Number(exit?.[1] ?? 0);
  return { command, said: lines.join('\n'), exitCode, printed: patternOf(lines) };
}

/** The commands of a Markdown document, in order. */
export function consoleCommands(markdown: string): ConsoleCommand[] {
  const blocks = [...markdown.matchAll(/^```console\n([\s\S]*?)^```$/gm)];
  return blocks.flatMap(([, block = '']) => block.split(/^\$ /m).slice(1).map(commandOf));
}
