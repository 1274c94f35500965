// The types that the parts of the runner share: what a job's reply is, what a stack says of itself, and the
// connection to one life of its process or browser. Types only, no code.

import type { Engine, StackBackend } from './catalog.ts';

export interface JobError {
  name: string;
  message: string;
  stack?: string;
}

export type JobReply =
  { result: unknown; error?: undefined } | { result?: undefined; error: JobError };

export interface AdapterReport {
  vendor: string;
  architecture: string;
  device: string;
  description: string;
  limits: Record<string, number>;
  features: string[];
}

export type Versions = Record<string, string | undefined>;

export interface StackOptions {
  /** The job bundle, an absolute path. Its folder is readable. Without one, run() only gives errors. */
  bundle?: string;
  /** Further folders whose files jobs may read. */
  roots?: string[];
  /** Limit of one job in ms; 10 minutes when not given. */
  timeoutMs?: number;
  /** Limit of starting the stack in ms; 90 s when not given. */
  openTimeoutMs?: number;
  log?: (line: string) => void;
}

export interface Stack {
  id: string;
  title: string;
  engine: Engine;
  backend: StackBackend;
  /** The adapter in one line, "none" for a WASM stack. */
  adapter: string;
  adapterReport: AdapterReport | undefined;
  versions: Versions;
  run(job: unknown): Promise<JobReply>;
  close(): Promise<void>;
}

/** One message from the host. */
export interface HostReply {
  result?: unknown;
  error?: JobError;
}

export interface OpenReport {
  result?: { adapter?: AdapterReport; versions: Versions };
  error?: JobError;
}

/** A page that runs the host: what can be asked of it. Who opened the browser closes it. */
export interface PageHandle {
  /** Makes the page ready for jobs; may be called again, with another choice. */
  open(gpu: 'none' | 'navigator'): Promise<OpenReport>;
  run(bundle: string, job: unknown): Promise<HostReply>;
  alive(): boolean;
}

/** One life of a stack's process or browser; process_stack.ts and browser_stack.ts make them. */
export interface Connection {
  open(): Promise<OpenReport>;
  run(bundle: string, job: unknown): Promise<HostReply>;
  alive(): boolean;
  stop(): Promise<void>;
  kill(): Promise<void>;
}
