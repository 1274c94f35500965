// The packed package in an application as `npm create vite@latest app -- --template vanilla-ts` makes it (create-vite
// 9.3.0; its files are written here, so that the test needs no further download): README's example, type-checked, served
// by the development server and built, prints README's digest in this browser; and so do both backends, on the page and
// in a worker. dist/ must be built; npm installs the dependencies from its cache or the registry.
import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { stripVTControlCharacters } from 'node:util';
import { expect, expected, test as base, watch } from './fixtures.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));
const readme = readFileSync(join(root, 'README.md'), 'utf8');
const versions = (
  JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
    devDependencies: Record<string, string>;
  }
).devDependencies;

/** README's example, as it stands. */
function example(): string {
  const match = /<!-- example:begin -->\s*```ts\n([\s\S]*?)```\s*<!-- example:end -->/.exec(readme);
  if (match?.[1] === undefined) throw new Error('README.md has no example between its markers.');
  return match[1];
}

// What the example does not: each backend by name, on the page and in a worker.
const EVERY_WAY = `
import { load, Tensor } from 'isobit';

const { pictures }: { pictures: { pixels: string }[] } = await (await fetch('/digits.json')).json();
const bytes = pictures.flatMap(({ pixels }) => [...atob(pixels)].map((c) => c.charCodeAt(0)));
const image = new Tensor('float32', Float32Array.from(bytes, (b) => b / 255), [10, 1, 28, 28]);
for (const worker of [false, true]) {
  const model = await load('/digits.onnx', { worker });
  for (const backend of ['wasm', 'webgpu'] as const) {
    const result = await model.run({ image }, { backend });
    console.log(worker ? 'worker' : 'page', result.backend, result.digest);
  }
  model.dispose();
}
console.log('done');
`;

const page = (script: string): string => `<!doctype html>
<html lang="en">
  <head>
    <meta charset="UTF-8" />
    <link rel="icon" href="data:," />
    <title>app</title>
  </head>
  <body>
    <div id="app"></div>
    <script type="module" src="/src/${script}.ts"></script>
  </body>
</html>
`;

const FILES: Readonly<Record<string, string>> = {
  'package.json': JSON.stringify({
    name: 'app',
    private: true,
    version: '0.0.0',
    type: 'module',
    scripts: { dev: 'vite', build: 'tsc && vite build', preview: 'vite preview' },
    devDependencies: { typescript: versions['typescript'], vite: versions['vite'] },
  }),
  'tsconfig.json': JSON.stringify({
    compilerOptions: {
      target: 'es2023',
      module: 'esnext',
      lib: ['ES2023', 'DOM'],
      types: ['vite/client'],
      allowArbitraryExtensions: true,
      skipLibCheck: true,
      moduleResolution: 'bundler',
      allowImportingTsExtensions: true,
      verbatimModuleSyntax: true,
      moduleDetection: 'force',
      noEmit: true,
      noUnusedLocals: true,
      noUnusedParameters: true,
      erasableSyntaxOnly: true,
      noFallthroughCasesInSwitch: true,
    },
    include: ['src'],
  }),
  // Two pages, hence the inputs; the template has one and no configuration.
  'vite.config.ts': `export default { build: { rolldownOptions: { input: ['index.html', 'every.html'] } } };\n`,
  'index.html': page('main'),
  'every.html': page('every'),
  'src/main.ts': example(),
  'src/every.ts': EVERY_WAY,
};

function npm(cwd: string, ...args: string[]): void {
  const { status, stdout, stderr } = spawnSync('npm', args, { cwd, encoding: 'utf8' });
  if (status !== 0)
    throw new Error(`npm ${args.join(' ')}: exit code ${status}\n${stdout}${stderr}`);
}

/** Starts Vite in the application. @returns its address, once it listens */
async function serve(
  folder: string,
  args: string[],
): Promise<{ url: string; child: ChildProcess }> {
  const vite = join(folder, 'node_modules/vite/bin/vite.js');
  const child = spawn(process.execPath, [vite, ...args], {
    cwd: folder,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let printed = '';
  const url = await new Promise<string>((resolve, reject) => {
    child.stdout.on('data', (chunk: Buffer) => {
      printed += stripVTControlCharacters(chunk.toString());
      const match = /Local:\s+(http:\S+)/.exec(printed);
      if (match?.[1] !== undefined) resolve(match[1]);
    });
    child.once('exit', () => reject(new Error(`vite ended: ${printed}`)));
  });
  return { url, child };
}

const test = base.extend<object, { app: string }>({
  app: [
    // Playwright reads the names of the fixtures that it needs from the pattern, here none.
    // oxlint-disable-next-line no-empty-pattern
    async ({}, use) => {
      const folder = mkdtempSync(join(tmpdir(), 'isobit-app-'));
      try {
        npm(root, 'pack', '--ignore-scripts', '--pack-destination', folder);
        for (const name of ['src', 'public']) mkdirSync(join(folder, name));
        for (const [name, text] of Object.entries(FILES)) writeFileSync(join(folder, name), text);
        for (const name of ['digits.onnx', 'digits.json']) {
          copyFileSync(join(root, 'demo/public', name), join(folder, 'public', name));
        }
        const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
          version: string;
        };
        const quiet = ['--prefer-offline', '--no-audit', '--no-fund', '--ignore-scripts'];
        npm(folder, 'install', ...quiet, `./isobit-${version}.tgz`);
        npm(folder, 'run', 'build');
        await use(folder);
      } finally {
        rmSync(folder, { recursive: true, force: true });
      }
    },
    { scope: 'worker', timeout: 240_000 },
  ],
});

test('README shows the digest that is expected', () => {
  expect(readme).toContain(expected.batch);
  expect(example().trim().split('\n').length).toBeLessThanOrEqual(11);
});

for (const [how, args] of [
  ['served for development', ['--port', '4391']],
  ['built', ['preview', '--port', '4392']],
] as const) {
  test(`an application with README’s lines, ${how}, gives its digest`, async ({ app, context }) => {
    const { url, child } = await serve(app, [...args]);
    try {
      const tab = await context.newPage();
      const wrong = watch(tab, new URL(url).origin);
      const printed: string[] = [];
      tab.on('console', (message) => printed.push(message.text()));
      await tab.goto(url);
      // The only adapters here compute in software, so `auto` takes the reference.
      await expect.poll(() => printed).toContain(`wasm ${expected.batch}`);
      // And the logits, which browsers print each in their way.
      const lines = (): string[] => printed.filter((line) => !line.startsWith('[vite]'));
      await expect.poll(() => lines().length).toBe(2);
      await tab.goto(`${url}every.html`);
      await expect.poll(() => printed, { timeout: 60_000 }).toContain('done');
      for (const where of ['page', 'worker']) {
        for (const backend of ['wasm', 'webgpu']) {
          expect(printed).toContain(`${where} ${backend} ${expected.batch}`);
        }
      }
      expect(wrong, 'console, exceptions, requests').toEqual([]);
    } finally {
      child.kill();
    }
  });
}
