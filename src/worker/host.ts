// The worker's side: holds one model and answers requests. An entry point of its own (`isobit/worker`), and
// inlined into the library for `load(..., { worker: true })`.
import { isSequence, type Data } from '../core/data.ts';
import { Tensor } from '../core/tensor.ts';
import { loadFile } from '../load.ts';
import type { Model } from '../model.ts';
import {
  isSentSequence,
  sendError,
  type Answers,
  type FromWorker,
  type Request,
  type SentData,
  type SentTensor,
  type ToWorker,
} from './protocol.ts';

/** What this file uses of a worker's global scope. */
interface WorkerScope {
  onmessage: ((event: MessageEvent<ToWorker>) => void) | null;
  postMessage(message: FromWorker, transfer: Transferable[]): void;
}

const scope = globalThis as unknown as WorkerScope;
const running = new Map<number, AbortController>();
const kept = new Map<number, Tensor>();
let handles = 0;
let model: Model | undefined;

function session(): Model {
  if (model === undefined) throw new TypeError('worker: no model is loaded');
  return model;
}

function receive(feeds: Readonly<Record<string, SentData>>): Record<string, Data> {
  return Object.fromEntries(
    Object.entries(feeds).map(([name, sent]) => [name, receiveOne(name, sent)]),
  );
}

function receiveOne(name: string, sent: SentData): Data {
  if (sent === null) return null;
  if (isSentSequence(sent)) return sent.map((one) => receiveOne(name, one));
  if ('data' in sent) return new Tensor(sent.dtype, sent.data, sent.dims);
  const tensor = kept.get(sent.handle);
  if (tensor === undefined) throw new TypeError(`run: feed '${name}' was disposed`);
  return tensor;
}

function send(data: Data, transfer: Set<Transferable>): SentData {
  if (data === null) return null;
  return isSequence(data) ? data.map((one) => send(one, transfer)) : sendTensor(data, transfer);
}

function sendTensor(tensor: Tensor, transfer: Set<Transferable>): SentTensor {
  const { dtype, dims, storage } = tensor;
  if (storage !== undefined) {
    handles += 1;
    kept.set(handles, tensor);
    return { dtype, dims, handle: handles, location: storage.location };
  }
  const { data } = tensor;
  // A set: tensors of a sequence may be one and the same.
  if (!Array.isArray(data)) transfer.add(data.buffer as ArrayBuffer);
  return { dtype, dims, data };
}

/** The model, and what its runs left here. */
function disposeAll(): void {
  for (const tensor of kept.values()) tensor.dispose();
  kept.clear();
  model?.dispose();
  model = undefined;
}

async function answer(
  id: number,
  request: Request,
  transfer: Set<Transferable>,
): Promise<Answers[keyof Answers]> {
  const { signal } = running.get(id) ?? new AbortController();
  switch (request.kind) {
    case 'load': {
      disposeAll();
      const externalData = Object.fromEntries(
        Object.entries(request.externalData).map(([name, file]) => [
          name,
          typeof file === 'string' ? new URL(file) : file,
        ]),
      );
      model = await loadFile(request.source, {
        externalData,
        limits: request.limits,
        threads: request.threads,
        signal,
        onProgress: (progress) => scope.postMessage({ id, progress }, []),
      });
      return { inputs: model.inputs, outputs: model.outputs };
    }
    case 'run': {
      const result = await session().run(receive(request.feeds), { ...request.options, signal });
      const values = Object.fromEntries(
        Object.entries(result.values).map(([name, value]) => [name, send(value, transfer)]),
      );
      const { backend, notes, adapter, threads, gate, seed, profile, trace, receipt } = result;
      return {
        values,
        backend,
        notes,
        ...(seed === undefined ? {} : { seed }),
        ...(adapter === undefined ? {} : { adapter }),
        ...(threads === undefined ? {} : { threads }),
        ...(gate === undefined ? {} : { gate }),
        ...(profile === undefined ? {} : { profile }),
        ...(trace === undefined ? {} : { trace }),
        ...(receipt === undefined ? {} : { receipt }),
      };
    }
    case 'check':
      return session().check(receive(request.feeds), { signal });
    case 'nodes':
      return session().nodes();
    case 'read': {
      const tensor = kept.get(request.handle);
      const bytes = await tensor?.storage?.read();
      if (bytes === undefined)
        throw new TypeError('Tensor: used after dispose(). Dispose it later.');
      return bytes;
    }
    case 'free':
      kept.get(request.handle)?.dispose();
      kept.delete(request.handle);
      return null;
    case 'dispose':
      disposeAll();
      return null;
    default:
      throw new TypeError(`worker: unknown request ${String(request satisfies never)}`);
  }
}

async function handle(id: number, request: Request): Promise<void> {
  const transfer = new Set<Transferable>();
  running.set(id, new AbortController());
  try {
    scope.postMessage({ id, answer: await answer(id, request, transfer) }, [...transfer]);
  } catch (error) {
    scope.postMessage({ id, error: sendError(error) }, []);
  } finally {
    running.delete(id);
  }
}

scope.onmessage = ({ data }): void => {
  if ('abort' in data) running.get(data.abort)?.abort();
  else void handle(data.id, data.request);
};
