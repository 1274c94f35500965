// The runtimes that `isobit compare` runs models in: where each is installed, on which stack it runs, and asking it. They
// are no dependencies of this package: the user's own installation is found, or the error says what to install.

import { dirname } from 'node:path';
import type { Guest, GuestJob, GuestReport } from '../jobs/guest_job.ts';
import { jobBundle } from './bundles.ts';
import { UsageError } from './output.ts';
import { stackById } from './stacks/catalog.ts';
import { findOrtNode, findPackage } from './stacks/locate.ts';
import { openStack } from './stacks/runner.ts';

/** What `--with` takes. */
export const GUESTS = [
  'onnxruntime-web:wasm',
  'onnxruntime-web:webgpu',
  'onnxruntime-node',
] as const;
export type GuestName = (typeof GUESTS)[number];

const VERSION = '1.30.0';

export interface FoundGuest {
  guest: Guest;
  stackId: string;
  /** The folder that it imports from. */
  root: string;
}

function installed(name: string, path: string | undefined, variable = ''): string {
  if (path !== undefined) return path;
  throw new UsageError(
    `compare: ${name} is not installed: expected it in a node_modules folder here or above${variable}. npm install ${name}@${VERSION}`,
  );
}

/** The stack that is named, if the guest runs on it. */
function stackFor(name: GuestName, given: string | undefined): string {
  const wanted = given ?? (name === 'onnxruntime-web:webgpu' ? 'A' : 'wasm-node');
  const { backend, start } = stackById(wanted);
  const fits = {
    'onnxruntime-web:wasm': backend === 'wasm',
    'onnxruntime-web:webgpu': backend === 'webgpu' && start.kind === 'browser',
    'onnxruntime-node': wanted === 'wasm-node',
  };
  if (fits[name]) return wanted;
  const expected = {
    'onnxruntime-web:wasm': 'a stack for wasm',
    'onnxruntime-web:webgpu': 'A or B, which are browsers with WebGPU',
    'onnxruntime-node': 'wasm-node, which is Node',
  };
  throw new UsageError(`--stack: ${name}: expected ${expected[name]}, got ${wanted}.`);
}

/**
 * The runtime of that name as it is installed.
 *
 * @param stack The id of a stack, where another than the usual one is to run it.
 * @throws UsageError where it is not installed, or does not run on that stack
 */
export function findGuest(name: GuestName, stack?: string): FoundGuest {
  const stackId = stackFor(name, stack);
  if (name === 'onnxruntime-node') {
    const entry = installed(name, findOrtNode(), ', or where ISOBIT_ORT_NODE says');
    return { guest: { kind: name, entry, provider: 'cpu' }, stackId, root: dirname(entry) };
  }
  const dist = dirname(installed('onnxruntime-web', findPackage('onnxruntime-web')));
  const provider = name === 'onnxruntime-web:webgpu' ? 'webgpu' : 'wasm';
  return { guest: { kind: 'onnxruntime-web', dist, provider }, stackId, root: dist };
}

/** A guest at work on its stack. */
export interface OpenGuest {
  /** The stack's id and title. */
  stack: string;
  /** `none` where it computes on the processor. */
  adapter: string;
  provider: Guest['provider'];
  /** @throws GuestError with what the guest said */
  ask(job: Omit<GuestJob, 'guest'>): Promise<GuestReport>;
  close(): Promise<void>;
}

/** What a guest refused, or failed with. */
export class GuestError extends Error {
  override name = 'GuestError';
}

/** One line of what a guest says: its texts carry stacks, and paths of its own build. */
export const shortened = (text: string): string => {
  const line = text.split('\n', 1)[0]?.trim() ?? '';
  return line.length > 300 ? `${line.slice(0, 300)}…` : line;
};

/**
 * Starts the guest's stack.
 *
 * @param roots Folders that its jobs read from.
 * @throws StackError where the stack does not start
 */
export async function openGuest(found: FoundGuest, roots: string[]): Promise<OpenGuest> {
  const { guest, stackId, root } = found;
  const { bundle, root: jobs } = jobBundle('guest_job');
  const options = { bundle, roots: [jobs, root, ...roots], timeoutMs: 1_200_000 };
  const stack = await openStack(stackId, options);
  return {
    stack: `${stack.id}: ${stack.title}`,
    adapter: stack.adapter,
    provider: guest.provider,
    ask: async (job) => {
      const reply = await stack.run({ ...job, guest } satisfies GuestJob);
      if (reply.error !== undefined) throw new GuestError(shortened(reply.error.message));
      return reply.result as GuestReport;
    },
    close: () => stack.close(),
  };
}
