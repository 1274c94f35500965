// The built library in a page, without any bundler: the same digest on the page's thread and in a worker on both
// backends, a page that stays responsive while the worker computes, outputs that stay where they
// are computed, and runs that a signal stops in time. dist/ must be built (`npm run build`).
import type { Page } from '@playwright/test';
import type * as Library from '../../src/index.ts';
import { writeModel } from '../../src/onnx/writer.ts';
import { f32, graphOf } from '../harness/graphs.ts';
import { ADDRESSES, bundled, expect, expected, served, watch } from './fixtures.ts';

const test = served.extend<{ page: Page }>({
  // A page with `lib` (the library), `image(n)` (the ten digits, n times over) and `model` (the address).
  page: async ({ context, server }, use) => {
    const page = await context.newPage();
    const wrong = watch(page, new URL(server.page).origin);
    await page.goto(server.page);
    await page.evaluate(
      async ([library = '', model = '', ...pixels]) => {
        const lib = (await import(library)) as typeof Library;
        const digits = pixels.flatMap((text) =>
          Array.from(atob(text), (char) => char.charCodeAt(0) / 255),
        );
        const image = (times: number): Library.Tensor => {
          const data = new Float32Array(times * digits.length);
          for (let i = 0; i < times; i += 1) data.set(digits, i * digits.length);
          return new lib.Tensor('float32', data, [10 * times, 1, 28, 28]);
        };
        // A batch that takes the reference at least 300 ms here, planned already.
        const long = async (loaded: Library.Model): Promise<Library.Tensor> => {
          for (let times = 100; ; times *= 2) {
            const feeds = { image: image(times) };
            await loaded.run(feeds, { backend: 'wasm' });
            const begun = performance.now();
            await loaded.run(feeds, { backend: 'wasm' });
            if (performance.now() - begun > 300 || times > 2000) return feeds.image;
          }
        };
        Object.assign(globalThis, { isobit: { lib, image, model, long } });
      },
      [ADDRESSES.library, ADDRESSES.model, ...bundled.pictures.map((picture) => picture.pixels)],
    );
    await use(page);
    expect(wrong, 'console, exceptions, requests').toEqual([]);
  },
});

interface Loaded {
  readonly isobit: {
    readonly lib: typeof Library;
    readonly model: string;
    readonly image: (times: number) => Library.Tensor;
    readonly long: (loaded: Library.Model) => Promise<Library.Tensor>;
  };
}

/** y = x + x. */
const doubling = graphOf([{ op: 'Add', inputs: ['x', 'x'], outputs: ['y'] }], [f32('x', 3)], ['y']);

for (const worker of [false, true]) {
  const where = worker ? 'in a worker' : 'on the page';

  test(`${where}: the expected digest on both backends`, async ({ page }) => {
    const digests = await page.evaluate(async (worker) => {
      const { lib, image, model } = (globalThis as unknown as Loaded).isobit;
      const stages: string[] = [];
      const loaded = await lib.load(model, {
        worker,
        onProgress: ({ stage }) => stages.push(stage),
      });
      const wasm = await loaded.run({ image: image(1) }, { backend: 'wasm' });
      const webgpu = await loaded.run({ image: image(1) }, { backend: 'webgpu' });
      const auto = await loaded.run({ image: image(1) });
      const report = await loaded.check({ image: image(1) });
      const [first] = await loaded.nodes();
      const node = { backend: 'wasm', node: first?.path, trace: true } as const;
      const alone = await loaded.run({ image: image(1) }, node);
      const traced = await loaded.run({ image: image(1) }, { backend: 'wasm', receipt: true });
      const kept = await loaded
        .run({ image: image(1) }, { backend: 'wasm', onValue: () => undefined })
        .then(
          () => 'kept',
          (error: Error) => error.name,
        );
      loaded.dispose();
      return {
        digests: [wasm.digest, webgpu.digest, auto.digest],
        auto: [auto.backend, auto.notes[0]?.kind],
        same: report.identical && report.differences.length === 0 && report.elements > 0,
        last: stages.at(-1),
        first: [first?.operator, Object.keys(alone.outputs).join()],
        nodes: [alone, traced].map(({ trace }) => trace?.nodes[0]?.outputs[0]?.digest),
        kept,
        receipt: traced.receipt?.includes(traced.trace?.root ?? 'none'),
      };
    }, worker);
    expect(digests.digests).toEqual([expected.batch, expected.batch, expected.batch]);
    // The only adapter here computes in software, which auto never takes.
    expect(digests.auto).toEqual(['wasm', 'auto']);
    expect(digests.same).toBe(true);
    expect(digests.last).toBe('ready');
    // A node alone gives what it gives in the run.
    expect(digests.first).toEqual(['Conv', 'conv1']);
    expect(digests.nodes[0]).toMatch(/^[0-9a-f]{64}$/);
    expect(digests.nodes[0]).toBe(digests.nodes[1]);
    expect(digests.receipt).toBe(true);
    // Values are kept where they are, or not at all.
    expect(digests.kept).toBe(worker ? 'TypeError' : 'kept');
  });

  test(`${where}: outputs that stay are fed back from there`, async ({ page }) => {
    const args = { worker, bytes: [...writeModel(doubling)] };
    const seen = await page.evaluate(async ({ worker, bytes }) => {
      const { lib } = (globalThis as unknown as Loaded).isobit;
      const loaded = await lib.load(Uint8Array.from(bytes), { worker });
      const all: string[] = [];
      for (const backend of ['wasm', 'webgpu'] as const) {
        let x = new lib.Tensor('float32', [1, -3, 0.5], [3]);
        for (let step = 0; step < 3; step += 1) {
          const { y } = (await loaded.run({ x }, { backend, keepOnDevice: true })).outputs;
          if (y === undefined) throw new Error('no output');
          if (step > 0) x.dispose();
          x = y;
        }
        all.push(`${x.location}: ${Array.from((await x.read()) as Float32Array).join()}`);
        x.dispose();
        await loaded.run({ x }, { backend }).catch((error: Error) => all.push(error.message));
      }
      loaded.dispose();
      return all;
    }, args);
    const disposed = 'Tensor: used after dispose(): expected a live tensor. Dispose it later.';
    expect(seen).toEqual(['wasm: 8,-24,4', disposed, 'webgpu: 8,-24,4', disposed]);
  });

  test(`${where}: a signal stops a run, and the next one works`, async ({ page }) => {
    const stopped = await page.evaluate(async (worker) => {
      const { lib, image, model, long } = (globalThis as unknown as Loaded).isobit;
      const loaded = await lib.load(model, { worker });
      const many = await long(loaded);
      const reason = new Error('enough');
      const controller = new AbortController();
      const run = loaded.run({ image: many }, { backend: 'wasm', signal: controller.signal });
      const caught = run.then(
        () => 'finished',
        (error: unknown) => (error === reason ? 'stopped' : String(error)),
      );
      await new Promise((resolve) => setTimeout(resolve, 10));
      const begun = performance.now();
      controller.abort(reason);
      const outcome = await caught;
      const delay = performance.now() - begun;
      const { digest } = await loaded.run({ image: image(1) }, { backend: 'wasm' });
      loaded.dispose();
      return { outcome, delay, digest };
    }, worker);
    expect(stopped.outcome).toBe('stopped');
    // 50 ms of work are promised; the rest is for a busy machine.
    expect(stopped.delay).toBeLessThan(250);
    expect(stopped.digest).toBe(expected.batch);
  });
}

test('a worker leaves the page responsive', async ({ page }) => {
  const measured = await page.evaluate(async () => {
    const { lib, model, long } = (globalThis as unknown as Loaded).isobit;
    const loaded = await lib.load(model, { worker: true });
    const many = await long(loaded);
    let [longest, last] = [0, performance.now()];
    const timer = setInterval(() => {
      const now = performance.now();
      longest = Math.max(longest, now - last);
      last = now;
    }, 10);
    const begun = performance.now();
    // The longest pause of the page's timer during each run; the machine's other work makes some of them long.
    const pauses: number[] = [];
    while (performance.now() - begun < 2500) {
      longest = 0;
      await loaded.run({ image: many }, { backend: 'wasm' });
      pauses.push(Math.max(longest, performance.now() - last));
    }
    const each = (performance.now() - begun) / pauses.length;
    clearInterval(timer);
    loaded.dispose();
    pauses.sort((a, b) => a - b);
    return { each, pause: pauses[pauses.length >> 1] ?? Number.NaN };
  });
  console.log(
    `runs of ${measured.each.toFixed(0)} ms, pauses of the page ${measured.pause.toFixed(0)} ms`,
  );
  // On the page's own thread a pause would be as long as the run.
  expect(measured.each).toBeGreaterThan(80);
  expect(measured.pause).toBeLessThan(measured.each / 2);
});
