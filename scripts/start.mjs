// `npm start`: runs the demo's model on its ten bundled digits on the reference and on every stack of this machine,
// one line each, compares all digests with the committed one, then serves the demo page and the wall from the sources.
// Exit code 1 if one digest differs or an installed stack fails; a stack that is not installed is named with what to
// install. It runs what `npm run build` made, as the command line does, and builds first if the sources are newer.
//
//   npm start -- [--once] [--port N] [--host]
//   --once  stops after printing; --host serves the network too (browsers offer WebGPU only on localhost and https)

import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import { createServer } from 'vite';

const root = resolve(import.meta.dirname, '..');
const folder = join(root, 'demo/public');

function readArguments() {
  try {
    const { values } = parseArgs({
      options: {
        once: { type: 'boolean', default: false },
        port: { type: 'string', default: '5173' },
        host: { type: 'boolean', default: false },
      },
    });
    const port = Number(values.port);
    if (Number.isInteger(port) && port >= 0 && port < 65536) return { ...values, port };
    console.error(`start: --port: expected 0..65535, got ${values.port}.`);
  } catch (e) {
    console.error(e instanceof Error ? e.message : String(e));
  }
  return process.exit(2);
}

/** @param {string} path Relative to the root. Milliseconds of the newest file at or below it; 0 if there is none. */
function newest(path) {
  const full = join(root, path);
  const status = statSync(full, { throwIfNoEntry: false });
  if (status === undefined) return 0;
  if (!status.isDirectory()) return status.mtimeMs;
  return Math.max(0, ...readdirSync(full).map((name) => newest(join(path, name))));
}

/** The stacks run what is built: it must not be older than the sources. */
function buildIfStale() {
  const built = Math.min(newest('dist/cli.js'), newest('dist/matrix.js'));
  if (built > Math.max(newest('src'), newest('shaders'))) return;
  console.log('Building the package, whose sources have changed.');
  const { status, stdout, stderr } = spawnSync('npm', ['run', 'build'], {
    cwd: root,
    encoding: 'utf8',
  });
  if (status === 0) return;
  console.error(`${stdout}${stderr}start: the build failed.`);
  process.exit(1);
}

/** Writes the ten digits as one model input into `to`, as demo/preprocess.ts does: byte / 255, rounded to float32. */
function writeBatch(to) {
  const { pictures } = JSON.parse(readFileSync(join(folder, 'digits.json'), 'utf8'));
  const bytes = Buffer.concat(pictures.map(({ pixels }) => Buffer.from(pixels, 'base64')));
  const path = join(to, 'digits.bin');
  writeFileSync(path, Buffer.from(Float32Array.from(bytes, (byte) => byte / 255).buffer));
  return { name: 'image', dtype: 'float32', dims: [pictures.length, 1, 28, 28], path };
}

/** One line: does it agree, who it is, its digest or what is wrong with it. */
function lineOf(cell, title, expected) {
  const { id, backend, engine, adapter, digest, error } = cell;
  const mark = digest === null ? '--' : digest === expected ? '==' : 'XX';
  // Firefox keeps the adapter's name to itself.
  const name =
    backend === 'wasm' ? `${engine}, ${title}` : adapter === 'not named' ? title : adapter;
  const what = digest ?? (error ?? 'no digest').split('\n')[0];
  return `${mark} ${id.padEnd(13)} ${backend.padEnd(6)} ${what}${digest === null ? '' : `  ${name}`}`;
}

/** Runs all stacks. @returns {Promise<boolean>} All that are here gave the committed digest. */
async function printDigests() {
  const { matrixRow, matrixStacks, runMatrix } = await import(
    pathToFileURL(join(root, 'dist/matrix.js')).href
  );
  const { batch: expected, contract } = JSON.parse(
    readFileSync(join(folder, 'expected.json'), 'utf8'),
  );
  console.log(`digits.onnx on the ten bundled digits, contract ${contract}`);
  console.log(`   ${'expected'.padEnd(20)} ${expected}`);
  const temporary = mkdtempSync(join(tmpdir(), 'isobit-start-'));
  try {
    const feeds = [writeBatch(temporary)];
    const model = {
      name: 'digits',
      job: { kind: 'run', model: join(folder, 'digits.onnx'), feeds },
    };
    const built = join(root, 'dist');
    const bundle = join(built, 'jobs/model_job.js');
    const cells = [];
    for (const { id, title, optional } of matrixStacks(undefined)) {
      const options = { bundle, roots: [built, temporary, folder], stacks: [id] };
      const [row] = await runMatrix([model], options);
      cells.push(...row.stacks);
      // A graphics card is not something to install.
      for (const cell of row.stacks) {
        if (!optional || cell.missing !== true) console.log(lineOf(cell, title, expected));
      }
    }
    const { digest, identical } = matrixRow('digits', cells);
    const ran = cells.filter((cell) => cell.digest !== null).length;
    const good = identical && digest === expected;
    console.log(
      good
        ? `identical on ${ran} ${ran === 1 ? 'stack' : 'stacks'}, and the committed digest`
        : 'NOT IDENTICAL: a digest is not the committed one, or a stack failed',
    );
    return good;
  } finally {
    rmSync(temporary, { recursive: true, force: true });
  }
}

const { once, port, host } = readArguments();
buildIfStale();
const good = await printDigests();
// Drivers and servers of the stacks may hold on to the event loop.
if (!good) process.exit(1);
if (once) process.exit(0);
const server = await createServer({
  configFile: join(root, 'vite.demo.config.ts'),
  server: { port, ...(host ? { host: true } : {}) },
});
await server.listen();
const { local = [], network = [] } = server.resolvedUrls ?? {};
console.log(`Demo: ${[...local, ...network].join(' ')}`);
console.log(`The wall of devices: ${[...local, ...network].map((url) => `${url}wall/`).join(' ')}`);
