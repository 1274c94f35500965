// Which outputs depend on drawn numbers: by the operators alone, through subgraphs, and not through shapes.
import { describe, expect, test } from 'vitest';
import { openOutputs } from '../../src/cli/open_outputs.ts';
import { Tensor } from '../../src/core/tensor.ts';
import type { Attribute, Graph, Node } from '../../src/graph/graph.ts';

type Draft = [opType: string, inputs: string[], outputs: string[], Record<string, Attribute>?];

function graph(drafts: Draft[], outputs: string[], opset = 17, inputs = ['x']): Graph {
  const nodes = drafts.map(([opType, ins, outs, attributes = {}], index): Node => ({
    ...{ index, name: '', domain: '', opType, inputs: ins, outputs: outs },
    attributes: new Map(Object.entries(attributes)),
  }));
  return {
    ...{ name: 'g', nodes, initializers: new Map(), valueInfo: new Map() },
    inputs: inputs.map((name) => ({ name, dtype: 'float32' })),
    outputs: outputs.map((name) => ({ name })),
    opsets: new Map([['', opset]]),
  };
}

const open = (one: Graph, feeds: Record<string, Tensor> = {}): string[] => [
  ...openOutputs(one, feeds),
];
const yes = new Tensor('bool', [true], []);
const no = new Tensor('bool', [false], []);
const half = new Tensor('float32', [0.5], []);
const zero = new Tensor('float32', [0], []);

describe('open outputs', () => {
  test('are those that depend on a drawing operator', () => {
    const one = graph(
      [
        ['RandomNormal', [], ['r']],
        ['Add', ['x', 'r'], ['y']],
        ['Abs', ['x'], ['z']],
        ['Shape', ['y'], ['s']],
      ],
      ['y', 'z', 's'],
    );
    expect(open(one)).toEqual(['y']);
  });

  test('are none where another domain has an operator of the same name', () => {
    const one = graph([['RandomNormal', [], ['y']]], ['y']);
    const [node] = one.nodes;
    expect(open({ ...one, nodes: [{ ...(node as Node), domain: 'my' }] })).toEqual([]);
  });

  test('of Dropout need training and a ratio', () => {
    const one = graph([['Dropout', ['x', 'r', 't'], ['y', 'm']]], ['y', 'm'], 22, ['x', 'r', 't']);
    expect(open(one, { r: half, t: yes })).toEqual(['y', 'm']);
    expect(open(one, { r: half, t: no })).toEqual([]);
    expect(open(one, { r: zero, t: yes })).toEqual([]);
    expect(open(graph([['Dropout', ['x', 'r'], ['y']]], ['y'], 22), { r: half })).toEqual([]);
    expect(open(graph([['Dropout', ['x'], ['y']]], ['y'], 10))).toEqual([]);
    expect(open(graph([['Dropout', ['x'], ['y']]], ['y'], 6))).toEqual(['y']);
    const test: Attribute = { type: 'int', value: 1 };
    expect(open(graph([['Dropout', ['x'], ['y'], { is_test: test }]], ['y'], 6))).toEqual([]);
  });

  test('training may be a constant', () => {
    const of = (value: Tensor): Graph =>
      graph(
        [
          ['Constant', [], ['t'], { value: { type: 'tensor', value } }],
          ['Dropout', ['x', '', 't'], ['y']],
        ],
        ['y'],
        13,
      );
    expect(open(of(yes))).toEqual(['y']);
    expect(open(of(no))).toEqual([]);
  });

  test('come out of subgraphs, by drawing there or by reading what was drawn', () => {
    const drawn = graph([['Bernoulli', ['x'], ['b']]], ['b'], 17, []);
    const reads = graph([['Abs', ['r'], ['b']]], ['b'], 17, []);
    const passes = graph([['Abs', ['x'], ['b']]], ['b'], 17, []);
    const branch = (value: Graph): Record<string, Attribute> => ({
      then_branch: { type: 'graph', value },
      else_branch: { type: 'graph', value: passes },
    });
    const of = (value: Graph): Graph =>
      graph(
        [
          ['RandomUniform', [], ['r']],
          ['If', ['c'], ['y'], branch(value)],
        ],
        ['y'],
      );
    expect([drawn, reads, passes].map((one) => open(of(one)).length)).toEqual([1, 1, 0]);
  });
});
