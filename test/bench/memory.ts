// `npm run bench:memory`: how fast this machine's memory is read by one thread and by two, each its own part of more bytes than
// caches hold, as whole vectors from one place at a time and from four: what bounds a product of one row, which reads each
// weight once. BENCH_MEGABYTES=1080 reads other than 540 MB. Printed are the least times of 20. Not here: any kernel of ours.
import { once } from 'node:events';
import { availableParallelism } from 'node:os';
import { Worker } from 'node:worker_threads';
import { expect, test } from 'vitest';
import {
  F32,
  FUNCTION,
  HEADER,
  I32,
  localGet,
  localSet,
  section,
  simd,
  sized,
  uleb,
  V128,
} from '../../scripts/wasm_bytes.ts';

const TURNS = 20;
/** Vectors of a place that are read before the next one's: one cache line, and sums enough for two additions a cycle. */
const LINE = 4;
const [LOAD, ADD, FIRST_LANE] = [simd(0), simd(228), [...simd(31), 0]];
const PAGE = 65536;

/**
 * Exports its memory and `read(bytes)`: sums the vectors of `streams` parts of so many bytes each, one line of each in turn.
 * Each sum depends on all that was read.
 */
function readModule(streams: number, pages: number): Uint8Array {
  // Parameter: bytes of a part. Locals: where it is, then sums.
  const [PART, AT, FIRST] = [0, 1, 2];
  const sums = streams * LINE;
  const address = (stream: number): number[] => [
    ...localGet(AT),
    ...Array.from({ length: stream }, () => [...localGet(PART), 0x6a]).flat(),
  ];
  const body = [
    ...[2, 1, I32, ...uleb(sums), V128],
    ...[0x03, 0x40],
    ...Array.from({ length: sums }, (_, i) => {
      const [stream, vector] = [Math.floor(i / LINE), i % LINE];
      const load = [...address(stream), ...LOAD, 4, ...uleb(16 * vector)];
      return [...localGet(FIRST + i), ...load, ...ADD, ...localSet(FIRST + i)];
    }).flat(),
    // To the next line; again while it is before the end of the part. (64 as LEB128 with a sign.)
    ...[...localGet(AT), 0x41, 0xc0, 0, 0x6a],
    ...[0x22, AT, ...localGet(PART), 0x49, 0x0d, 0, 0x0b],
    ...localGet(FIRST),
    ...Array.from({ length: sums - 1 }, (_, i) => [...localGet(FIRST + 1 + i), ...ADD]).flat(),
    ...[...FIRST_LANE, 0x0b],
  ];
  const name = (text: string): number[] => sized([...new TextEncoder().encode(text)]);
  return Uint8Array.of(
    ...HEADER,
    ...section(1, [FUNCTION, 1, I32, 1, F32]),
    ...section(3, [0]),
    ...section(5, [0, ...uleb(pages)]),
    ...section(7, [...name('memory'), 2, 0], [...name('read'), 0, 0]),
    ...section(10, sized(body)),
  );
}

/** What a thread does: it writes its memory once, then reads it whenever it is asked to, all threads at once. */
const THREAD = `
const { parentPort, workerData: { bytes, part } } = require('node:worker_threads');
const { exports: { memory, read } } = new WebAssembly.Instance(new WebAssembly.Module(bytes));
new Float32Array(memory.buffer).fill(0.5);
read(part);
parentPort.on('message', ({ gate, threads }) => {
  // Both begin when the last one is here.
  Atomics.add(gate, 0, 1);
  while (Atomics.load(gate, 0) < threads);
  const begin = performance.now();
  const sum = read(part);
  parentPort.postMessage({ begin: performance.timeOrigin + begin, ms: performance.now() - begin, sum });
});
parentPort.postMessage('ready');
`;

interface Reading {
  readonly begin: number;
  readonly ms: number;
  readonly sum: number;
}

/** The next message of a thread. @throws its error */
async function next<T>(worker: Worker): Promise<T> {
  const [message] = (await once(worker, 'message')) as [T];
  return message;
}

/** Milliseconds in which `threads` threads read so many bytes in all, least of TURNS. */
async function leastTime(threads: number, streams: number, bytes: number): Promise<number> {
  const part = Math.floor(bytes / threads / streams / 64) * 64;
  const module = readModule(streams, Math.ceil((part * streams) / PAGE));
  const workers = Array.from(
    { length: threads },
    () => new Worker(THREAD, { eval: true, workerData: { bytes: module, part } }),
  );
  try {
    await Promise.all(workers.map((worker) => next(worker)));
    const times: number[] = [];
    for (let i = 0; i < TURNS; i += 1) {
      const gate = new Int32Array(new SharedArrayBuffer(4));
      const readings = workers.map((worker) => next<Reading>(worker));
      for (const worker of workers) worker.postMessage({ gate, threads });
      const all = await Promise.all(readings);
      const begin = Math.min(...all.map((one) => one.begin));
      times.push(Math.max(...all.map((one) => one.begin + one.ms)) - begin);
      for (const { sum } of all) expect(sum).toBeGreaterThan(0);
    }
    return Math.min(...times);
  } finally {
    await Promise.all(workers.map((worker) => worker.terminate()));
  }
}

test('how fast memory is read', async () => {
  const megabytes = Number(process.env['BENCH_MEGABYTES'] ?? 540);
  expect(megabytes, 'BENCH_MEGABYTES').toBeGreaterThan(0);
  const rows: string[] = [];
  for (const threads of [1, 2]) {
    if (threads > availableParallelism()) continue;
    for (const streams of [1, 4]) {
      const ms = await leastTime(threads, streams, 1e6 * megabytes);
      rows.push(`| ${threads} | ${streams} | ${ms.toFixed(1)} | ${(megabytes / ms).toFixed(1)} |`);
    }
  }
  console.log(
    [`${megabytes} MB`, '', '| threads | places | ms | GB/s |', '|---|---|---|---|', ...rows].join(
      '\n',
    ),
  );
});
