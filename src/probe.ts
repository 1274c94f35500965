// probe(): the device gate's report on a device, for people and bug reports (docs/NUMERICS.md, B7). Loads no model.
import type { Finding } from './backends/webgpu/gate.ts';
import { openDevice } from './gpu.ts';
import type { ModelOptions } from './model.ts';

/**
 * What the device gate says of a GPU.
 *
 * @example
 * ```ts
 * import { probe, type Probe } from 'isobit';
 *
 * const report: Probe = await probe({ gpu: navigator.gpu });
 * console.log(report.findings.filter((one) => one.outcome === 'differs').length); // 0
 * ```
 */
export interface Probe {
  /**
   * `full`: the device computes as the kernels need it; `reduced`: its floats do not, so kernels compute in integers
   * there, with the same bits; `refused`: its integers or copies are wrong, and WebGPU is not used on it.
   */
  readonly verdict: 'full' | 'reduced' | 'refused';
  /** What was looked at, in the order of the gate; indices past 2^24 last, which models ask for that need them. */
  readonly findings: readonly Finding[];
  /** How long the gate took, compiling included. */
  readonly milliseconds: number;
  /** The GPU, as it names itself. */
  readonly adapter: string;
}

/**
 * Runs the device gate, which every model runs before it uses a device: fixed words through the arithmetic, memory and
 * functions that kernels are made of, compared with what they must give.
 *
 * @param options where the GPU is, as for `load`
 * @returns the verdict, what was found, and how long it took
 * @throws DeviceError where there is no GPU, or where it fails
 *
 * @example
 * ```ts
 * import { probe } from 'isobit';
 *
 * const { verdict } = await probe({ gpu: navigator.gpu });
 * console.log(verdict); // full
 * ```
 */
export async function probe(options: ModelOptions = {}): Promise<Probe> {
  const { part, device } = await openDevice(options);
  try {
    const { verdict, findings, milliseconds } = await part.gateOf(device);
    const far = await part.farFinding(device);
    const all = far === undefined ? findings : [...findings, far];
    return { verdict, findings: all, milliseconds, adapter: device.info.name };
  } finally {
    device.dispose();
  }
}
