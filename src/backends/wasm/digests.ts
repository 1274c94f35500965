// SHA-256 of the core's modules, found when the library is built: what a receipt claims to have been computed by.
import core from './core.wasm?sha256';
import functions from './functions.wasm?sha256';
import other from './other.wasm?sha256';
import quantised from './quantised.wasm?sha256';
import sequences from './sequences.wasm?sha256';
import type { ModuleName } from './modules.ts';

export const CORE_DIGESTS: Readonly<Record<ModuleName | 'core', string>> = {
  core,
  functions,
  other,
  quantised,
  sequences,
};
