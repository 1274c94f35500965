// The messages between a page and the worker that holds its model, and the forms in which tensors and errors
// travel: structured-clonable, elements transferred. Both ends are built from one source, so there is no version.
import { DeviceError, ModelError, UnsupportedOpError, type Problem } from '../core/errors.ts';
import type { DType, TensorData } from '../core/dtype.ts';
import type { DeviceStorage } from '../core/tensor.ts';
import type { CheckReport, Model } from '../model.ts';
import type { ValueInfo } from '../graph/graph.ts';
import type { Progress } from '../model.ts';
import type { ModelFile } from '../load.ts';
import type { ModelOptions } from '../model.ts';
import type { Backend, Note, RunResult } from '../run_types.ts';

/** A tensor in a message: its elements, or the handle of one that stays where the worker computed it. */
export type SentTensor =
  | { readonly dtype: DType; readonly dims: readonly number[]; readonly data: TensorData }
  | {
      readonly dtype: DType;
      readonly dims: readonly number[];
      readonly handle: number;
      readonly location: DeviceStorage['location'];
    };

/** A value in a message: a tensor, a sequence, or an optional that holds nothing. */
export type SentData = SentTensor | readonly SentData[] | null;

export function isSentSequence(sent: SentData): sent is readonly SentData[] {
  return Array.isArray(sent);
}

export interface SentRunOptions {
  readonly backend?: Backend | 'auto' | undefined;
  readonly outputs?: readonly string[] | undefined;
  readonly keepOnDevice?: boolean | readonly string[] | undefined;
  readonly audit?: number | 'off' | undefined;
  readonly seed?: number | undefined;
  readonly profile?: boolean | undefined;
  readonly trace?: boolean | undefined;
  readonly receipt?: boolean | undefined;
  readonly node?: string | undefined;
}

export type Request =
  | {
      readonly kind: 'load';
      readonly source: ModelFile;
      /** Files by path: their bytes, or an address as text. */
      readonly externalData: Readonly<Record<string, Uint8Array | string>>;
      readonly limits: ModelOptions['limits'];
      readonly threads: number | undefined;
    }
  | {
      readonly kind: 'run';
      readonly feeds: Readonly<Record<string, SentData>>;
      readonly options: SentRunOptions;
    }
  | { readonly kind: 'check'; readonly feeds: Readonly<Record<string, SentData>> }
  | { readonly kind: 'nodes' }
  | { readonly kind: 'read'; readonly handle: number }
  | { readonly kind: 'free'; readonly handle: number }
  | { readonly kind: 'dispose' };

/** To the worker: a request with its number, or the wish to stop one. */
export type ToWorker =
  { readonly id: number; readonly request: Request } | { readonly abort: number };

export interface Loaded {
  readonly inputs: readonly ValueInfo[];
  readonly outputs: readonly ValueInfo[];
}
export interface Ran {
  /** In graph order. */
  readonly values: Readonly<Record<string, SentData>>;
  readonly backend: Backend;
  readonly seed?: number;
  readonly adapter?: string;
  readonly threads?: number;
  readonly notes: readonly Note[];
  readonly gate?: NonNullable<RunResult['gate']>;
  readonly profile?: NonNullable<RunResult['profile']>;
  readonly trace?: NonNullable<RunResult['trace']>;
  readonly receipt?: string;
}

/** What each kind of request is answered with. */
export interface Answers {
  load: Loaded;
  run: Ran;
  check: CheckReport;
  nodes: Awaited<ReturnType<Model['nodes']>>;
  read: Uint8Array;
  free: null;
  dispose: null;
}

export type FromWorker =
  | { readonly id: number; readonly answer: Answers[keyof Answers] }
  | { readonly id: number; readonly error: SentError }
  | { readonly id: number; readonly progress: Progress };

export interface SentError {
  readonly name: string;
  readonly message: string;
  readonly problems?: readonly Problem[];
  readonly stage?: string;
  readonly adapter?: string | undefined;
}

export function sendError(error: unknown): SentError {
  if (error instanceof ModelError) {
    return { name: error.name, message: error.message, problems: error.problems };
  }
  if (error instanceof DeviceError) {
    return { name: error.name, message: error.message, stage: error.stage, adapter: error.adapter };
  }
  if (error instanceof Error || error instanceof DOMException) {
    return { name: error.name, message: error.message };
  }
  return { name: 'Error', message: String(error) };
}

/** The error as it was thrown in the worker, of the same class. */
export function receiveError(sent: SentError): Error {
  switch (sent.name) {
    case 'UnsupportedOpError':
      return new UnsupportedOpError(sent.problems ?? []);
    case 'ModelError':
      return new ModelError(sent.problems ?? []);
    case 'DeviceError':
      return new DeviceError(sent.message, { stage: sent.stage ?? 'run', adapter: sent.adapter });
    case 'TypeError':
      return new TypeError(sent.message);
    case 'RangeError':
      return new RangeError(sent.message);
    case 'AbortError':
      return new DOMException(sent.message, 'AbortError');
    default:
      return Object.assign(new Error(sent.message), { name: sent.name });
  }
}
