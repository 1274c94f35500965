// The process that meets hostile models: makes each from its seed, loads and runs it with a small limit of memory, and
// says how it ended. Whoever started it watches for hangs and ends.
import { readFileSync } from 'node:fs';
import {
  DeviceError,
  load,
  ModelError,
  Tensor,
  type Data,
  type DType,
  type Model,
  type ValueInfo,
} from '../../src/index.ts';
import { Prng } from '../harness/prng.ts';
import { corpus, type Sample } from './corpus.ts';
import { mutate } from './mutate.ts';
import type { FromChild, ToChild } from './messages.ts';
import { poison, watchInstances } from './poison.ts';

/** Of the core; what JavaScript holds beside it comes out of the process's limit. */
const MEMORY = 64 << 20;
const MOST_ELEMENTS = 1 << 18;
const PATIENCE_MS = 1000;

/** What engines say of bugs, at the beginning or behind what was put in front: it tells nothing of a model. */
const FOREIGN =
  /(^|: )(Cannot |Maximum call stack|\S+ is not (a function|iterable|defined|a constructor)|Array buffer|offset is out|The number|Reduce of|Unexpected|Assignment|[Ss]tart offset|[Ss]ource is|Value is|byte length)|BigInt/;

/** Why an error is not one of those that are promised; undefined if it is. */
function objection(error: unknown): string | undefined {
  const typed =
    error instanceof ModelError ||
    error instanceof DeviceError ||
    error instanceof TypeError ||
    error instanceof RangeError;
  if (!typed) return 'another exception';
  const { message } = error;
  if (error instanceof ModelError && error.problems.length === 0) return 'no problem named';
  if (/Invalid/.test(message) && !/sizes are too large/.test(message)) return 'an engine says it';
  const says = error instanceof ModelError ? /\.$/ : /: .*\.$/s;
  if (FOREIGN.test(message) || !says.test(message)) return 'it does not say what is wrong';
  return undefined;
}

function feedOf(info: ValueInfo, seed: number): Data | undefined {
  const { type } = info;
  if (type?.kind === 'sequence') return [];
  if (type?.kind === 'optional') return null;
  const dtype = info.dtype ?? 'float32';
  const dims = (info.dims ?? [2]).map((dim) => (typeof dim === 'number' ? dim : 2));
  const size = dims.reduce((product, dim) => product * dim, 1);
  if (size > MOST_ELEMENTS) return undefined;
  if (dtype === 'string') return new Tensor('string', Array<string>(size).fill('a'), dims);
  const prng = new Prng(seed);
  const one = (kind: DType): number =>
    kind === 'bool' ? prng.below(2) : prng.below(/^(u|float|bfloat)/.test(kind) ? 4 : 5);
  return new Tensor(
    dtype,
    Array.from({ length: size }, () => one(dtype)),
    dims,
  );
}

/** The sample's feeds where they fit, else others; undefined where they would be too large. */
function feedsFor(model: Model, { feeds }: Sample, seed: number): Record<string, Data> | undefined {
  const given: Record<string, Data> = {};
  for (const info of model.inputs) {
    const known = feeds.get(info.name);
    const value = known !== undefined && known.dtype === info.dtype ? known : feedOf(info, seed);
    if (value === undefined) return undefined;
    given[info.name] = value;
  }
  return given;
}

/** The digest of its outputs; undefined where it was not run, or not to the end. */
async function digestOf(
  sample: Sample,
  bytes: Uint8Array,
  seed: number,
): Promise<string | undefined> {
  const model = await load(bytes, { limits: { memory: MEMORY } });
  try {
    const feeds = feedsFor(model, sample, seed);
    if (feeds === undefined) return undefined;
    // Large sizes are no fault: such a run takes long, but it stops when it is told to.
    const signal = AbortSignal.timeout(PATIENCE_MS);
    try {
      return (await model.run(feeds, { backend: 'wasm', signal })).digest;
    } catch (error) {
      if (!signal.aborted || error !== signal.reason) throw error;
      return undefined;
    }
  } finally {
    model.dispose();
  }
}

/** Two runs, which find other words wherever nothing was written. */
async function meet(sample: Sample, bytes: Uint8Array, seed: number): Promise<'ran' | 'loaded'> {
  poison(0);
  const digest = await digestOf(sample, bytes, seed);
  if (digest === undefined) return 'loaded';
  poison(0xa5);
  const again = await digestOf(sample, bytes, seed);
  if (again !== undefined && again !== digest) {
    throw new Error(`two runs differ: it reads what was not written: ${digest}, ${again}`);
  }
  return 'ran';
}

const say = (message: FromChild): void => void process.send?.(message);

async function work({ seed, from, to, show, files }: ToChild): Promise<void> {
  const samples = corpus(files.map((name) => ({ name, model: readFileSync(name) })));
  for (let i = from; i < to; i += 1) {
    const own = new Prng(Math.imul(seed, 0x9e3779b9) ^ i).word();
    const prng = new Prng(own);
    const sample = samples[prng.below(samples.length)];
    const donor = samples[prng.below(samples.length)];
    if (sample === undefined || donor === undefined) throw new RangeError('no samples');
    const bytes = mutate(own, sample.model, donor.model);
    if (show) {
      say({ kind: 'model', index: i, model: Buffer.from(bytes).toString('base64') });
      continue;
    }
    say({ kind: 'begin', index: i, name: sample.name });
    try {
      say({ kind: 'end', index: i, result: await meet(sample, bytes, own) });
    } catch (error) {
      const wrong = objection(error);
      const {
        name,
        message,
        stack = '',
      } = error instanceof Error ? error : new Error(String(error));
      if (wrong === undefined) say({ kind: 'end', index: i, result: 'refused' });
      else {
        say({
          ...{ kind: 'end', index: i, result: 'broken', wrong },
          error: `${name}: ${message}`,
          stack,
          model: Buffer.from(bytes).toString('base64'),
        });
      }
    }
    const { maxRSS } = process.resourceUsage();
    say({ kind: 'memory', index: i, bytes: maxRSS * 1024 });
  }
  say({ kind: 'done' });
}

watchInstances();
process.on('message', (message: ToChild) => void work(message));
say({ kind: 'ready' });
