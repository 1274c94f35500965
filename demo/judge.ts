// The verdict on one picture: what the two paths gave, compared as words with each other and with what is expected.
// Plain data in, text out; no page.
import type { VerdictState } from './elements.ts';
import type { Outcomes } from './paths.ts';
import { equalWords } from './words.ts';

/** What the result must be, and who says so. */
export interface Expectation {
  readonly digest: string;
  /** `the repository`, `the other device`. */
  readonly by: string;
}

export interface Verdict {
  readonly state: VerdictState;
  readonly text: string;
}

export function judge(outcomes: Outcomes, expectation: Expectation | undefined): Verdict {
  const wasm = outcomes.wasm.result;
  const webgpu = outcomes.webgpu.result;
  if (wasm === undefined) return { state: 'differs', text: `WebAssembly: ${outcomes.wasm.why}` };
  const total = wasm.words.length;
  const equal = webgpu === undefined ? 0 : equalWords(wasm.words, webgpu.words);
  if (webgpu !== undefined && (equal !== total || wasm.digest !== webgpu.digest)) {
    return { state: 'differs', text: `different: ${equal} of ${total} logits have the same bits` };
  }
  if (expectation !== undefined && wasm.digest !== expectation.digest) {
    return { state: 'differs', text: `different: not the digest of ${expectation.by}` };
  }
  const known = expectation === undefined ? '' : `, and the digest of ${expectation.by}`;
  if (webgpu === undefined) {
    return { state: 'partial', text: `WebAssembly only${known}. ${outcomes.webgpu.why}` };
  }
  return { state: 'same', text: `identical: ${equal} of ${total} logits, bit for bit` };
}

/** The digit with the largest logit. */
export function readDigit(logits: Float32Array): number {
  return logits.reduce((best, value, i) => (value > (logits[best] ?? -Infinity) ? i : best), 0);
}
