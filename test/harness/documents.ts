// Reads the repository's own documents: the public exports with their comments, the examples in them and in the
// README, and the links between Markdown files. By regular expression: the sources are formatted alike, and a text
// that is not found is an error.
import { readFileSync } from 'node:fs';
import { dirname, join, normalize, resolve } from 'node:path';
import { format } from 'node:util';
import { transformWithOxc } from 'vite';
import type { Printed, Script } from './examples.ts';

export const root = resolve(import.meta.dirname, '../..');
export const read = (path: string): string => readFileSync(join(root, path), 'utf8');

export interface Documented {
  /** `Tensor`, or `Tensor.read` for a member. */
  readonly name: string;
  /** The comment's text without its stars. */
  readonly comment: string;
  /** The declaration behind the comment, with its body. */
  readonly text: string;
}

export interface Example {
  readonly name: string;
  readonly code: string;
}

/** Text of a `/** … *\/` comment, one line a line. */
function plain(comment: string): string {
  return comment
    .replace(/^\s*\/\*\*/, '')
    .replace(/\*\/\s*$/, '')
    .split('\n')
    .map((line) => line.replace(/^\s*\*? ?/, ''))
    .join('\n')
    .trim();
}

/** The comment that ends right before `at`; empty if there is none. */
function commentBefore(text: string, at: number): string {
  const before = text.slice(0, at).trimEnd();
  return before.endsWith('*/') ? plain(before.slice(before.lastIndexOf('/**'))) : '';
}

/** Everything that src/index.ts exports, in its order. */
export function publicExports(): Documented[] {
  const found: Documented[] = [];
  for (const [, list = '', path = ''] of read('src/index.ts').matchAll(
    /export (?:type )?\{([^}]*)\} from '\.\/([^']+)';/g,
  )) {
    const text = read(join('src', path));
    for (const name of list.split(',').map((item) => item.replace(/\btype\b/, '').trim())) {
      if (name === '') continue;
      const declaration = new RegExp(
        `^export (?:const|async function|function|class|interface|type) ${name}\\b`,
        'm',
      ).exec(text);
      if (declaration === null) throw new Error(`${path} does not declare ${name}`);
      const end = /\n\S*[};]+\n|;\n(?=\n|$)/.exec(text.slice(declaration.index));
      found.push({
        name,
        comment: commentBefore(text, declaration.index),
        text: text.slice(declaration.index, declaration.index + (end?.index ?? 0) + 2),
      });
    }
  }
  return found;
}

/** The public members of a class or interface: what stands two blanks from the margin. */
export function publicMembers({ name, text }: Documented): Documented[] {
  if (!/^export (class|interface)/.test(text)) return [];
  const start =
    /^ {2}(?!private |#)(?:(?:override|static|async|get|readonly) )*([A-Za-z]\w*)(?=[?(:;<]| =)/gm;
  const heads = [...text.matchAll(start)];
  return heads.map((head, i) => ({
    name: `${name}.${head[1] ?? ''}`,
    comment: commentBefore(text, head.index),
    text: text.slice(head.index, heads[i + 1]?.index ?? text.length).replace(/\/\*\*[\s\S]*/, ''),
  }));
}

/** The fenced code behind each `@example` of a comment. */
export function examplesOf({ name, comment }: Documented): Example[] {
  return [...comment.matchAll(/@example\n```ts\n([\s\S]*?)\n```/g)].map(([, code = '']) => ({
    name,
    code,
  }));
}

/** README's example. */
export function readmeExample(): Example {
  const match = /<!-- example:begin -->\n```ts\n([\s\S]*?)\n```\n<!-- example:end -->/.exec(
    read('README.md'),
  );
  if (match?.[1] === undefined) throw new Error('README.md has no example between its marks');
  return { name: 'README', code: match[1] };
}

/** The links of a Markdown file to files of the repository, as paths from the root. */
export function linksOf(path: string): string[] {
  return [...read(path).matchAll(/\]\(([^)#\s]*)(?:#[^)]*)?\)/g)]
    .map(([, target = '']) => target)
    .filter((target) => target !== '' && !/^[a-z]+:/.test(target))
    .map((target) => normalize(join(dirname(path), target)));
}

/** Whether an example computes on a GPU, which unit tests do not have. */
export const needsGpu = ({ code }: Example): boolean =>
  /navigator\.gpu|\.check\(/.test(code) || (/'webgpu' \}/.test(code) && !/const gpu =/.test(code));

/** What an example says it prints: the comment behind each console.log, in order. */
export const saidToPrint = ({ code }: Example): string[] =>
  [...code.matchAll(/console\.log\(.*\);(?: \/\/ (.*))?$/gm)].map(([, said]) => said ?? '');

/** The example as JavaScript that takes `isobit` instead of importing it. */
export async function toScript({ name, code }: Example): Promise<Script> {
  const { code: javascript } = await transformWithOxc(code, `${name}.ts`);
  const script = javascript.replace(
    /import \{([^}]*)\} from ["']isobit["'];/g,
    'const {$1} = isobit;',
  );
  return { name, code: script.replace(/^export \{\};?$/m, '') };
}

/** The example's lines as Node prints them. */
export const printedLines = ({ lines }: Printed): string[] =>
  lines.map((line) => format(...line).replaceAll(/\s+/g, ' '));

/** All examples: README's first, then those of the public exports. */
export const allExamples = (): Example[] => [
  readmeExample(),
  ...publicExports().flatMap((one) => examplesOf(one)),
];
