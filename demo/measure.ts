// Measures a device: the device gate's report on its GPU, models on WebAssembly and on WebGPU, and, where asked for, the
// repository's operator cases; all of it as one device report. It touches no page, so that any page can measure. Promises
// a report wherever WebAssembly runs: what fails on WebGPU is in it with its reason. Nothing is sent anywhere.
import { DeviceError, load, probe, type DeviceReport, type Feeds } from '../src/index.ts';
import type { Backend, Receipt } from '../src/index.ts';
import { briefText, MOST_FAILURES, rungOf } from '../src/evidence/device_report.ts';
import type { CaseTally, DeviceGate, DeviceRun } from '../src/evidence/device_report_types.ts';
import { gpuClaims } from '../src/evidence/gpu_claims.ts';
import { thisEnvironment } from './environment.ts';
import { openGpu, requestAdapter } from './gpu_source.ts';
import { absence } from './paths.ts';

/** A model to measure, and what it is run on. */
export interface MeasuredModel {
  readonly name: string;
  readonly source: Exclude<Parameters<typeof load>[0], Response>;
  readonly feeds: Feeds;
}

export interface MeasureOptions {
  /** At least one. */
  readonly models: readonly MeasuredModel[];
  /** The operator cases whose ids begin so, all for an empty list; none are run if not given. */
  readonly cases?: readonly string[] | undefined;
  readonly signal?: AbortSignal | undefined;
  /** What is measured now, and how much of that is done. */
  readonly onProgress?: ((step: string, done: number, total: number) => void) | undefined;
  /** The stack that this page runs in, where it is one. */
  readonly stack?: string | undefined;
}

/** By WebGPU's names; the same ones as `isobit stacks` lists. */
const LIMITS = [
  'maxBufferSize',
  'maxStorageBufferBindingSize',
  'maxStorageBuffersPerShaderStage',
  'maxComputeWorkgroupStorageSize',
  'maxComputeInvocationsPerWorkgroup',
  'maxComputeWorkgroupsPerDimension',
] as const;

/** Browsers round their clocks; what is more than this is noise of its own. */
const rounded = (value: number): number => Number(value.toFixed(3));

const reasonOf = (error: unknown): string =>
  briefText(error instanceof Error ? error.message : String(error));

type GpuPart = Pick<DeviceReport, 'gate' | 'withoutGate'> & {
  readonly gpu?: NonNullable<DeviceReport['claims']['gpu']>;
};

/** The adapter that the library would take, and what the gate says of it. */
async function measureGpu(): Promise<GpuPart> {
  const gpu = navigator.gpu as GPU | undefined;
  const adapter = gpu === undefined ? null : await requestAdapter(gpu);
  const claims = adapter === null ? {} : { gpu: gpuClaims(adapter.info) };
  try {
    const { verdict, findings, milliseconds } = await probe();
    const limits = LIMITS.map((name) => [name, adapter?.limits[name] ?? 0] as const);
    const gate: DeviceGate = {
      verdict,
      findings: findings.map((one) => ({ ...one, detail: briefText(one.detail) })),
      milliseconds: rounded(milliseconds),
      limits: Object.fromEntries(limits),
    };
    return { ...claims, gate };
  } catch (error) {
    const absent = error instanceof DeviceError && ['adapter', 'device'].includes(error.stage);
    const why = absent ? briefText(absence(error)) : reasonOf(error);
    return { ...claims, gate: null, withoutGate: why };
  }
}

/** A model on both backends, WebGPU only where there is a GPU; and the receipt, which has its digests. */
async function measureModel(
  { name, source, feeds }: MeasuredModel,
  backends: readonly Backend[],
): Promise<{ receipt: Receipt; runs: DeviceRun[] }> {
  const model = await load(source);
  try {
    const timed: Pick<DeviceRun, 'backend' | 'digest' | 'ms' | 'error' | 'notes'>[] = [];
    for (const backend of backends) {
      try {
        const begin = performance.now();
        // Not audited: an audit would mend what a measurement is there to find.
        const { digest, notes } = await model.run(feeds, { backend, audit: 'off' });
        const ms = rounded(performance.now() - begin);
        const said = notes.slice(0, 100).map((note) => briefText(note.message));
        timed.push({ backend, digest, ms, ...(said.length === 0 ? {} : { notes: said }) });
      } catch (error) {
        timed.push({ backend, digest: null, ms: null, error: reasonOf(error) });
      }
    }
    const { receipt = '' } = await model.run(feeds, { backend: 'wasm', receipt: true });
    const about = JSON.parse(receipt) as Receipt;
    const head = { name, model: about.model, inputs: about.inputs };
    return { receipt: about, runs: timed.map((one) => ({ ...head, ...one })) };
  } finally {
    model.dispose();
  }
}

interface Counting {
  ran: number;
  good: number;
  byReference: number;
  failures: CaseTally['failures'][number][];
}

/** The operator cases; the chunk that holds them is loaded here. */
async function measureCases(
  prefixes: readonly string[],
  withGpu: boolean,
  { signal, onProgress }: MeasureOptions,
): Promise<DeviceReport['cases']> {
  const { runCases, selectCases } = await import('./cases.ts');
  const cases = selectCases(prefixes);
  if (cases.length === 0) throw new RangeError(`cases: none begins with ${prefixes.join(', ')}.`);
  const gpu = withGpu ? await openGpu() : 'none';
  if (withGpu && typeof gpu === 'string') throw new Error(`cases: the GPU is gone: ${gpu}.`);
  const fresh = (): Counting => ({ ran: 0, good: 0, byReference: 0, failures: [] });
  const tallies = { wasm: fresh(), webgpu: fresh() };
  try {
    const stop = signal ?? new AbortController().signal;
    for await (const outcome of runCases(cases, typeof gpu === 'string' ? undefined : gpu, stop)) {
      const { id, backend, expected, got, byReference } = outcome;
      const tally = tallies[backend];
      tally.ran += 1;
      if (byReference) tally.byReference += 1;
      if (got === expected) tally.good += 1;
      else if (tally.failures.length < MOST_FAILURES) {
        tally.failures.push({ id, expected: briefText(expected), got: briefText(got) });
      }
      if (backend === 'wasm') onProgress?.('operator cases', tally.ran, cases.length);
    }
  } finally {
    if (typeof gpu !== 'string') gpu.dispose();
  }
  return withGpu ? tallies : { wasm: tallies.wasm };
}

/**
 * Measures the device that this page runs on.
 *
 * @throws RangeError without a model, or for cases that there are none of; the signal's reason; what `load` and `run` throw
 * on WebAssembly
 */
export async function measureDevice(options: MeasureOptions): Promise<DeviceReport> {
  const { models, cases, signal, onProgress, stack } = options;
  const begin = performance.now();
  onProgress?.('device gate', 0, 1);
  const [environment, { gpu, gate, withoutGate }] = await Promise.all([
    thisEnvironment(),
    measureGpu(),
  ]);
  // Of a GPU that the gate refuses, why WebGPU does not run stands with the run.
  const backends: Backend[] = gate === null ? ['wasm'] : ['wasm', 'webgpu'];
  const runs: DeviceRun[] = [];
  let receipt: Receipt | undefined;
  for (const [i, model] of models.entries()) {
    signal?.throwIfAborted();
    onProgress?.('models', i, models.length);
    const measured = await measureModel(model, backends);
    receipt ??= measured.receipt;
    runs.push(...measured.runs);
  }
  if (receipt === undefined) throw new RangeError('measureDevice: expected a model, got none.');
  signal?.throwIfAborted();
  const isUsable = gate !== null && gate.verdict !== 'refused';
  const counted = cases === undefined ? null : await measureCases(cases, isUsable, options);
  signal?.throwIfAborted();
  const { browser, engine, system, processor } = environment;
  return {
    format: 'isobit-device/1',
    contract: receipt.contract,
    library: receipt.claims.library,
    core: receipt.claims.core,
    date: new Date().toISOString().slice(0, 10),
    claims: {
      ...(gpu === undefined ? {} : { gpu }),
      browser: browser ?? { name: 'unknown browser', version: '' },
      engine: engine ?? 'unknown engine',
      system: system ?? 'unknown system',
      ...(processor === undefined ? {} : { processor }),
      ...(stack === undefined ? {} : { stack }),
    },
    gate,
    ...(withoutGate === undefined ? {} : { withoutGate }),
    rung: rungOf(gate),
    models: runs,
    cases: counted,
    seconds: rounded((performance.now() - begin) / 1000),
  };
}
