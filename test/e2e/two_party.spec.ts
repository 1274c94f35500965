// Two browsers settle a run of the demo's model: each keeps its trace and its values, texts go between them, and each finds out
// by itself which of them lied, at which node, at which element, and what the bits should have been. The liar is the browser
// of the project; its lie is planted in one tensor and honestly carried on from there, so that its outputs differ. dist/ must
// be built (`npm run build`). What else a liar may try: test/unit/settle.test.ts.
import { bytesToHex } from '@noble/hashes/utils.js';
import type { Browser, Page } from '@playwright/test';
import { treeOf } from '../../src/evidence/trace.ts';
import type * as Library from '../../src/index.ts';
import { ADDRESSES, bundled, expect, served, watch } from './fixtures.ts';

const DIGIT = 4;

/** What a page of this test holds. */
interface Party {
  readonly party: {
    readonly lib: typeof Library;
    readonly model: Library.Model;
    readonly values: Map<string, Uint8Array>;
    trace: Library.Trace;
    readonly channel: Library.TraceChannel;
    /** What it has said and nobody fetched yet; waits for something. */
    readonly said: () => Promise<string[]>;
    readonly hear: (texts: readonly string[]) => void;
  };
}

interface Fixtures {
  readonly parties: { readonly own: Page; readonly other: Page };
}

const test = served.extend<Fixtures>({
  // A page of this project's browser, and one of the other's.
  parties: async ({ browser, playwright, server }, use, info) => {
    const name = info.project.name === 'chromium' ? 'firefox' : 'chromium';
    const project = info.config.projects.find((one) => one.name === name);
    if (project === undefined) throw new Error(`there is no project ${name}`);
    const { launchOptions, channel } = project.use;
    const second = await playwright[name].launch({
      ...launchOptions,
      ...(channel === undefined ? {} : { channel }),
    });
    try {
      const wrong: string[][] = [];
      const open = async (one: Browser): Promise<Page> => {
        const page = await one.newPage();
        wrong.push(watch(page, server.page));
        await page.goto(server.page);
        await begin(page);
        return page;
      };
      await use({ own: await open(browser), other: await open(second) });
      expect(wrong.flat(), 'console, exceptions, requests').toEqual([]);
    } finally {
      await second.close();
    }
  },
});

/** Runs the model on the page's GPU and keeps its trace and values. */
async function begin(page: Page): Promise<void> {
  await page.evaluate(
    async ([library = '', model = '', pixels = '']) => {
      const lib = (await import(library)) as typeof Library;
      const loaded = await lib.load(model);
      const data = Float32Array.from(atob(pixels), (char) => char.charCodeAt(0) / 255);
      const image = new lib.Tensor('float32', data, [1, 1, 28, 28]);
      const values = new Map<string, Uint8Array>();
      const { trace } = await loaded.run(
        { image },
        { backend: 'webgpu', onValue: (digest, bytes) => void values.set(digest, bytes) },
      );
      const outbox: string[] = [];
      let isSaid: () => void = () => undefined;
      const hearers = new Set<(text: string) => void>();
      const party: Party['party'] = {
        ...{ lib, model: loaded, values, trace: trace as Library.Trace },
        channel: {
          send: (text) => {
            outbox.push(text);
            isSaid();
          },
          listen(hear) {
            hearers.add(hear);
            return () => hearers.delete(hear);
          },
        },
        async said() {
          if (outbox.length === 0) await new Promise<void>((resolve) => (isSaid = resolve));
          return outbox.splice(0);
        },
        hear: (texts) => texts.forEach((text) => hearers.forEach((one) => one(text))),
      };
      Object.assign(globalThis, { party });
    },
    [ADDRESSES.library, ADDRESSES.model, bundled.pictures[DIGIT]?.pixels ?? ''],
  );
}

const traceOn = (page: Page): Promise<Library.Trace> =>
  page.evaluate(() => (globalThis as unknown as Party).party.trace);

/** Changes high bits of the last element that node `at` gave, and computes on from there. @returns the element's index */
async function lie(
  page: Page,
  at: number,
): Promise<{ index: number; honest: string; lied: string }> {
  const told = await page.evaluate(async (at) => {
    const { lib, model, values, trace } = (globalThis as unknown as Party).party;
    const now = new Map<string, Library.TracedValue>();
    for (const value of trace.inputs) now.set(value.name, value);
    const tensorOf = (name: string): Library.Tensor => {
      const value = now.get(name);
      const { digest = '', dims = [] } = value ?? {};
      const size = dims.reduce((product, dim) => product * dim, 1);
      const bytes = values.get(digest)?.slice() ?? new Uint8Array();
      const { dtype } = new lib.Tensor(value?.type as Library.DType, [], [0]);
      const width = new lib.Tensor(dtype, [0], []).bytes().length;
      return lib.Tensor.ofBytes(dtype, bytes.slice(bytes.length - size * width), dims);
    };
    const hex = (bytes: Uint8Array): string =>
      Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
    const word = (bytes: Uint8Array): string => `0x${hex(bytes.slice(-4).reverse())}`;
    let [index, honest, lied] = [-1, '', ''];
    const nodes: Library.TracedNode[] = [];
    const names = await model.nodes();
    for (const [i, node] of trace.nodes.entries()) {
      const known = names[i];
      let { outputs } = node;
      const [first] = outputs;
      if (i === at && first) {
        const bytes = values.get(first.digest)?.slice() ?? new Uint8Array();
        honest = word(bytes);
        bytes[bytes.length - 1] = (bytes[bytes.length - 1] ?? 0) ^ 0x41;
        lied = word(bytes);
        index = (first.dims ?? []).reduce((product, dim) => product * dim, 1) - 1;
        const digest = hex(new Uint8Array(await crypto.subtle.digest('SHA-256', bytes)));
        values.set(digest, bytes);
        outputs = [{ ...first, digest }, ...outputs.slice(1)];
      } else if (i > at && known !== undefined) {
        const inputs = Object.fromEntries(known.inputs.map((name) => [name, tensorOf(name)]));
        const again = await model.run(inputs, {
          ...{ backend: 'wasm', node: node.path },
          onValue: (digest, bytes) => void values.set(digest, bytes),
        });
        outputs = again.trace?.nodes.at(-1)?.outputs ?? [];
      }
      for (const one of outputs) if (one !== null) now.set(one.name, one);
      nodes.push({ ...node, outputs });
    }
    const outputs = trace.outputs.map((one) => ({
      ...one,
      digest: now.get(one.name)?.digest ?? '',
    }));
    return { trace: { ...trace, nodes, outputs }, index, honest, lied };
  }, at);
  const { trace, ...word } = told;
  const rooted = { ...trace, root: bytesToHex(treeOf(trace).head()) };
  await page.evaluate((lying) => {
    (globalThis as unknown as Party).party.trace = lying;
  }, rooted);
  return word;
}

function settleOn(page: Page, role: 'ask' | 'answer'): Promise<Library.Settlement | null> {
  return page.evaluate(async (role) => {
    const { lib, model, trace, values, channel } = (globalThis as unknown as Party).party;
    const own = { trace, value: (digest: string) => values.get(digest) };
    return (await lib.settleWith(role, model, own, channel)) ?? null;
  }, role);
}

/** Both parties' findings; the texts between them go through this process. @returns how many characters went */
async function settled(
  asking: Page,
  answering: Page,
): Promise<{
  asked: Library.Settlement | null;
  answered: Library.Settlement | null;
  carried: number;
}> {
  let isOver = false;
  let carried = 0;
  const carry = async (from: Page, to: Page): Promise<void> => {
    for (;;) {
      const texts = await from.evaluate(() => (globalThis as unknown as Party).party.said());
      if (isOver) return;
      carried += texts.join('').length;
      await to.evaluate((said) => (globalThis as unknown as Party).party.hear(said), texts);
    }
  };
  const answered = settleOn(answering, 'answer');
  const asked = settleOn(asking, 'ask');
  const carriers = [carry(asking, answering), carry(answering, asking)];
  const found = await Promise.all([asked, answered]);
  isOver = true;
  // Each waits for one more text.
  for (const page of [asking, answering]) {
    await page.evaluate(() => (globalThis as unknown as Party).party.channel.send('over'));
  }
  await Promise.all(carriers);
  return { asked: found[0], answered: found[1], carried };
}

test('two browsers settle a run: honest ones have nothing to, and one that lies is found out by both', async ({
  parties: { own, other },
}) => {
  const honest = await traceOn(other);
  expect((await traceOn(own)).root).toBe(honest.root);
  const nothing = await settled(own, other);
  expect([nothing.asked, nothing.answered]).toEqual([null, null]);
  // One head, no tensor.
  expect(nothing.carried).toBeLessThan(1000);

  const at = honest.nodes.findIndex(({ operator }) => operator === 'MaxPool');
  const word = await lie(own, at);
  expect((await traceOn(own)).outputs[0]?.digest).not.toBe(honest.outputs[0]?.digest);
  const expected = [honest.nodes[at]?.outputs[0]?.digest];
  const difference = { what: 'node', path: `${at}`, operator: 'MaxPool' };
  const element = {
    ...{ output: honest.nodes[at]?.outputs[0]?.name, index: word.index, expected: word.honest },
  };
  // Heads, a leaf, and the one tensor that a reference does not give, as base64: no other value.
  const tensor = 4 * (word.index + 1) * (4 / 3);
  for (const isAsking of [true, false]) {
    const found = await (isAsking ? settled(own, other) : settled(other, own));
    const [liars, others] = isAsking
      ? [found.asked, found.answered]
      : [found.answered, found.asked];
    expect(others).toMatchObject({
      ...{ difference, right: 'a', expected },
      element: { ...element, a: word.honest, b: word.lied },
    });
    // The liar's own reference tells it the same.
    expect(liars).toMatchObject({
      ...{ difference, right: 'b', expected },
      element: { ...element, a: word.lied, b: word.honest },
    });
    expect(found.carried).toBeGreaterThan(tensor);
    expect(found.carried).toBeLessThan(tensor + 6000);
  }
});
