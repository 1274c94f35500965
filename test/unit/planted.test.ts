// Planted faults (npm run test:sabotage) are edits of texts: where a text has moved on, a fault would be planted nowhere. That is
// found here, in seconds, and not at the end of a whole run.
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { expect, test } from 'vitest';
import { coreMutants } from '../sabotage/core.ts';
import { libraryMutants } from '../sabotage/library.ts';
import { shaderMutants } from '../sabotage/shaders.ts';

const ROOT = resolve(import.meta.dirname, '../..');

test('every edit of a planted fault finds its text', () => {
  const all = [...coreMutants, ...libraryMutants, ...shaderMutants];
  expect(all.length).toBeGreaterThan(90);
  const missing = all.flatMap(({ name, edits }) =>
    edits
      .filter(({ file, find }) => !readFileSync(resolve(ROOT, file), 'utf8').includes(find))
      .map(({ file }) => `${name}: ${file}`),
  );
  expect(missing).toEqual([]);
});
