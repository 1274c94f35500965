// The job that puts a device through the gate, as it is or with a fault planted: its shader texts are edited on their way
// to the compiler, the gate's and the kernels' alike, as a faulty compiler would treat them. Then it runs operator cases
// on it, at the rung that the gate chose.
import { Device } from '../../src/backends/webgpu/device.ts';
import { gateOf } from '../../src/backends/webgpu/gate.ts';
import type { Rung } from '../../src/backends/webgpu/rungs.ts';
import { probe, type Probe } from '../../src/probe.ts';
import { Tensor } from '../../src/core/tensor.ts';
import { Session } from '../../src/session.ts';
import type { JobEnv } from '../../src/jobs/job.ts';
import { runCase } from '../harness/conform.ts';
import { f32, graphOf } from '../harness/graphs.ts';
import { caseFiles } from '../ops/index.ts';

export interface GateJob {
  /** Texts that become others, wherever they occur. */
  readonly edits?: readonly (readonly [find: string, replace: string])[];
  readonly stems?: readonly string[];
  /** Whether shaders use dot4I8Packed; what the device says if not given. */
  readonly packedDots?: boolean;
  /** Also runs a model that binds more than 64 MiB. */
  readonly large?: boolean;
}

export interface GateResult {
  readonly report: Probe;
  readonly rung: Rung;
  readonly digests: Record<string, string>;
  /** What the runs of the cases said of their rung. */
  readonly rungNotes: readonly string[];
  /** What `auto` says where the device is refused. */
  readonly auto: readonly string[];
  readonly large?: { readonly digest: string; readonly notes: readonly string[] };
}

/** Neg of a vector whose last element has an index past 2^24. */
async function runLarge(device: GPUDevice): Promise<GateResult['large']> {
  const n = 2 ** 24 + 64;
  const graph = graphOf([{ op: 'Neg', inputs: ['x'], outputs: ['y'] }], [f32('x', n)], ['y']);
  const session = await Session.create(graph, { device });
  const x = Float32Array.from({ length: n }, (_, i) => i);
  const { digest, notes } = await session.run(
    { x: new Tensor('float32', x, [n]) },
    { backend: 'webgpu' },
  );
  session.dispose();
  return { digest, notes: notes.map(({ message }) => message) };
}

export async function run(request: unknown, env: JobEnv): Promise<GateResult> {
  const { edits = [], stems = [], packedDots, large = false } = request as GateJob;
  const adapter = await env.gpu?.requestAdapter(
    env.featureLevel === undefined ? {} : { featureLevel: env.featureLevel },
  );
  const device = await adapter?.requestDevice();
  if (device === undefined) throw new Error('no WebGPU device on this stack');
  const compile = device.createShaderModule.bind(device);
  device.createShaderModule = (descriptor) => {
    const code = edits.reduce(
      (text, [find, replace]) => text.replaceAll(find, replace),
      descriptor.code,
    );
    return compile({ ...descriptor, code });
  };
  if (packedDots !== undefined) Device.wrap(device).packedDots = packedDots;
  const report = await probe({ device });
  const { rung } = await gateOf(Device.wrap(device));
  const digests: Record<string, string> = {};
  const rungNotes: string[] = [];
  const auto: string[] = [];
  for (const one of stems.flatMap((stem) => caseFiles.get(stem) ?? [])) {
    const result = await runCase(one, 'webgpu', { device });
    digests[one.id] = result.digest;
    rungNotes.push(
      ...result.notes.filter(({ kind }) => kind === 'rung').map(({ message }) => message),
    );
  }
  const [first] = caseFiles.get('pad') ?? [];
  if (report.verdict === 'refused' && first !== undefined) {
    const session = await Session.create(first.graph, { device });
    const { notes } = await session.run(first.feeds);
    auto.push(...notes.map((note) => note.message));
    session.dispose();
  }
  const ran = large ? await runLarge(device) : undefined;
  device.destroy();
  return { report, rung, digests, rungNotes, auto, ...(ran && { large: ran }) };
}
