// The page's side of a model in a worker: the same interface as a session, with every call a message. The bits
// and errors are those of the session in the worker. A worker that dies rejects everything that waits.
import type { Data } from '../core/data.ts';
import { throwIfAborted } from '../core/errors.ts';
import { outputsOf } from '../outputs.ts';
import { Tensor, type DeviceStorage } from '../core/tensor.ts';
import type { CheckReport } from '../model.ts';
import type { Feeds } from '../feeds.ts';
import type { ValueInfo } from '../graph/graph.ts';
import type { ModelFile } from '../load.ts';
import type { LoadOptions, Progress } from '../model.ts';
import type { Model } from '../model.ts';
import type { RunOptions, RunResult } from '../run_types.ts';
import {
  isSentSequence,
  receiveError,
  type Answers,
  type FromWorker,
  type Request,
  type SentData,
} from './protocol.ts';

interface Waiting {
  resolve(answer: unknown): void;
  reject(error: unknown): void;
  progress?: ((progress: Progress) => void) | undefined;
}

/** A tensor that stays in the worker, in its core's memory or on its device. */
class RemoteStorage implements DeviceStorage {
  readonly location: DeviceStorage['location'];
  readonly connection: Connection;
  readonly handle: number;

  constructor(connection: Connection, handle: number, location: DeviceStorage['location']) {
    this.connection = connection;
    this.handle = handle;
    this.location = location;
  }

  read(): Promise<Uint8Array> {
    return this.connection.ask({ kind: 'read', handle: this.handle });
  }

  dispose(): void {
    // Nobody waits for it; if the worker is gone, so is the memory.
    this.connection.ask({ kind: 'free', handle: this.handle }).catch(() => undefined);
  }
}

class Connection {
  readonly #worker: Worker;
  readonly #owned: boolean;
  readonly #waiting = new Map<number, Waiting>();
  readonly #onMessage = ({ data }: MessageEvent<FromWorker>): void => this.#receive(data);
  #count = 0;
  #dead: Error | undefined;

  constructor(worker: Worker, owned: boolean) {
    this.#worker = worker;
    this.#owned = owned;
    worker.onmessage = this.#onMessage;
    worker.onerror = (event): void => {
      event.preventDefault();
      this.#fail(
        new Error(`worker: ${event.message || 'it did not start'}. Load the model again.`),
      );
    };
  }

  ask<K extends Request['kind']>(
    request: Extract<Request, { kind: K }>,
    options: { signal?: AbortSignal | undefined; progress?: LoadOptions['onProgress'] } = {},
  ): Promise<Answers[K]> {
    if (this.#dead !== undefined) return Promise.reject(this.#dead);
    this.#count += 1;
    const id = this.#count;
    const { signal, progress } = options;
    const stop = (): void => this.#worker.postMessage({ abort: id });
    return new Promise<Answers[K]>((resolve, reject) => {
      this.#waiting.set(id, {
        resolve: (answer) => resolve(answer as Answers[K]),
        reject: (error) => reject(signal?.aborted ? signal.reason : error),
        progress,
      });
      signal?.addEventListener('abort', stop);
      this.#worker.postMessage({ id, request });
    }).finally(() => signal?.removeEventListener('abort', stop));
  }

  close(): void {
    // A caller's worker stays, and may hold another model by now; one that is dead is not told.
    const isOurs = this.#worker.onmessage === this.#onMessage;
    if (!this.#owned && isOurs) this.ask({ kind: 'dispose' }).catch(() => undefined);
    this.#fail(new TypeError('Model: used after dispose(). Load it again.'));
    if (this.#owned) this.#worker.terminate();
  }

  #receive(message: FromWorker): void {
    const waiting = this.#waiting.get(message.id);
    if (waiting === undefined) return;
    if ('progress' in message) {
      waiting.progress?.(message.progress);
      return;
    }
    this.#waiting.delete(message.id);
    if ('error' in message) waiting.reject(receiveError(message.error));
    else waiting.resolve(message.answer);
  }

  #fail(error: Error): void {
    this.#dead ??= error;
    for (const one of this.#waiting.values()) one.reject(error);
    this.#waiting.clear();
  }
}

class RemoteModel implements Model {
  readonly inputs: readonly ValueInfo[];
  readonly outputs: readonly ValueInfo[];
  readonly #connection: Connection;

  constructor(connection: Connection, loaded: Answers['load']) {
    this.#connection = connection;
    this.inputs = loaded.inputs;
    this.outputs = loaded.outputs;
  }

  async run(feeds: Feeds, options: RunOptions = {}): Promise<RunResult> {
    throwIfAborted(options.signal);
    const {
      backend,
      outputs: wanted,
      keepOnDevice,
      audit,
      seed,
      profile,
      trace,
      receipt,
      node,
      onValue,
      signal,
    } = options;
    if (onValue !== undefined) {
      throw new TypeError(
        'run: onValue: expected a model on this thread, got one in a worker. Load it there, without worker.',
      );
    }
    const ran = await this.#connection.ask(
      {
        kind: 'run',
        feeds: this.#send(feeds),
        options: {
          ...{ backend, outputs: wanted, keepOnDevice, audit, seed, profile, trace, receipt },
          node,
        },
      },
      { signal },
    );
    const values: Record<string, Data> = {};
    for (const [name, sent] of Object.entries(ran.values)) values[name] = this.#receive(sent);
    return Object.assign(outputsOf(values, ran.seed), {
      backend: ran.backend,
      ...(ran.adapter === undefined ? {} : { adapter: ran.adapter }),
      ...(ran.threads === undefined ? {} : { threads: ran.threads }),
      ...(ran.gate === undefined ? {} : { gate: ran.gate }),
      ...(ran.profile === undefined ? {} : { profile: ran.profile }),
      ...(ran.trace === undefined ? {} : { trace: ran.trace }),
      ...(ran.receipt === undefined ? {} : { receipt: ran.receipt }),
      notes: ran.notes,
    });
  }

  check(feeds: Feeds, options: { signal?: AbortSignal | undefined } = {}): Promise<CheckReport> {
    return this.#connection.ask({ kind: 'check', feeds: this.#send(feeds) }, options);
  }

  nodes(): ReturnType<Model['nodes']> {
    return this.#connection.ask({ kind: 'nodes' });
  }

  dispose(): void {
    this.#connection.close();
  }

  #send(feeds: Feeds): Record<string, SentData> {
    const entries: Iterable<readonly [string, Data]> =
      feeds instanceof Map ? feeds.entries() : Object.entries(feeds);
    const sent: Record<string, SentData> = {};
    for (const [name, data] of entries) sent[name] = this.#sendOne(name, data);
    return sent;
  }

  #sendOne(name: string, data: Data): SentData {
    if (data === null) return null;
    if (Array.isArray(data)) return data.map((one: Data) => this.#sendOne(name, one));
    if (!(data instanceof Tensor)) {
      throw new TypeError(`run: feed '${name}': expected a Tensor, got ${typeof data}.`);
    }
    const { dtype, dims, storage } = data;
    if (storage instanceof RemoteStorage && storage.connection === this.#connection) {
      return { dtype, dims, handle: storage.handle, location: storage.location };
    }
    return { dtype, dims, data: data.data };
  }

  #receive(sent: SentData): Data {
    if (sent === null) return null;
    if (isSentSequence(sent)) return sent.map((one) => this.#receive(one));
    if ('data' in sent) return new Tensor(sent.dtype, sent.data, sent.dims);
    const { dtype, dims, handle, location } = sent;
    return new Tensor(dtype, new RemoteStorage(this.#connection, handle, location), dims);
  }
}

/** Loads a model in `worker`, or in one made here (from a blob: a page's policy must allow `worker-src blob:`). */
export async function loadInWorker(
  source: ModelFile,
  worker: Worker | true,
  options: LoadOptions,
): Promise<Model> {
  if (worker === true && typeof Worker === 'undefined') {
    throw new TypeError('load: this environment has no Worker. Leave the option worker out.');
  }
  const made = worker === true ? new (await import('./host.ts?worker&inline')).default() : worker;
  const connection = new Connection(made, worker === true);
  const externalData = Object.fromEntries(
    Object.entries(options.externalData ?? {}).map(([name, file]) => [
      name,
      file instanceof URL ? file.href : file,
    ]),
  );
  try {
    const loaded = await connection.ask(
      { kind: 'load', source, externalData, limits: options.limits, threads: options.threads },
      { signal: options.signal, progress: options.onProgress },
    );
    return new RemoteModel(connection, loaded);
  } catch (error) {
    connection.close();
    throw error;
  }
}
