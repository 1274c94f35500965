// The device gate (docs/NUMERICS.md, B7): before a device is used, a few small pipelines made of the texts that kernels
// are made of run fixed vectors, and every word is compared with what TypeScript computes. One submission, one reading.
// Promises: once a device; 'full' only if every word was right, twice. Finds no fault that shows in a kernel's own shape
// or later: that is the audit's part (B8). Not here: the vectors (gate_vectors.ts), indices past 2^24 (far.ts).
import { assembleOn, type Rung } from './rungs.ts';
import type { Device } from './device.ts';
import * as vectors from './gate_vectors.ts';
import { COUNT, type Result, type Vector } from './gate_vectors.ts';
import { Pipelines } from './pipelines.ts';
import { mapped } from './storage.ts';
import { DeviceError } from '../../core/errors.ts';
import { hex32 } from '../../core/bits.ts';
import type { ShaderName } from '../../core/shader.ts';
import reportFloats from '../../../shaders/gate/report_floats.wgsl';
import reportRounded from '../../../shaders/gate/report_rounded.wgsl';
import reportWords from '../../../shaders/gate/report_words.wgsl';

/**
 * One thing that the device gate looked at.
 *
 * @example
 * ```ts
 * import type { Finding } from 'isobit';
 *
 * const finding: Finding = { name: 'carries', outcome: 'ok', detail: '1024 words' };
 * console.log(finding.outcome); // ok
 * ```
 */
export interface Finding {
  /** What was looked at. */
  readonly name: string;
  /** `ok`: as the library needs it; `differs`: not so; `information`: what the device does where nothing depends on it. */
  readonly outcome: 'ok' | 'differs' | 'information';
  /** How many words were compared, and the first that differs. */
  readonly detail: string;
}

/** What the gate says of a device. */
export interface GateReport {
  readonly verdict: 'full' | 'reduced' | 'refused';
  readonly findings: readonly Finding[];
  /** From the first text to the last word. */
  readonly milliseconds: number;
  /** The rung on which the device's kernels run; of a refused device none do. */
  readonly rung: Rung;
}

/** The finding that another text of the same rung replaces. */
const DOTS = 'dot products of bytes';
/** Findings that another rung replaces: they are about the device's floats. */
const OF_A_RUNG = new Set(['rounding', 'contraction', 'reassociation', 'quotient and root']);
const BYTES = COUNT * 4;
const STATUS_BYTES = 256;

interface Report {
  readonly shader: ShaderName;
  readonly inputs: readonly Vector[];
  readonly results: readonly Result[];
}

const WORDS: Report = {
  shader: reportWords,
  inputs: vectors.VECTORS,
  results: vectors.WORDS,
};
const ROUNDED: Report = {
  shader: reportRounded,
  inputs: vectors.VECTORS,
  results: vectors.ROUNDED,
};
const FLOATS: Report = {
  shader: reportFloats,
  inputs: vectors.VECTORS,
  results: [...vectors.FLOATS, ...vectors.HABITS],
};

const reports = new WeakMap<Device, Promise<GateReport>>();

/**
 * The gate's report on a device, made when first asked for.
 *
 * @throws DeviceError if the device fails
 */
export function gateOf(device: Device): Promise<GateReport> {
  let report = reports.get(device);
  if (report === undefined) {
    report = examine(device);
    reports.set(device, report);
    // A device that failed during its gate is asked again, and says why.
    report.catch(() => reports.delete(device));
  }
  return report;
}

/** Takes the device's pipelines to the rung that its gate says. @throws DeviceError for a device that it refuses */
export async function passGate(device: Device): Promise<void> {
  const pipelines = Pipelines.on(device);
  const { verdict, findings, rung } = await gateOf(device);
  if (verdict === 'full') return;
  if (verdict === 'reduced') {
    pipelines.rung = rung;
    return;
  }
  const wrong = findings.filter((one) => one.outcome === 'differs').map((one) => one.name);
  throw new DeviceError(
    `WebGPU: this device does not compute as WGSL demands (${wrong.join(', ')}). Use backend wasm, and report what probe() says.`,
    { stage: 'gate', adapter: device.info.name },
  );
}

async function examine(device: Device): Promise<GateReport> {
  const begin = performance.now();
  const done = (
    verdict: GateReport['verdict'],
    findings: readonly Finding[],
    rung: Rung,
  ): GateReport => ({ verdict, findings, milliseconds: performance.now() - begin, rung });
  const findings = await run(device, 'full', [WORDS, ROUNDED, FLOATS]);
  const dots = findings.find(({ name, outcome }) => name === DOTS && outcome === 'differs');
  if (dots !== undefined && device.packedDots) {
    // Without the function its results are integers like all others, which each pipeline's own gate looks at.
    device.packedDots = false;
    const detail = `${dots.detail}; dot4I8Packed is not used`;
    findings[findings.indexOf(dots)] = { name: DOTS, outcome: 'information', detail };
  }
  const wrong = findings.filter((one) => one.outcome === 'differs');
  if (wrong.length === 0) return done('full', findings, 'full');
  if (!wrong.every((one) => OF_A_RUNG.has(one.name))) return done('refused', findings, 'full');
  const again = await run(device, 'soft', [WORDS, ROUNDED]);
  const soft = again.map((one) => ({ ...one, name: `${one.name}, without floats` }));
  const isSound = again.every((one) => one.outcome !== 'differs');
  return done(isSound ? 'reduced' : 'refused', [...findings, ...soft], 'soft');
}

/** Runs the reports on a rung, twice over the same words. */
async function run(device: Device, rung: Rung, all: readonly Report[]): Promise<Finding[]> {
  const { gpu } = device;
  const storage = GPUBufferUsage.STORAGE | GPUBufferUsage.COPY_SRC | GPUBufferUsage.COPY_DST;
  const made: GPUBuffer[] = [];
  const buffer = (label: string, size: number, usage: number): GPUBuffer => {
    const one = gpu.createBuffer({ label: `gate ${label}`, size, usage });
    made.push(one);
    return one;
  };
  try {
    const compiling = compile(device, rung, all);
    compiling.catch(() => undefined);
    // Computed while the device is at work: nothing is awaited before.
    const wanted = expectedWords(all);
    const pipelines = await compiling;
    const words = all.reduce((sum, { results }) => sum + results.length, 0) * BYTES;
    const size = 2 * words + all.length * STATUS_BYTES;
    const staging = await device.scoped('gate', () => {
      const output = buffer('words', 2 * words, storage);
      const status = buffer('status', all.length * STATUS_BYTES, storage);
      const inputs = all.map((one) => {
        const data = new Uint32Array(one.inputs.flat());
        const input = buffer(
          'vectors',
          data.byteLength,
          GPUBufferUsage.STORAGE | GPUBufferUsage.COPY_DST,
        );
        gpu.queue.writeBuffer(input, 0, data);
        return input;
      });
      const encoder = gpu.createCommandEncoder();
      const pass = encoder.beginComputePass();
      let offset = 0;
      for (let round = 0; round < 2; round += 1) {
        all.forEach(({ results }, i) => {
          const pipeline = pipelines[i];
          const input = inputs[i];
          if (pipeline === undefined || input === undefined) return;
          const length = results.length * BYTES;
          const entries: GPUBindGroupEntry[] = [
            {
              binding: 2,
              resource: { buffer: status, offset: i * STATUS_BYTES, size: STATUS_BYTES },
            },
            { binding: 3, resource: { buffer: input } },
            { binding: 4, resource: { buffer: output, offset, size: length } },
          ];
          const layout = pipeline.getBindGroupLayout(0);
          pass.setPipeline(pipeline);
          pass.setBindGroup(0, gpu.createBindGroup({ layout, entries }));
          pass.dispatchWorkgroups(COUNT / 64);
          offset += length;
        });
      }
      pass.end();
      const read = buffer('read back', size, GPUBufferUsage.MAP_READ | GPUBufferUsage.COPY_DST);
      encoder.copyBufferToBuffer(output, 0, read, 0, 2 * words);
      encoder.copyBufferToBuffer(status, 0, read, 2 * words, status.size);
      gpu.queue.submit([encoder.finish()]);
      return read;
    });
    const bytes = await mapped(device, staging, size);
    const got = new Uint32Array(bytes.buffer, bytes.byteOffset, size / 4);
    return compare(got, wanted, all);
  } finally {
    for (const one of made) one.destroy();
  }
}

async function compile(
  device: Device,
  rung: Rung,
  all: readonly Report[],
): Promise<GPUComputePipeline[]> {
  const { gpu } = device;
  const { result, checked } = device.guard('gate', () =>
    all.map(({ shader }) => {
      const module = gpu.createShaderModule({
        label: shader,
        code: assembleOn(rung, shader, device.packedDots),
      });
      const descriptor = {
        label: shader,
        layout: 'auto' as const,
        compute: { module, entryPoint: 'main' },
      };
      // As in pipelines.ts: side by side in browsers, one by one elsewhere.
      return 'process' in globalThis
        ? Promise.resolve(gpu.createComputePipeline(descriptor))
        : gpu.createComputePipelineAsync(descriptor);
    }),
  );
  const pipelines = Promise.all(result);
  pipelines.catch(() => undefined);
  await checked;
  return device.race(pipelines);
}

/** What every invocation is to give, in the order of compare(). */
const expectedWords = (all: readonly Report[]): Uint32Array =>
  Uint32Array.from(
    all.flatMap(({ inputs, results }) =>
      results.flatMap(({ expected }) => inputs.map((v, i) => expected(v, i, inputs))),
    ),
  );

/** Words in the order of run(): the reports of both rounds, the status words. */
function compare(got: Uint32Array, wanted: Uint32Array, all: readonly Report[]): Finding[] {
  const tallies = new Map<string, Tally>();
  const tally = (name: string): Tally => {
    let one = tallies.get(name);
    if (one === undefined) tallies.set(name, (one = new Tally(HABIT_NAMES.has(name))));
    return one;
  };
  const again = tally('second run');
  const words = all.reduce((sum, { results }) => sum + results.length, 0) * COUNT;
  let at = 0;
  for (const { inputs, results } of all) {
    for (const { finding, float = false } of results) {
      const of = tally(finding);
      const isHabit = HABIT_NAMES.has(finding);
      for (const v of inputs) {
        const [a, b] = [got[at] ?? 0, got[at + words] ?? 0];
        of.add(sign(a, float), sign(wanted[at] ?? 0, float), v);
        if (!isHabit) again.add(b, a, v);
        at += 1;
      }
    }
  }
  at += words;
  all.forEach((one, i) => {
    const flag = got[at + (i * STATUS_BYTES) / 4 + 1] ?? 0;
    tally('flag').add(flag, one === WORDS ? 1 : 0, one.shader);
  });
  return [...tallies].map(([name, one]) => one.finding(name));
}

const HABIT_NAMES = new Set(vectors.HABITS.map(({ finding }) => finding));

/** +0 for either zero where its sign is free. */
const sign = (word: number, free: boolean): number =>
  free && (word & 0x7fffffff) === 0 ? 0 : word;

class Tally {
  readonly #isHabit: boolean;
  #compared = 0;
  #differing = 0;
  #first = '';

  constructor(isHabit: boolean) {
    this.#isHabit = isHabit;
  }

  /** `of`: the operands, or a shader's name; written out only where something differs. */
  add(got: number, wanted: number, of: Vector | string): void {
    this.#compared += 1;
    if (got === wanted) return;
    this.#differing += 1;
    if (this.#differing === 1) {
      const place = typeof of === 'object' ? of.map((word) => hex32(word)).join(' ') : of;
      this.#first = `; of ${place}: expected ${hex32(wanted)}, got ${hex32(got)}`;
    }
  }

  finding(name: string): Finding {
    const differs = this.#differing > 0;
    const detail = `${this.#differing} of ${this.#compared} words differ${this.#first}`;
    if (this.#isHabit) return { name, outcome: 'information', detail: differs ? detail : 'no' };
    return differs
      ? { name, outcome: 'differs', detail }
      : { name, outcome: 'ok', detail: `${this.#compared} words` };
  }
}
