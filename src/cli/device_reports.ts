// `isobit matrix --report FOLDER`: a device report of each stack and each remote browser that started, with its gate's report
// where it has WebGPU and what the matrix gave on it. Claims are what engine, adapter and this machine say of themselves.
// What does not start has none: what is missing is the matrix's row. It measures nothing itself but the gate.
import { mkdirSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { briefText, deviceReportText, fileNameOf, rungOf } from '../evidence/device_report.ts';
import type { DeviceClaims, DeviceReport, DeviceRun } from '../evidence/device_report_types.ts';
import { gpuClaims } from '../evidence/gpu_claims.ts';
import type { Probe, Receipt } from '../index.ts';
import type { FeedFile } from '../jobs/job.ts';
import { runHere } from './here.ts';
import type { OpenedRemote } from './connect/run_remotes.ts';
import type { MatrixRow, MatrixStack } from './matrix.ts';
import { UsageError } from './output.ts';
import type { StackSpec } from './stacks/catalog.ts';
import type { AdapterReport, JobReply, Stack } from './stacks/types.ts';

/** A model of the matrix, with the inputs that it is run on. */
export interface ReportedModel {
  readonly name: string;
  readonly path: string;
  readonly feeds: FeedFile[];
}

/** What a stack said when it was opened. */
interface Opened {
  readonly claims: DeviceClaims;
  readonly gate: DeviceReport['gate'];
  readonly withoutGate?: string;
  readonly begin: number;
  end: number;
}

const SYSTEMS: Readonly<Record<string, string>> = {
  linux: 'Linux',
  darwin: 'macOS',
  win32: 'Windows',
};

const PROGRAMS = {
  node: ['Node', 'node'],
  'node-arm': ['Node', 'node'],
  deno: ['Deno', 'deno'],
  bun: ['Bun', 'bun'],
  chromium: ['Chromium', 'chromium'],
  firefox: ['Firefox', 'firefox'],
} as const;

function processorOf(spec: StackSpec): string {
  if (spec.start.kind === 'process' && spec.start.program === 'node-arm') return 'arm64, emulated';
  return process.arch === 'x64' ? 'x86-64' : process.arch;
}

/** Where a stack runs, as engine, adapter and this machine say. */
export function claimsOf(
  spec: StackSpec,
  { adapterReport, versions }: Pick<Stack, 'adapterReport' | 'versions'>,
): DeviceClaims {
  const { start } = spec;
  const [name, key] = PROGRAMS[start.kind === 'browser' ? start.browser : start.program];
  const gpu = adapterReport === undefined ? undefined : gpuClaims(adapterReport);
  // A stack whose driver is chosen for it is what its title says, even where its adapter says nothing.
  const isSoftware = gpu?.software ?? /SwiftShader|lavapipe|llvmpipe/.test(spec.title);
  return {
    ...(gpu === undefined ? {} : { gpu: { ...gpu, software: isSoftware } }),
    browser: { name, version: versions[key] ?? '' },
    engine: spec.engine,
    system: SYSTEMS[process.platform] ?? process.platform,
    processor: processorOf(spec),
    stack: spec.id,
  };
}

/** A platform as browsers and drivers name it: `linux`, `Linux x86_64`, `MacIntel`. */
function systemOf(platform: string): Pick<DeviceClaims, 'system' | 'processor'> {
  const named = [
    ['Android', /android/i],
    ['iOS', /ios|iphone|ipad/i],
    ['macOS', /mac|darwin/i],
    ['Windows', /win/i],
    ['Linux', /linux/i],
  ] as const;
  const system = named.find(([, pattern]) => pattern.test(platform))?.[0] ?? briefText(platform);
  // Macs say Intel on every processor.
  if (/x86_64|x64|win64/i.test(platform)) return { system, processor: 'x86-64' };
  return /aarch64|arm64/i.test(platform) ? { system, processor: 'arm64' } : { system };
}

/** Where a remote browser runs, as it and its driver say. */
export function remoteClaimsOf({
  browser,
  engine,
  adapter,
}: Pick<OpenedRemote, 'browser' | 'engine' | 'adapter'>): DeviceClaims {
  const { name, version, platform } = browser;
  return {
    ...(adapter === undefined ? {} : { gpu: gpuClaims(adapter) }),
    browser: { name: name.charAt(0).toUpperCase() + name.slice(1), version },
    engine,
    ...systemOf(platform),
  };
}

type GatePart = Pick<Opened, 'gate' | 'withoutGate'>;

/** The gate's report, which is asked for by a job. */
async function gateOf(
  { limits }: AdapterReport,
  run: (job: object) => Promise<JobReply>,
): Promise<GatePart> {
  const { result, error } = await run({ kind: 'probe', model: '', feeds: [] });
  if (error !== undefined) return { gate: null, withoutGate: briefText(error.message) };
  const { verdict, findings, milliseconds } = result as Probe;
  return {
    gate: { verdict, findings, milliseconds: Number(milliseconds.toFixed(3)), limits },
  };
}

export class DeviceReports {
  readonly #folder: string;
  readonly #opened = new Map<string, Opened>();
  readonly #receipts = new Map<string, Receipt>();

  /** @throws UsageError where there can be no such folder */
  constructor(folder: string) {
    this.#folder = resolve(folder);
    try {
      mkdirSync(this.#folder, { recursive: true });
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      throw new UsageError(`--report: ${why}. Name a folder that can be written to.`);
    }
  }

  /** Runs each model once on the reference, here: its digest, and those of its inputs, are the same on every stack. */
  async begin(models: readonly ReportedModel[]): Promise<void> {
    for (const { name, path, feeds } of models) {
      if (this.#receipts.has(name)) {
        throw new UsageError(
          `--report: two models are called ${name}: expected different names. Rename a file.`,
        );
      }
      const receipt = await runHere({ kind: 'receipt', model: path, feeds, backend: 'wasm' });
      this.#receipts.set(name, JSON.parse(String(receipt)) as Receipt);
    }
  }

  /** Asks a stack's gate, before its models run. */
  async opened(spec: StackSpec, stack: Stack): Promise<void> {
    const begin = performance.now();
    const why = `stack ${stack.id} is for WebAssembly and asks for no GPU`;
    const asked: GatePart =
      stack.adapterReport === undefined
        ? { gate: null, withoutGate: why }
        : await gateOf(stack.adapterReport, (job) => stack.run(job));
    const end = performance.now();
    this.#opened.set(spec.id, { claims: claimsOf(spec, stack), ...asked, begin, end });
  }

  /** Asks a remote browser's gate, before its models run on WebGPU. What it said before on WASM is filled up by it. */
  async openedRemote(id: string, opened: OpenedRemote): Promise<void> {
    const { adapter, absent, backend } = opened;
    const begin = this.#opened.get(id)?.begin ?? performance.now();
    const asked: GatePart =
      adapter === undefined
        ? { gate: null, withoutGate: briefText(absent ?? `${backend}: no GPU was asked for`) }
        : await gateOf(adapter, (job) => opened.run(job));
    const claims = remoteClaimsOf(opened);
    this.#opened.set(id, { claims, ...asked, begin, end: performance.now() });
  }

  /** A model has run on a stack. */
  done(id: string): void {
    const opened = this.#opened.get(id);
    if (opened !== undefined) opened.end = performance.now();
  }

  /** Writes a file a stack. @returns their paths */
  write(rows: readonly MatrixRow[]): string[] {
    const written: string[] = [];
    for (const [id, opened] of this.#opened) {
      const report = this.#report(id, opened, rows);
      const path = this.#pathOf(fileNameOf(report), id, written);
      if (written.includes(path)) {
        throw new Error(`--report: two stacks are ${path}: expected one. Name them by --stacks.`);
      }
      writeFileSync(path, `${deviceReportText(report)}\n`);
      written.push(path);
    }
    return written;
  }

  /** Remote browsers can be alike: those after the first have their number. */
  #pathOf(name: string, id: string, taken: readonly string[]): string {
    const path = join(this.#folder, name);
    if (!taken.includes(path) || !id.startsWith('remote-')) return path;
    return path.replace(/\.json$/, `-${id.slice('remote-'.length)}.json`);
  }

  #report(id: string, opened: Opened, rows: readonly MatrixRow[]): DeviceReport {
    const { claims, gate, withoutGate, begin, end } = opened;
    const [first] = this.#receipts.values();
    if (first === undefined) throw new Error('--report: there is no model.');
    const models = rows.flatMap((row) => {
      const receipt = this.#receipts.get(row.model);
      // A remote browser has a cell for each backend, and none that counts where it has no WebGPU.
      const cells = row.stacks.filter(
        (cell) => (cell.id === id || cell.id.startsWith(`${id}/`)) && cell.missing !== true,
      );
      return receipt === undefined ? [] : cells.map((cell) => runOf(row.model, receipt, cell));
    });
    return {
      format: 'isobit-device/1',
      contract: first.contract,
      library: first.claims.library,
      core: first.claims.core,
      date: new Date().toISOString().slice(0, 10),
      claims,
      gate,
      ...(withoutGate === undefined ? {} : { withoutGate }),
      rung: rungOf(gate),
      models,
      cases: null,
      seconds: Number(((end - begin) / 1000).toFixed(3)),
    };
  }
}

function runOf(name: string, receipt: Receipt, cell: MatrixStack): DeviceRun {
  const { digest, ms, error, notes } = cell;
  return {
    name,
    model: receipt.model,
    inputs: receipt.inputs,
    backend: cell.backend === 'wasm' ? 'wasm' : 'webgpu',
    digest,
    ms,
    ...(error === undefined ? {} : { error: briefText(error) }),
    ...(notes === undefined ? {} : { notes: notes.slice(0, 100).map(briefText) }),
  };
}
