// A small graph as decoders are: layers that append a row to a cache and weigh its rows, and feeds for caches of any length.
import { Tensor } from '../../src/core/tensor.ts';
import { checkGraph, type CheckedGraph } from '../../src/graph/check.ts';
import type { Attribute } from '../../src/graph/graph.ts';
import { registry } from '../../src/registry.ts';
import { drawn, f32, graphOf, type NodeText } from './graphs.ts';
import type { Types } from './plans_in_turn.ts';

export const int = (value: number): Attribute => ({ type: 'int', value });
export const LAYERS = 3;

/** Layers that append a row to a cache and weigh its rows by their products with that row; one mask is for all. */
export function decoder(): CheckedGraph {
  const nodes: NodeText[] = [
    { op: 'Shape', inputs: ['cache0'], outputs: ['sizes'] },
    { op: 'Gather', inputs: ['sizes', 'zero'], outputs: ['held'] },
    { op: 'Add', inputs: ['held', 'one'], outputs: ['rows'] },
    { op: 'Range', inputs: ['zero', 'rows', 'one'], outputs: ['places'] },
    { op: 'Cast', inputs: ['places'], outputs: ['mask'], attributes: { to: int(1) } },
  ];
  const initializers: Record<string, Tensor> = {
    zero: new Tensor('int64', [0n], []),
    one: new Tensor('int64', [1n], []),
  };
  let x = 'x';
  for (let l = 0; l < LAYERS; l += 1) {
    const name = (text: string): string => `${text}${l}`;
    initializers[name('w')] = drawn(l, 8, 8);
    initializers[name('b')] = drawn(10 + l, 8);
    const chain: [string, string[], string, NodeText['attributes']?][] = [
      ['MatMul', [x, name('w')], 'row'],
      ['Concat', [name('cache'), name('row')], 'present', { axis: int(0) }],
      ['Transpose', [name('present')], 'turned'],
      ['MatMul', [name('row'), name('turned')], 'scores'],
      ['Add', [name('scores'), 'mask'], 'seen'],
      ['Softmax', [name('seen')], 'shares'],
      ['MatMul', [name('shares'), name('present')], 'mixed'],
      ['Add', [name('mixed'), name('b')], 'biased'],
      ['Relu', [name('biased')], 'out'],
    ];
    for (const [op, inputs, to, attributes = {}] of chain)
      nodes.push({ op, inputs, outputs: [name(to)], attributes });
    x = name('out');
  }
  const caches = Array.from({ length: LAYERS }, (_, l) => f32(`cache${l}`, 'held', 8));
  const presents = Array.from({ length: LAYERS }, (_, l) => `present${l}`);
  return checkGraph(
    graphOf(nodes, [f32('x', 1, 8), ...caches], [x, ...presents], initializers),
    registry,
  );
}

export const held = (rows: number, batch = 1): Types =>
  new Map([
    ['x', { dtype: 'float32', dims: [batch, 8] }],
    ...Array.from(
      { length: LAYERS },
      (_, l) => [`cache${l}`, { dtype: 'float32', dims: [rows, 8] }] as const,
    ),
  ]);
