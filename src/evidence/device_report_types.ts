// What a device report is: one device's measurement, for a file beside others. Types only; device_report.ts reads and
// writes them. Nothing in it is proved: whoever doubts it measures on such a device and compares digests.
import type { TracedValue } from './trace_types.ts';

/** Where it was measured, as far as the device tells. */
export interface DeviceClaims {
  /** The GPU that WebGPU offered; absent where none was. */
  readonly gpu?: {
    /** `nvidia`, `apple`, `mesa`; empty where it is kept back. */
    readonly vendor: string;
    /** `ampere`, `swiftshader`; empty where it is kept back. */
    readonly architecture: string;
    /** As the adapter names itself; empty where it does not. */
    readonly name: string;
    /** True if the adapter computes on the processor; absent where nothing says. */
    readonly software?: boolean;
  };
  /** The browser, or the runtime that is none: `Firefox`, `Node`. */
  readonly browser: { readonly name: string; readonly version: string };
  /** The JavaScript engine: `V8`, `SpiderMonkey`, `JavaScriptCore`. */
  readonly engine: string;
  /** `Linux`, `Windows`, `Android`. */
  readonly system: string;
  /** The processor's architecture: `x86-64`, `arm64`; absent where browsers keep it back. */
  readonly processor?: string;
  /** The stack of `isobit stacks` that made it, where one did. */
  readonly stack?: string;
}

/** What the device gate said of the GPU. */
export interface DeviceGate {
  readonly verdict: 'full' | 'reduced' | 'refused';
  /** What it looked at, as Probe has it. */
  readonly findings: readonly {
    readonly name: string;
    readonly outcome: 'ok' | 'differs' | 'information';
    readonly detail: string;
  }[];
  /** How long the gate took, compiling included. */
  readonly milliseconds: number;
  /** Of the adapter, by WebGPU's names. */
  readonly limits: Readonly<Record<string, number>>;
}

/** One model on one backend. */
export interface DeviceRun {
  /** The model's name, for people. */
  readonly name: string;
  /** The digest of graph and weights, as in Trace. */
  readonly model: string;
  /** What it was run on, in graph order. */
  readonly inputs: readonly TracedValue[];
  readonly backend: 'wasm' | 'webgpu';
  /** The run's digest; null where it failed, and why in `error`. */
  readonly digest: string | null;
  /** Milliseconds of the first run after loading, planning and compiling included; null where it failed. */
  readonly ms: number | null;
  readonly error?: string;
  /** What ran otherwise than asked, as RunResult says it. */
  readonly notes?: readonly string[];
}

/** How the repository's operator cases went on one backend. */
export interface CaseTally {
  /** Cases that ran. */
  readonly ran: number;
  /** Cases that gave the repository's digest. */
  readonly good: number;
  /** Cases of which the reference computed a part in WebGPU's place. */
  readonly byReference: number;
  /** Cases that gave another: the first hundred. */
  readonly failures: readonly {
    readonly id: string;
    readonly expected: string;
    /** The digest, or the error that took its place. */
    readonly got: string;
  }[];
}

/**
 * One device's measurement, as it is after `JSON.parse`: what the device gate said, and the digests that models gave. As
 * text it is canonical JSON (RFC 8785); `isobit/device_report.schema.json` is its schema.
 *
 * @example
 * ```ts
 * import { readDeviceReport, type DeviceReport } from 'isobit';
 *
 * const faults = async (text: string): Promise<string[]> => {
 *   const report: DeviceReport = await readDeviceReport(text);
 *   return (report.gate?.findings ?? []).filter((one) => one.outcome === 'differs').map((one) => one.name);
 * };
 * await faults('{}').catch((error: Error) => console.log(error.name)); // DeviceReportError
 * ```
 */
export interface DeviceReport {
  /** The version of this form. */
  readonly format: 'isobit-device/1';
  /** The bit contract that was kept. */
  readonly contract: { readonly id: string; readonly version: number };
  /** The version of the library. */
  readonly library: string;
  /** SHA-256 of each module of the reference that the library holds, as `sha256sum` gives it for the files. */
  readonly core: Readonly<Record<string, string>>;
  /** The day of the measurement, `2026-11-28`. */
  readonly date: string;
  /** Where it was measured, as far as the device tells; nothing proves it. */
  readonly claims: DeviceClaims;
  /** What the device gate said of the GPU; null where there was none to ask, and why in `withoutGate`. */
  readonly gate: DeviceGate | null;
  /** Why there is no gate's report; there exactly if `gate` is null. */
  readonly withoutGate?: string;
  /** What WebGPU's kernels ran on: their own texts, those without floats, or the reference in their place. */
  readonly rung: 'full' | 'soft' | 'reference';
  /** The models that were run. */
  readonly models: readonly DeviceRun[];
  /** The repository's operator cases; null where they were not run. */
  readonly cases: { readonly wasm?: CaseTally; readonly webgpu?: CaseTally } | null;
  /** How long all of it took. */
  readonly seconds: number;
}
