// Options and arguments that several commands of `isobit` have: how their texts are read, and their help. What is wrong with
// one is commander's error, before any command begins. Which command has which: main.ts.

import { InvalidArgumentError, Option } from 'commander';
import type { Command } from 'commander';
import { STACKS } from './stacks/catalog.ts';

export function integer(least: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (!Number.isSafeInteger(value) || value < least) {
      throw new InvalidArgumentError(`expected an integer of at least ${least}.`);
    }
    return value;
  };
}

export function limit(text: string): number {
  const value = Number(text);
  if (text.trim() !== '' && Number.isFinite(value) && value >= 0) return value;
  throw new InvalidArgumentError('expected a number of at least 0.');
}

export function stackIds(text: string): string[] {
  if (text === 'none') return ['wasm-node'];
  const ids = text.split(',');
  const unknown = ids.find((id) => !STACKS.some((spec) => spec.id === id));
  if (unknown === undefined) return ids;
  throw new InvalidArgumentError(`expected some of ${STACKS.map((s) => s.id).join(',')}.`);
}

export const collect = (value: string, all: string[]): string[] => [...all, value];
export const json = (): Option => new Option('--json', 'print one JSON document').default(false);
export const threads = (): Option =>
  new Option(
    '--threads <n>',
    'WASM threads at most; half of the processors if not given',
  ).argParser(integer(1));
export const backend = (): Option =>
  new Option('--backend <name>', 'where it runs').choices(['wasm', 'webgpu']).default('wasm');
export const gpuStack = (): Option =>
  new Option('--stack <id>', 'the WebGPU stack to use, see `isobit stacks`').choices(
    STACKS.filter((spec) => spec.backend === 'webgpu').map((spec) => spec.id),
  );

/** The options that choose a model's inputs. */
export function withInputs(command: Command): Command {
  return command
    .option('--inputs <dir>', 'a folder with input_0.pb, input_1.pb …')
    .option('--input <name=file>', 'one input: .pb, .npy, .png or .jpg; repeatable', collect, [])
    .option('--seed <n>', 'seed of random inputs, where none are given', integer(0), 0);
}

export const randomSeed = (): Option =>
  new Option('--random-seed <n>', "seed of the model's own random operators")
    .argParser(integer(0))
    .default(0);
