// The worker's side: holds one model and answers requests. An entry point of its own (`isobit/worker`), and
// inlined into the library for `load(..., { worker: true })`.
import { Tensor } from '../core/tensor.ts';
import { load } from '../load.ts';
import type { Model } from '../model.ts';
import {
  sendError,
  type Answers,
  type FromWorker,
  type Request,
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

function receive(feeds: Readonly<Record<string, SentTensor>>): Record<string, Tensor> {
  return Object.fromEntries(
    Object.entries(feeds).map(([name, sent]) => {
      if ('data' in sent) return [name, new Tensor(sent.dtype, sent.data, sent.dims)];
      const tensor = kept.get(sent.handle);
      if (tensor === undefined) throw new TypeError(`run: feed '${name}' was disposed`);
      return [name, tensor];
    }),
  );
}

function send(tensor: Tensor, transfer: Transferable[]): SentTensor {
  const { dtype, dims } = tensor;
  if (tensor.storage !== undefined) {
    handles += 1;
    kept.set(handles, tensor);
    return { dtype, dims, handle: handles };
  }
  const { data } = tensor;
  if (Array.isArray(data)) throw new TypeError('worker: string tensors cannot be sent');
  transfer.push(data.buffer as ArrayBuffer);
  return { dtype, dims, data };
}

async function answer(
  id: number,
  request: Request,
  transfer: Transferable[],
): Promise<Answers[keyof Answers]> {
  const { signal } = running.get(id) ?? new AbortController();
  switch (request.kind) {
    case 'load': {
      model?.dispose();
      model = await load(request.source, {
        signal,
        onProgress: (progress) => scope.postMessage({ id, progress }, []),
      });
      return { inputs: model.inputs, outputs: model.outputs };
    }
    case 'run': {
      const result = await session().run(receive(request.feeds), { ...request.options, signal });
      const outputs = Object.fromEntries(
        Object.entries(result.outputs).map(([name, tensor]) => [name, send(tensor, transfer)]),
      );
      const { backend, notes, adapter, gate } = result;
      return {
        outputs,
        backend,
        notes,
        ...(adapter === undefined ? {} : { adapter }),
        ...(gate === undefined ? {} : { gate }),
      };
    }
    case 'check':
      return session().check(receive(request.feeds), { signal });
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
      for (const tensor of kept.values()) tensor.dispose();
      kept.clear();
      model?.dispose();
      model = undefined;
      return null;
    default:
      throw new TypeError(`worker: unknown request ${String(request satisfies never)}`);
  }
}

async function handle(id: number, request: Request): Promise<void> {
  const transfer: Transferable[] = [];
  running.set(id, new AbortController());
  try {
    scope.postMessage({ id, answer: await answer(id, request, transfer) }, transfer);
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
