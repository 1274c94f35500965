// What this repository claims about bits, and the tests that would fail if it were not so. docs/EVIDENCE.md is made of
// this list; README says nothing about bits that is not here (`said` quotes it), and every rule of docs/NUMERICS.md has
// a claim. A claim without a test says so.

export interface Claim {
  /** One sentence. */
  readonly claim: string;
  /** Rules of docs/NUMERICS.md. */
  readonly rules: readonly string[];
  /** Test files below test/, with the beginning of a title in it where only some of its tests are meant. */
  readonly tests: readonly (readonly [file: string, title?: string])[];
  /** Where it is tested. */
  readonly stacks: string;
  /** What README says of it: each a part of one of its sentences. */
  readonly said?: readonly string[];
}

const ALL = 'wasm-node, wasm-chromium, wasm-firefox, wasm-bun, wasm-deno, wasm-arm, A, B, C, D, E';
const GPUS = 'A, B, C, D, E';

export const claims: readonly Claim[] = [
  {
    claim:
      'Every operator case gives one digest on Node, Chromium, Firefox, Deno, stack C and one of B, D and E, which take a third of each case file each; an even share of each does on A, Bun and Arm (all with FULL=1).',
    rules: ['R1', 'R2', 'R3', 'V1', 'V2', 'V5', 'V7', 'V8', 'V11'],
    tests: [['ops.test.ts'], ['host.test.ts'], ['stacks/cases.test.ts']],
    stacks: ALL,
    said: [
      'so that **the output bits are the same on every device**',
      'equal inputs give equal output words on every device',
      'the operator cases on WASM in V8, SpiderMonkey and',
      'do the same arithmetic on a GPU',
    ],
  },
  {
    claim:
      'A third implementation in exact rational arithmetic, written from the contract alone, has the words of the reference: on every operator case, on random nodes and on random fused graphs.',
    rules: ['M2', 'R1', 'R5', 'V1', 'V2', 'V3', 'V4', 'V5', 'V7', 'V8', 'V11'],
    tests: [['oracle.test.ts'], ['unit/oracle.test.ts'], ['unit/oracle_random.test.ts']],
    stacks: 'Node',
    said: ['`isobit` computes by a written contract'],
  },
  {
    claim: 'Real models give one digest on every stack, the committed one.',
    rules: ['R3', 'R6'],
    tests: [['models/models.test.ts'], ['stacks/models.test.ts']],
    stacks: ALL,
    said: ['Contract version 1 is frozen'],
  },
  {
    claim:
      "ONNX's backend tests pass on the reference but for those listed, with the committed digests, and an even share of them has these digests on WebGPU (all with FULL=1).",
    rules: ['R1', 'R3', 'R6'],
    tests: [['models/conformance.test.ts'], ['stacks/conformance.test.ts']],
    stacks: 'wasm-node, E',
  },
  {
    claim:
      "A kernel pair of an application's own has the bits of what it stands for, and a shader that differs from its module is found before its first result.",
    rules: ['R3', 'B7'],
    tests: [['stacks/custom_kernel.test.ts'], ['unit/custom_kernel.test.ts']],
    stacks: ALL,
  },
  {
    claim: "The demo's model gives the digest that README prints, on every stack and on the page.",
    rules: ['R6', 'V12'],
    tests: [['models/demo.test.ts'], ['stacks/start.test.ts'], ['unit/docs.test.ts']],
    stacks: ALL,
    said: [
      'The digest to expect under contract version 1',
      'prints this digest for every engine',
      'what to install',
    ],
  },
  {
    claim:
      'Elementary functions are correctly rounded: for one argument C and WGSL text agree with the oracle on all 2^32 inputs (table below).',
    rules: ['V6', 'B4'],
    tests: [['math/generated.test.ts'], ['unit/oracle.test.ts']],
    stacks: 'native C; Node',
    said: ['The elementary functions that the table in'],
  },
  {
    claim:
      'Conversions between float32, float16 and bfloat16 are rounded once: checked on all words, by `npm run test:math -- half --all`.',
    rules: ['V9', 'B4'],
    tests: [['ops.test.ts'], ['oracle.test.ts']],
    stacks: 'native C; Node',
  },
  {
    claim:
      'On GPUs they have the words of the reference: hard cases, special values, ends of binades, a dense sample.',
    rules: ['V6', 'B4'],
    tests: [['stacks/functions.test.ts'], ['stacks/math.test.ts']],
    stacks: GPUS,
  },
  {
    claim:
      'No bit depends on how work is divided, ordered or repeated, on block or workgroup sizes, or on the batch.',
    rules: ['R4', 'V4'],
    tests: [['unit/invariance.test.ts'], ['stacks/invariance.test.ts', 'give the golden digest']],
    stacks: 'wasm-node, E',
    said: ['any browser, any batch'],
  },
  {
    claim:
      'No bit depends on how many threads the reference has: four that are let into every command give the golden digests, on an even share of the cases outside Node (all with FULL=1).',
    rules: ['R4'],
    tests: [['stacks/threads.test.ts'], ['unit/threads.test.ts']],
    stacks: 'wasm-node, wasm-chromium, wasm-firefox, wasm-bun, wasm-deno, wasm-arm',
    said: ['any batch, any number of threads'],
  },
  {
    claim:
      'Decoding token by token with a key/value cache gives every logit the word of the whole text at once.',
    rules: ['R4', 'V4'],
    tests: [['stacks/invariance.test.ts', 'token by token']],
    stacks: 'wasm-node, wasm-firefox, A, C, E',
  },
  {
    claim:
      'Outputs that stay where they are computed, in the memory of the core, in a worker or on a GPU, and are fed back from there give the bits of arrays; what is fed is never written.',
    rules: ['R4'],
    tests: [
      ['unit/kept.test.ts'],
      ['unit/kept_memory.test.ts'],
      ['stacks/invariance.test.ts', 'token by token'],
      ['stacks/gpu.test.ts'],
      ['e2e/library.spec.ts'],
    ],
    stacks: 'wasm-node, wasm-chromium, wasm-firefox, A, B, C, E',
  },
  {
    claim:
      'Products and convolutions of dequantised operands are the exact integer sums, fused, unfused and across stages of a run.',
    rules: ['V8', 'R5'],
    tests: [['unit/quantised.test.ts'], ['oracle.test.ts']],
    stacks: 'wasm-node',
  },
  {
    claim:
      'Random numbers are a function of seed, node and element; their moments and distributions are those asked for.',
    rules: ['V10'],
    tests: [['unit/random.test.ts'], ['ops.test.ts']],
    stacks: 'wasm-node',
  },
  {
    claim: 'Fusion, sharing of what repeats, and reuse of memory move no bit.',
    rules: ['R5'],
    tests: [['unit/fusion.test.ts'], ['unit/optimised.test.ts'], ['unit/twins.test.ts']],
    stacks: 'wasm-node',
  },
  {
    claim:
      'Products and sums have the shape of V4 and flush by V3: they equal a scalar model word by word.',
    rules: ['V3', 'V4', 'V5'],
    tests: [['unit/products.test.ts'], ['unit/fold.test.ts']],
    stacks: 'wasm-node',
  },
  {
    claim:
      'The core without SIMD instructions, its vectors emulated by other people, gives the same digests.',
    rules: ['R2'],
    tests: [['stacks/scalar.test.ts']],
    stacks: 'wasm-node',
  },
  {
    claim: 'Without the barrier stacks C and D compute other words; with it none does.',
    rules: ['B1'],
    tests: [['stacks/barrier.test.ts'], ['stacks/math.test.ts']],
    stacks: 'C, D',
    said: ['rewrite float expressions: there a probe without the barrier gives other words'],
  },
  {
    claim: 'Shaders hold no float operation that is not on the permitted list.',
    rules: ['B1', 'B5'],
    tests: [['unit/wgsl_lint.test.ts']],
    stacks: '-',
  },
  {
    claim:
      'A node that meets what its kernel cannot represent is recomputed by the reference, and the run says so.',
    rules: ['B6', 'R3'],
    tests: [['stacks/gpu.test.ts'], ['stacks/bad_input.test.ts']],
    stacks: GPUS,
    said: ['nothing falls back unsaid'],
  },
  {
    claim:
      'An audit finds a fault that begins after loading: the result is right, the kernel is not used again, the event is reported.',
    rules: ['B8', 'R3'],
    tests: [['stacks/audit.test.ts'], ['unit/auditor.test.ts'], ['unit/spot_check.test.ts']],
    stacks: 'A, D, E',
    said: [
      'a kernel that gives other bits computes in integers',
      'an audit while running takes samples',
    ],
  },
  {
    claim:
      'A device is tried with fixed words before it is used; one whose floats are at fault is put on integer arithmetic and gives the same bits, one whose integers are is refused.',
    rules: ['B7', 'R3'],
    tests: [['stacks/gate.test.ts'], ['stacks/rungs.test.ts'], ['stacks/dots.test.ts']],
    stacks: 'A, B, C, D, E',
    said: ['A gate tries a device before it is used'],
  },
  {
    claim:
      'Digests cover contract, names, element types, shapes and bits; comparisons are made on words.',
    rules: ['V12', 'M3', 'R6'],
    tests: [['unit/tensor.test.ts', 'digests'], ['unit/compare.test.ts']],
    stacks: 'Node',
    said: [
      "a run's digest covers contract",
      'node by node, bit by bit',
      'gives `{ outputs, digest, backend',
    ],
  },
  {
    claim: '`isobit check` compares every node of a model on WASM and WebGPU.',
    rules: ['M3'],
    tests: [['cli/cli.test.ts', 'check compares every node'], ['unit/compare.test.ts']],
    stacks: 'E',
    said: ['digests of the outputs', 'one digest?'],
  },
  {
    claim: 'Planted faults over C, shaders and library are each noticed by a named test.',
    rules: ['M1'],
    tests: [['sabotage/sabotage.test.ts']],
    stacks: 'wasm-node, E, native C',
  },
  {
    claim: 'Bad input gives the same errors and digests everywhere, and the next run works.',
    rules: ['R1', 'R3'],
    tests: [['stacks/bad_input.test.ts']],
    stacks: ALL,
  },
  {
    claim:
      "A trace's root, over contract, model, seed, inputs, the outputs of every node and outputs, is the same on every stack; re-saving a file does not change the model's digest.",
    rules: ['V12', 'R3', 'R5'],
    tests: [['stacks/trace.test.ts'], ['unit/trace.test.ts']],
    stacks: ALL,
  },
  {
    claim:
      'A receipt is true if and only if another run gives every field that it proves; one of WebGPU is verified on WASM and the other way round, and in a page. Vectors of good ones and of such that must be refused are published.',
    rules: ['V12', 'R6'],
    tests: [
      ['unit/receipt.test.ts'],
      ['cli/evidence.test.ts'],
      ['cli/random_seed.test.ts'],
      ['e2e/library.spec.ts'],
    ],
    stacks: 'wasm-node, E, pages of Chromium and Firefox',
  },
  {
    claim:
      'What an application pinned is compared digest by digest, and the error names the first node that moved.',
    rules: ['M3', 'V12'],
    tests: [['unit/bisect.test.ts', 'expectDigest']],
    stacks: 'Node',
    said: ["pins what your application's model gives"],
  },
  {
    claim:
      'No changed receipt, trace or device report is taken for a true one: by hand and by a fuzzer, of which CI runs a share.',
    rules: ['V12'],
    tests: [['fuzz/fuzz.test.ts'], ['unit/receipt.test.ts'], ['unit/device_report.test.ts']],
    stacks: 'Node',
  },
  {
    claim:
      'A spot check executes the nodes that it draws again, each from its own inputs, and finds a wrong one if and only if it draws it.',
    rules: ['M3', 'V12'],
    tests: [['unit/spot.test.ts'], ['stacks/bundle.test.ts'], ['cli/evidence.test.ts']],
    stacks: 'wasm-node, E',
  },
  {
    claim:
      'Where two runs part is found down to the node, the element and its bits, and who is right: from two traces, from two bundles, and between two browsers that talk, with a liar on either side.',
    rules: ['M3'],
    tests: [
      ['stacks/bisect.test.ts'],
      ['unit/bisect.test.ts'],
      ['unit/two_party.test.ts'],
      ['unit/settle.test.ts'],
      ['e2e/two_party.spec.ts'],
      ['e2e/bisect.spec.ts'],
      ['stacks/verifying.test.ts'],
    ],
    stacks: 'wasm-node, E, pages of Chromium and Firefox',
    said: [
      'walks from a receipt that Firefox made to one wrong element of a faulty device',
      "the first node, its first element, the reference's bits",
    ],
  },
  {
    claim:
      "A fault planted in the weights that another runtime runs is named at its node, with onnxruntime-web on WASM and WebGPU and with onnxruntime's package for Node.",
    rules: ['M3'],
    tests: [
      ['cli/compare.test.ts'],
      ['stacks/compare.test.ts'],
      ['unit/distance.test.ts'],
      ['unit/compare_report.test.ts'],
    ],
    stacks: 'wasm-node, A',
  },
  {
    claim:
      'The device reports on the wall have the committed digests and the form of their schema; a page measures the visitor’s device and puts it beside them.',
    rules: ['V12'],
    tests: [
      ['unit/wall.test.ts'],
      ['unit/wall_page.test.ts'],
      ['cli/device_reports.test.ts'],
      ['e2e/wall.spec.ts'],
    ],
    stacks: ALL,
  },
  {
    claim:
      'Browsers at a Playwright server and at a WebDriver endpoint, and a page that a device opens by itself, give the digests of the reference.',
    rules: ['R6'],
    tests: [['stacks/connect.test.ts'], ['stacks/farm.test.ts'], ['cli/connect.test.ts']],
    stacks: 'Chromium and Firefox, on this machine',
  },
];

/** Rules that no operator needs yet, or that hold by construction: no test, and why. */
export const untested: Readonly<Record<string, string>> = {
  B2: 'no kernel uses exact blocks yet',
};
