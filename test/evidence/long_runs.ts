// Runs that take too long for `npm test`: what was run, where, when, and what came out. Written by hand from what the commands
// printed; docs/EVIDENCE.md shows it. Not here: functions on all inputs, which record themselves (test/math/sha256.json).

export interface LongRun {
  readonly command: string;
  readonly date: string;
  readonly stacks: string;
  readonly result: string;
}

export const longRuns: readonly LongRun[] = [
  {
    command: 'FULL=1 STACKS=A,B,C,D npx vitest run test/stacks/cases.test.ts',
    date: '2026-11-28',
    stacks: 'A, B, C, D',
    result: 'all 6,300 operator cases: the golden digest on each stack',
  },
  {
    command: 'isobit conformance ONNX-TESTS --backend webgpu --stack …',
    date: '2026-11-28',
    stacks: 'A, B, C, D',
    result:
      '1622 passed, 6 failed, 8 skipped, as on WASM then, every digest equal; on B one case of these ended as Firefox closed its page, and passed when repeated',
  },
  {
    command: 'tanh and erf on all 2^32 words of a GPU stack (docs/MATH.md)',
    date: '2026-11-28',
    stacks: 'D',
    result: '0 differ',
  },
  {
    command: 'npm run fuzz -- --count 100000 --seed 7 ONNX-TESTS',
    date: '2026-11-28',
    stacks: 'wasm-node',
    result:
      '21996 ran, 197 loaded, 77807 refused, 0 broken (the run before found two: TfIdfVectorizer with skips and columns of 2^40)',
  },
];
