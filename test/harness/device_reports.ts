// A device report that is as it should be, for tests that change one thing in it.
import { contract } from '../../src/index.ts';
import type { DeviceReport } from '../../src/evidence/device_report_types.ts';

/** Of a made-up device; its digests are of nothing. */
export function exampleReport(): DeviceReport {
  const run = {
    ...{ name: 'digits', model: '1'.repeat(64), digest: '2'.repeat(64) },
    inputs: [{ name: 'image', type: 'float32', dims: [10, 1, 28, 28], digest: '3'.repeat(64) }],
  };
  return {
    format: 'isobit-device/1',
    contract: { id: contract.id, version: contract.version },
    library: '0.0.0',
    core: { core: '4'.repeat(64) },
    date: '2026-11-28',
    claims: {
      gpu: {
        ...{ vendor: 'google', architecture: 'swiftshader', name: 'SwiftShader driver 5.0.0' },
        software: true,
      },
      browser: { name: 'Chrome', version: '140.0.0' },
      ...{ engine: 'V8', system: 'Linux', processor: 'x86-64' },
    },
    gate: {
      verdict: 'full',
      findings: [{ name: 'carries', outcome: 'ok', detail: '1024 words' }],
      milliseconds: 12.5,
      limits: { maxBufferSize: 268435456 },
    },
    rung: 'full',
    models: [
      { ...run, backend: 'wasm', ms: 0.25 },
      { ...run, backend: 'webgpu', ms: 1.5, notes: ['a note'] },
    ],
    cases: {
      wasm: { ran: 2, good: 2, byReference: 0, failures: [] },
      webgpu: {
        ...{ ran: 2, good: 1, byReference: 1 },
        failures: [{ id: 'softmax/x', expected: '5'.repeat(64), got: 'error: no' }],
      },
    },
    seconds: 3.25,
  };
}
