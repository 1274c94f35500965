// The documents say what is so: every public export is documented, the examples of README and TSDoc compile and print
// what they say (on the reference; test/stacks/docs.test.ts runs those that need a GPU), README's digest is the
// committed one, links lead somewhere, named commands exist, and rules that are cited are rules.
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describe, expect, test } from 'vitest';
import * as isobit from '../../src/index.ts';
import {
  allExamples,
  examplesOf,
  linksOf,
  needsGpu,
  printedLines,
  publicExports,
  publicMembers,
  read,
  readmeExample,
  root,
  saidToPrint,
  toScript,
} from '../harness/documents.ts';
import { runExample } from '../harness/examples.ts';

const folder = join(root, 'demo/public');
const readPublic = async (path: string): Promise<Uint8Array> =>
  new Uint8Array(readFileSync(join(folder, path)));
const expected = JSON.parse(readFileSync(join(folder, 'expected.json'), 'utf8')) as {
  batch: string;
};
const documents = [
  ...readdirSync(root).filter((name) => name.endsWith('.md')),
  ...readdirSync(join(root, 'docs'), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.md'))
    .map((name) => join('docs', name)),
  'wall/README.md',
];

describe('comments', () => {
  const exports = publicExports();

  test('every export of src/index.ts is found', () => {
    const values = Object.keys(isobit).sort();
    expect(
      exports
        .filter(({ text }) => !/^export (interface|type)/.test(text))
        .map(({ name }) => name)
        .sort(),
    ).toEqual(values);
  });

  test.each(exports.map((one) => [one.name, one] as const))(
    '%s has a sentence and an example; so have its members',
    (_, one) => {
      expect(one.comment).toMatch(/^[A-Z][\s\S]*?\.(\s|$)/);
      expect(examplesOf(one).length).toBeGreaterThan(0);
      if (/^export (async )?function/.test(one.text)) expect(one.comment).toContain('@throws');
      for (const member of publicMembers(one)) {
        expect(member.comment, member.name).not.toBe('');
        if (
          /\bthrow new\b|#alive\(\)|checkHeader\(/.test(member.text) &&
          !one.name.endsWith('Error')
        )
          expect(member.comment, member.name).toContain('@throws');
      }
    },
  );

  test('a member without a comment would be noticed', () => {
    const text = 'export interface X {\n  /** One. */\n  readonly one: 1;\n  two(): void;\n}\n';
    const members = publicMembers({ name: 'X', comment: '', text });
    expect(members.map(({ name, comment }) => `${name} ${comment}`)).toEqual([
      'X.one One.',
      'X.two ',
    ]);
  });
});

describe('examples', () => {
  const examples = allExamples();

  test.each(examples.filter((one) => !needsGpu(one)).map((one) => [one.name, one] as const))(
    'of %s prints what it says',
    async (_, example) => {
      const printed = printedLines(await runExample(await toScript(example), isobit, readPublic));
      const said = saidToPrint(example);
      expect(printed.length).toBe(said.length);
      for (const [i, line] of printed.entries()) if (said[i] !== '') expect(line).toBe(said[i]);
    },
  );

  test('of README gives the committed digest, which it states', async () => {
    const { lines } = await runExample(await toScript(readmeExample()), isobit, readPublic);
    expect(lines[0]?.[1]).toBe(expected.batch);
    const stated = [...read('README.md').matchAll(/\b[0-9a-f]{64}\b/g)].map(([digest]) => digest);
    expect([...new Set(stated)]).toEqual([expected.batch]);
  });

  test('compile in a strict application', { timeout: 60_000 }, () => {
    const to = join(root, 'build/examples');
    rmSync(to, { recursive: true, force: true });
    mkdirSync(to, { recursive: true });
    for (const [i, { name, code }] of examples.entries())
      writeFileSync(join(to, `${name}_${i}.ts`), `${code}\n`);
    // As `npm create vite` writes it for vanilla-ts, and `strict`.
    const options = {
      ...{ target: 'es2023', module: 'esnext', lib: ['es2023', 'dom', 'dom.iterable'] },
      ...{ moduleResolution: 'bundler', allowImportingTsExtensions: true, noEmit: true },
      ...{ verbatimModuleSyntax: true, moduleDetection: 'force', skipLibCheck: true, strict: true },
      ...{ noUnusedLocals: true, noUnusedParameters: true, noFallthroughCasesInSwitch: true },
      types: ['@webgpu/types', 'node', 'vite/types/importMeta.d.ts'],
      paths: { isobit: ['../../src/index.ts'] },
    };
    const include = ['*.ts', '../../src/modules.d.ts'];
    writeFileSync(join(to, 'tsconfig.json'), JSON.stringify({ compilerOptions: options, include }));
    let errors = '';
    try {
      execFileSync(join(root, 'node_modules/.bin/tsc'), ['-p', to], { encoding: 'utf8' });
    } catch (error) {
      errors = String((error as { stdout?: string }).stdout ?? error);
    }
    expect(errors).toBe('');
  });
});

describe('documents', () => {
  const scripts = (JSON.parse(read('package.json')) as { scripts: Record<string, string> }).scripts;
  const commands = [
    ...read('src/cli/main.ts').matchAll(/(?:isobit|\()\s*\.?command\('(\w+)'\)/g),
  ].map((match) => match[1]);

  test.each(documents)('%s: its links lead to files', (path) => {
    expect(linksOf(path).filter((target) => !existsSync(join(root, target)))).toEqual([]);
  });

  test.each(documents)('%s: the files it names exist, and hold what it says', (path) => {
    const text = read(path);
    for (const [, name = ''] of text.matchAll(
      /`((?:src|wasm|shaders|test|scripts|demo|docs)\/[\w./-]+)`/g,
    )) {
      // Names to be filled in are in capitals, or x.
      if (/[A-Z]{4}\.|NAME|\/x\.|FAMILY/.test(name) && !existsSync(join(root, name))) continue;
      expect(existsSync(join(root, name)), name).toBe(true);
    }
    for (const [, symbol = '', file = ''] of text.matchAll(/`(\w+)` \(`([\w./]+\.ts)`\)/g))
      expect(read(file), `${symbol} in ${file}`).toMatch(new RegExp(`\\b${symbol}\\b`));
  });

  test.each(documents)('%s: the npm scripts it names exist', (path) => {
    const named = [...read(path).matchAll(/npm (?:run ([\w:-]+)|(start|test)\b)/g)];
    const missing = named
      .map((match) => match[1] ?? match[2] ?? '')
      .filter((name) => scripts[name] === undefined);
    expect(missing).toEqual([]);
  });

  test.each(documents)('%s: the commands and options it names exist', (path) => {
    const main = read('src/cli/main.ts');
    for (const [line, command] of read(path).matchAll(/npx isobit (\w+)[^\n`]*/g)) {
      expect(commands, line).toContain(command);
      for (const [option] of line.matchAll(/--[a-z][\w-]+/g)) expect(main, line).toContain(option);
    }
  });

  test('docs/adding_an_operator.md quotes the files as they are', () => {
    const quotes = [
      ...read('docs/adding_an_operator.md').matchAll(
        /<!-- from (\S+) -->\n```\w+\n([\s\S]*?)\n```/g,
      ),
    ];
    expect(quotes.length).toBeGreaterThan(3);
    for (const [, path = '', quote = ''] of quotes) expect(read(path), path).toContain(quote);
  });

  test('README links to what the package holds', () => {
    const { files } = JSON.parse(read('package.json')) as { files: string[] };
    const held = ['README.md', 'LICENSE', ...files];
    const missing = linksOf('README.md').filter(
      (target) => !held.some((entry) => target === entry || target.startsWith(`${entry}/`)),
    );
    expect(missing).toEqual([]);
  });

  test('every cited rule stands in docs/NUMERICS.md', () => {
    const rules = new Set(
      [...read('docs/NUMERICS.md').matchAll(/\*\*([RVBM]\d+)\b/g)].map((match) => match[1]),
    );
    expect(rules.size).toBeGreaterThan(20);
    const unknown: string[] = [];
    for (const start of ['src', 'wasm', 'shaders', 'scripts', 'test', 'docs']) {
      for (const name of readdirSync(resolve(root, start), { recursive: true, encoding: 'utf8' })) {
        if (!/\.(ts|mjs|c|h|wgsl|md)$/.test(name)) continue;
        const text = read(join(start, name));
        const comments = name.endsWith('.md')
          ? [text]
          : (text.match(/\/\/.*|\/\*[\s\S]*?\*\/|^ \*.*/gm) ?? []);
        for (const comment of comments) {
          for (const [rule] of comment.matchAll(/\b[RVBM][1-9]\d?\b/g))
            if (!rules.has(rule)) unknown.push(`${start}/${name}: ${rule}`);
        }
      }
    }
    expect([...new Set(unknown)]).toEqual([]);
  });
});
