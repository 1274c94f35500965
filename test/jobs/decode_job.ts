// The job that asks a decoder with a key/value cache the same text in two ways, on one backend: token by token, feeding
// the cache back, and all at once; and in pieces of random length, with caches that stay where they are computed. Every
// logit must be the same word (R4).
import type { JobEnv } from '../../src/jobs/job.ts';
import { Tensor } from '../../src/core/tensor.ts';
import { load } from '../../src/load.ts';
import type { Model } from '../../src/model.ts';
import { Prng } from '../harness/prng.ts';

export interface DecodeJob {
  /** The model's path: inputs input_ids and past_key_values.*, outputs logits and present.*. */
  readonly model: string;
  readonly backend: 'wasm' | 'webgpu';
  /** How many tokens; ids are drawn below `vocabulary`. */
  readonly tokens: number;
  readonly vocabulary: number;
  readonly seed: number;
}

export interface DecodeReport {
  /** Words of the logits, of all tokens. */
  readonly logits: number;
  /** Words that differ from the whole text's, and where the first of them is. */
  readonly byToken: { readonly differing: number; readonly first: number };
  readonly inPieces: { readonly differing: number; readonly first: number };
  /** Runs that were needed for the pieces. */
  readonly pieces: number;
}

/** The logits of `ids`, asked in pieces that end at `ends`, as words. */
async function ask(
  model: Model,
  backend: 'wasm' | 'webgpu',
  ids: readonly number[],
  ends: readonly number[],
  staying = false,
): Promise<Uint32Array> {
  const caches = model.inputs.filter((info) => info.name.startsWith('past_key_values.'));
  const feeds: Record<string, Tensor> = {};
  for (const { name, dims = [] } of caches) {
    const shape = dims.map((dim, axis) => (typeof dim === 'number' ? dim : axis === 0 ? 1 : 0));
    feeds[name] = new Tensor('float32', new Float32Array(0), shape);
  }
  const presentOf = (name: string): string => name.replace('past_key_values', 'present');
  const keepOnDevice = staying ? caches.map(({ name }) => presentOf(name)) : false;
  const words: number[] = [];
  let begin = 0;
  for (const end of ends) {
    const piece = ids.slice(begin, end).map(BigInt);
    feeds['input_ids'] = new Tensor('int64', BigInt64Array.from(piece), [1, end - begin]);
    const { outputs } = await model.run(feeds, { backend, keepOnDevice, audit: 'off' });
    const logits = outputs['logits'];
    if (logits === undefined) throw new Error('the model has no output logits');
    const bytes = logits.bytes().slice();
    words.push(...new Uint32Array(bytes.buffer));
    for (const { name } of caches) {
      const present = outputs[presentOf(name)];
      if (present === undefined) throw new Error(`the model does not give ${name} back`);
      if ((present.location === backend) !== staying)
        throw new Error(`${name} is not where it is to stay`);
      feeds[name]?.dispose();
      feeds[name] = present;
    }
    begin = end;
  }
  for (const { name } of caches) feeds[name]?.dispose();
  return Uint32Array.from(words);
}

function compare(whole: Uint32Array, other: Uint32Array): { differing: number; first: number } {
  if (whole.length !== other.length) {
    throw new Error(`expected ${whole.length} logits, got ${other.length}`);
  }
  let differing = 0;
  let first = -1;
  whole.forEach((word, i) => {
    if (word === other[i]) return;
    if (first < 0) first = i;
    differing += 1;
  });
  return { differing, first };
}

export async function run(request: unknown, env: JobEnv): Promise<DecodeReport> {
  const { model: path, backend, tokens, vocabulary, seed } = request as DecodeJob;
  const prng = new Prng(seed);
  const ids = Array.from({ length: tokens }, () => prng.below(vocabulary));
  const adapterOptions = env.featureLevel === undefined ? {} : { featureLevel: env.featureLevel };
  const model = await load(await env.readFile(path), { gpu: env.gpu, adapterOptions });
  try {
    const whole = await ask(model, backend, ids, [tokens]);
    const each = Array.from({ length: tokens }, (_, i) => i + 1);
    const byToken = compare(whole, await ask(model, backend, ids, each));
    const ends = each.filter((end) => end === tokens || prng.below(6) === 0);
    const inPieces = compare(whole, await ask(model, backend, ids, ends, true));
    return { logits: whole.length, byToken, inPieces, pieces: ends.length };
  } finally {
    model.dispose();
  }
}
