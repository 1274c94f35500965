// What `isobit compare` found, as one document: measures summed over a node's values and an operator's nodes, the first
// nodes beyond the tolerance, and the nodes ranked by what they introduce. Numbers only; texts and pages are made of it.

import { nodeLabel } from '../graph/graph.ts';
import type { Graph } from '../graph/graph.ts';
import type { CompareTolerance } from '../jobs/distance.ts';
import type { GuestValue } from '../jobs/guest_job.ts';
import type { Accumulated, Introduced, LeftOutNode } from './compare_run.ts';
import { nodesInside, operatorOf } from './node_models.ts';
import { outputsOf } from './reference_values.ts';

/** How far values lie from ours: Distances, summed or at their worst. */
export interface Measure {
  /** Elements, and those of values whose type or shape is another. */
  size: number;
  differing: number;
  zeros: number;
  nan: number;
  infinite: number;
  /** Values of another type or shape: `float32[4], the guest float32[2,2]`. */
  kinds: string[];
  ulps: number[] | null;
  max_ulp: number | null;
  max_abs: number | null;
  max_rel: number | null;
  beyond: number;
  /** How many tolerances away; null where something has no such number (see Distances), or another type or shape. */
  ratio: number | null;
  within: boolean;
}

export interface NodeReport {
  index: number;
  node: string;
  operator: string;
  /** In a run of the whole model; null where no value of it was compared. */
  accumulated: Measure | null;
  /** Alone, fed with our values; null where it was not measured. */
  introduced: Measure | null;
  /** GPU dispatches alone: with 0 the guest computed it on the processor. Where it was measured. */
  dispatches?: number;
  /** The guest's operators where they are not this one node. */
  by?: string[];
  /** In what the guest's file has another node. */
  differs?: string[];
  /** Its values in the whole model, and alone. */
  values: { name: string; accumulated: GuestValue | null; introduced: GuestValue | null }[];
}

/** An operator, over its nodes that were measured alone. */
export interface OperatorRow {
  operator: string;
  nodes: number;
  /** How many of them are beyond the tolerance. */
  beyond: number;
  introduced: Measure;
}

export interface CompareDocument {
  model: string;
  guest: {
    name: string;
    version: string;
    stack: string;
    adapter: string;
    /** The guest's file as it was named, where it has one of its own. */
    model?: string;
    optimised: boolean;
    /** GPU dispatches of the whole model's run. */
    dispatches: number;
  };
  tolerance: CompareTolerance;
  /** No node alone is beyond the tolerance, and no output of the whole model. Other values may be: they have inherited it. */
  within: boolean;
  /** Outputs of the model that are beyond it. */
  outputs_beyond: string[];
  compared: { values: number; elements: number; nodes: number };
  /** Positions of the first nodes beyond the tolerance. */
  first: { introduced: number | null; accumulated: number | null };
  nodes: NodeReport[];
  /** Positions of the nodes that differ alone, the worst first. */
  ranking: number[];
  operators: OperatorRow[];
  left_out: {
    values: { value: string; node: string; reason: string }[];
    nodes: { node: string; operator: string; reason: string }[];
    /** Nodes in graphs of nodes: compared as outputs of the nodes that carry them. */
    inner: number;
  };
  /** The folder with the node that is named, and its position. */
  written?: { folder: string; node: number };
}

const largest = (values: readonly (number | null)[]): number | null =>
  values.reduce((most, one) => (one === null ? most : Math.max(most ?? 0, one)), null);

/** Histograms, added place by place. */
export function addedUlps(all: readonly (readonly number[] | null)[]): number[] | null {
  const known = all.filter((one) => one !== null);
  if (known.length === 0) return null;
  const places = Math.max(...known.map((one) => one.length));
  return Array.from({ length: places }, (_, bin) =>
    known.reduce((sum, one) => sum + (one[bin] ?? 0), 0),
  );
}

/** Several measures as one. */
export function sumOf(all: readonly Measure[]): Measure {
  const total = (key: 'size' | 'differing' | 'zeros' | 'nan' | 'infinite' | 'beyond'): number =>
    all.reduce((sum, one) => sum + one[key], 0);
  return {
    ...{ size: total('size'), differing: total('differing'), zeros: total('zeros') },
    ...{ nan: total('nan'), infinite: total('infinite'), beyond: total('beyond') },
    kinds: all.flatMap(({ kinds }) => kinds),
    ulps: addedUlps(all.map(({ ulps }) => ulps)),
    max_ulp: largest(all.map(({ max_ulp }) => max_ulp)),
    max_abs: largest(all.map(({ max_abs }) => max_abs)),
    max_rel: largest(all.map(({ max_rel }) => max_rel)),
    ratio: all.some(({ ratio }) => ratio === null) ? null : largest(all.map(({ ratio }) => ratio)),
    within: all.every(({ within }) => within),
  };
}

function measureOf(value: GuestValue): Measure[] {
  if (value.reason !== undefined) return [];
  if (value.distances !== undefined) {
    const { dtype: _, dims: __, first: ___, ...rest } = value.distances;
    return [{ ...rest, kinds: [], within: rest.beyond === 0 }];
  }
  const none = { size: 0, differing: 0, zeros: 0, nan: 0, infinite: 0, beyond: 0 };
  const kinds = [`'${value.name}': ours ${value.kind.ours}, the guest's ${value.kind.guest}`];
  const nothing = { ulps: null, max_ulp: null, max_abs: null, max_rel: null, ratio: null };
  return [{ ...none, ...nothing, kinds, within: false }];
}

function measured(values: readonly (GuestValue | null)[]): Measure | null {
  const all = values.flatMap((value) => (value === null ? [] : measureOf(value)));
  return all.length === 0 ? null : sumOf(all);
}

/** The worse first: what has no number, then tolerances, ulps, and the share of elements beyond. */
export function worseFirst(a: Measure, b: Measure): number {
  const keys = ({ ratio, max_ulp, beyond, size }: Measure): number[] => [
    ...[ratio ?? Number.MAX_VALUE, max_ulp ?? 0, beyond / Math.max(1, size)],
  ];
  const [left, right] = [keys(a), keys(b)];
  const at = left.findIndex((key, i) => key !== right[i]);
  return at < 0 ? 0 : (right[at] ?? 0) - (left[at] ?? 0);
}

function operatorRows(nodes: readonly NodeReport[]): OperatorRow[] {
  const rows = new Map<string, Measure[]>();
  for (const { operator, introduced } of nodes) {
    if (introduced !== null) rows.set(operator, [...(rows.get(operator) ?? []), introduced]);
  }
  return [...rows]
    .map(([operator, all]) => ({
      ...{ operator, nodes: all.length, beyond: all.filter(({ within }) => !within).length },
      introduced: sumOf(all),
    }))
    .sort((a, b) => worseFirst(a.introduced, b.introduced));
}

/** What was measured of a model. */
export interface Findings {
  graph: Graph;
  accumulated: Accumulated;
  introduced: Introduced[];
  leftOutNodes: LeftOutNode[];
}

/** Everything of the document that follows from what was measured. */
export function reportOf({
  graph,
  accumulated,
  introduced,
  leftOutNodes,
}: Findings): Pick<
  CompareDocument,
  | 'within'
  | 'outputs_beyond'
  | 'compared'
  | 'first'
  | 'nodes'
  | 'ranking'
  | 'operators'
  | 'left_out'
> {
  const alone = new Map(introduced.map((one) => [one.node.index, one]));
  const nodes = graph.nodes.map((node): NodeReport => {
    const one = alone.get(node.index);
    const values = outputsOf(node).map((name) => ({
      name,
      accumulated: accumulated.values.get(name) ?? null,
      introduced: one?.values.find((value) => value.name === name) ?? null,
    }));
    const operators = one?.segment.nodes.map(operatorOf) ?? [];
    const isOther = operators.length > 0 && operators.join() !== operatorOf(node);
    return {
      ...{ index: node.index, node: nodeLabel(node), operator: operatorOf(node) },
      accumulated: measured(values.map((value) => value.accumulated)),
      introduced: measured(values.map((value) => value.introduced)),
      ...(one === undefined ? {} : { dispatches: one.dispatches }),
      ...(isOther ? { by: operators } : {}),
      ...(one === undefined || one.differs.length === 0 ? {} : { differs: one.differs }),
      values,
    };
  });
  const firstOf = (kind: 'accumulated' | 'introduced'): number | null =>
    nodes.find((node) => node[kind]?.within === false)?.index ?? null;
  const first = { introduced: firstOf('introduced'), accumulated: firstOf('accumulated') };
  const ranked = nodes.flatMap(({ index, introduced: measure }) =>
    measure !== null && (measure.differing > 0 || !measure.within) ? [{ index, measure }] : [],
  );
  const all = nodes.flatMap((node) => node.accumulated ?? []);
  const refused = nodes.flatMap(({ node, values }) =>
    values.flatMap(({ name, accumulated: value }) =>
      value?.reason === undefined ? [] : [{ value: name, node, reason: value.reason }],
    ),
  );
  const outputs_beyond = graph.outputs.flatMap(({ name }) =>
    measured([accumulated.values.get(name) ?? null])?.within === false ? [name] : [],
  );
  return {
    within: first.introduced === null && outputs_beyond.length === 0,
    outputs_beyond,
    compared: {
      values: [...accumulated.values.values()].filter(({ reason }) => reason === undefined).length,
      elements: all.reduce((sum, { size }) => sum + size, 0),
      nodes: nodes.filter((node) => node.introduced !== null).length,
    },
    ...{ first, nodes },
    ranking: ranked.sort((a, b) => worseFirst(a.measure, b.measure)).map(({ index }) => index),
    operators: operatorRows(nodes),
    left_out: {
      values: [
        ...accumulated.leftOut.map(({ name, node, reason }) => {
          return { value: name, node: nodeLabel(node), reason };
        }),
        ...refused,
      ],
      nodes: leftOutNodes.map(({ node, reason }) => {
        return { node: nodeLabel(node), operator: operatorOf(node), reason };
      }),
      inner: graph.nodes.reduce((sum, node) => sum + nodesInside(node), 0),
    },
  };
}
