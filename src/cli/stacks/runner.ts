// Opens a stack and runs jobs on it. One process or browser per stack stays open for several jobs. It promises that
// run() always returns within its time limit, with a result or an error: a crash or a hang of the stack is that job's
// error, never this process's, and the next job starts the stack anew. A job is JSON in and JSON out, run by a *job
// bundle* (src/jobs/job.ts). What a job does is not known here.

import { existsSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gpuClaims } from '../../evidence/gpu_claims.ts';
import { connectBrowser } from './browser_stack.ts';
import { stackById } from './catalog.ts';
import type { StackSpec } from './catalog.ts';
import { connectProcess } from './process_stack.ts';
import type {
  AdapterReport,
  Connection,
  JobReply,
  Stack,
  StackOptions,
  Versions,
} from './types.ts';

/** A stack that is not installed, does not start, crashed or took too long. */
export class StackError extends Error {
  override name = 'StackError';
  readonly stackId: string;
  constructor(stackId: string, message: string) {
    super(`Stack ${stackId}: ${message}`);
    this.stackId = stackId;
  }
}

/** True when the adapter computes on the processor, as far as it says. */
export function isSoftwareAdapter(report: AdapterReport): boolean {
  return gpuClaims(report).software === true;
}

/** An adapter in one line; "none" for none. */
export function adapterName(report: AdapterReport | undefined): string {
  if (report === undefined) return 'none';
  const { vendor, architecture, device, description } = report;
  // Chromium and Firefox leave some of the four empty; a description usually repeats the rest.
  // Deno's vendor is a number of PCI's registry, which tells nobody anything.
  const words = [vendor, architecture].filter((part) => part !== '' && !/^\d+$/.test(part));
  const short = words.join(' ');
  const long = description !== '' ? description : device;
  return [short, long].filter((part) => part !== '').join(': ') || 'not named';
}

/**
 * Where host.mjs lies: beside this file in the sources and beside the command line's bundle in the package.
 *
 * @throws Error When the package is not built.
 */
export function hostScript(): string {
  const here = dirname(fileURLToPath(import.meta.url));
  const places = ['host.mjs', 'stacks/host.mjs', '../host.mjs', '../stacks/host.mjs'];
  const found = places.map((place) => resolve(here, place)).find((path) => existsSync(path));
  if (found === undefined) throw new Error(`host.mjs: not found near ${here}. Build the package.`);
  return found;
}

/** Rejects with a StackError when `work` takes longer than `ms`. */
export async function within<T>(
  id: string,
  ms: number,
  what: string,
  work: Promise<T>,
): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      reject(new StackError(id, `${what}: time limit: expected at most ${ms} ms. It was stopped.`));
    }, ms);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}

interface Life {
  connection: Connection;
  adapter: AdapterReport | undefined;
  versions: Versions;
}

async function start(spec: StackSpec, options: StackOptions): Promise<Life> {
  const absent = spec.find();
  if (absent !== undefined) {
    throw new StackError(spec.id, `not installed: ${absent}. To install: ${spec.needs}.`);
  }
  const limit = options.openTimeoutMs ?? 90_000;
  const log = options.log ?? (() => undefined);
  const host = hostScript();
  const folder = options.bundle === undefined ? [] : [dirname(resolve(options.bundle))];
  const roots = [...folder, ...(options.roots ?? [])];
  const connecting =
    spec.start.kind === 'browser'
      ? connectBrowser(spec.start, host, roots, log)
      : Promise.resolve(connectProcess(spec.start, host, log));
  // A browser that starts after the limit must not stay behind.
  let late = false;
  connecting.then(
    (connection) => (late ? connection.kill() : undefined),
    () => undefined,
  );
  let connection: Connection | undefined;
  try {
    connection = await within(spec.id, limit, 'start', connecting);
    const report = await within(spec.id, limit, 'open', connection.open());
    if (report.error !== undefined || report.result === undefined) {
      throw new StackError(spec.id, report.error?.message ?? 'the host gave no report.');
    }
    const { adapter, versions } = report.result;
    if (spec.id === 'F' && adapter !== undefined && isSoftwareAdapter(adapter)) {
      const got = adapterName(adapter);
      throw new StackError(spec.id, `expected a graphics card, got a software adapter (${got}).`);
    }
    return { connection, adapter, versions };
  } catch (e) {
    late = true;
    await connection?.kill();
    if (e instanceof StackError) throw e;
    throw new StackError(spec.id, e instanceof Error ? e.message : String(e));
  }
}

/**
 * Starts the stack `id` and keeps it open until close().
 *
 * @throws StackError When it is not installed or does not start; the text says what to install.
 * @throws RangeError When there is no such stack.
 * @example
 * const stack = await openStack('C', { bundle: '/abs/job.mjs', roots: ['/abs/models'] });
 * const { result, error } = await stack.run({ model: '/abs/models/a.onnx' });
 * await stack.close();
 */
export async function openStack(id: string, options: StackOptions): Promise<Stack> {
  const spec = stackById(id);
  const bundle = options.bundle === undefined ? undefined : resolve(options.bundle);
  let life: Life | undefined = await start(spec, options);
  const first = life;
  let closed = false;
  let queue: Promise<unknown> = Promise.resolve();

  const runOnce = async (job: unknown): Promise<JobReply> => {
    const refuse = (why: string): JobReply => {
      return { error: { name: 'StackError', message: `Stack ${id}: ${why}.` } };
    };
    if (closed) return refuse('it is closed');
    if (bundle === undefined) return refuse('it was opened without a job bundle');
    try {
      life ??= await start(spec, options);
      const work = life.connection.run(bundle, job);
      const reply = await within(id, options.timeoutMs ?? 600_000, 'job', work);
      if (!life.connection.alive()) {
        await life.connection.kill();
        life = undefined;
      }
      return reply.error === undefined ? { result: reply.result } : { error: reply.error };
    } catch (e) {
      await life?.connection.kill();
      life = undefined;
      return { error: { name: 'StackError', message: e instanceof Error ? e.message : String(e) } };
    }
  };

  return {
    id,
    title: spec.title,
    engine: spec.engine,
    backend: spec.backend,
    adapter: adapterName(first.adapter),
    adapterReport: first.adapter,
    versions: first.versions,
    run: (job) => {
      const reply = queue.then(() => runOnce(job));
      queue = reply;
      return reply;
    },
    close: async () => {
      closed = true;
      await queue;
      await life?.connection.stop();
      life = undefined;
    },
  };
}
