// Runs one function of the oracle over all 2^32 inputs in 256 shards of 2^24, and hashes what it gives: the proof
// behind docs/MATH.md. Each shard's results (counts, and the SHA-256 of its 2^26 bytes of result words, little-endian, in the
// order of the input words, of the C path and of the shader text) are kept in build/math/NAME/KEY/; KEY is made of the SHA-256
// of the program that was run, built for this function alone, and of its options: an interrupted run goes on, and a
// changed source starts anew. The digest of all outputs is the SHA-256 over the 256 shard digests (32 bytes each) in order.
// Not here: what is expected (oracle.c) and what is committed (test/math/sha256.json; scripts/test_math.mjs).
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import * as fs from 'node:fs';
import { join } from 'node:path';

export const SHARDS = 256;
const SHARD_WORDS = 2 ** 32 / SHARDS;
/** One input in SPOT goes to MPFR whatever libm says; it finds a libm that is worse than the margin allows. */
const SPOT = 16384;

/**
 * @typedef {{ inputs: number, undecided: number, spots: number, differences: number, libm_error: number,
 *   c: string, text: string, lines: string }} Shard
 * @typedef {Omit<Shard, 'c' | 'text' | 'lines'> & { shards: number, c?: string, text?: string }} Total `c` and `text`
 *   are there once every shard is.
 */

/** @param {string} program @param {string} name @param {number} shard @param {string[]} pass @returns {Promise<Shard>} */
function runShard(program, name, shard, pass) {
  const from = shard * SHARD_WORDS;
  const to = from + SHARD_WORDS - 1;
  const range = ['--from', from.toString(16), '--to', to.toString(16)];
  const child = spawn(
    program,
    [name, ...range, '--outputs', '3', '4', '--spot', String(SPOT), ...pass],
    { stdio: ['ignore', 'pipe', 'inherit', 'pipe', 'pipe'] },
  );
  const hashes = [createHash('sha256'), createHash('sha256')];
  let bytes = 0;
  hashes.forEach((hash, i) =>
    child.stdio[3 + i]?.on('data', (/** @type {Buffer} */ chunk) => {
      hash.update(chunk);
      bytes += chunk.length;
    }),
  );
  let output = '';
  child.stdout?.setEncoding('utf8').on('data', (/** @type {string} */ text) => (output += text));
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (status) => {
      const lines = output.split('\n');
      const last = lines.splice(lines.length - 2, 2)[0] ?? '';
      if ((status !== 0 && status !== 1) || !last.startsWith('{') || bytes !== 8 * SHARD_WORDS) {
        const ended = `ended with ${status} after ${bytes} of ${8 * SHARD_WORDS} bytes of results`;
        reject(new Error(`${name}: shard ${shard} of ${SHARDS} ${ended}.`));
        return;
      }
      const [c = '', text = ''] = hashes.map((hash) => hash.digest('hex'));
      resolve({ ...JSON.parse(last), c, text, lines: lines.map((line) => `${line}\n`).join('') });
    });
  });
}

/** What tells one program from another: the start of its SHA-256. @param {string} program its path */
export function programDigest(program) {
  return createHash('sha256').update(fs.readFileSync(program)).digest('hex').slice(0, 16);
}

/** @param {Shard[]} shards @param {'c' | 'text'} path */
function digestOf(shards, path) {
  const hash = createHash('sha256');
  for (const shard of shards) hash.update(Buffer.from(shard[path], 'hex'));
  return hash.digest('hex');
}

/**
 * Runs shards [begin, end) of a function, or takes their results from an earlier run, and adds up all that are there.
 * @param {{ name: string, program: string, folder: string, begin: number, end: number, jobs: number, pass: string[] }} options
 * @returns {Promise<Total>}
 */
export async function exhaustive({ name, program, folder, begin, end, jobs, pass }) {
  const built = programDigest(program);
  const key = [built, SHARDS, SPOT, ...pass].join('_');
  for (const old of fs.existsSync(folder) ? fs.readdirSync(folder) : [])
    if (!old.startsWith(built)) fs.rmSync(join(folder, old), { recursive: true });
  fs.mkdirSync(join(folder, key), { recursive: true });
  const fileOf = (/** @type {number} */ shard) =>
    join(folder, key, `${String(shard).padStart(3, '0')}.json`);
  const todo = [];
  for (let shard = begin; shard < end; shard += 1)
    if (!fs.existsSync(fileOf(shard))) todo.push(shard);
  const resumed = end - begin - todo.length;
  if (resumed > 0) console.log(`${name}: ${resumed} shards are there from an earlier run`);
  const worker = async () => {
    for (let shard = todo.shift(); shard !== undefined; shard = todo.shift()) {
      const result = await runShard(program, name, shard, pass);
      // What differs is not kept: the next run shows it again.
      if (result.differences > 0) {
        process.stdout.write(result.lines);
        throw new Error(
          `${name}: shard ${shard} of ${SHARDS} has ${result.differences} differences.`,
        );
      }
      fs.writeFileSync(`${fileOf(shard)}.part`, JSON.stringify(result));
      fs.renameSync(`${fileOf(shard)}.part`, fileOf(shard));
    }
  };
  await Promise.all(Array.from({ length: jobs }, worker));
  /** @type {Shard[]} */
  const done = [];
  for (let shard = 0; shard < SHARDS; shard += 1)
    if (fs.existsSync(fileOf(shard))) done.push(JSON.parse(fs.readFileSync(fileOf(shard), 'utf8')));
  // Hard cases, with --worst.
  for (const shard of done) process.stdout.write(shard.lines);
  const sum = (/** @type {'inputs' | 'undecided' | 'spots' | 'differences'} */ field) =>
    done.reduce((total, shard) => total + shard[field], 0);
  return {
    shards: done.length,
    inputs: sum('inputs'),
    undecided: sum('undecided'),
    spots: sum('spots'),
    differences: sum('differences'),
    libm_error: Math.max(...done.map((shard) => shard.libm_error)),
    ...(done.length === SHARDS ? { c: digestOf(done, 'c'), text: digestOf(done, 'text') } : {}),
  };
}
