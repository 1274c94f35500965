// The job that runs the functions of shaders/math on a stack, on words made where implementations differ, and
// compares every word with what V2 and V6 say. Arithmetic is compared with Math.fround; the elementary functions with
// f64 ones, where the f64 result is not too near a tie to tell (those are counted; test:math decides them).
// Quotient and root also run with a device approximation that is off by the most the correction must bear.
import acos from '../../shaders/math/acos.wgsl';
import arith from '../../shaders/math/arith.wgsl';
import asin from '../../shaders/math/asin.wgsl';
import atan from '../../shaders/math/atan.wgsl';
import barrier from '../../shaders/math/barrier.wgsl';
import cos from '../../shaders/math/cos.wgsl';
import exp from '../../shaders/math/exp.wgsl';
import index from '../../shaders/math/index.wgsl';
import log from '../../shaders/math/log.wgsl';
import pow from '../../shaders/math/pow.wgsl';
import floats from '../../shaders/gate/floats.wgsl';
import sin from '../../shaders/math/sin.wgsl';
import tan from '../../shaders/math/tan.wgsl';
import { shaders } from '../../src/backends/webgpu/shaders.ts';
import { assembleShader, type Shader, type ShaderName } from '../../src/core/shader.ts';
import type { JobEnv } from '../../src/jobs/job.ts';

export interface MathJob {
  /** Words, or pairs of words, for each function. */
  readonly count: number;
}

export interface MathResult {
  readonly name: string;
  readonly differing: number;
  readonly undecided: number;
  /** 1 where the function asked for recomputation. */
  readonly flag: number;
  readonly first: string;
}

const NAN = 0x7fc00000;
const INFINITY = 0x7f800000;
const float = new Float32Array(1);
const bits = new Uint32Array(float.buffer);
const floatOf = (word: number): number => {
  bits[0] = word;
  return float[0] ?? 0;
};
const wordOf = (value: number): number => {
  float[0] = value;
  return bits[0] ?? 0;
};
/** Magnitudes under `limit` are +0, NaN is 0x7fc00000. */
const flush = (word: number, limit: number): number => {
  const magnitude = word & 0x7fffffff;
  return magnitude < limit ? 0 : magnitude > INFINITY ? NAN : word;
};
const canonical = (word: number): number => flush(word, 0x03800000);
const read = (word: number): number => floatOf(canonical(word));
const store = (value: number): number => canonical(wordOf(value));

/** Undefined where it cannot be told. */
type Expected = (x: number, y: number) => number | undefined;
interface Case {
  readonly name: string;
  readonly shaders: readonly ShaderName[];
  readonly call: string;
  readonly expected: Expected;
  /** A device that does worse than it says: text to replace in the assembled shader. */
  readonly replace?: readonly [string, string];
  readonly mayFlag?: boolean;
}

const ARITH = [arith];
const one = (name: string, expected: Expected): Case => ({
  name,
  shaders: ARITH,
  call: `${name}(x)`,
  expected,
});
const two = (name: string, expected: Expected): Case => ({
  name,
  shaders: ARITH,
  call: `${name}(x, y)`,
  expected,
});
const compare = (name: string, test: (a: number, b: number) => boolean): Case =>
  two(name, (x, y) => (test(read(x), read(y)) ? 1 : 0));
/** An f64 function within 2^-44 of the true value. */
const elementary = (
  name: string,
  shader: ShaderName,
  f: (x: number, y: number) => number,
): Case => ({
  name,
  shaders: [shader],
  call: name === 'pow_f32' ? 'pow_f32(x, y)' : `${name}(x)`,
  mayFlag: name === 'pow_f32',
  expected: (x, y) => {
    const value = f(read(x), read(y));
    const down = store(value * (1 - 2 ** -44));
    return down === store(value * (1 + 2 ** -44)) || !(Math.abs(value) < Infinity)
      ? store(value)
      : undefined;
  },
});

/** x / 0 has the sign of x: a zero has none. */
const quotient: Expected = (x, y) => {
  const a = canonical(x);
  if (canonical(y) !== 0) return store(read(x) / read(y));
  return a === 0 || a === NAN ? NAN : (a & 0x80000000) | INFINITY;
};
const root: Expected = (x) => store(Math.sqrt(read(x)));
/** IEEE pow; Math.pow differs where the base is ±1. */
function power(x: number, y: number): number {
  if (x === 1) return 1;
  if (x === -1 && Math.abs(y) === Infinity) return 1;
  return x ** y;
}
function roundToEven(value: number): number {
  if (!(Math.abs(value) < 2 ** 23)) return value;
  const rounded = Math.round(value);
  return Math.abs(value % 1) === 0.5 && rounded % 2 !== 0 ? rounded - 1 : rounded;
}
function truncate(value: number): number {
  if (Number.isNaN(value)) return 0;
  return Math.max(-(2 ** 31), Math.min(2 ** 31 - 1, Math.trunc(value)));
}
const offQuotient = (units: number): Case => ({
  ...two('div_f32', quotient),
  name: `div_f32, quotient off by ${units}`,
  replace: ['return a / b;', `return bitcast<f32>(bitcast<u32>(a / b) + ${units >>> 0}u);`],
});
const offRoot = (units: number): Case => ({
  ...one('sqrt_f32', root),
  name: `sqrt_f32, root off by ${units}`,
  replace: ['return sqrt(x);', `return bitcast<f32>(bitcast<u32>(sqrt(x)) + ${units >>> 0}u);`],
});

/** The rounding error of a sum; a zero counts as +0. */
const roundingError: Expected = (x, y) => {
  const moderate = (word: number): number =>
    floatOf(((word & 0x807fffff) | ((120 + ((word >>> 23) & 15)) << 23)) >>> 0);
  const [a, b] = [moderate(x), moderate(y)];
  return wordOf(a + b - Math.fround(a + b) + 0);
};
const barrierCase = (name: string): Case => ({
  name,
  shaders: [arith, floats],
  call: `canonical(${name}(x, y))`,
  expected: roundingError,
});

const CASES: readonly Case[] = [
  barrierCase('two_sum_bar_bits'),
  barrierCase('two_sum_bar4'),
  two('add_f32', (x, y) => store(read(x) + read(y))),
  two('sub_f32', (x, y) => store(read(x) - read(y))),
  two('mul_f32', (x, y) => store(read(x) * read(y))),
  two('div_f32', quotient),
  one('sqrt_f32', root),
  offQuotient(-3),
  offQuotient(3),
  offRoot(-7),
  offRoot(7),
  one('reciprocal_f32', (x) => quotient(0x3f800000, x)),
  one('neg_f32', (x) => store(-read(x))),
  one('abs_f32', (x) => store(Math.abs(read(x)))),
  one('relu_f32', (x) => store(Math.max(read(x), 0))),
  two('max_f32', (x, y) => store(Math.max(read(x), read(y)))),
  two('min_f32', (x, y) => store(Math.min(read(x), read(y)))),
  compare('less_f32', (a, b) => a < b),
  compare('less_equal_f32', (a, b) => a <= b),
  compare('greater_f32', (a, b) => a > b),
  compare('greater_equal_f32', (a, b) => a >= b),
  compare('equal_f32', (a, b) => a === b),
  one('canonical', canonical),
  one('flush_product', (x) => flush(x, 0x26000000)),
  one('flush_summand', (x) => flush(x, 0x0c800000)),
  one('floor_f32', (x) => store(Math.floor(read(x)))),
  one('ceil_f32', (x) => store(Math.ceil(read(x)))),
  one('round_f32', (x) => store(roundToEven(read(x)))),
  one('i32_to_f32', (x) => wordOf(x | 0)),
  one('u32_to_f32', (x) => wordOf(x)),
  one('f32_to_i32', (x) => truncate(floatOf(x))),
  one('f32_to_bool', (x) => (canonical(x) === 0 ? 0 : 1)),
  {
    name: 'div_u32',
    shaders: [index],
    call: 'div_u32(x, max(y, 1u))',
    expected: (x, y) => Math.floor(x / Math.max(y, 1)),
  },
  {
    name: 'mod_u32',
    shaders: [index],
    call: 'mod_u32(x, max(y, 1u))',
    expected: (x, y) => x % Math.max(y, 1),
  },
  elementary('exp_f32', exp, Math.exp),
  elementary('log_f32', log, Math.log),
  elementary('pow_f32', pow, power),
  elementary('sin_f32', sin, Math.sin),
  elementary('cos_f32', cos, Math.cos),
  elementary('tan_f32', tan, Math.tan),
  elementary('atan_f32', atan, Math.atan),
  elementary('acos_f32', acos, Math.acos),
  elementary('asin_f32', asin, Math.asin),
];

// ---- words

const SPECIAL = [
  0, 1, 0x7fffff, 0x800000, 0x037fffff, 0x03800000, 0x03800001, 0x0c7fffff, 0x0c800000, 0x25ffffff,
  0x26000000, 0x3e800000, 0x3f000000, 0x3f7fffff, 0x3f800000, 0x3f800001, 0x3fc00000, 0x40000000,
  0x40200000, 0x40400000, 0x4b000000, 0x4b7fffff, 0x4effffff, 0x4f000000, 0x4f7fffff, 0x4f800000,
  0x5f000000, 0x7effffff, 0x7f000000, 0x7f000001, 0x7f7fffff, 0x7f800000, 0x7f800001, 0x7fc00000,
  0x7fffffff,
];
let state = 12345;
function draw(): number {
  state ^= state << 13;
  state ^= state >>> 17;
  state ^= state << 5;
  return state >>> 0;
}
const below = (n: number): number => draw() % n;
const made = (exponent: number, fraction: number): number =>
  (((exponent & 255) << 23) | (fraction & 0x7fffff) | (draw() & 0x80000000)) >>> 0;
function drawWord(): number {
  switch (below(10)) {
    case 0:
      return ((SPECIAL[below(SPECIAL.length)] ?? 0) | (draw() & 0x80000000)) >>> 0;
    case 1:
      return ((SPECIAL[below(SPECIAL.length)] ?? 0) + below(9) - 4) >>> 0;
    case 2:
      return made(below(32), draw()); // around the threshold
    case 3:
      return made(224 + below(32), draw()); // around overflow
    case 4:
      return made(118 + below(16), below(64) << 17); // few bits: ties
    case 5:
      return made(127 + below(24), (1 << below(23)) - 1 + below(3));
    case 6:
      return made(below(256), 0x7fffff - below(4));
    case 7:
      return made(100 + below(54), draw());
    default:
      return draw();
  }
}
/** A second operand: often close to cancelling the first, or making a result near the threshold. */
function drawSecond(x: number): number {
  const exponent = (x >>> 23) & 255;
  switch (below(8)) {
    case 0:
      return (x ^ 0x80000000 ^ below(8)) >>> 0;
    case 1:
      return x;
    case 2:
      return made(Math.max(0, Math.min(254, 133 - exponent + below(3))), draw());
    case 3:
      return made(Math.max(0, exponent - below(27)), below(2) === 0 ? 0 : draw());
    default:
      return drawWord();
  }
}

// ---- running

const ENTRY = (call: string): string => `
struct Params { count: u32, }
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(3) var<storage, read> in0: array<u32>;
@group(0) @binding(4) var<storage, read> in1: array<u32>;
@group(0) @binding(5) var<storage, read_write> out0: array<u32>;
@compute @workgroup_size(128) fn main(@builtin(global_invocation_id) id: vec3<u32>) {
  begin();
  if (id.x >= params.count) { return; }
  let x = in0[id.x];
  let y = in1[id.x];
  out0[id.x] = select(${call}, y, opaque_zero > 0u);
}`;

function sourceOf(one: Case): string {
  const shader: Shader = {
    name: 'entry',
    text: ENTRY(one.call),
    imports: [barrier, ...one.shaders],
  };
  const text = assembleShader(shader, shaders);
  if (one.replace === undefined) return text;
  if (!text.includes(one.replace[0]))
    throw new Error(`${one.name}: ${one.replace[0]} is not there`);
  return text.replace(...one.replace);
}

export async function run(request: unknown, env: JobEnv): Promise<MathResult[]> {
  const { count } = request as MathJob;
  const adapter = await env.gpu?.requestAdapter(
    env.featureLevel === undefined ? {} : { featureLevel: env.featureLevel },
  );
  const device = await adapter?.requestDevice();
  if (device === undefined) throw new Error('no WebGPU device on this stack');
  let failure: string | undefined;
  device.addEventListener('uncapturederror', (event) => {
    failure ??= event.error.message;
  });
  const words = [new Uint32Array(count), new Uint32Array(count)] as const;
  for (let i = 0; i < count; i += 1) {
    const x = drawWord();
    words[0][i] = x;
    words[1][i] = drawSecond(x);
  }
  const { STORAGE, UNIFORM, COPY_SRC, COPY_DST, MAP_READ } = {
    MAP_READ: 1,
    COPY_SRC: 4,
    COPY_DST: 8,
    UNIFORM: 64,
    STORAGE: 128,
  };
  const filled = (data: Uint32Array<ArrayBuffer>, usage: number): GPUBuffer => {
    const buffer = device.createBuffer({
      size: Math.max(16, data.byteLength),
      usage: usage | COPY_DST,
    });
    device.queue.writeBuffer(buffer, 0, data);
    return buffer;
  };
  const inputs = words.map((data) => filled(data, STORAGE));
  const params = filled(new Uint32Array([count, 0, 0, 0]), UNIFORM);
  const output = device.createBuffer({ size: count * 4, usage: STORAGE | COPY_SRC });
  const staging = device.createBuffer({ size: count * 4 + 16, usage: MAP_READ | COPY_DST });

  const results: MathResult[] = [];
  for (const one of CASES) {
    const module = device.createShaderModule({ code: sourceOf(one) });
    const { messages } = await module.getCompilationInfo();
    const error = messages.find((message) => message.type === 'error');
    if (error !== undefined) throw new Error(`${one.name}: ${error.message}`);
    const pipeline = await device.createComputePipelineAsync({
      layout: 'auto',
      compute: { module, entryPoint: 'main' },
    });
    const status = filled(new Uint32Array(4), STORAGE | COPY_SRC);
    const buffers = new Map([
      [0, params],
      [2, status],
      ...inputs.map((buffer, i): [number, GPUBuffer] => [3 + i, buffer]),
      [5, output],
    ]);
    const group = device.createBindGroup({
      layout: pipeline.getBindGroupLayout(0),
      entries: [...buffers].map(([binding, buffer]) => ({ binding, resource: { buffer } })),
    });
    const encoder = device.createCommandEncoder();
    const pass = encoder.beginComputePass();
    pass.setPipeline(pipeline);
    pass.setBindGroup(0, group);
    pass.dispatchWorkgroups(Math.ceil(count / 128));
    pass.end();
    encoder.copyBufferToBuffer(output, 0, staging, 0, count * 4);
    encoder.copyBufferToBuffer(status, 0, staging, count * 4, 16);
    device.queue.submit([encoder.finish()]);
    await staging.mapAsync(1);
    const got = new Uint32Array(staging.getMappedRange().slice(0));
    staging.unmap();
    status.destroy();
    if (failure !== undefined) throw new Error(`${one.name}: ${failure}`);

    let differing = 0;
    let undecided = 0;
    let first = '';
    for (let i = 0; i < count; i += 1) {
      const x = words[0][i] ?? 0;
      const y = words[1][i] ?? 0;
      const wanted = one.expected(x, y);
      if (wanted === undefined) {
        undecided += 1;
        continue;
      }
      if (got[i] === wanted >>> 0) continue;
      if (differing === 0) {
        const hex = [x, y, wanted >>> 0, got[i] ?? 0].map((word) => word.toString(16));
        first = `x ${hex[0]}, y ${hex[1]}: expected ${hex[2]}, got ${hex[3]}`;
      }
      differing += 1;
    }
    const flag = one.mayFlag === true ? 0 : (got[count + 1] ?? 0);
    results.push({ name: one.name, differing, undecided, flag, first });
  }
  device.destroy();
  return results;
}
