// Builds the oracle (test/math/oracle) with gcc and MPFR and checks the elementary functions against it (V6): the
// WASM C compiled natively, and the shader text as C. Nothing is compared with a tolerance.
// Usage: npm run test:math -- [NAME...] [--all] [--shards K/N] [--mpfr] [--worst BITS] [--jobs N] [--record]
//   NAME      functions; without one, every function of test/math/oracle/functions.h, and the two that have too many
//             inputs to try all, on pairs made where implementations differ: div, 10,000,000 pairs, with --all 10^9
//             (test/math/oracle/div.c), and pow, 1,000,000 pairs, with --all 10^8, after the hard pairs of
//             test/math/pow.pairs.txt and every kind of exact power and tie (test/math/oracle/pow.c); soft, the rung's
//             sums and products; half, f32 to f16 and bf16, with --all every word, and back (test/math/oracle/half.c)
//   (default) specials, both ends of every binade, the hard cases of test/math/NAME.worst.txt, every 251st word
//   --all     every one of the 2^32 words, in 256 shards whose results are kept in build/math, so that an interrupted
//             run goes on; then one SHA-256 over all outputs of the C and one of the shader text, which must be equal
//             and the one in test/math/sha256.json (test/math/oracle/exhaustive.mjs says what is hashed)
//   --shards K/N  only the K-th of N equal parts of the shards (K from 1, N up to 256)
//   --mpfr    MPFR decides every input: independent of libm, some hundred times slower
//   --worst B also prints the inputs whose result lies within 2^-B of a tie: lines for NAME.worst.txt;
//             for pow a search among 10^9 pairs (test/math/oracle/pow_worst.c): lines for pow.pairs.txt
//   --jobs N  processes side by side for --all (default 1)
//   --proved  runs nothing: says of which functions the recorded digest was made from the very program that would be built
//             now, byte for byte (of this compiler, for one processor); the others were changed since and are to be run again
//   --record  writes the SHA-256 of a complete run, its date and the machine to test/math/sha256.json and docs/MATH.md
// Exit status 0 if nothing differs, 1 if something does, 2 if the oracle cannot be built.
import { spawnSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  renameSync,
  writeFileSync,
} from 'node:fs';
import { arch, cpus } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { translateArith } from './wgsl_to_c.mjs';
import { writeTable } from '../test/math/oracle/digests.mjs';
import { SHARDS, exhaustive, programDigest } from '../test/math/oracle/exhaustive.mjs';

const root = join(fileURLToPath(import.meta.url), '..', '..');
const folder = join(root, 'test', 'math');
const built = join(root, 'build', 'oracle');

/** @param {string} message @param {number} status @returns {never} */
function stop(message, status) {
  console.error(message);
  process.exit(status);
}

const names = [];
const pass = [];
let all = false;
let record = false;
let proved = false;
let shard = [1, 1];
let jobs = 1;
const args = process.argv.slice(2);
for (let i = 0; i < args.length; i += 1) {
  const arg = args[i] ?? '';
  const value = args[i + 1] ?? '';
  if (arg === '--all') all = true;
  else if (arg === '--record') record = true;
  else if (arg === '--proved') proved = true;
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
if (shardIndex > shardCount || shardCount > SHARDS)
  stop(`test:math: shard ${shardIndex} of ${shardCount} does not exist.`, 2);

// The headers must be what the shaders say now: otherwise a run proves nothing about the shaders.
const check = spawnSync(process.execPath, [join(root, 'scripts', 'wgsl_to_c.mjs'), '--check'], {
  stdio: 'inherit',
});
if (check.status !== 0) process.exit(2);

mkdirSync(built, { recursive: true });
writeFileSync(join(built, 'arith.h'), translateArith('device.h'));
const sources = readdirSync(join(root, 'wasm', 'math')).filter((name) => name.endsWith('.c'));
// What runs is built for the machine at hand: wider vectors run the shader text several times as fast.
const fast = ['-O3', '-march=native'];
// What names a program is built for one processor, so that a digest made on one machine is known on another (--proved).
const named = ['-O3', ...(arch() === 'x64' ? ['-march=x86-64-v3'] : [])];
// A shift by 32 or more is undefined in C, and another number in WGSL: lanes and scalars may differ, and a run over
// all inputs may miss it. So a second build stops at the first one.
const checked = [
  '-O1',
  '-g',
  '-fsanitize=shift,signed-integer-overflow,bounds',
  '-fno-sanitize-recover=all',
];
/**
 * @param {string} program stem of the source under test/math/oracle
 * @param {string} name of the result
 * @param {string[]} options
 */
function build(program, name, options) {
  const output = join(built, name);
  const part = `${output}.${process.pid}`; // another run may be using the program
  const result = spawnSync(
    'gcc',
    [
      ...[...options, '-ffp-contract=off', '-std=gnu11', '-Wall', '-Wextra', '-Werror'],
      ...[`-I${join(folder, 'oracle')}`, `-I${built}`],
      ...['-ffunction-sections', '-fdata-sections', '-Wl,--gc-sections'],
      join(folder, 'oracle', `${program}.c`),
      ...sources.map((source) => join(root, 'wasm', 'math', source)),
      ...['-o', part, '-lmpfr', '-lgmp', '-lm'],
    ],
    { stdio: 'inherit' },
  );
  if (result.error !== undefined || result.status !== 0) {
    stop(
      'test:math: the oracle could not be built. It needs gcc and MPFR: apt-get install gcc libmpfr-dev',
      2,
    );
  }
  renameSync(part, output);
  return output;
}
/** @param {string} program @param {string[]} run */
const succeeds = (program, run) => spawnSync(program, run, { stdio: 'inherit' }).status === 0;

const page = join(root, 'docs', 'MATH.md');
const committedFile = join(folder, 'sha256.json');
/** @returns {Record<string, { sha256: string, inputs: number, undecided: number, program: string, date: string, machine: string }>} */
const committed = () => JSON.parse(readFileSync(committedFile, 'utf8'));

function machine() {
  const gcc = spawnSync('gcc', ['-dumpfullversion'], { encoding: 'utf8' }).stdout.trim();
  const system = /^PRETTY_NAME="(.*)"/m.exec(readFileSync('/etc/os-release', 'utf8'))?.[1] ?? '';
  return `${arch()}, ${cpus()[0]?.model.trim() ?? ''}, ${system}, gcc ${gcc}`;
}

/** The program that runs all inputs of a function, which holds nothing else. @param {string} name */
const buildOne = (name, options = fast) =>
  build('oracle', `oracle_${name}${options === named ? '_named' : ''}`, [
    ...options,
    '-s',
    `-DORACLE_FUNCTION="${name}"`,
  ]);

/** Every input of a function. @param {string} name @returns {Promise<boolean>} */
async function allInputs(name) {
  const program = buildOne(name);
  const part = (/** @type {number} */ k) => Math.floor((k * SHARDS) / shardCount);
  const total = await exhaustive({
    ...{ name, program, jobs, pass },
    folder: join(root, 'build', 'math', name),
    begin: part(shardIndex - 1),
    end: part(shardIndex),
  });
  console.log(
    `${name}: ${total.inputs} inputs, ${total.undecided} undecided by libm and decided by MPFR, ${total.differences} differ`,
  );
  const libm = total.libm_error > 0 ? `2^${Math.log2(total.libm_error).toFixed(1)}` : '0';
  console.log(`${name}: ${total.spots} more by MPFR: as expected, libm off by ${libm} at most`);
  if (total.c === undefined || total.text === undefined) {
    console.log(`${name}: ${total.shards} of ${SHARDS} shards: no digest yet`);
    return total.differences === 0;
  }
  console.log(`${name}: SHA-256 of all outputs, C           ${total.c}`);
  console.log(`${name}: SHA-256 of all outputs, shader text ${total.text}`);
  if (record) {
    const entry = {
      ...{ sha256: total.c, inputs: total.inputs, undecided: total.undecided },
      program: programDigest(buildOne(name, named)),
      ...{ date: new Date().toISOString().slice(0, 10), machine: machine() },
    };
    const entries = Object.entries({ ...committed(), [name]: entry });
    entries.sort(([a], [b]) => (a < b ? -1 : 1));
    writeFileSync(committedFile, `${JSON.stringify(Object.fromEntries(entries), undefined, 2)}\n`);
    writeTable(page, committed());
  }
  const wanted = committed()[name]?.sha256;
  const equal = total.c === total.text && total.c === wanted;
  console.log(
    `${name}: ${equal ? 'equal, and as committed' : `they are to be equal, and the committed ${wanted ?? '(none: --record)'}`}`,
  );
  return equal && total.differences === 0;
}

const known = [
  ...readFileSync(join(folder, 'oracle', 'functions.h'), 'utf8').matchAll(/^ {2}ROW\((\w+)\)/gm),
].map((match) => match[1] ?? '');
const chosen =
  names.length > 0 ? names.filter((name) => !['pow', 'div', 'soft', 'half'].includes(name)) : known;
const unknown = chosen.filter((name) => !known.includes(name));
if (unknown.length > 0)
  stop(
    `test:math: unknown function ${unknown.join(', ')}: known are ${known.join(', ')}, div, half, pow, soft.`,
    2,
  );

if (proved) {
  const digests = committed();
  const open = chosen.filter((name) => {
    const { date, program } = digests[name] ?? {};
    const isSame = program !== undefined && program === programDigest(buildOne(name, named));
    const before = date === undefined ? 'never run' : `changed since the run of ${date}`;
    console.log(`${name}: ${isSame ? `proved, ${date}` : before}`);
    return !isSame;
  });
  process.exit(open.length > 0 ? 1 : 0);
}

const program = build('oracle', 'oracle', fast);
const checkedProgram = build('oracle', 'oracle_checked', checked);
let good = true;
for (const name of chosen) {
  const worst = join(folder, `${name}.worst.txt`);
  if (existsSync(worst)) good = succeeds(program, [name, '--words', worst]) && good;
  else console.log(`${name}: no hard cases on file (test/math/${name}.worst.txt)`);
  console.log(`${name}: every 65,521st word with shifts and bounds checked, then the comparison`);
  good = succeeds(checkedProgram, [name, '--stride', '65521']) && good;
  if (all) {
    try {
      good = (await allInputs(name)) && good;
    } catch (error) {
      console.log(String(error));
      good = false;
    }
  } else good = succeeds(program, [name, '--stride', '251', ...pass]) && good;
}
if (names.length < 1 || names.includes('soft'))
  good = succeeds(build('soft', 'oracle_soft', fast), all ? ['200000000'] : []) && good;
if (names.length < 1 || names.includes('half'))
  good = succeeds(build('half', 'oracle_half', fast), all ? [] : ['251']) && good;
if (names.length < 1 || names.includes('div'))
  good = succeeds(build('div', 'oracle_div', fast), all ? ['1000000000'] : []) && good;
if (names.length < 1 || names.includes('pow')) {
  const run = ['--words', join(folder, 'pow.pairs.txt'), ...(all ? ['100000000'] : [])];
  run.push(...pass.filter((arg) => arg === '--mpfr'));
  good = succeeds(build('pow', 'oracle_pow', fast), run) && good;
  const bits = pass[pass.indexOf('--worst') + 1];
  if (pass.includes('--worst'))
    good = succeeds(build('pow_worst', 'pow_worst', fast), [bits ?? '']) && good;
}
process.exitCode = good ? 0 : 1;
