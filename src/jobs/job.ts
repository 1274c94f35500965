// What a job bundle is: an ES module that exports `run(job, env)`, JSON in and JSON out, loaded by a stack's host
// (src/cli/stacks/host.mjs) in a process or a page. These are its types and the few checks that all jobs share.

/** What a job is given beside its JSON. Paths are absolute paths of the machine that the stack runs on. */
export interface JobEnv {
  /** The stack's GPU object; undefined on a stack that runs WASM. */
  gpu: GPU | undefined;
  featureLevel?: 'core' | 'compatibility';
  /** The bytes of a file below one of the stack's roots. */
  readFile(path: string): Promise<Uint8Array>;
  /** Writes a file; where a job cannot (in a page), it is not there. */
  writeFile?(path: string, bytes: Uint8Array): Promise<void>;
  /** The address under which import() and fetch() reach such a file (file: in processes, http: in pages). */
  url(path: string): string;
  /** A line for the person who waits. */
  log(line: string): void;
}

/** The `run` of a job bundle. */
export type JobFunction = (job: unknown, env: JobEnv) => Promise<unknown>;

/** One model input as a file of little-endian bytes, without header. */
export interface FeedFile {
  name: string;
  dtype: string;
  dims: number[];
  path: string;
}

/** The middle of the sorted list; the mean of the two middle values where their number is even. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const half = sorted.length >> 1;
  const upper = sorted[half] ?? Number.NaN;
  return sorted.length % 2 === 1 ? upper : ((sorted[half - 1] ?? Number.NaN) + upper) / 2;
}
