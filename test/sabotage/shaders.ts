// Faults in the shaders: the list of test/harness/mutants.ts, on stack E.
import { mutants } from '../harness/mutants.ts';
import { edit, type Mutant } from './mutant.ts';

const STACK = process.env['STACK'] ?? 'E';

export const shaderMutants: readonly Mutant[] = mutants.map(
  ({ name, edits, killer, stems, ids, tiles, packedDots }) => ({
    name,
    edits: edits.map((one) => edit(`shaders/${one.file}.wgsl`, one.find, one.replace)),
    killer:
      killer === 'lint'
        ? { kind: 'lint' }
        : killer === 'notes'
          ? { kind: 'notes', stack: STACK, stems, ids: ids ?? [] }
          : {
              kind: 'cases',
              stack: STACK,
              stems,
              ...(tiles && { tiles }),
              ...(packedDots === true && { packedDots }),
            },
  }),
);
