// A plan that is made of the one before it is, word for word, the plan of a planner that saw nothing before: operator cases side by
// side, of which one changes, and random graphs. Which decisions may fall otherwise, and what is lowered: basis_decisions.test.ts.
import { expect, test } from 'vitest';
import { WasmBackend } from '../../src/backends/wasm.ts';
import { Tensor } from '../../src/core/tensor.ts';
import type { Graph, Node } from '../../src/graph/graph.ts';
import type { FeedType } from '../../src/graph/plan.ts';
import { registry } from '../../src/registry.ts';
import { counts, differing, type Types } from '../harness/plans_in_turn.ts';
import { randomGraph } from '../harness/random_graph.ts';
import { caseFiles } from '../ops/index.ts';

await registry.load();
const core = await WasmBackend.create();
const TARGETS = ['wasm', 'webgpu'] as const;

const typesOf = (feeds: ReadonlyMap<string, unknown>): Map<string, FeedType> =>
  new Map(
    [...feeds].flatMap(([name, value]): [string, FeedType][] =>
      value instanceof Tensor && value.dtype !== 'string'
        ? [[name, { dtype: value.dtype, dims: value.dims }]]
        : [],
    ),
  );

/** With one more along the first axis of the first feed that has one. */
function longer(types: Types): Map<string, FeedType> {
  const found = [...types].find(([, { dims }]) => dims.length > 0);
  if (found === undefined) return new Map(types);
  const [name, { dtype, dims }] = found;
  return new Map([...types, [name, { dtype, dims: [(dims[0] ?? 0) + 1, ...dims.slice(1)] }]]);
}

/** With contents: all bytes are this one. */
const filled = (types: Types, byte: number): Map<string, FeedType> =>
  new Map(
    [...types].map(([name, type]) => {
      const size = type.dims.reduce((n, dim) => n * dim, 1);
      const { BYTES_PER_ELEMENT: width } = new Tensor(type.dtype, [], [0]).data as Uint8Array;
      return [name, { ...type, contents: new Uint8Array(size * width).fill(byte) }];
    }),
  );

const renamed = (prefix: string, name: string): string => (name === '' ? '' : prefix + name);
const prefixed = <T>(prefix: string, map: ReadonlyMap<string, T>): [string, T][] =>
  [...map].map(([name, value]) => [renamed(prefix, name), value]);

/** Two graphs as one; undefined where they are of different opsets, or carry graphs. */
function sideBySide(a: Graph, b: Graph): Graph | undefined {
  const opsets = [...a.opsets, ...b.opsets];
  if (opsets.some(([domain, version]) => opsets.some(([d, v]) => d === domain && v !== version)))
    return undefined;
  const parts: [string, Graph][] = [
    ['a.', a],
    ['b.', b],
  ];
  const isPlain = (node: Node): boolean =>
    [...node.attributes.values()].every(({ type }) => type !== 'graph' && type !== 'graphs');
  if (!parts.every(([, { nodes }]) => nodes.every(isPlain))) return undefined;
  const of = <T>(pick: (graph: Graph, prefix: string) => T[]): T[] =>
    parts.flatMap(([prefix, graph]) => pick(graph, prefix));
  const named = <T extends { readonly name: string }>(list: readonly T[], prefix: string): T[] =>
    list.map((one) => ({ ...one, name: renamed(prefix, one.name) }));
  return {
    name: 'both',
    nodes: of(({ nodes }, prefix) =>
      nodes.map((node) => ({
        ...node,
        inputs: node.inputs.map((name) => renamed(prefix, name)),
        outputs: node.outputs.map((name) => renamed(prefix, name)),
      })),
    ).map((node, index) => ({ ...node, index })),
    inputs: of(({ inputs }, prefix) => named(inputs, prefix)),
    outputs: of(({ outputs }, prefix) => named(outputs, prefix)),
    initializers: new Map(of(({ initializers }, prefix) => prefixed(prefix, initializers))),
    valueInfo: new Map(of(({ valueInfo }, prefix) => prefixed(prefix, valueInfo))),
    opsets: new Map(opsets),
  };
}

/** Pairs of a file. */
const MOST = 24;

test.each([...caseFiles.keys()])('%s: two cases, of which one changes', (stem) => {
  const cases = caseFiles.get(stem) ?? [];
  const step = Math.max(1, Math.floor(cases.length / MOST));
  const wrong: string[] = [];
  for (let i = 0; i + 1 < cases.length; i += step) {
    const [a, b] = [cases[i], cases[i + 1]];
    const graph = a && b && sideBySide(a.graph, b.graph);
    if (graph === undefined) continue;
    const [first, second] = [typesOf(a?.feeds ?? new Map()), typesOf(b?.feeds ?? new Map())];
    const both = (x: Types, y: Types): Types =>
      new Map([...prefixed('a.', x), ...prefixed('b.', y)]);
    const feeds = [
      both(first, second),
      both(longer(first), second),
      both(first, second),
      both(first, longer(second)),
      both(filled(first, 0), second),
      both(filled(first, 1), second),
      both(filled(first, 1), second),
    ];
    for (const target of TARGETS) {
      const at = differing(core, graph, feeds, target, i % 2 === 0);
      if (at.length > 0) wrong.push(`${target} ${a?.id} and ${b?.id}: ${at.join()}`);
    }
  }
  expect(wrong).toEqual([]);
});

test('many nodes of that were not lowered', () => {
  // Where a plan of the one before comes to nothing, what it lowered until then is lowered again.
  expect(counts.alone - counts.of).toBeGreaterThan(5_000);
});

test('random graphs, fed other sizes and sizes that they refuse', () => {
  const wrong: string[] = [];
  for (let seed = 0; seed < 150; seed += 1) {
    const { graph, feeds } = randomGraph(seed);
    const types = typesOf(feeds);
    const most = Math.max(...[...types.values()].map(({ dims }) => dims[0] ?? 0));
    const wider = new Map(
      [...types].map(([name, { dtype, dims }]) => {
        const [head = 0, ...rest] = dims;
        const isFull = dims.length === (graph.inputs[0]?.dims ?? []).length && head === most;
        return [name, { dtype, dims: isFull ? [head * 2, ...rest] : dims }];
      }),
    );
    const at = differing(
      core,
      graph,
      [types, wider, types, longer(types), types],
      'wasm',
      seed % 2 === 0,
    );
    if (at.length > 0) wrong.push(`${seed}: ${at.join()}`);
  }
  expect(wrong).toEqual([]);
});
