// Runs the operator cases of the repository's tests in this browser, on the reference and on the GPU, and compares
// every digest with test/golden. This chunk holds all cases and goldens and is loaded only when asked for. It gives
// the page a turn at least every few milliseconds and can be stopped at any time, also where the GPU does not answer.
import { runCase } from '../test/harness/conform.ts';
import type { OpCase } from '../test/harness/cases.ts';
import { caseFiles } from '../test/ops/index.ts';
import type { Backend } from '../src/index.ts';

const goldens = Object.assign(
  {},
  ...Object.values(
    import.meta.glob<Record<string, string>>('../test/golden/*.json', {
      eager: true,
      import: 'default',
    }),
  ),
) as Readonly<Record<string, string>>;

/** A turn for the page is due after this many milliseconds of cases. */
const SLICE_MS = 12;
/** No case takes seconds: a GPU that has not answered by then is taken for one that will not. */
const ANSWER_MS = 60_000;
/** What a case has left when the visitor stops. */
const LAST_MS = 2000;

export interface CaseOutcome {
  readonly id: string;
  readonly backend: Backend;
  readonly got: string;
  readonly expected: string;
  /** False where the repository has no digest and the reference's own was taken. */
  readonly golden: boolean;
  /** The reference computed a part of it. */
  readonly byReference: boolean;
}

/** A device that is replaced after a failure, so that one failing case does not fail all that follow. */
export interface DeviceSource {
  device(): Promise<GPUDevice>;
  replace(): Promise<void>;
}

/** The cases whose ids begin with one of the prefixes, all without any. */
export function selectCases(prefixes: readonly string[]): readonly OpCase[] {
  const all = [...caseFiles.values()].flat();
  if (prefixes.length === 0) return all;
  return all.filter(({ id }) => prefixes.some((prefix) => id.startsWith(prefix)));
}

export function hasGolden({ id }: OpCase): boolean {
  return Object.hasOwn(goldens, id);
}

/** A turn of the event loop; unlike a timeout it is not slowed down in a page that is not in front. */
function nextTurn(): Promise<void> {
  return new Promise((resolve) => {
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = () => {
      port1.close();
      resolve();
    };
    port2.postMessage(0);
  });
}

/** What an outcome has for a digest where the GPU gave none. */
const SILENT = { digest: `error: no answer in ${ANSWER_MS / 1000} s`, notes: [] };

/**
 * What the GPU is asked for, or that the visitor stopped it, or that there is no answer. Work that is left alone ends with
 * its device, which browsers complain of in the console: so it is given a moment.
 */
async function answered<T>(
  work: Promise<T>,
  signal: AbortSignal,
): Promise<T | 'stopped' | 'silent'> {
  const timers: ReturnType<typeof setTimeout>[] = [];
  const after = (ms: number, then: () => void): void => void timers.push(setTimeout(then, ms));
  let stop = (): void => undefined;
  const ended = new Promise<'stopped' | 'silent'>((resolve) => {
    // In a page that slept the time is over before the answer can arrive: a second more for that.
    after(ANSWER_MS, () => after(1000, () => resolve('silent')));
    stop = () => after(LAST_MS, () => resolve('stopped'));
  });
  signal.addEventListener('abort', stop);
  if (signal.aborted) stop();
  try {
    return await Promise.race([work, ended]);
  } finally {
    timers.forEach(clearTimeout);
    signal.removeEventListener('abort', stop);
  }
}

/** Each case on the reference, then on the GPU where there is one. */
export async function* runCases(
  cases: readonly OpCase[],
  gpu: DeviceSource | undefined,
  signal: AbortSignal,
): AsyncGenerator<CaseOutcome> {
  let begun = performance.now();
  for (const one of cases) {
    const wasm = await runCase(one, 'wasm');
    const golden = goldens[one.id];
    const expected = golden ?? wasm.digest;
    const head = { id: one.id, expected, golden: golden !== undefined };
    yield { ...head, backend: 'wasm', got: wasm.digest, byReference: false };
    if (gpu !== undefined && !signal.aborted) {
      const run = runCase(one, 'webgpu', { device: await gpu.device() });
      const result = await answered(run, signal);
      if (result === 'stopped') return;
      const { digest, notes } = result === 'silent' ? SILENT : result;
      yield { ...head, backend: 'webgpu', got: digest, byReference: notes.length > 0 };
      if (digest !== expected && (await answered(gpu.replace(), signal)) === 'stopped') return;
    }
    if (signal.aborted) return;
    if (performance.now() - begun > SLICE_MS) {
      await nextTurn();
      begun = performance.now();
    }
  }
}
