// Sends seeds to a process of its own, ends it when a model takes more than two seconds of its time or more than 1 GiB,
// starts another for the rest, and counts how models ended.
import { fork, type ChildProcess } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { build } from 'vite';
import { wgsl } from '../../scripts/wgsl_plugin.ts';
import type { FromChild, ToChild } from './messages.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));
const HANG_MS = 2000;
/** Of the clock, where a busy machine gives the process no time. */
const STUCK_MS = 60_000;
const MEMORY = 1 << 30;

export interface Failure {
  readonly index: number;
  readonly name: string;
  /** What must not be. */
  readonly wrong: string;
  readonly error: string;
  readonly stack: string;
  /** The model's bytes, where the process could still say them. */
  readonly model: Uint8Array | undefined;
}

export interface FuzzReport {
  readonly ran: number;
  readonly loaded: number;
  readonly refused: number;
  readonly failures: readonly Failure[];
  readonly milliseconds: number;
}

export interface FuzzOptions {
  readonly seed: number;
  readonly from?: number;
  readonly count: number;
  readonly files?: readonly string[];
  readonly onFailure?: (failure: Failure) => void;
  readonly onProgress?: (done: number) => void;
}

/** The program of the process. */
async function buildChild(): Promise<string> {
  const outDir = `${root}build/fuzz`;
  await build({
    configFile: false,
    logLevel: 'silent',
    root,
    plugins: [wgsl()],
    worker: {
      format: 'es',
      plugins: () => [wgsl()],
      rolldownOptions: { output: { codeSplitting: false } },
    },
    publicDir: false,
    build: {
      outDir,
      emptyOutDir: false,
      minify: false,
      target: 'es2022',
      ssr: true,
      rolldownOptions: { input: { child: `${root}test/fuzz/child.ts` } },
    },
  });
  return `${outDir}/child.js`;
}

/** Milliseconds of processor time that a process has had; undefined where the system does not tell. */
function cpuMs(child: ChildProcess): number | undefined {
  try {
    const text = readFileSync(`/proc/${child.pid}/stat`, 'utf8');
    const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
    // utime and stime, in hundredths of a second on every Linux.
    return 10 * (Number(fields[11]) + Number(fields[12]));
  } catch {
    return undefined;
  }
}

/** Runs `count` models from `from` on. Always ends; failures are in the report. */
export async function runFuzz(options: FuzzOptions): Promise<FuzzReport> {
  const { seed, from = 0, count, files = [], onFailure, onProgress } = options;
  const program = await buildChild();
  const begin = performance.now();
  const counts = { ran: 0, loaded: 0, refused: 0 };
  const failures: Failure[] = [];
  let next = from;
  while (next < from + count) {
    const lost = failures.length;
    next = await life(next);
    // Of a process that was ended nobody knows the model yet.
    const last = failures.at(-1);
    if (last !== undefined && failures.length > lost && last.model === undefined) {
      const known = { ...last, model: await show(last.index) };
      failures[failures.length - 1] = known;
      onFailure?.(known);
    }
  }
  return { ...counts, failures, milliseconds: performance.now() - begin };

  function fail(failure: Failure): void {
    failures.push(failure);
    if (failure.model !== undefined) onFailure?.(failure);
  }

  function show(index: number): Promise<Uint8Array> {
    return new Promise((resolve) => {
      const child = fork(program, [], { stdio: ['ignore', 'ignore', 'ignore', 'ipc'] });
      child.on('message', (message: FromChild) => {
        if (message.kind === 'ready') {
          child.send({ seed, from: index, to: index + 1, show: true, files } satisfies ToChild);
        } else if (message.kind === 'model') {
          child.kill();
          resolve(new Uint8Array(Buffer.from(message.model, 'base64')));
        }
      });
    });
  }

  /** One process; gives the index that the next one goes on with. */
  function life(first: number): Promise<number> {
    return new Promise((resolve) => {
      const child = fork(program, [], {
        execArgv: ['--max-old-space-size=768'],
        stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
      });
      let at = first;
      let name = '';
      let busy = false;
      let started = performance.now();
      let startedCpu = 0;
      let why = '';
      let ended = false;
      let complaint = '';
      child.stderr?.on('data', (text: Buffer) => (complaint = (complaint + text).slice(-2000)));
      const stop = (reason: string): void => {
        why = reason;
        child.kill('SIGKILL');
      };
      const watch = setInterval(() => {
        if (!busy) return;
        const cpu = cpuMs(child);
        const taken = cpu === undefined ? performance.now() - started : cpu - startedCpu;
        if (taken > HANG_MS) stop(`it hangs: more than ${HANG_MS} ms`);
        else if (performance.now() - started > STUCK_MS) stop('it hangs: it waits');
      }, 100);
      child.on('message', (message: FromChild) => {
        switch (message.kind) {
          case 'ready':
            child.send({
              ...{ seed, from: first, to: from + count },
              ...{ show: false, files },
            } satisfies ToChild);
            break;
          case 'begin':
            at = message.index;
            name = message.name;
            busy = true;
            started = performance.now();
            startedCpu = cpuMs(child) ?? 0;
            break;
          case 'end':
            busy = false;
            if (message.result === 'broken') {
              const { index, wrong, error, stack, model } = message;
              const bytes = new Uint8Array(Buffer.from(model, 'base64'));
              fail({ index, name, wrong, error, stack, model: bytes });
            } else counts[message.result] += 1;
            onProgress?.(at + 1 - from);
            break;
          case 'model':
            break;
          case 'memory':
            if (message.bytes > MEMORY && !ended) {
              ended = true;
              const error = `${message.bytes} bytes`;
              fail({
                index: at,
                name,
                wrong: 'it takes too much memory',
                error,
                stack: '',
                model: undefined,
              });
              stop('');
            }
            break;
          case 'done':
            ended = true;
            at = from + count - 1;
            child.disconnect();
            break;
          default:
            message satisfies never;
        }
      });
      child.on('exit', (code, signal) => {
        clearInterval(watch);
        if (!ended) {
          const wrong = why === '' ? `the process ended: ${code ?? signal}` : why;
          fail({ index: at, name, wrong, error: complaint, stack: '', model: undefined });
        }
        resolve(at + 1);
      });
    });
  }
}
