// `isobit stacks`: every stack of the catalog, found or what to install, started once to ask for its adapter, its
// limits and its versions. It runs no model.

import { EXIT, printResult } from './output.ts';
import type { ExitCode } from './output.ts';
import { startProgress } from './progress.ts';
import { STACKS } from './stacks/catalog.ts';
import type { StackSpec } from './stacks/catalog.ts';
import { isSoftwareAdapter, openStack } from './stacks/runner.ts';
import type { Versions } from './stacks/types.ts';

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
}

async function describe(spec: StackSpec): Promise<StackRow> {
  const { id, title, engine, backend, needs } = spec;
  const absent = spec.find();
  const row = { id, title, engine, backend };
  if (absent !== undefined) return { ...row, found: false, error: `missing: ${absent}`, needs };
  try {
    const stack = await openStack(id, {});
    await stack.close();
    const { adapter, versions, adapterReport: report } = stack;
    if (report === undefined) return { ...row, found: true, adapter, versions };
    const { limits, features } = report;
    const software = isSoftwareAdapter(report);
    return { ...row, found: true, adapter, software, limits, features, versions };
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

function rowText(row: StackRow): string {
  const head = `${row.id.padEnd(13)} ${row.backend.padEnd(6)} ${row.engine.padEnd(14)} ${row.title}`;
  const indent = ' '.repeat(14);
  if (!row.found) {
    return `${head}\n${indent}${row.error ?? ''}\n${indent}to install: ${row.needs ?? ''}`;
  }
  const versions = Object.entries(row.versions ?? {})
    .filter(([name, version]) => version !== undefined && name !== 'userAgent')
    .map(([name, version]) => `${name} ${version ?? ''}`);
  const lines = [`${head}, ${versions.join(', ')}`];
  if (row.limits !== undefined) {
    lines.push(`${indent}${row.adapter ?? ''}${row.software === true ? ' (software)' : ''}`);
    lines.push(`${indent}${limitsText(row.limits)}`);
  }
  return lines.join('\n');
}

/** Describes all stacks, one after the other. */
export async function describeStacks(): Promise<StackRow[]> {
  const progress = startProgress(STACKS.length);
  const rows: StackRow[] = [];
  try {
    for (const spec of STACKS) {
      progress.at(`${spec.id} ${spec.title}`);
      rows.push(await describe(spec));
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
