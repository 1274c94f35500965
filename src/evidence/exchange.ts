// Values between two parties who know where their traces part: each may ask the other for the values of that node, by digest,
// piece by piece. Promises: only those values can be asked for, once both know which; what comes is of a bounded size and
// has the digest that was asked for, or the other is said to withhold it. Not here: which values, and who is right.
import { fromBase64, toBase64 } from '../core/base64.ts';
import { BundleError } from './bundle.ts';
import { digestOfBytes } from './digests.ts';
import type { TraceChannel } from './trace_types.ts';

const PROTOCOL = 'isobit-values/1';

/** Bytes of a piece: a text of 256 Ki characters. */
const PIECE = 3 << 16;

type Message =
  | {
      readonly kind: 'value';
      readonly number: number;
      readonly digest: string;
      readonly at: number;
    }
  | {
      readonly kind: 'piece';
      readonly number: number;
      readonly total: number;
      readonly data: string;
    }
  | { readonly kind: 'refused'; readonly number: number; readonly why: string }
  | { readonly kind: 'done' }
  | { readonly kind: 'gone' };

function read(text: string): Message | undefined {
  try {
    const message = JSON.parse(text) as { protocol?: unknown } | null;
    return message?.protocol === PROTOCOL ? (message as unknown as Message) : undefined;
  } catch {
    return undefined;
  }
}

const GONE = 'the other party has gone.';

type Answer = Extract<Message, { kind: 'piece' | 'refused' }>;

export interface Exchange {
  /** From now on the other may ask for these, and what it asked for before is answered. */
  offer(digests: ReadonlySet<string>): void;
  /** The bytes with this digest, from the other. @throws BundleError where it does not give them; the signal's reason */
  ask(digest: string): Promise<Uint8Array>;
  /** Says that nothing more is asked for, and answers until the other has said so. */
  close(): Promise<void>;
  /** Stops listening; a party that did not close says that it has gone. */
  stop(): void;
}

/**
 * @param value our own values
 * @param most bytes of a value that are taken
 */
export function exchanging(
  channel: TraceChannel,
  value: (digest: string) => Uint8Array | undefined | Promise<Uint8Array | undefined>,
  most: number,
  signal: AbortSignal | undefined,
): Exchange {
  const waiting = new Map<number, (answer: Answer) => void>();
  let count = 0;
  let offered: (digests: ReadonlySet<string>) => void = () => undefined;
  const offer = new Promise<ReadonlySet<string>>((resolve) => (offered = resolve));
  let ended: () => void = () => undefined;
  const end = new Promise<void>((resolve) => (ended = resolve));
  const aborted = new Promise<never>((_, reject) => {
    if (signal?.aborted) reject(signal.reason);
    signal?.addEventListener('abort', () => reject(signal.reason), { once: true });
  });
  aborted.catch(() => undefined); // whoever waits for something hears of it
  const send = (message: Message): void =>
    channel.send(JSON.stringify({ protocol: PROTOCOL, ...message }));

  const answer = async (number: number, digest: string, at: number): Promise<void> => {
    const allowed = await offer;
    const refuse = (why: string): void => send({ kind: 'refused', number, why });
    if (!allowed.has(digest)) return refuse('it is no value of that node.');
    const bytes = await value(digest);
    if (bytes === undefined) return refuse('it was not kept.');
    if (!Number.isSafeInteger(at) || at < 0 || at > bytes.length) return refuse('no such piece.');
    const data = toBase64(bytes.subarray(at, at + PIECE));
    return send({ kind: 'piece', number, total: bytes.length, data });
  };
  let isGone = false;
  const stop = channel.listen((text) => {
    const message = read(text);
    switch (message?.kind) {
      case 'value': {
        const { number, digest, at } = message;
        answer(number, digest, at).catch((error: unknown) =>
          send({
            kind: 'refused',
            number,
            why: error instanceof Error ? error.message : 'it failed.',
          }),
        );
        break;
      }
      case 'piece':
      case 'refused':
        waiting.get(message.number)?.(message);
        waiting.delete(message.number);
        break;
      case 'gone':
        isGone = true;
        for (const [number, hear] of waiting) hear({ kind: 'refused', number, why: GONE });
        waiting.clear();
        ended();
        break;
      case 'done':
        ended();
        break;
      default: // another protocol's, or of a later version
    }
  });

  const pieceOf = (digest: string, at: number): Promise<Answer> => {
    count += 1;
    const number = count;
    if (isGone) return Promise.resolve({ kind: 'refused', number, why: GONE });
    const came = new Promise<Answer>((resolve) => waiting.set(number, resolve));
    send({ kind: 'value', number, digest, at });
    return Promise.race([came, aborted]);
  };
  const ask = async (digest: string): Promise<Uint8Array> => {
    const fail = (why: string): never => {
      throw new BundleError(`value ${digest}: ${why}`);
    };
    let bytes: Uint8Array<ArrayBuffer> | undefined;
    let at = 0;
    do {
      const piece = await pieceOf(digest, at);
      if (piece.kind === 'refused') return fail(`it was refused: ${piece.why}`);
      const { total, data } = piece;
      if (!Number.isSafeInteger(total) || total < 0 || (bytes?.length ?? total) !== total) {
        return fail('its size is no size.');
      }
      if (total > most) return fail(`too large: expected at most ${most} bytes, got ${total}.`);
      bytes ??= new Uint8Array(total);
      const got = fromBase64(data);
      if (got?.length !== Math.min(PIECE, total - at)) return fail('a piece of it is none.');
      bytes.set(got, at);
      at += got.length;
    } while (at < bytes.length);
    const is = await digestOfBytes(bytes);
    return is === digest ? bytes : fail(`other bytes came: their SHA-256 is ${is}.`);
  };
  let isClosed = false;
  const close = async (): Promise<void> => {
    isClosed = true;
    send({ kind: 'done' });
    await Promise.race([end, aborted]);
  };
  const leave = (): void => {
    stop();
    if (!isClosed) send({ kind: 'gone' });
  };
  return { offer: offered, ask, close, stop: leave };
}
