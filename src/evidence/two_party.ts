// Bisection between two parties who hold a trace each, over anything that carries texts both ways: the one who asks finds where
// the traces part, and tells the other. Promises: no more than 2 + 2 ceil(log2(leaves)) heads and one leaf travel, never a
// tensor; a party that answers with what is no tree, or with no answer of this protocol, is found out. Not here: whose bits
// are right, and how long to wait (a signal does).
import { bytesToHex, hexToBytes } from '@noble/hashes/utils.js';
import { differenceWith, InconsistentError, sideOf } from './bisect.ts';
import type { Json } from './canonical.ts';
import type { Trace, TraceChannel, TraceDifference } from './trace_types.ts';

const PROTOCOL = 'isobit-bisect/1';

/** What is said; an answer has the question's number. Who answers says when it listens, whoever came first. */
type Message =
  | { readonly kind: 'ready' }
  | { readonly kind: 'length'; readonly number: number }
  | { readonly kind: 'head'; readonly number: number; readonly begin: number; readonly end: number }
  | { readonly kind: 'leaf'; readonly number: number; readonly index: number }
  | { readonly kind: 'answer'; readonly number: number; readonly value: Json }
  | { readonly kind: 'refused'; readonly number: number; readonly why: string }
  | { readonly kind: 'found'; readonly difference: TraceDifference | null };

const write = (message: Message): string => JSON.stringify({ protocol: PROTOCOL, ...message });

/** Undefined for a text that is not of this protocol: a channel may carry others. */
function read(text: string): Message | undefined {
  try {
    const message = JSON.parse(text) as { protocol?: unknown } | null;
    return message?.protocol === PROTOCOL ? (message as unknown as Message) : undefined;
  } catch {
    return undefined;
  }
}

interface Ends {
  readonly finish: (difference: TraceDifference | undefined) => void;
  readonly fail: (error: unknown) => void;
}

/** Listens until it is over, or the signal says so. */
function conversation(
  channel: TraceChannel,
  signal: AbortSignal | undefined,
  hear: (message: Message, ends: Ends) => void,
  begin: (ends: Ends) => void = () => undefined,
): Promise<TraceDifference | undefined> {
  return new Promise((resolve, reject) => {
    signal?.throwIfAborted();
    const over = (end: () => void): void => {
      stop();
      signal?.removeEventListener('abort', onAbort);
      end();
    };
    const ends: Ends = {
      finish: (difference) => over(() => resolve(difference)),
      fail: (error) => over(() => reject(error)),
    };
    const onAbort = (): void => ends.fail(signal?.reason);
    signal?.addEventListener('abort', onAbort);
    const stop = channel.listen((text) => {
      const message = read(text);
      if (message !== undefined) hear(message, ends);
    });
    begin(ends);
  });
}

const isIndex = (value: unknown): value is number =>
  Number.isSafeInteger(value) && Number(value) >= 0;

/** Answers until the other party says what it found. */
export function answering(
  trace: Trace,
  channel: TraceChannel,
  signal?: AbortSignal,
): Promise<TraceDifference | undefined> {
  const side = sideOf(trace);
  const hear = (message: Message, { finish }: Ends): void => {
    const reply = (number: number, value: Json): void =>
      channel.send(write({ kind: 'answer', number, value }));
    switch (message.kind) {
      case 'length':
        reply(message.number, side.length);
        break;
      case 'head': {
        const { number, begin, end } = message;
        if (isIndex(begin) && isIndex(end) && begin < end && end <= side.length) {
          reply(number, bytesToHex(side.head(begin, end)));
        } else channel.send(write({ kind: 'refused', number, why: 'there is no such range.' }));
        break;
      }
      case 'leaf': {
        const { number, index } = message;
        if (isIndex(index) && index < side.length) reply(number, side.leaf(index));
        else channel.send(write({ kind: 'refused', number, why: 'there is no such leaf.' }));
        break;
      }
      case 'found':
        finish(message.difference === null ? undefined : swapped(message.difference));
        break;
      case 'ready':
      case 'answer':
      case 'refused':
        break; // nobody asked
      default:
        message satisfies never;
    }
  };
  return conversation(channel, signal, hear, () => channel.send(write({ kind: 'ready' })));
}

/** What the one who asks calls `a` is the other's `b`. */
const swapped = (found: TraceDifference): TraceDifference => ({
  ...found,
  outputs: found.outputs.map(({ a, b, ...one }) => ({ ...one, a: b, b: a })),
});

/** Asks, finds and tells. */
export function asking(
  trace: Trace,
  channel: TraceChannel,
  signal?: AbortSignal,
): Promise<TraceDifference | undefined> {
  interface Waiting {
    readonly question: string;
    resolve(value: Json): void;
    reject(error: Error): void;
  }
  const waiting = new Map<number, Waiting>();
  let count = 0;
  type Question =
    | { readonly kind: 'length' }
    | { readonly kind: 'head'; readonly begin: number; readonly end: number }
    | { readonly kind: 'leaf'; readonly index: number };
  const ask = (question: Question): Promise<Json> => {
    count += 1;
    const number = count;
    return new Promise((resolve, reject) => {
      const text = write({ ...question, number });
      waiting.set(number, { question: text, resolve, reject });
      channel.send(text);
    });
  };
  const find = async (): Promise<TraceDifference | undefined> => {
    const length = await ask({ kind: 'length' });
    if (!isIndex(length)) throw new InconsistentError('a length that is no number of leaves.');
    const head = async (begin: number, end: number): Promise<Uint8Array> => {
      const digits = await ask({ kind: 'head', begin, end });
      if (typeof digits === 'string' && /^[0-9a-f]{64}$/.test(digits)) return hexToBytes(digits);
      throw new InconsistentError('a head that is not 64 hex digits.');
    };
    return differenceWith(trace, {
      ...{ length, head },
      leaf: (index) => ask({ kind: 'leaf', index }),
    });
  };
  const hear = (message: Message): void => {
    // What was asked before the other listened is asked again.
    if (message.kind === 'ready')
      for (const { question } of waiting.values()) channel.send(question);
    if (message.kind !== 'answer' && message.kind !== 'refused') return;
    const one = waiting.get(message.number);
    waiting.delete(message.number);
    if (message.kind === 'answer') one?.resolve(message.value);
    else one?.reject(new InconsistentError(`the other party refused: ${message.why}`));
  };
  return conversation(channel, signal, hear, ({ finish, fail }) => {
    find().then((difference) => {
      channel.send(write({ kind: 'found', difference: difference ?? null }));
      finish(difference);
    }, fail);
  });
}
