// The job that runs the operator cases on a stack (`run` of src/jobs/job.ts), built by the tests that use it.
// Returns each case's digest, or the root of its trace, on the asked backend; one device serves all cases.
import { Device } from '../../src/backends/webgpu/device.ts';
import { Pipelines } from '../../src/backends/webgpu/pipelines.ts';
import type { Rung } from '../../src/backends/webgpu/rungs.ts';
import type { Tiles } from '../../src/core/tiles.ts';
import type { JobEnv } from '../../src/jobs/job.ts';
import { runCase } from '../harness/conform.ts';
import { allCaseFiles } from '../host/index.ts';

const AT_ONCE = 8;

export interface CasesJob {
  readonly backend: 'wasm' | 'webgpu';
  /** The rung of every pipeline; what the gate says if not given. */
  readonly rung?: Rung;
  /** What plans are made with; what the device says if not given. */
  readonly tiles?: Tiles;
  /** Whether shaders use dot4I8Packed; what the device says if not given. */
  readonly packedDots?: boolean;
  /** Whether pipelines pass their gates first, as users' do; not if not given. */
  readonly gated?: boolean;
  /** Stems; all if not given. */
  readonly stems?: readonly string[];
  /** Cases of these stems; all if not given. */
  readonly ids?: readonly string[] | undefined;
  /** Gives roots of traces in the place of digests. */
  readonly trace?: boolean;
  /** Ends with the first case whose digest is not the one given here. */
  readonly untilNot?: Readonly<Record<string, string>>;
}

export interface CasesReport {
  readonly digests: Record<string, string>;
  readonly notes: Record<string, readonly string[]>;
  /** What gates of pipelines took, all cases together. */
  readonly gate: { pipelines: number; skipped: number; milliseconds: number };
}

export async function run(request: unknown, env: JobEnv): Promise<CasesReport> {
  const job = request as CasesJob;
  const digests: Record<string, string> = {};
  const notes: Record<string, readonly string[]> = {};
  const gate = { pipelines: 0, skipped: 0, milliseconds: 0 };
  let device: GPUDevice | undefined;
  if (job.backend === 'webgpu') {
    const adapter = await env.gpu?.requestAdapter(
      env.featureLevel === undefined ? {} : { featureLevel: env.featureLevel },
    );
    device = await adapter?.requestDevice();
    if (device === undefined) throw new Error('no WebGPU device on this stack');
    if (job.tiles !== undefined) Device.wrap(device).tiles = job.tiles;
    if (job.packedDots !== undefined) Device.wrap(device).packedDots = job.packedDots;
    if (job.rung !== undefined) Pipelines.on(Device.wrap(device)).rung = job.rung;
  }
  const ids = job.ids === undefined ? undefined : new Set(job.ids);
  const cases = [...(job.stems ?? allCaseFiles.keys())]
    .flatMap((stem) => allCaseFiles.get(stem) ?? [])
    .filter((one) => ids === undefined || ids.has(one.id));
  let at = 0;
  const work = async (): Promise<void> => {
    for (let one = cases[at]; one !== undefined; one = cases[at]) {
      at += 1;
      const result = await runCase(one, job.backend, {
        ...{ device, gated: job.gated, trace: job.trace ?? false },
      });
      digests[one.id] = result.digest;
      gate.pipelines += result.gate?.pipelines ?? 0;
      gate.skipped += result.gate?.skipped ?? 0;
      gate.milliseconds += result.gate?.milliseconds ?? 0;
      if (result.notes.length > 0) notes[one.id] = result.notes.map((note) => note.message);
      if (job.untilNot !== undefined && job.untilNot[one.id] !== result.digest) at = cases.length;
    }
  };
  // Firefox answers a submission after a turn of its own clock: several cases wait together.
  await Promise.all(Array.from({ length: AT_ONCE }, work));
  device?.destroy();
  return { digests, notes, gate };
}
