// Where two traces part: found by heads of ranges and named, whatever differs; and what an application's test is told when
// bits move.
import { describe, expect, test } from 'vitest';
import { firstDifferingLeaf } from '../../src/evidence/bisect.ts';
import { MerkleTree } from '../../src/evidence/merkle.ts';
import { readTrace } from '../../src/evidence/read_trace.ts';
import { treeOf } from '../../src/evidence/trace.ts';
import {
  compareTraces,
  expectDigest,
  load,
  Tensor,
  type Trace,
  type TracedNode,
} from '../../src/index.ts';
import { bytesToHex } from '@noble/hashes/utils.js';
import { fuzzTraces } from '../fuzz/receipts.ts';
import { writeModel } from '../../src/onnx/writer.ts';
import type { Graph } from '../../src/graph/graph.ts';

const x = { x: new Tensor('float32', [1, -2, 3, 0.5], [4]) };

function graph(types: readonly string[]): Graph {
  return {
    name: 'chain',
    nodes: types.map((opType, index) => ({
      ...{ index, name: `n${index}`, domain: '', opType, attributes: new Map() },
      inputs: [index === 0 ? 'x' : `v${index - 1}`],
      outputs: [`v${index}`],
    })),
    inputs: [{ name: 'x', dtype: 'float32', dims: [4] }],
    outputs: [{ name: `v${types.length - 1}` }],
    ...{ initializers: new Map(), valueInfo: new Map(), opsets: new Map([['', 17]]) },
  };
}

const TYPES = ['Neg', 'Exp', 'Relu', 'Sigmoid', 'Tanh', 'Abs'];

async function traceOf(types = TYPES): Promise<Trace> {
  const model = await load(writeModel(graph(types)));
  const { trace } = await model.run(x, { backend: 'wasm', trace: true });
  model.dispose();
  if (trace === undefined) throw new Error('there is no trace');
  return trace;
}

/** The same with the root of what it says. */
const rooted = (trace: Trace): Trace => ({ ...trace, root: bytesToHex(treeOf(trace).head()) });

/** A trace in which nodes from `at` on gave something else. */
function lied(trace: Trace, at: number): Trace {
  const nodes = trace.nodes.map((node, i) => ({
    ...node,
    outputs: node.outputs.map((one) =>
      one === null || i < at
        ? one
        : { ...one, digest: one.digest.replace(/^./, (digit) => (digit === '0' ? '1' : '0')) },
    ),
  }));
  return rooted({ ...trace, nodes });
}

/** A trace whose first node says something else of itself, with the root of before. */
const lie = (trace: Trace, change: Partial<TracedNode>): Trace => ({
  ...trace,
  nodes: trace.nodes.map((node, i) => (i === 0 ? { ...node, ...change } : node)),
});

describe('the first leaf that differs', () => {
  test.each([1, 2, 3, 7, 64, 100])('of %i is found with few questions', async (n) => {
    const leaves = Array.from({ length: n }, (_, i) => Uint8Array.of(i));
    const mine = new MerkleTree(leaves);
    for (let at = 0; at < n; at += 1) {
      const theirs = new MerkleTree(
        leaves.map((leaf, i) => (i < at ? leaf : Uint8Array.of(255, i))),
      );
      let asked = 0;
      const found = await firstDifferingLeaf(
        n,
        (begin, end) => mine.head(begin, end),
        (begin, end) => {
          asked += 1;
          return theirs.head(begin, end);
        },
      );
      expect(found).toBe(at);
      expect(asked).toBeLessThanOrEqual(1 + 2 * Math.ceil(Math.log2(n)));
    }
    const same = (begin: number, end: number): Uint8Array => mine.head(begin, end);
    expect(await firstDifferingLeaf(n, same, same)).toBeUndefined();
  });
});

describe('two traces', () => {
  test.each([0, 1, 3, 5])('part at node %i', async (at) => {
    const trace = await traceOf();
    const other = lied(trace, at);
    const found = await compareTraces(trace, other);
    expect(found).toEqual({
      ...{ what: 'node', path: `${at}`, operator: TYPES[at], node: `n${at}` },
      outputs: [
        {
          ...{ index: 0, name: `v${at}` },
          a: trace.nodes[at]?.outputs[0]?.digest,
          b: other.nodes[at]?.outputs[0]?.digest,
        },
      ],
    });
  });

  test('that are equal, of another model, input, or length', async () => {
    const trace = await traceOf();
    expect(await compareTraces(trace, await traceOf())).toBeUndefined();
    expect((await compareTraces(trace, await traceOf(['Neg', 'Exp'])))?.what).toBe('model');
    const input = {
      ...trace,
      inputs: trace.inputs.map((one) => ({ ...one, digest: '0'.repeat(64) })),
    };
    expect((await compareTraces(trace, rooted(input)))?.what).toBe('input');
    const shorter = { ...trace, nodes: trace.nodes.slice(0, 4) };
    expect(await compareTraces(trace, rooted(shorter))).toMatchObject({ what: 'order', path: '4' });
    expect(await compareTraces(rooted(shorter), trace)).toMatchObject({ what: 'order', path: '4' });
    const more = { ...trace, outputs: [...trace.outputs, ...trace.outputs] };
    expect((await compareTraces(trace, rooted(more)))?.what).toBe('output');
    const [first, second, ...rest] = trace.nodes;
    if (first === undefined || second === undefined) throw new Error('no nodes');
    const twice = { ...trace, nodes: [first, first, second, ...rest] };
    expect((await compareTraces(trace, rooted(twice)))?.what).toBe('order');
  });

  test.each<[string, (trace: Trace) => unknown, RegExp]>([
    ['nothing', () => null, /schema/],
    ['another format', (trace) => ({ ...trace, format: 'isobit-trace/2' }), /schema/],
    [
      'nodes in another order',
      (trace) => ({ ...trace, nodes: [...trace.nodes].reverse() }),
      /root/,
    ],
    ['a node less', (trace) => ({ ...trace, nodes: trace.nodes.slice(1) }), /root/],
    ['another operator', (trace) => lie(trace, { operator: 'Cos' }), /root/],
    ['another path', (trace) => lie(trace, { path: '1' }), /root/],
    ['a path that is none', (trace) => lie(trace, { path: '1//2' }), /schema/],
    ['a digest that is none', (trace) => ({ ...trace, model: 'abc' }), /schema/],
    [
      'another shape',
      (trace) => ({ ...trace, inputs: trace.inputs.map((one) => ({ ...one, dims: [2, 2] })) }),
      /root/,
    ],
    ['half a character', (trace) => ({ ...trace, [`\ud800`]: 1 }), /no trace/],
    ['another root', (trace) => ({ ...trace, root: '0'.repeat(64) }), /root/],
  ])('of which one has %s are not compared', async (_, change, why) => {
    const trace = await traceOf();
    const bad = change(trace) as Trace;
    await expect(compareTraces(trace, bad)).rejects.toThrow(why);
    await expect(compareTraces(bad, trace)).rejects.toThrow(TypeError);
  });
});

test('the text of a trace is read whole or not at all', async () => {
  const trace = await traceOf();
  const text = JSON.stringify(trace);
  expect(readTrace(text)).toEqual(trace);
  expect(() => readTrace(text.slice(0, -9))).toThrow('no trace: no JSON: ');
  expect(() => readTrace('')).toThrow(TypeError);
});

test('none is read that says something else than the one that it was made of', async () => {
  const report = fuzzTraces(JSON.stringify(await traceOf()), { seed: 3, count: 4000 });
  expect(report.wrong).toEqual([]);
  expect(report.accepted).toBeGreaterThan(20);
  expect(report.refused).toBeGreaterThan(2000);
});

describe('a pinned model', () => {
  test('keeps its bits, or its test says which node moved', async () => {
    const model = await load(writeModel(graph(TYPES)));
    const golden = await traceOf();
    const { digest } = await model.run(x, { backend: 'wasm' });
    await expectDigest(model, x, golden, { backend: 'wasm' });
    await expectDigest(model, x, digest, { backend: 'wasm' });
    await expect(expectDigest(model, x, lied(golden, 2))).rejects.toThrow(
      /expected root [0-9a-f]{64}, got [0-9a-f]{64}: Relu 'n2' \(node 2\) is the first that moved: output 'v2'/,
    );
    await expect(expectDigest(model, x, '0'.repeat(64))).rejects.toThrow(
      `expected digest ${'0'.repeat(64)}, got ${digest}`,
    );
    await expect(expectDigest(model, x, 'abc')).rejects.toThrow(TypeError);
    const other = { x: new Tensor('float32', [9, 9, 9, 9], [4]) };
    await expect(expectDigest(model, other, golden)).rejects.toThrow('the inputs are others');
    model.dispose();
  });
});
