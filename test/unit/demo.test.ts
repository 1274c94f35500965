// The parts of the demo that need no page: strokes, addresses, verdicts, reports, names. The page itself is clicked
// through by test/e2e.
import { readdirSync, readFileSync } from 'node:fs';
import { relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it, test } from 'vitest';
import { findingText } from '../../demo/bisect.ts';
import { browserName } from '../../demo/environment.ts';
import { judge, readDigit } from '../../demo/judge.ts';
import type { Outcome, PathResult } from '../../demo/paths.ts';
import { addSegment, byteOf, rasterise, type Segment } from '../../demo/rasterise.ts';
import { isGood, reportText, type DeviceReport } from '../../demo/report.ts';
import { fragmentOf, readFragment } from '../../demo/share.ts';
import { PAD, pointAt, segmentsOf } from '../../demo/strokes.ts';
import { decimal } from '../../demo/view.ts';
import { equalWords, wordsOf } from '../../demo/words.ts';
import { readTraceFile, writeTraceFile } from '../../demo/trace_file.ts';
import { Tensor, type Settlement, type Trace } from '../../src/index.ts';

test('the page is a user of the library; its cases come from the tests', () => {
  const folder = new URL('../../demo/', import.meta.url);
  const outside = readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts'))
    .flatMap((name) => {
      const text = readFileSync(new URL(name, folder), 'utf8');
      const found = text.matchAll(/(?:from|import\(|glob[^(]*\()\s*'(\.\.?\/[^']+)'/g);
      const here = new URL(name, folder);
      return [...found]
        .map((match) =>
          relative(fileURLToPath(folder), fileURLToPath(new URL(match[1] ?? '', here))),
        )
        .filter((target) => target.startsWith('../'))
        .map((target) => `${name} ${target}`);
    });
  // The wall and the page of a bundle write reports, which the door only reads; the wall's files are the repository's, and
  // what a bundle holds is said where it is written.
  const allowed = new RegExp(
    [
      String.raw`^[\w/]+\.ts \.\./src/index\.ts$`,
      String.raw`^cases\.ts \.\./test/(ops|harness|golden)/`,
      String.raw`^(measure|wall/\w+|farm/main)\.ts \.\./src/evidence/(device_report|device_report_types|gpu_claims)\.ts$`,
      String.raw`^farm/main\.ts \.\./src/cli/farm/(form|judge)\.ts$`,
      String.raw`^wall/reports\.ts \.\./wall/`,
    ].join('|'),
  );
  expect(outside.length).toBeGreaterThan(3);
  expect(outside.filter((one) => !allowed.test(one))).toEqual([]);
});

describe('strokes', () => {
  it('are recorded in quarters of a unit, inside the square', () => {
    expect(pointAt(143, 71.5, 286, 286)).toEqual([140, 70]);
    expect(pointAt(0.1, 0.2, 280, 280)).toEqual([0, 0.25]);
    expect(pointAt(-5, 400, 286, 286)).toEqual([0, PAD]);
  });

  it('are dots where there is one point, and lines between points', () => {
    const segments = segmentsOf([
      [[140, 140]],
      [
        [0, 0],
        [280, 0],
        [280, 280],
      ],
    ]);
    expect(segments.map(({ x0, y0, x1, y1 }) => [x0, y0, x1, y1])).toEqual([
      [14, 14, 14, 14],
      [0, 0, 0, 0],
      [0, 0, 28, 0],
      [28, 0, 28, 28],
    ]);
  });

  it('give the same ink in whatever order and pieces they are added', () => {
    const segments: Segment[] = [
      { x0: 5, y0: 5, x1: 20, y1: 9, r: 1.35 },
      { x0: 20, y0: 9, x1: 12, y1: 24, r: 1.35 },
    ];
    const light = new Float64Array(PAD * PAD);
    for (const segment of segments.toReversed()) {
      const box = addSegment(light, segment, PAD, 1);
      expect(box.left).toBeGreaterThanOrEqual(0);
      expect(box.right).toBeLessThanOrEqual(PAD);
    }
    expect(Uint8Array.from(light, byteOf)).toEqual(rasterise(segments, PAD, 1));
  });
});

describe('addresses', () => {
  const digest = 'ab'.repeat(32);
  const pixels = Uint8Array.from({ length: 784 }, (_, i) => (i * 37) % 256);

  it('bring the picture and the digest back', () => {
    const fragment = fragmentOf({ pixels, digest });
    expect(fragment).toMatch(/^#picture=[\w-]+&digest=[0-9a-f]{64}$/);
    expect(readFragment(fragment)).toEqual({ pixels, digest });
  });

  it.each(['', '#', '#picture=AAAA&digest=1', `#picture=AAAA&digest=${digest}`, '#top'])(
    'are ignored when they hold something else: %s',
    (fragment) => expect(readFragment(fragment)).toBeUndefined(),
  );
});

describe('words', () => {
  it('tell apart what numbers do not', () => {
    const words = wordsOf(new Tensor('float32', [0, -0, 1, Number.NaN], [4]));
    expect(words.slice(0, 3)).toEqual(['0x00000000', '0x80000000', '0x3f800000']);
    expect(equalWords(words, ['0x00000000', '0x00000000', '0x3f800000', words[3] ?? ''])).toBe(3);
  });

  it('refuse other dtypes', () => {
    expect(() => wordsOf(new Tensor('int32', [1], [1]))).toThrow('expected a float32 tensor');
  });
});

test('decimals name one float32', () => {
  for (const value of [0, 3.6049973964691162, -5.780375, 0.1, 1e-20, 16777216]) {
    const float = Math.fround(value);
    expect(Math.fround(Number(decimal(float).replace('−', '-')))).toBe(float);
  }
});

const result = (words: string[], digest: string): Outcome => {
  const path: PathResult = { logits: new Float32Array(10), words, digest, ms: 1, notes: [] };
  return { result: path };
};

describe('the verdict', () => {
  const words = Array.from({ length: 10 }, (_, i) => `0x0000000${i}`);
  const wasm = result(words, 'd');
  const repository = { digest: 'd', by: 'the repository' };

  it('is identical only if words and digests are', () => {
    expect(judge({ wasm, webgpu: result(words, 'd') }, repository)).toEqual({
      state: 'same',
      text: 'identical: 10 of 10 logits, bit for bit',
    });
    expect(judge({ wasm, webgpu: result(words.with(3, '0x80000003'), 'e') }, undefined)).toEqual({
      state: 'differs',
      text: 'different: 9 of 10 logits have the same bits',
    });
    expect(judge({ wasm, webgpu: result(words, 'e') }, undefined).state).toBe('differs');
  });

  it('is different if both paths agree on something else than expected', () => {
    const other = { ...repository, digest: 'e' };
    expect(judge({ wasm, webgpu: result(words, 'd') }, other)).toEqual({
      state: 'differs',
      text: 'different: not the digest of the repository',
    });
  });

  it('is partial without WebGPU, and an error without the reference', () => {
    const webgpu = { why: 'This browser has no WebGPU.' };
    expect(judge({ wasm, webgpu }, repository)).toEqual({
      state: 'partial',
      text: 'WebAssembly only, and the digest of the repository. This browser has no WebGPU.',
    });
    expect(judge({ wasm: { why: 'out of memory' }, webgpu }, repository).state).toBe('differs');
  });

  it('reads the digit of the largest logit', () => {
    expect(readDigit(Float32Array.of(-3, 1, 5, 5))).toBe(2);
    expect(readDigit(Float32Array.of(-3, -1, -2))).toBe(1);
  });
});

describe('the report', () => {
  const report: DeviceReport = {
    contract: 'isobit 1',
    browser: 'Firefox 153.0 on Linux',
    agent: 'Mozilla/5.0',
    adapter: 'google swiftshader',
    hasGpu: true,
    cases: 2,
    withoutGolden: 0,
    tallies: {
      wasm: { ran: 2, good: 2, byReference: 0 },
      webgpu: { ran: 2, good: 2, byReference: 1 },
    },
    failures: [],
    seconds: 1.26,
  };

  it('says what ran where', () => {
    expect(isGood(report)).toBe(true);
    expect(reportText(report).split('\n')).toEqual([
      'isobit device report',
      'contract  isobit 1',
      'browser   Firefox 153.0 on Linux',
      'adapter   google swiftshader',
      'cases     2',
      'wasm      2 of 2 as expected',
      'webgpu    2 of 2 as expected, 1 partly by the reference',
      'seconds   1.3',
      'failing   none',
      'agent     Mozilla/5.0',
      '',
    ]);
  });

  it('lists every failing case with both digests', () => {
    const failing: DeviceReport = {
      ...report,
      tallies: { ...report.tallies, webgpu: { ran: 2, good: 1, byReference: 0 } },
      failures: [{ id: 'pad/x', backend: 'webgpu', expected: 'aa', got: 'bb' }],
    };
    expect(isGood(failing)).toBe(false);
    expect(reportText(failing)).toContain(
      'failing   1\n  webgpu pad/x\n    expected aa\n    got      bb\n',
    );
  });

  it('is not good when it was stopped, or nothing ran', () => {
    expect(isGood({ ...report, ended: 'stopped by the visitor' })).toBe(false);
    expect(isGood({ ...report, cases: 3 })).toBe(false);
    const none = { ran: 0, good: 0, byReference: 0 };
    expect(isGood({ ...report, cases: 0, tallies: { wasm: none, webgpu: none } })).toBe(false);
  });
});

test.each([
  [
    'Mozilla/5.0 (X11; Linux x86_64; rv:153.0) Gecko/20100101 Firefox/153.0',
    undefined,
    'Firefox 153.0 on Linux',
  ],
  [
    'Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/26.1 Safari/605.1.15',
    undefined,
    'Safari 26.1 on macOS',
  ],
  [
    'Mozilla/5.0 (Linux; Android 16) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/156.0.0.0 Mobile Safari/537.36',
    {
      brands: [
        { brand: 'Not:A-Brand', version: '24' },
        { brand: 'Chromium', version: '156' },
        { brand: 'Google Chrome', version: '156' },
      ],
      platform: 'Android',
    },
    'Google Chrome 156 on Android',
  ],
  ['curl/8', undefined, 'unknown browser'],
])('names the browser of %s', (agent, data, name) => {
  expect(browserName(agent, data)).toBe(name);
});

describe('the first difference', () => {
  const difference: Settlement['difference'] = {
    ...{ what: 'node', path: '2', operator: 'MaxPool', node: 'pool1' },
    outputs: [{ index: 0, name: 'p', a: 'a', b: 'b' }],
  };
  const element = { output: 'p', index: 7, expected: '0x1', a: '0x1', b: '0x2' };

  it.each<[Settlement | undefined, string, string]>([
    [undefined, 'same', 'identical: all 8 nodes gave the same bits'],
    [
      { difference, right: 'a', element },
      'differs',
      "first difference: MaxPool 'pool1' (node 2): this device is right, the other is not. Element 7 of 'p': expected 0x1, this device 0x1, the other 0x2",
    ],
    [
      { difference: { ...difference, node: '' }, right: 'b' },
      'differs',
      'first difference: MaxPool (node 2): the other device is right, this one is not',
    ],
    [
      { difference, right: 'neither', withheld: 'b: missing' },
      'differs',
      "first difference: MaxPool 'pool1' (node 2): neither device is right. The other file does not have the values",
    ],
    [
      { difference: { ...difference, what: 'model' } },
      'partial',
      'not of the same run: the model is another',
    ],
    [
      { difference: { ...difference, what: 'order' } },
      'partial',
      'not of the same run: other nodes ran',
    ],
  ])('is said in a sentence', (found, state, text) => {
    expect(findingText(found, 8)).toEqual({ state, text });
  });

  it('comes from a file that is read as it was written, or refused', () => {
    const picture = Uint8Array.from({ length: 784 }, (_, i) => i % 256);
    const trace = { format: 'isobit-trace/1' } as Trace;
    const text = writeTraceFile(picture, trace, new Map([['ab', Uint8Array.of(1, 255)]]));
    const read = readTraceFile(text);
    expect([read.picture, read.bundle.trace]).toEqual([picture, trace]);
    expect([read.bundle.value('ab'), read.bundle.value('cd')]).toEqual([
      ...[Uint8Array.of(1, 255), undefined],
    ]);
    expect(readTraceFile('{"format":"isobit-trace/1"}').picture).toBeUndefined();
    for (const [bad, why] of [
      ['', /^not JSON/],
      ['7', /^not a trace/],
      [text.replace(/"picture":"...../, '"picture":"'), /^without a picture/],
      [text.replace(/"picture":"...../, '"picture":"?????'), /^without a picture/],
    ] as const) {
      expect(() => readTraceFile(bad)).toThrow(why);
    }
    expect(readTraceFile(text.replace('"Af8="', '7')).bundle.value('ab')).toBeUndefined();
  });
});
