// `isobit stacks`: every stack of the catalog, found or what to install, started once to ask for its adapter, its
// limits and its versions, and, where it has WebGPU, for the device gate's verdict. It runs no model.

import type { Probe } from '../index.ts';
import { jobBundle } from './bundles.ts';
import type { JobBundle } from './bundles.ts';
import { EXIT, printResult } from './output.ts';
import type { ExitCode } from './output.ts';
import { startProgress } from './progress.ts';
import { STACKS } from './stacks/catalog.ts';
import type { StackSpec } from './stacks/catalog.ts';
import { isSoftwareAdapter, openStack } from './stacks/runner.ts';
import type { Stack, Versions } from './stacks/types.ts';

export interface StackRow {
  id: string;
  title: string;
  engine: string;
  backend: string;
  /** It starts. */
  found: boolean;
  /** What to install, or why it does not start. */
  error?: string;
  needs?: string;
  adapter?: string;
  software?: boolean;
  limits?: Record<string, number>;
  features?: string[];
  versions?: Versions;
  /** What the device gate says of the stack's GPU. */
  probe?: Probe;
  /** Why it says nothing. */
  probeError?: string;
}

/** Limit of one gate; the slowest of software GPUs takes seconds. */
const PROBE_LIMIT = 60_000;

async function probed(stack: Stack): Promise<Pick<StackRow, 'probe' | 'probeError'>> {
  const { result, error } = await stack.run(null);
  return error === undefined ? { probe: result as Probe } : { probeError: error.message };
}

async function describe(spec: StackSpec, { bundle, root }: JobBundle): Promise<StackRow> {
  const { id, title, engine, backend, needs } = spec;
  const absent = spec.find();
  const row = { id, title, engine, backend };
  if (absent !== undefined) return { ...row, found: false, error: `missing: ${absent}`, needs };
  try {
    const stack = await openStack(id, { bundle, roots: [root], timeoutMs: PROBE_LIMIT });
    try {
      const { adapter, versions, adapterReport: report } = stack;
      if (report === undefined) return { ...row, found: true, adapter, versions };
      const { limits, features } = report;
      const software = isSoftwareAdapter(report);
      const about = { adapter, software, limits, features, versions };
      return { ...row, found: true, ...about, ...(await probed(stack)) };
    } finally {
      await stack.close();
    }
  } catch (e) {
    return { ...row, found: false, error: e instanceof Error ? e.message : String(e), needs };
  }
}

const MIB = 2 ** 20;

function limitsText(limits: Record<string, number>): string {
  const get = (name: string): number => limits[name] ?? Number.NaN;
  return [
    `bindings of ${Math.floor(get('maxStorageBufferBindingSize') / MIB)} MiB`,
    `${get('maxStorageBuffersPerShaderStage')} storage buffers a stage`,
    `${get('maxComputeInvocationsPerWorkgroup')} invocations`,
    `${get('maxComputeWorkgroupStorageSize') / 1024} KiB workgroup storage`,
  ].join(', ');
}

/** The gate's verdict as a word of one column; empty where there is no GPU to ask. */
function verdictText({ backend, found, probe }: StackRow): string {
  if (backend === 'wasm') return '';
  if (!found) return '-';
  return probe === undefined ? 'failed' : probe.verdict;
}

/** What the gate took, and each finding that is not as the kernels need it. */
function probeText({ probe, probeError }: StackRow): string[] {
  if (probe === undefined) return `gate: ${probeError ?? ''}`.split('\n');
  const { findings, milliseconds } = probe;
  const wrong = findings.filter((one) => one.outcome === 'differs');
  const count = wrong.length === 0 ? 'none differs' : `${wrong.length} differ`;
  return [
    `gate: ${findings.length} findings, ${count}, ${milliseconds.toFixed(0)} ms`,
    ...wrong.map(({ name, detail }) => `${name}: ${detail}`),
  ];
}

/** A row as the lines that the command prints. */
export function rowText(row: StackRow): string {
  const columns = [row.id.padEnd(13), row.backend.padEnd(6), verdictText(row).padEnd(7)];
  const head = `${columns.join(' ')} ${row.engine.padEnd(14)} ${row.title}`;
  const indent = ' '.repeat(14);
  if (!row.found) {
    const lines = [...(row.error ?? '').split('\n'), `to install: ${row.needs ?? ''}`];
    return [head, ...lines.map((line) => `${indent}${line}`)].join('\n');
  }
  const versions = Object.entries(row.versions ?? {})
    .filter(([name, version]) => version !== undefined && name !== 'userAgent')
    .map(([name, version]) => `${name} ${version ?? ''}`);
  const lines = [`${head}, ${versions.join(', ')}`];
  if (row.limits !== undefined) {
    lines.push(`${indent}${row.adapter ?? ''}${row.software === true ? ' (software)' : ''}`);
    lines.push(`${indent}${limitsText(row.limits)}`);
    lines.push(...probeText(row).map((line) => `${indent}${line}`));
  }
  return lines.join('\n');
}

/** Describes all stacks, one after the other. */
export async function describeStacks(): Promise<StackRow[]> {
  const bundle = jobBundle('probe_job');
  const progress = startProgress(STACKS.length);
  const rows: StackRow[] = [];
  try {
    for (const spec of STACKS) {
      progress.at(`${spec.id} ${spec.title}`);
      rows.push(await describe(spec, bundle));
      progress.done();
    }
  } finally {
    progress.stop();
  }
  return rows;
}

/** The command. With `requireAll` a stack that is absent, but for a graphics card, is a failed check. */
export async function stacksCommand(options: {
  json: boolean;
  requireAll: boolean;
}): Promise<ExitCode> {
  const rows = await describeStacks();
  printResult(options.json, { stacks: rows }, rows.map(rowText).join('\n'));
  const optional = new Set(STACKS.filter((spec) => spec.optional).map((spec) => spec.id));
  const absent = rows.some((row) => !row.found && !optional.has(row.id));
  return options.requireAll && absent ? EXIT.failed : EXIT.good;
}
