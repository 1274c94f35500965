// The outputs of a run as a caller gets them: tensors by name, all values by name, and their digest when it is asked for.
import { isSequence, type Data } from './core/data.ts';
import { digestOf, digestOfItems, digestOfRun } from './core/digest.ts';
import { Tensor } from './core/tensor.ts';
import type { ProgramResult } from './machine.ts';
import type { Backend, Note, RunResult } from './run_types.ts';

/** The digest of a value (V12): a sequence's covers its items, an empty optional is a value too. */
export function digestOfData(data: Data): string {
  if (data === null) return digestOfItems(undefined);
  return isSequence(data) ? digestOfItems(data.map(digestOfData)) : digestOf(data);
}

/**
 * @param values in graph order
 * @param seed of the run, where random operators ran
 * @returns an object to be added to, not to be spread: that would compute the digest
 */
export function outputsOf(
  values: Readonly<Record<string, Data>>,
  seed?: number,
): Pick<RunResult, 'outputs' | 'values' | 'digest' | 'seed'> {
  const outputs: Record<string, Tensor> = {};
  for (const [name, value] of Object.entries(values)) {
    if (value instanceof Tensor) outputs[name] = value;
  }
  let digest: string | undefined;
  return {
    outputs,
    values,
    ...(seed === undefined ? {} : { seed }),
    get digest(): string {
      digest ??= digestOfRun(
        Object.entries(values).map(([name, value]) => ({ name, digest: digestOfData(value) })),
        seed,
      );
      return digest;
    },
  };
}

/** What a run gives, and where it ran. */
export function resultOf(
  { values: given, gate, random }: ProgramResult,
  names: readonly string[],
  backend: Backend,
  adapter: string | undefined,
  notes: readonly Note[],
  seed: number,
): RunResult {
  const values: Record<string, Data> = {};
  for (const name of names) {
    const value = given.get(name);
    if (value !== undefined) values[name] = value;
  }
  return Object.assign(outputsOf(values, random ? seed : undefined), {
    backend,
    ...(adapter === undefined ? {} : { adapter }),
    ...(gate === undefined ? {} : { gate }),
    notes,
  });
}
