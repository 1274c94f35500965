// `npm run bench:digests`: how fast values are digested (V12), by WebCrypto and without it; megabytes a second, medians of
// runs in turns.
import { expect, test, vi } from 'vitest';
import { digestOfValue } from '../../src/evidence/digests.ts';
import { Tensor } from '../../src/index.ts';
import { median } from '../../src/jobs/job.ts';

const BYTES = 64 << 20;
const RUNS = 9;

test('digests of 64 MiB', { timeout: 600_000 }, async () => {
  const tensor = new Tensor('float32', new Float32Array(BYTES / 4).fill(1.5), [BYTES / 4]);
  const rate = async (): Promise<number> => {
    const begin = performance.now();
    await digestOfValue(tensor);
    return BYTES / 1000 / (performance.now() - begin);
  };
  const [subtle, library]: [number[], number[]] = [[], []];
  for (let i = 0; i < RUNS; i += 1) {
    subtle.push(await rate());
    vi.stubGlobal('crypto', {});
    library.push(await rate());
    vi.unstubAllGlobals();
  }
  expect([subtle.length, library.length]).toEqual([RUNS, RUNS]);
  const text = (rates: number[]): string => median(rates).toFixed(0);
  console.log(`WebCrypto ${text(subtle)} MB/s, without it ${text(library)} MB/s`);
});
