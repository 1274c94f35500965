// The compiled modules of the core: `core`, and those beside it (wasm/modules.txt), which are linked to it when a plan needs
// one of their kernels or steps. A module is compiled once in a page or process and shared by all instances; its bytes
// travel deflated, as base64 inside the package's own files, so that no bundler, server or path has to know about a second
// file. Not here: memory, instances (core.ts).
import { fromBase64 } from '../../core/base64.ts';
import type { Dispatch } from '../../core/op.ts';
import functions from './functions.wasm?exports';
import other from './other.wasm?exports';
import quantised from './quantised.wasm?exports';
import sequences from './sequences.wasm?exports';

// What they export, found when the library is built: kernels by name, and steps of chains as `step_` and their name.
const EXPORTS = { functions, other, quantised, sequences };

export type ModuleName = keyof typeof EXPORTS;

export const MODULE_NAMES = Object.keys(EXPORTS) as readonly ModuleName[];

/** In front of the name of a chain's step. */
export const STEP = 'step_';

const FILES: Readonly<Record<ModuleName | 'core', () => Promise<{ readonly default: string }>>> = {
  core: () => import('./core.wasm?deflated'),
  functions: () => import('./functions.wasm?deflated'),
  other: () => import('./other.wasm?deflated'),
  quantised: () => import('./quantised.wasm?deflated'),
  sequences: () => import('./sequences.wasm?deflated'),
};

const moduleOf = new Map(
  MODULE_NAMES.flatMap((module) => EXPORTS[module].split(' ').map((name) => [name, module])),
);
const moduleOfStep = new Map(
  [...moduleOf].flatMap(([name, module]) =>
    name.startsWith(STEP) ? [[name.slice(STEP.length), module] as const] : [],
  ),
);

/** The modules that a dispatch needs beside the core. */
export function modulesOf({ kernel, chain }: Dispatch): ModuleName[] {
  const names: ModuleName[] = [];
  const own = kernel.module === undefined ? moduleOf.get(kernel.name) : undefined;
  if (own !== undefined) names.push(own);
  for (const { op } of chain?.steps ?? []) {
    const module = moduleOfStep.get(op);
    if (module !== undefined) names.push(module);
  }
  return names;
}

/** A dispatch was to be executed whose module is not there yet: whoever can wait links it and begins again. */
export class ModuleNeeded extends Error {
  readonly module: ModuleName;

  constructor(module: ModuleName) {
    super(`core: module ${module} is not linked`);
    this.module = module;
  }
}

const compiled = new Map<string, Promise<WebAssembly.Module>>();

/** What is used of Node's own modules, which other engines that have them have too. */
interface Builtins {
  (id: 'node:buffer'): { Buffer: { from(text: string, encoding: 'base64'): Uint8Array } };
  (id: 'node:zlib'): { inflateRawSync(bytes: Uint8Array): Uint8Array<ArrayBuffer> };
}

async function inflated(name: ModuleName | 'core'): Promise<Uint8Array<ArrayBuffer>> {
  const { default: base64 } = await FILES[name]();
  // Node has the streams of a page, but loads them when they are first used: twice as long as all the rest of a first run.
  const { process } = globalThis as { process?: { getBuiltinModule?: Builtins } };
  const builtin = process?.getBuiltinModule;
  if (builtin !== undefined) {
    const { Buffer } = builtin('node:buffer');
    return builtin('node:zlib').inflateRawSync(Buffer.from(base64, 'base64'));
  }
  const deflated = fromBase64(base64);
  if (deflated === undefined) throw new Error(`core: module ${name} is no base64. Build again.`);
  // Written by hand: the stream of a Blob comes from another process of the browser.
  const { writable, readable } = new DecompressionStream('deflate-raw');
  const writer = writable.getWriter();
  const [bytes] = await Promise.all([
    new Response(readable).arrayBuffer(),
    writer.write(deflated),
    writer.close(),
  ]);
  return new Uint8Array(bytes);
}

/**
 * The module for a memory that threads share: the same code, of which one bit says that the imported memory is shared
 * (flags of its limits: 1 is a maximum, 2 is shared; WebAssembly threads proposal, binary format of limits).
 */
function withSharedMemory(from: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer> {
  // (import "env" "memory" (memory … )): names with their lengths, then kind 2, then the flags.
  const names = new TextEncoder().encode('\u0003env\u0006memory\u0002');
  const at = from.findIndex((_, i) => names.every((code, k) => from[i + k] === code));
  const flags = at + names.length;
  if (at < 0 || from[flags] !== 1) {
    throw new Error('core: its memory is no import with a maximum. Rebuild the core.');
  }
  from[flags] = 3;
  return from;
}

/** @throws what import() does where the file cannot be loaded; the next call tries again */
export function compiledModule(
  name: ModuleName | 'core',
  isShared: boolean,
): Promise<WebAssembly.Module> {
  const key = `${name} ${isShared}`;
  let module = compiled.get(key);
  if (module === undefined) {
    module = inflated(name).then((bytes) =>
      WebAssembly.compile(isShared ? withSharedMemory(bytes) : bytes),
    );
    compiled.set(key, module);
    module.catch(() => compiled.delete(key));
  }
  return module;
}

/** What a module that is linked when it is loaded says of its needs: section dylink.0, its subsection 1 (tool conventions, dynamic linking). */
export function needsOf(module: WebAssembly.Module): { bytes: number; slots: number } {
  const [section] = WebAssembly.Module.customSections(module, 'dylink.0');
  if (section === undefined) throw new Error('core: a module has no dylink.0. Rebuild the core.');
  const words = new Uint8Array(section);
  let at = 0;
  const next = (): number => {
    for (let value = 0, shift = 0; ; shift += 7) {
      const byte = words[at] ?? 0;
      at += 1;
      value |= (byte & 0x7f) << shift;
      if (byte < 0x80) return value;
    }
  };
  while (next() !== 1) at += next();
  next(); // its length
  const size = next();
  next(); // its alignment: blocks of the heap have more
  return { bytes: size, slots: next() };
}
