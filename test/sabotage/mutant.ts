// What a mutant is: one planted fault, as edits of sources, and the test that must notice it (docs/NUMERICS.md, M1).
// The lists are beside this file, by the place of the fault; run.ts executes them.
import type { Tiles } from '../../src/core/tiles.ts';
import type { Edit } from '../harness/planted.ts';

export type Killer =
  /** Operator cases on a stack: a digest is not the golden. */
  | {
      readonly kind: 'cases';
      readonly stack: string;
      readonly stems: readonly string[];
      /** What plans are made with, where the device would choose others. */
      readonly tiles?: Tiles;
      readonly packedDots?: boolean;
    }
  /** As `cases`, for faults of detection: a case whose node the reference must recompute is not recomputed. */
  | {
      readonly kind: 'notes';
      readonly stack: string;
      readonly stems: readonly string[];
      readonly ids: readonly string[];
    }
  /** scripts/wgsl_lint.ts objects to the edited shader. */
  | { readonly kind: 'lint' }
  /** A test of test/ fails on the edited sources; `test` is the beginning of its name. */
  | { readonly kind: 'test'; readonly file: string; readonly test: string }
  /** `npm run test:math -- NAME` finds inputs that differ from the oracle. */
  | { readonly kind: 'math'; readonly name: string };

export interface Mutant {
  readonly name: string;
  readonly edits: readonly Edit[];
  readonly killer: Killer;
}

export const edit = (file: string, find: string, replace: string): Edit => ({
  file,
  find,
  replace,
});

/** Noticed by operator cases, by default on the reference in Node. */
export const byCases = (
  name: string,
  stems: readonly string[],
  edits: readonly Edit[],
  stack = 'wasm-node',
): Mutant => ({ name, edits, killer: { kind: 'cases', stack, stems } });

/** Noticed by a test of this name in a file below test/. */
export const byTest = (
  name: string,
  file: string,
  test: string,
  ...edits: readonly Edit[]
): Mutant => ({ name, edits, killer: { kind: 'test', file, test } });
