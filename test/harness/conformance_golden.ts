// The form of test/golden/conformance.json: how ONNX's backend tests fare on the reference. Written and compared by
// test/models/conformance.test.ts, compared with WebGPU by test/stacks/conformance.test.ts, read by docs/OPERATORS.md.
import { readFileSync } from 'node:fs';

export interface ConformanceGolden {
  /** An operator, with its domain if it has one: cases that it occurs in, those that pass and all. */
  readonly operators: Readonly<Record<string, readonly number[]>>;
  /** Cases that fail or whose values ONNX leaves open: status and reason. */
  readonly others: Readonly<Record<string, string>>;
  /** The first 16 digits of the digests of cases that pass. */
  readonly digests: Readonly<Record<string, string>>;
}

export const readConformanceGolden = (): ConformanceGolden =>
  JSON.parse(
    readFileSync(new URL('../golden/conformance.json', import.meta.url), 'utf8'),
  ) as ConformanceGolden;
