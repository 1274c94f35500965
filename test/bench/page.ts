// `npm run bench:page`: what the first visit to a page costs: a page of its own for each sample, without cache, in Chromium on
// this machine, at rest before it begins; the import of the library, then from a model's address to the outputs of its first
// run on WASM, one thread. Ours and onnxruntime-web's take turns. BENCH_MODEL=FILE takes another model than mnist-cnn of
// ../shared/models, BENCH_SAMPLES=40 other than 20 pages a side. Printed are the least, the median and the largest. Not
// here: WebGPU.
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Browser, BrowserType } from 'playwright-core';
import { expect, test } from 'vitest';
import { findChromium, findPackage } from '../../src/cli/stacks/locate.ts';
import { serveFiles } from '../../src/cli/stacks/server.ts';
import { median } from '../../src/jobs/job.ts';
import { buildJob } from '../harness/build_job.ts';
import type { Sample } from '../jobs/page_job.ts';

const ROOT = resolve(import.meta.dirname, '../..');
const DIST = resolve(ROOT, 'dist');
const ORT = resolve(ROOT, 'node_modules/onnxruntime-web/dist');

/** Until a page that was just opened is at rest: what the browser does for it meanwhile takes both processors. */
const REST_MS = 1500;

async function launch(): Promise<Browser> {
  const path = findPackage('playwright-core');
  if (path === undefined) throw new Error('Playwright is not installed: npm ci.');
  const playwright = (await import(pathToFileURL(path).href)) as {
    default: { chromium: BrowserType };
  };
  const args = ['--headless=new', '--no-sandbox', '--disable-background-networking'];
  return playwright.default.chromium.launch({ executablePath: findChromium() ?? 'chromium', args });
}

const line = (name: string, times: readonly number[]): string => {
  const [least, most] = [Math.min(...times), Math.max(...times)];
  return `| ${name} | ${[least, median(times), most].map((ms) => ms.toFixed(1)).join(' | ')} |`;
};

test('what the first visit to a page costs', async () => {
  const model = resolve(
    process.env['BENCH_MODEL'] ?? resolve(ROOT, '../shared/models/mnist-cnn/model.onnx'),
  );
  const count = Number(process.env['BENCH_SAMPLES'] ?? 20);
  expect(count, 'BENCH_SAMPLES').toBeGreaterThan(0);
  const host = resolve(ROOT, 'src/cli/stacks/host.mjs');
  const bundle = await buildJob('page_job', 'bench-page-job');
  const server = await serveFiles(host, [DIST, ORT, resolve(model, '..'), resolve(bundle, '..')]);
  const browser = await launch();
  const sides = {
    isobit: { side: 'ours', file: resolve(DIST, 'index.js'), samples: [] as Sample[] },
    'onnxruntime-web': {
      ...{ side: 'theirs', file: resolve(ORT, 'ort.wasm.min.mjs'), samples: [] as Sample[] },
    },
  };
  try {
    for (let i = 0; i < count; i += 1) {
      for (const { side, file, samples } of Object.values(sides)) {
        const context = await browser.newContext();
        const page = await context.newPage();
        await page.goto(server.page, { waitUntil: 'load' });
        await page.waitForTimeout(REST_MS);
        const address = (path: string): string => `${server.page}files${path}`;
        const addresses = { library: address(file), model: address(model) };
        const call = `import('${address(bundle)}').then((job) => job.${side}(${JSON.stringify(addresses)}))`;
        samples.push((await page.evaluate(call)) as Sample);
        await context.close();
      }
    }
    const rows = Object.entries(sides).flatMap(([name, { samples }]) => [
      line(
        `${name}: import`,
        samples.map(({ load }) => load),
      ),
      line(
        `${name}: load and first run`,
        samples.map(({ first }) => first),
      ),
    ]);
    console.log(
      `Chromium ${browser.version()}, ${model}, ${count} pages a side, milliseconds\n\n` +
        ['| | least | median | most |', '|---|---|---|---|', ...rows].join('\n'),
    );
  } finally {
    await browser.close();
    await server.close();
  }
});
