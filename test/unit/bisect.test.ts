// Where two traces part: found by heads of ranges and named, whatever differs; and what an application's test is told when
// bits move.
import { describe, expect, test } from 'vitest';
import { firstDifferingLeaf } from '../../src/evidence/bisect.ts';
import { MerkleTree } from '../../src/evidence/merkle.ts';
import { treeOf } from '../../src/evidence/trace.ts';
import { compareTraces, expectDigest, load, Tensor, type Trace } from '../../src/index.ts';
import { bytesToHex } from '@noble/hashes/utils.js';
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

/** A trace in which nodes from `at` on gave something else; its root is that of what it says. */
function lied(trace: Trace, at: number): Trace {
  const nodes = trace.nodes.map((node, i) => ({
    ...node,
    outputs: node.outputs.map((one) =>
      one === null || i < at ? one : { ...one, digest: one.digest.replace(/^./, 'z') },
    ),
  }));
  const changed = { ...trace, nodes };
  return { ...changed, root: bytesToHex(treeOf(changed).head()) };
}

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
      expect(asked).toBeLessThanOrEqual(1 + Math.ceil(Math.log2(n)));
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
    const input = { ...trace, inputs: trace.inputs.map((one) => ({ ...one, digest: '0' })) };
    expect((await compareTraces(trace, input))?.what).toBe('input');
    const shorter = { ...trace, nodes: trace.nodes.slice(0, 4) };
    expect((await compareTraces(trace, shorter))?.what).toBe('node');
    const more = { ...trace, outputs: [...trace.outputs, ...trace.outputs] };
    expect((await compareTraces(trace, more))?.what).toBe('output');
    const [first, second, ...rest] = trace.nodes;
    if (first === undefined || second === undefined) throw new Error('no nodes');
    const twice = { ...trace, nodes: [first, first, second, ...rest] };
    expect((await compareTraces(trace, twice))?.what).toBe('order');
    await expect(compareTraces(trace, {} as Trace)).rejects.toThrow(TypeError);
  });
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
