// What the page's side tells a worker when a model is over: a caller's own worker stays, and is to free what the model and its runs
// left there, unless another model has taken its place. The worker here is a fake that records what it is sent.
import { expect, test, vi } from 'vitest';
import type { Model } from '../../src/index.ts';
import type { FromWorker, Request, ToWorker } from '../../src/worker/protocol.ts';
import { loadInWorker } from '../../src/worker/remote.ts';

class RecordingWorker {
  readonly kinds: Request['kind'][] = [];
  isTerminated = false;
  onmessage: ((event: { data: FromWorker }) => void) | null = null;
  onerror: ((event: { message: string; preventDefault: () => void }) => void) | null = null;

  postMessage(message: ToWorker): void {
    if (!('request' in message)) return;
    this.kinds.push(message.request.kind);
    const answer = { inputs: [], outputs: [] };
    if (message.request.kind === 'load')
      queueMicrotask(() => this.onmessage?.({ data: { id: message.id, answer } }));
  }

  terminate(): void {
    this.isTerminated = true;
  }
}

const loadIn = (worker: RecordingWorker): Promise<Model> =>
  loadInWorker({ bytes: new Uint8Array(), base: undefined }, worker as unknown as Worker, {});

test('it is told to dispose, once, and stays', async () => {
  const worker = new RecordingWorker();
  const model = await loadIn(worker);
  model.dispose();
  model.dispose();
  expect(worker.kinds).toEqual(['load', 'dispose']);
  expect(worker.isTerminated).toBe(false);
  await expect(model.run({})).rejects.toThrow('used after dispose()');
});

test('one that died is not told', async () => {
  const worker = new RecordingWorker();
  const model = await loadIn(worker);
  worker.onerror?.({ message: 'gone', preventDefault: () => undefined });
  model.dispose();
  expect(worker.kinds).toEqual(['load']);
  await expect(model.run({})).rejects.toThrow('worker: gone');
});

test('not where another model took the place', async () => {
  const worker = new RecordingWorker();
  const [first, second] = [await loadIn(worker), await loadIn(worker)];
  first.dispose();
  expect(worker.kinds).toEqual(['load', 'load']);
  second.dispose();
  expect(worker.kinds).toEqual(['load', 'load', 'dispose']);
});

test('one that was made for the model is ended, also where it died before', async () => {
  const worker = new RecordingWorker();
  vi.stubGlobal('Worker', RecordingWorker);
  vi.doMock('../../src/worker/host.ts?worker&inline', () => ({
    default: function made() {
      return worker;
    },
  }));
  try {
    const model = await loadInWorker({ bytes: new Uint8Array(), base: undefined }, true, {});
    worker.onerror?.({ message: 'gone', preventDefault: () => undefined });
    model.dispose();
    expect([worker.kinds, worker.isTerminated]).toEqual([['load'], true]);
  } finally {
    vi.doUnmock('../../src/worker/host.ts?worker&inline');
    vi.unstubAllGlobals();
  }
});
