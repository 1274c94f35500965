// Branches in the place of their If: the graph computes the same bits, whatever the names within are, nested too; Ifs that
// are not decided stay.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { decideBranches, inlineBranches, withDecisions } from '../../src/cli/branches.ts';
import { writeFeeds } from '../../src/cli/model_files.ts';
import { Tensor } from '../../src/core/tensor.ts';
import { load } from '../../src/index.ts';
import type { Attribute, Graph, Node } from '../../src/graph/graph.ts';
import { sortTopologically } from '../../src/graph/sort.ts';
import { writeModel } from '../../src/onnx/writer.ts';

const folder = mkdtempSync(join(tmpdir(), 'isobit-branches-'));
afterAll(() => rmSync(folder, { recursive: true }));

const node = (opType: string, inputs: string[], outputs: string[]): Node => ({
  ...{ index: 0, name: `${opType}_node`, domain: '', opType, inputs, outputs },
  attributes: new Map(),
});
const graph = (nodes: Node[], outputs: string[]): Graph => ({
  ...{ name: 'g', nodes, inputs: [], outputs: outputs.map((name) => ({ name })) },
  ...{ initializers: new Map(), valueInfo: new Map(), opsets: new Map() },
});
const choose = (condition: string, output: string, then: Graph, otherwise: Graph): Node => {
  const attributes = new Map<string, Attribute>([
    ['then_branch', { type: 'graph', value: then }],
    ['else_branch', { type: 'graph', value: otherwise }],
  ]);
  return { ...node('If', [condition], [output]), name: output, attributes };
};

/** Two Ifs whose branches have the same names within, one with an If of its own, and one that gives what it is given. */
function model(): Graph {
  const inner = (opType: string): Graph =>
    graph([node(opType, ['x'], ['t']), node('Add', ['t', 'x'], ['u'])], ['u']);
  const weights = new Map([['w', new Tensor('float32', [3, 4, 5, 6], [4])]]);
  // It reads a value of the branch around it, whose name the graph has too.
  const reading = (opType: string): Graph => graph([node(opType, ['t'], ['v'])], ['v']);
  const nested = choose('less', 'n', reading('Sin'), reading('Cos'));
  const outer = graph(
    [node('Mul', ['x', 'w'], ['t']), nested, node('Sub', ['n', 't'], ['u'])],
    ['u'],
  );
  return sortTopologically({
    name: 'branches',
    nodes: [
      node('ReduceSum', ['x'], ['sum']),
      node('Reshape', ['sum', 'scalar'], ['total']),
      node('Greater', ['total', 'zero'], ['more']),
      node('Not', ['more'], ['less']),
      choose('more', 'a', inner('Exp'), inner('Neg')),
      choose('more', 'b', { ...outer, initializers: weights }, inner('Abs')),
      choose('less', 'c', inner('Sin'), graph([], ['x'])),
      { ...node('Add', ['a', 'b'], ['t']), name: 'ab' },
      { ...node('Add', ['t', 'c'], ['y']), name: 'abc' },
    ].map((one, i) => ({ ...one, name: `${one.name}_${i}` })),
    inputs: [{ name: 'x', dtype: 'float32', dims: [4] }],
    outputs: [{ name: 'y' }],
    initializers: new Map([
      ['zero', new Tensor('float32', [0], [])],
      ['scalar', new Tensor('int64', new BigInt64Array(0), [0])],
    ]),
    valueInfo: new Map(),
    opsets: new Map([['', 17]]),
  });
}

async function digest(one: Graph, x: Tensor): Promise<string> {
  const loaded = await load(writeModel(one));
  try {
    return (await loaded.run({ x }, { backend: 'wasm' })).digest;
  } finally {
    loaded.dispose();
  }
}

test.each([
  [
    [1, 2, 3, -4],
    ['Exp', 'Cos'],
  ],
  [
    [-1, 2, -3, 1],
    ['Neg', 'Abs', 'Sin'],
  ],
])('of x = %j: the same bits, and no If', async (values, operators) => {
  const x = new Tensor('float32', values, [4]);
  writeFileSync(join(folder, 'model.onnx'), writeModel(model()));
  const { graph: inlined, decisions } = await decideBranches(
    model(),
    writeFeeds({ x }, folder),
    folder,
  );
  const types = inlined.nodes.map(({ opType }) => opType);
  expect(types).not.toContain('If');
  for (const operator of operators) expect(types).toContain(operator);
  expect(await digest(inlined, x)).toBe(await digest(model(), x));
  expect(withDecisions(model(), decisions)).toEqual(inlined);
  const names = inlined.nodes.map(({ name }) => name);
  expect(new Set(names).size).toBe(names.length);
});

test('an If that is not decided stays', () => {
  expect(inlineBranches(model(), new Map())).toEqual(model());
  const [some] = inlineBranches(model(), new Map([['a', true]])).nodes.filter(
    ({ opType }) => opType === 'If',
  );
  expect(some?.outputs).toEqual(['b']);
  expect(withDecisions(model(), new Map([['nowhere', true]]))).toEqual(model());
});
