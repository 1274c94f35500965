// What a guest is given: the model's file with more outputs, nodes alone with their weights and our values, and values in
// groups that fit in memory.
import { describe, expect, test } from 'vitest';
import { differencesOf, producersOf, segmentOf } from '../../src/cli/guest_nodes.ts';
import type { OurValues } from '../../src/cli/guest_nodes.ts';
import { inGroups } from '../../src/cli/reference_values.ts';
import { Tensor } from '../../src/core/tensor.ts';
import type { Graph } from '../../src/graph/graph.ts';
import { namesOfNodeOutputs, withAddedOutputs } from '../../src/onnx/added_outputs.ts';
import { Message } from '../../src/onnx/proto.ts';
import { writeModel } from '../../src/onnx/writer.ts';
import { mixedModel } from '../harness/mixed_model.ts';

const file = (name: string) => ({ name, dtype: 'float32', dims: [4], path: `/${name}` });
const ours = (graph: Graph, ...names: string[]): OurValues => ({
  file: (name) => (names.includes(name) ? file(name) : undefined),
  tensor: (name) => graph.initializers.get(name),
});

/** The names of outputs in a file, of however many `graph` messages. */
function outputNames(bytes: Uint8Array): string[] {
  const names: string[] = [];
  const model = Message.of(bytes, 'model');
  while (model.next()) {
    if (model.field !== 7) model.skip();
    else {
      model.message('graph', (graph) => {
        while (graph.next()) {
          if (graph.field !== 12) graph.skip();
          else {
            graph.message('output', (output) => {
              while (output.next()) {
                if (output.field === 1) names.push(output.string('name'));
                else output.skip();
              }
            });
          }
        }
      });
    }
  }
  return names;
}

describe('a file with more outputs', () => {
  const graph = mixedModel();
  const bytes = writeModel(graph);

  test('begins with the file as it is, and has them behind its own', () => {
    const more = withAddedOutputs(bytes, ['p', 'größe']);
    expect(more.slice(0, bytes.length)).toEqual(bytes);
    expect(outputNames(more)).toEqual([...graph.outputs.map(({ name }) => name), 'p', 'größe']);
    expect(withAddedOutputs(bytes, [])).toBe(bytes);
  });

  test('its names are those of the own graph only', () => {
    const names = namesOfNodeOutputs(bytes);
    expect([...names]).toEqual(graph.nodes.flatMap(({ outputs }) => outputs));
    expect(names.has('inner')).toBe(false);
  });
});

describe('nodes between values of ours', () => {
  const graph = mixedModel();
  const producers = producersOf(graph);
  const segment = (names: string[], ...known: string[]) =>
    segmentOf(graph, producers, names, ours(graph, ...known));

  test('one node, its weights and its inputs', () => {
    expect(segment(['p'], 'x')).toMatchObject({
      nodes: [{ opType: 'Mul' }],
      inputs: [file('x')],
      model: { inputs: [{ name: 'x', dtype: 'float32', dims: [4] }], outputs: [{ name: 'p' }] },
    });
  });

  test('as many as lie between', () => {
    const found = segment(['e'], 'x');
    if (typeof found === 'string') throw new Error(found);
    expect(found.nodes.map(({ opType }) => opType)).toEqual(['Mul', 'Exp']);
    expect([...found.model.initializers.keys()]).toEqual(['w']);
  });

  test('what graphs of a node read is read', () => {
    const found = segment(['branch'], 'x', 'condition');
    if (typeof found === 'string') throw new Error(found);
    expect(found.inputs.map(({ name }) => name).sort()).toEqual(['condition', 'x']);
    expect([...found.model.initializers.keys()]).toEqual(['w']);
  });

  test('an input without a value is the reason', () => {
    expect(segment(['p'])).toBe("its input 'x' has no value of ours");
  });

  test('the value of a Constant stays one', () => {
    const value = new Tensor('float32', [1], [1]);
    const [mul, ...rest] = graph.nodes;
    if (mul === undefined) throw new Error('no node.');
    const attributes = new Map([['value', { type: 'tensor' as const, value }]]);
    const constant = { ...mul, opType: 'Constant', inputs: [], outputs: ['c'], attributes };
    const nodes = [constant, { ...mul, inputs: ['x', 'c'] }, ...rest];
    const known: OurValues = {
      file: (name) => (name === 'x' || name === 'c' ? file(name) : undefined),
      tensor: (name) => (name === 'c' ? value : undefined),
    };
    const found = segmentOf({ ...graph, nodes }, producersOf({ ...graph, nodes }), ['p'], known);
    if (typeof found === 'string') throw new Error(found);
    expect(found.model.initializers.get('c')).toBe(value);
    expect(found.inputs.map(({ name }) => name)).toEqual(['x']);
  });
});

describe('what differs between files', () => {
  const graph = mixedModel();
  const at = (one: Graph, opType: string) => ({
    graph: one,
    nodes: one.nodes.filter((node) => node.opType === opType).slice(0, 1),
  });

  test('nothing, weights, attributes, graphs, operators', () => {
    const other = mixedModel(2);
    expect(differencesOf(at(graph, 'Mul'), at(mixedModel(), 'Mul'))).toEqual([]);
    expect(differencesOf(at(graph, 'Mul'), at(other, 'Mul'))).toEqual(["weights 'w'"]);
    expect(differencesOf(at(graph, 'If'), at(mixedModel(), 'If'))).toEqual([]);
    const swapped = {
      ...graph,
      nodes: graph.nodes.map((node) => {
        const [then, otherwise] = ['then_branch', 'else_branch'].map((name) => {
          return node.attributes.get(name);
        });
        if (then === undefined || otherwise === undefined) return node;
        const attributes = new Map([...node.attributes, ['then_branch', otherwise] as const]);
        return { ...node, attributes };
      }),
    };
    expect(differencesOf(at(graph, 'If'), at(swapped, 'If'))).toEqual(["attribute 'then_branch'"]);
    const cast = at(graph, 'Cast');
    const attributes = new Map([['to', { type: 'int' as const, value: 1 }]]);
    const turned = { graph, nodes: cast.nodes.map((node) => ({ ...node, attributes })) };
    expect(differencesOf(cast, turned)).toEqual(["attribute 'to'"]);
    expect(differencesOf(cast, at(graph, 'Exp'))).toEqual(['computed by Exp']);
  });
});

test('groups are as large as allowed, and hold everything in order', () => {
  const sizes = [3, 4, 2, 9, 20, 1, 1];
  expect(inGroups(sizes, (size) => size, 9)).toEqual([[3, 4, 2], [9], [20], [1, 1]]);
  expect(inGroups([], () => 1, 9)).toEqual([]);
});
