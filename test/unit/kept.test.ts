// Outputs that stay in the core's memory (keepOnDevice on WASM): the same words as those in arrays, fed back or elsewhere; what is
// fed is never written, and what is held outlives its model. Not here: memory (kept_memory.test.ts).
import { describe, expect, test } from 'vitest';
import { load, Tensor, type Model, type RunOptions } from '../../src/index.ts';
import { writeModel } from '../../src/onnx/writer.ts';
import { drawn } from '../harness/graphs.ts';
import { KEEP, recurrence, start, WASM, WIDTH, wordsOf } from '../harness/recurrence.ts';

const bytes = writeModel(recurrence);

async function allWords(
  outputs: Readonly<Record<string, Tensor>>,
): Promise<Record<string, string>> {
  const words: Record<string, string> = {};
  for (const [name, one] of Object.entries(outputs)) words[name] = await wordsOf(one);
  return words;
}

async function using<T>(work: (model: Model) => Promise<T>, threads = 1): Promise<T> {
  const model = await load(bytes, { threads });
  try {
    return await work(model);
  } finally {
    model.dispose();
  }
}

/** Six steps, each fed what the one before gave. */
async function steps(model: Model, options: RunOptions): Promise<string[]> {
  let feeds = start();
  const seen: string[] = [];
  for (let step = 0; step < 6; step += 1) {
    const { outputs } = await model.run(feeds, options);
    seen.push(JSON.stringify(await allWords(outputs)));
    const { next, grown, again, before } = outputs;
    if (next === undefined || grown === undefined) throw new Error('no output');
    for (const one of [again, before]) one?.dispose();
    if (step > 0) for (const name of ['state', 'cache']) feeds[name]?.dispose();
    feeds = { x: drawn(10 + step, 1, WIDTH), state: next, cache: grown };
  }
  for (const name of ['state', 'cache']) feeds[name]?.dispose();
  return seen;
}

describe.each([1, 2])('%i threads', (threads) => {
  test('fed back, the words are those of arrays', async () => {
    const seen = await using(async (model) => {
      const arrays = await steps(model, WASM);
      return [
        arrays,
        await steps(model, KEEP),
        await steps(model, { ...KEEP, keepOnDevice: ['grown'] }),
      ];
    }, threads);
    expect(seen[1]).toEqual(seen[0]);
    expect(seen[2]).toEqual(seen[0]);
  });
});

test('they lie in the core, where data cannot be read at once; constants and what is not kept in arrays', async () => {
  await using(async (model) => {
    const { outputs } = await model.run(start(), KEEP);
    const where = Object.entries(outputs).map(([name, { location }]) => `${name} ${location}`);
    expect(where).toEqual(['next wasm', 'grown wasm', 'again wasm', 'before wasm', 'weights cpu']);
    expect(() => outputs['next']?.data).toThrow(
      'expected location cpu, got wasm. Use await tensor.read()',
    );
    const some = await model.run(start(), { ...WASM, keepOnDevice: ['next'] });
    expect([some.outputs['next']?.location, some.outputs['grown']?.location]).toEqual([
      'wasm',
      'cpu',
    ]);
  });
});

test('a kept output is the caller’s: no later run writes to it, and no output shares it', async () => {
  await using(async (model) => {
    const feeds = start();
    const wanted = await allWords((await model.run(feeds, WASM)).outputs);
    const { outputs } = await model.run(feeds, KEEP);
    await model.run({ ...feeds, x: drawn(9, 1, WIDTH) }, KEEP);
    await model.run({ ...feeds, x: drawn(9, 1, WIDTH) }, WASM);
    outputs['again']?.dispose();
    await model.run({ ...feeds, x: drawn(8, 1, WIDTH), cache: drawn(3, 40, WIDTH) }, KEEP);
    const { again: _, ...others } = outputs;
    const { again: __, ...rest } = wanted;
    expect(await allWords(others)).toEqual(rest);
  });
});

test('what is fed is not written, and stays when an output of its bytes goes', async () => {
  await using(async (model) => {
    const { outputs } = await model.run(start(), KEEP);
    const { next: state } = outputs;
    if (state === undefined) throw new Error('no output');
    const words = await wordsOf(state);
    const second = await model.run({ ...start(), state }, KEEP);
    expect(await wordsOf(second.outputs['before'])).toBe(words);
    second.outputs['before']?.dispose();
    await model.run({ ...start(), state: drawn(7, 1, WIDTH) }, KEEP);
    expect(await wordsOf(state)).toBe(words);
  });
});

test('another model takes them, and they outlive their own', async () => {
  const kept = await using(async (model) => (await model.run(start(), KEEP)).outputs);
  await new Promise((resolve) => setTimeout(resolve));
  const { next, grown } = kept;
  if (next === undefined || grown === undefined) throw new Error('no output');
  const wanted = await using(async (model) => {
    const { outputs } = await model.run(start(), WASM);
    const { next: state, grown: cache } = outputs;
    if (state === undefined || cache === undefined) throw new Error('no output');
    expect(await wordsOf(next)).toBe(await wordsOf(state));
    const fed = await model.run({ ...start(), state, cache }, WASM);
    expect((await model.run({ ...start(), state: next, cache: grown }, WASM)).digest).toBe(
      fed.digest,
    );
    return [await wordsOf(state), await wordsOf(cache)];
  });
  expect([await wordsOf(next), await wordsOf(grown)]).toEqual(wanted);
});

test('a receipt of a run that is fed one is that of a run that is fed an array', async () => {
  await using(async (model) => {
    const { outputs } = await model.run(start(), KEEP);
    const { next: state } = outputs;
    if (state === undefined) throw new Error('no output');
    const array = new Tensor('float32', await state.read(), state.dims);
    const [one, other] = await Promise.all(
      [state, array].map((fed) =>
        model.run({ ...start(), state: fed }, { ...WASM, receipt: true }),
      ),
    );
    expect(one?.receipt).toBe(other?.receipt);
  });
});

describe('a storage that tensors share', () => {
  test('is not read when one of them was disposed of', async () => {
    await using(async (model) => {
      const { next } = (await model.run(start(), KEEP)).outputs;
      if (next?.storage === undefined) throw new Error('no output');
      const state = new Tensor('float32', next.storage, [1, WIDTH]);
      await model.run({ ...start(), state }, WASM);
      next.dispose();
      await expect(state.read()).rejects.toThrow('used after dispose()');
      await expect(model.run({ ...start(), state }, WASM)).rejects.toThrow('used after dispose()');
    });
  });

  test('is of the size that it was computed with', async () => {
    await using(async (model) => {
      const { next } = (await model.run(start(), KEEP)).outputs;
      if (next?.storage === undefined) throw new Error('no output');
      const cache = new Tensor('float32', next.storage, [4, WIDTH]);
      await expect(model.run({ ...start(), cache }, WASM)).rejects.toThrow(
        "run: feed 'cache': expected a storage of 320 bytes, got 80",
      );
    });
  });
});
