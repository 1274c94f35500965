// `isobit trace`, `receipt` and `verify` as their users meet them: the built program, files that it writes, its exit codes.
// A receipt of one backend is verified on the other, and single nodes of it from a bundle. What a receipt is:
// test/unit/receipt.test.ts; what a bundle is: test/unit/spot.test.ts.
import { execFile } from 'node:child_process';
import { createHash, generateKeyPairSync } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'vite';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { bytesToHex } from '@noble/hashes/utils.js';
import { treeOf } from '../../src/evidence/trace.ts';
import type { Graph } from '../../src/graph/graph.ts';
import {
  Tensor,
  type Receipt,
  type SpotCheck,
  type Trace,
  type Verification,
} from '../../src/index.ts';
import { writeModel } from '../../src/onnx/writer.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));
const outDir = join(root, 'build/test-cli-evidence');
const folder = mkdtempSync(join(tmpdir(), 'isobit-evidence-'));
const model = join(root, 'demo/public/digits.onnx');
const at = (name: string): string => join(folder, name);
const LIMIT = 120_000;

beforeAll(async () => {
  const options = { logLevel: 'error' as const, root, build: { outDir } };
  await build({ ...options, configFile: join(root, 'vite.config.ts') });
  await build({ ...options, configFile: join(root, 'vite.cli.config.ts') });
}, LIMIT);
afterAll(() => rmSync(folder, { recursive: true }));

interface Ended {
  code: number;
  stdout: string;
  stderr: string;
}

function isobit(...args: string[]): Promise<Ended> {
  return new Promise((ended) => {
    execFile(process.execPath, [join(outDir, 'cli.js'), ...args], (error, stdout, stderr) => {
      ended({ code: error === null ? 0 : Number(error.code ?? -1), stdout, stderr });
    });
  });
}

async function verify(receipt: string, ...more: string[]): Promise<Ended & Verification> {
  const ended = await isobit('verify', receipt, model, '--json', ...more);
  return { ...ended, ...(JSON.parse(ended.stdout) as Verification) };
}

test('trace writes what it prints, and stacks have one root', { timeout: LIMIT }, async () => {
  const { code, stdout } = await isobit('trace', model, '-o', at('trace.json'));
  const trace = JSON.parse(readFileSync(at('trace.json'), 'utf8')) as Trace;
  expect(code).toBe(0);
  expect(stdout).toContain(`root ${trace.root}`);
  expect(stdout.split('\n').filter((line) => /^\d+ /.test(line))).toHaveLength(trace.nodes.length);
  const gpu = await isobit('trace', model, '--backend', 'webgpu', '--stack', 'E', '--json');
  expect((JSON.parse(gpu.stdout) as Trace).root).toBe(trace.root);
});

describe('bisect', () => {
  /** With the root of what it says: a lie that can be read. */
  function lied(trace: Trace, from: number, digits = 'aa'): Trace {
    const nodes = trace.nodes.map((node, i) => ({
      ...node,
      outputs: node.outputs.map((one) =>
        one === null || i < from ? one : { ...one, digest: one.digest.replace(/^../, digits) },
      ),
    }));
    const changed = { ...trace, nodes };
    return { ...changed, root: bytesToHex(treeOf(changed).head()) };
  }

  test(
    'names the first node that differs and who is right, and writes it',
    { timeout: LIMIT },
    async () => {
      await isobit('trace', model, '--seed', '3', '-o', at('right.json'));
      const right = JSON.parse(readFileSync(at('right.json'), 'utf8')) as Trace;
      writeFileSync(at('lie.json'), JSON.stringify(lied(right, 2)));
      const files = [at('lie.json'), at('right.json')];
      const options = ['--model', model, '--seed', '3', '-o', at('node'), '--stack', 'E'];
      const found = await isobit('bisect', ...files, ...options, '--json');
      const node = right.nodes[2];
      expect(found.code).toBe(1);
      expect(JSON.parse(found.stdout)).toMatchObject({
        difference: { what: 'node', path: '2', operator: node?.operator },
        ...{ right: 'b', expected: [node?.outputs[0]?.digest], written: at('node') },
        // This stack does not lie.
        check: { identical: true, values: 1 },
      });
      const text = await isobit('bisect', ...[...files].reverse(), ...options.slice(0, -2));
      expect(text.stdout).toMatch(/^first: .*\(node 2\): equal inputs, other outputs\n/);
      expect(text.stdout).toContain('right.json is right, lie.json is not');
      // What is written runs, gives the reference's bits, and is what the trace says of the node.
      const set = join(at('node'), 'test_data_set_0');
      const again = await isobit('trace', at('node'), '--inputs', set, '--json');
      const [only] = (JSON.parse(again.stdout) as Trace).nodes;
      expect([only?.operator, only?.outputs[0]?.digest]).toEqual([
        ...[node?.operator, node?.outputs[0]?.digest],
      ]);
      expect((await isobit('run', at('node'), '--inputs', set, '--json')).code).toBe(0);
    },
  );

  test(
    'of a product of dequantised values writes what it is a function of',
    { timeout: LIMIT },
    async () => {
      const node = (index: number, opType: string, inputs: string[], outputs: string[]) => ({
        ...{ index, name: '', domain: '', opType, inputs, outputs },
        attributes: new Map(),
      });
      const bytes = (n: number): Tensor =>
        new Tensor(
          'uint8',
          Uint8Array.from({ length: 64 * n }, (_, i) => (i * 37) % 256),
          [64, n],
        );
      const graph: Graph = {
        name: 'product',
        nodes: [
          node(0, 'DequantizeLinear', ['x', 's', 'z'], ['a']),
          node(1, 'DequantizeLinear', ['w', 's', 'z'], ['b']),
          node(2, 'MatMul', ['a', 'b'], ['y']),
        ],
        inputs: [{ name: 'x', dtype: 'uint8', dims: [64, 64] }],
        outputs: [{ name: 'y' }],
        initializers: new Map([
          ['w', bytes(9)],
          ['s', new Tensor('float32', [0.0137], [])],
          ['z', new Tensor('uint8', [117], [])],
        ]),
        ...{ valueInfo: new Map(), opsets: new Map([['', 17]]) },
      };
      writeFileSync(at('product.onnx'), writeModel(graph));
      await isobit('trace', at('product.onnx'), '-o', at('right.json'));
      const right = JSON.parse(readFileSync(at('right.json'), 'utf8')) as Trace;
      writeFileSync(at('lie.json'), JSON.stringify(lied(right, 2)));
      const to = at('product');
      const options = ['--model', at('product.onnx'), '-o', to];
      await isobit('bisect', at('right.json'), at('lie.json'), ...options);
      const again = await isobit('trace', to, '--inputs', join(to, 'test_data_set_0'), '--json');
      const { nodes } = JSON.parse(again.stdout) as Trace;
      expect(nodes.map(({ operator }) => operator)).toEqual(right.nodes.map((one) => one.operator));
      expect(nodes.at(-1)?.outputs[0]?.digest).toBe(right.nodes[2]?.outputs[0]?.digest);
    },
  );

  test('of bundles names the first element', { timeout: LIMIT }, async () => {
    for (const name of ['one', 'two']) {
      await isobit('trace', model, '--seed', '3', '--bundle', at(name));
    }
    const trace = JSON.parse(readFileSync(join(at('two'), 'trace.json'), 'utf8')) as Trace;
    const digest = trace.nodes[2]?.outputs[0]?.digest ?? '';
    const file = (one: string): string => join(at('two'), 'tensors', `${one}.bin`);
    const bytes = readFileSync(file(digest));
    const word = (): string =>
      `0x${bytes
        .readUInt32LE(bytes.length - 8)
        .toString(16)
        .padStart(8, '0')}`;
    const expected = word();
    bytes[bytes.length - 8] = (bytes[bytes.length - 8] ?? 0) ^ 1;
    const other = createHash('sha256').update(bytes).digest('hex');
    writeFileSync(file(other), bytes);
    const text = JSON.stringify(trace).replaceAll(digest, other);
    const lie = lied(JSON.parse(text) as Trace, Infinity);
    writeFileSync(join(at('two'), 'trace.json'), JSON.stringify(lie));
    const options = ['--model', model, '--seed', '3', '-o', at('node')];
    const found = await isobit('bisect', at('one'), at('two'), ...options, '--json');
    const size = (trace.nodes[2]?.outputs[0]?.dims ?? []).reduce(
      (product, dim) => product * dim,
      1,
    );
    expect(JSON.parse(found.stdout)).toMatchObject({
      ...{ difference: { path: '2' }, right: 'a' },
      element: { index: size - 2, expected, a: expected, b: word() },
    });
    const shown = await isobit('bisect', at('two'), at('one'), ...options);
    expect(shown.stdout).toContain(
      `element ${size - 2}: expected ${expected}, two: ${word()}, one: ${expected}`,
    );
    rmSync(file(other));
    const withheld = await isobit('bisect', at('one'), at('two'), ...options);
    expect(withheld.stdout).toContain(`no element: b: value ${other}: it is missing.`);
  });

  test('says so where both are wrong before they part', { timeout: LIMIT }, async () => {
    await isobit('trace', model, '--seed', '3', '-o', at('right.json'));
    const right = JSON.parse(readFileSync(at('right.json'), 'utf8')) as Trace;
    writeFileSync(at('one.json'), JSON.stringify(lied(right, 1)));
    writeFileSync(at('two.json'), JSON.stringify(lied(lied(right, 1), 3, 'bb')));
    const options = ['--model', model, '--seed', '3', '-o', at('early')];
    const found = await isobit('bisect', at('one.json'), at('two.json'), ...options, '--json');
    expect(JSON.parse(found.stdout)).toMatchObject({
      ...{ difference: { path: '3' }, earlier: { path: '1' }, right: 'neither' },
      expected: [right.nodes[1]?.outputs[0]?.digest],
    });
    const text = await isobit('bisect', at('one.json'), at('two.json'), ...options);
    expect(text.stdout).toMatch(/neither is right\nboth part from the reference .*\(node 1\)/);
  });

  test(
    'of equal traces ends with 0; of other inputs and of no traces with 2',
    { timeout: LIMIT },
    async () => {
      await isobit('trace', model, '--seed', '3', '-o', at('one.json'));
      const one = JSON.parse(readFileSync(at('one.json'), 'utf8')) as Trace;
      writeFileSync(at('lie.json'), JSON.stringify(lied(one, 1)));
      const where = ['--model', model, '-o', at('none')];
      const same = await isobit('bisect', at('one.json'), at('one.json'), ...where);
      expect([same.code, same.stdout]).toEqual([0, 'one.json and one.json are of the same bits\n']);
      const others = await isobit(
        'bisect',
        at('one.json'),
        at('lie.json'),
        ...where,
        '--seed',
        '4',
      );
      expect([others.code, others.stderr]).toEqual([
        2,
        expect.stringContaining('the input is not'),
      ]);
      writeFileSync(at('no.json'), '{}');
      const none = await isobit('bisect', at('no.json'), at('one.json'), ...where);
      expect([none.code, none.stderr]).toEqual([
        2,
        expect.stringContaining('no.json: no trace: not as'),
      ]);
    },
  );
});

describe('a receipt', () => {
  test('made on one backend is verified on the other', { timeout: LIMIT }, async () => {
    const gpu = ['--backend', 'webgpu', '--stack', 'E'];
    expect((await isobit('receipt', model, '-o', at('wasm.json'))).code).toBe(0);
    const printed = await isobit('receipt', model, ...gpu);
    writeFileSync(at('gpu.json'), printed.stdout);
    const { claims, ...proved } = JSON.parse(printed.stdout) as Receipt;
    expect(claims.backend).toBe('webgpu');
    expect(claims.adapter).toMatch(/./);
    const { claims: _, ...same } = JSON.parse(readFileSync(at('wasm.json'), 'utf8')) as Receipt;
    expect(same).toEqual(proved);
    for (const found of [await verify(at('gpu.json')), await verify(at('wasm.json'), ...gpu)]) {
      expect([found.code, found.valid, found.reasons]).toEqual([0, true, []]);
    }
  });

  test('that is not true ends with 1 and says why', { timeout: LIMIT }, async () => {
    await isobit('receipt', model, '-o', at('r.json'), '--seed', '1');
    const other = await isobit('verify', at('r.json'), model, '--seed', '2');
    expect(other.code).toBe(1);
    expect(other.stdout).toMatch(/^NOT TRUE\n {2}input 'image': the receipt has digest/);
    writeFileSync(at('cut.json'), readFileSync(at('r.json')).subarray(0, 100));
    const cut = await isobit('verify', at('cut.json'), model, '--seed', '1');
    expect([cut.code, cut.stdout]).toEqual([1, expect.stringMatching(/^NOT TRUE\n {2}no JSON: /)]);
    const good = await isobit('verify', at('r.json'), model, '--seed', '1');
    expect([good.code, good.stdout]).toEqual([
      0,
      expect.stringMatching(/^TRUE: [\s\S]*claimed, and not proved: /),
    ]);
    const absent = await isobit('verify', at('absent.json'), model);
    expect([absent.code, absent.stderr]).toEqual([2, expect.stringContaining('absent.json')]);
  });

  test('is signed with a key, and only with an Ed25519 one', { timeout: LIMIT }, async () => {
    const pem = { format: 'pem', type: 'pkcs8' } as const;
    writeFileSync(at('key.pem'), generateKeyPairSync('ed25519').privateKey.export(pem));
    const curve = { namedCurve: 'P-256' };
    writeFileSync(at('ec.pem'), generateKeyPairSync('ec', curve).privateKey.export(pem));
    writeFileSync(at('no.pem'), 'no key');
    const sign = (key: string): Promise<Ended> =>
      isobit('receipt', model, '--key', at(key), '-o', at('signed.json'));
    expect((await sign('key.pem')).code).toBe(0);
    const { code, signer } = await verify(at('signed.json'));
    expect([code, signer]).toEqual([0, expect.stringMatching(/^[0-9a-f]{64}$/)]);
    const text = readFileSync(at('signed.json'), 'utf8').replace(
      '"backend":"wasm"',
      '"backend":"webgpu"',
    );
    writeFileSync(at('forged.json'), text);
    const forged = await verify(at('forged.json'));
    expect([forged.code, forged.reasons]).toEqual([1, [expect.stringMatching(/^signature: /)]]);
    for (const key of ['ec.pem', 'no.pem', 'none.pem']) {
      const { code: bad, stderr } = await sign(key);
      expect([bad, stderr], key).toEqual([2, expect.stringMatching(/^isobit: key: /)]);
    }
  });
});

describe('a bundle', () => {
  const tensors = (name: string): string[] => readdirSync(join(at(name), 'tensors')).sort();
  const spot = (name: string, ...more: string[]): Promise<Ended> =>
    isobit('verify', at('spot.json'), model, '--seed', '5', '--bundle', at(name), ...more);

  test(
    'is a folder of files that their digests name, and is checked',
    { timeout: LIMIT },
    async () => {
      const { code, stdout } = await isobit(
        'trace',
        model,
        '--seed',
        '5',
        '--bundle',
        at('bundle'),
      );
      const trace = JSON.parse(readFileSync(join(at('bundle'), 'trace.json'), 'utf8')) as Trace;
      expect([code, stdout]).toEqual([0, expect.stringContaining(`root ${trace.root}`)]);
      const said = [
        ...[...trace.inputs, ...trace.outputs].map(({ digest }) => digest),
        ...trace.nodes.flatMap(({ outputs }) => outputs.flatMap((one) => one?.digest ?? [])),
      ];
      expect(tensors('bundle')).toEqual([...new Set(said)].map((one) => `${one}.bin`).sort());
      for (const name of tensors('bundle')) {
        const bytes = readFileSync(join(at('bundle'), 'tensors', name));
        expect(`${createHash('sha256').update(bytes).digest('hex')}.bin`).toBe(name);
      }

      await isobit('receipt', model, '--seed', '5', '-o', at('spot.json'));
      const n = trace.nodes.length;
      const some = await spot('bundle', '--spot', '3');
      expect([some.code, some.stdout]).toEqual([
        0,
        expect.stringMatching(
          new RegExp(
            `^NOTHING WRONG in 3 of ${n} nodes, executed again by the reference: (\\d+ ?){3}\nhad exactly one of the ${n} nodes been wrong, this would say so all the same with probability \\(${n} - 3\\)/${n} = 0\\.\\d+, over the draw`,
          ),
        ),
      ]);
      expect(some.stdout).not.toContain('--spot-seed');
      const seeded = await spot('bundle', '--spot', '3', '--spot-seed', '9');
      expect(seeded.stdout).toContain('drawn from --spot-seed: that holds only if nobody knew it');
      const all = await spot('bundle', '--spot', `${n}`, '--json');
      expect(JSON.parse(all.stdout) as SpotCheck).toMatchObject({
        ...{
          valid: true,
          nodes: n,
          hidden: 0,
          drawn: 'random',
          checked: trace.nodes.map(({ path }) => path),
        },
      });

      // Damage is found where it is read.
      const digest = trace.nodes[0]?.outputs[0]?.digest ?? '';
      const file = join(at('bundle'), 'tensors', `${digest}.bin`);
      const bytes = readFileSync(file);
      writeFileSync(file, bytes.subarray(0, -1));
      const cut = await spot('bundle', '--spot', `${n}`);
      expect([cut.code, cut.stdout]).toEqual([
        1,
        expect.stringMatching(/^NOT TRUE\n {2}node 1 \(.*its bytes are others/),
      ]);
      rmSync(file);
      expect((await spot('bundle', '--spot', `${n}`)).stdout).toMatch(/it is missing/);
      writeFileSync(file, bytes);
      writeFileSync(join(at('bundle'), 'trace.json'), '{"root":');
      const broken = await spot('bundle', '--spot', '1');
      expect([broken.code, broken.stdout]).toEqual([1, expect.stringMatching(/bundle: no trace/)]);
    },
  );

  test('is not checked where the question is none', { timeout: LIMIT }, async () => {
    for (const [args, why] of [
      [['--bundle', at('bundle')], /expected --spot K and --bundle FOLDER together, got no --spot/],
      [['--spot', '1'], /together, got no --bundle/],
      [['--spot', '1', '--bundle', at('none')], /no trace\.json in/],
      [['--spot', '99', '--bundle', at('bundle')], /number of nodes: expected 1 to \d+/],
      [['--spot', '0', '--bundle', at('bundle')], /expected an integer of at least 1/],
      [
        ['--spot', '1', '--bundle', at('bundle'), '--backend', 'webgpu'],
        /executed by the reference/,
      ],
    ] as const) {
      const { code, stderr } = await isobit(
        'verify',
        at('spot.json'),
        model,
        '--seed',
        '5',
        ...args,
      );
      expect([code, stderr], args.join(' ')).toEqual([2, expect.stringMatching(why)]);
    }
  });
});
