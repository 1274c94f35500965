// Builds the oracle (test/math/oracle) with gcc and MPFR and checks the elementary functions against it (V6): the
// WASM C compiled natively, and the shader text as C. Nothing is compared with a tolerance.
// Usage: npm run test:math -- [NAME...] [--all] [--shards K/N] [--mpfr] [--worst BITS] [--jobs N]
//   NAME      functions; without one, every function of test/math/oracle/functions.h, and pow, which has too many
//             inputs: a sample of 1,000,000 pairs, with --all 20,000,000 (test/math/oracle/pow.c)
//   (default) specials, both ends of every binade, the hard cases of test/math/NAME.worst.txt, every 251st word
//   --all     every one of the 2^32 words; --shards K/N only the K-th of N equal ranges (K from 1)
//   --mpfr    MPFR decides every input: independent of libm, some hundred times slower
//   --worst B also prints the inputs whose result lies within 2^-B of a tie: lines for NAME.worst.txt
//   --jobs N  processes side by side for --all (default 1)
// Exit status 0 if nothing differs, 1 if something does, 2 if the oracle cannot be built.
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = join(fileURLToPath(import.meta.url), '..', '..');
const folder = join(root, 'test', 'math');
const binary = join(root, 'build', 'oracle');

/** @param {string} message @param {number} status @returns {never} */
function stop(message, status) {
  console.error(message);
  process.exit(status);
}

const names = [];
const pass = [];
let all = false;
let shard = [1, 1];
let jobs = 1;
const args = process.argv.slice(2);
for (let i = 0; i < args.length; i += 1) {
  const arg = args[i] ?? '';
  const value = args[i + 1] ?? '';
  if (arg === '--all') all = true;
  else if (arg === '--mpfr') pass.push(arg);
  else if (arg === '--worst' && /^\d+$/.test(value)) pass.push(arg, args[++i] ?? '');
  else if (arg === '--jobs' && /^[1-9]\d*$/.test(value)) jobs = Number(args[++i]);
  else if (arg === '--shards' && /^[1-9]\d*\/[1-9]\d*$/.test(value))
    shard = (args[++i] ?? '').split('/').map(Number);
  else if (/^[a-z]\w*$/.test(arg)) names.push(arg);
  else
    stop(`test:math: unknown argument ${arg} ${value}. See the head of scripts/test_math.mjs.`, 2);
}
const [shardIndex = 1, shardCount = 1] = shard;
if (shardIndex > shardCount)
  stop(`test:math: shard ${shardIndex} of ${shardCount} does not exist.`, 2);

// The headers must be what the shaders say now: otherwise a run proves nothing about the shaders.
const check = spawnSync(process.execPath, [join(root, 'scripts', 'wgsl_to_c.mjs'), '--check'], {
  stdio: 'inherit',
});
if (check.status !== 0) process.exit(2);

mkdirSync(join(root, 'build'), { recursive: true });
const sources = readdirSync(join(root, 'wasm', 'math')).filter((name) => name.endsWith('.c'));
const fast = ['-O3', '-march=native'];
// A shift by 32 or more is undefined in C, and another number in WGSL: lanes and scalars may differ, and a run over
// all inputs may miss it. So a second build stops at the first one.
const checked = [
  '-O1',
  '-g',
  '-fsanitize=shift,signed-integer-overflow,bounds',
  '-fno-sanitize-recover=all',
];
/** @param {string} program stem of the source under test/math/oracle @param {string} output @param {string[]} options */
function build(program, output, options) {
  const result = spawnSync(
    'gcc',
    [
      ...[...options, '-ffp-contract=off', '-std=gnu11', '-Wall', '-Wextra', '-Werror'],
      join(folder, 'oracle', `${program}.c`),
      ...sources.map((name) => join(root, 'wasm', 'math', name)),
      ...['-o', output, '-lmpfr', '-lgmp', '-lm'],
    ],
    { stdio: 'inherit' },
  );
  if (result.error !== undefined || result.status !== 0) {
    stop(
      'test:math: the oracle could not be built. It needs gcc and MPFR: apt-get install gcc libmpfr-dev',
      2,
    );
  }
}
build('oracle', binary, fast);
build('oracle', `${binary}_checked`, checked);

const known = [
  ...readFileSync(join(folder, 'oracle', 'functions.h'), 'utf8').matchAll(/^ {2}ROW\((\w+)\)/gm),
].map((match) => match[1] ?? '');
const chosen = names.length > 0 ? names.filter((name) => name !== 'pow') : known;
const unknown = chosen.filter((name) => !known.includes(name));
if (unknown.length > 0)
  stop(`test:math: unknown function ${unknown.join(', ')}: known are ${known.join(', ')}, pow.`, 2);

/** @param {string[]} run the program, then its arguments @returns {Promise<boolean>} */
function oracle([program = binary, ...run]) {
  return new Promise((resolve) => {
    spawn(program, run, { stdio: 'inherit' }).on('exit', (status) => resolve(status === 0));
  });
}

/** @type {string[][]} */
const runs = [];
for (const name of chosen) {
  const worst = join(folder, `${name}.worst.txt`);
  if (existsSync(worst)) runs.push([binary, name, '--words', worst]);
  else console.log(`${name}: no hard cases on file (test/math/${name}.worst.txt)`);
  console.log(`${name}: every 65,521st word with shifts and bounds checked, then the comparison`);
  runs.push([`${binary}_checked`, name, '--stride', '65521']);
  if (!all) {
    runs.push([binary, name, '--stride', '251', ...pass]);
    continue;
  }
  // Pieces of a shard are interleaved over the jobs; each is one process.
  const pieces = Math.max(jobs, 1);
  const size = 2 ** 32 / shardCount;
  const start = Math.floor((shardIndex - 1) * size);
  const end = Math.floor(shardIndex * size) - 1;
  for (let piece = 0; piece < pieces; piece += 1) {
    const from = start + Math.floor(((end - start + 1) * piece) / pieces);
    const to = start + Math.floor(((end - start + 1) * (piece + 1)) / pieces) - 1;
    runs.push([binary, name, '--from', from.toString(16), '--to', to.toString(16), ...pass]);
  }
}
let good = true;
const worker = async () => {
  for (let run = runs.shift(); run !== undefined; run = runs.shift())
    good = (await oracle(run)) && good;
};
await Promise.all(Array.from({ length: jobs }, worker));
if (names.length < 1 || names.includes('pow')) {
  const powBinary = join(root, 'build', 'oracle_pow');
  build('pow', powBinary, fast);
  const args = [...(all ? ['20000000'] : []), ...pass.filter((arg) => arg === '--mpfr')];
  good = spawnSync(powBinary, args, { stdio: 'inherit' }).status === 0 && good;
}
process.exitCode = good ? 0 : 1;
