// Where two traces part: the first leaf of their trees that differs, found by heads of ranges, so that two parties who hold a
// trace each need to tell one another no more than 2 + 2 log2(n) digests (two_party.ts). Nodes stand in an order in which
// they can be executed, so whatever the first one that differs read was equal on both sides: it is the node to blame, or to
// execute again. Promises: a party whose heads do not fit together is found out. Not here: whose bits are right.
import type { Json } from './canonical.ts';
import { joinedHead, leafHead, splitOf, type MerkleTree } from './merkle.ts';
import { leavesOf, treeOf } from './trace.ts';
import type { Trace, TraceDifference, TracedNode } from './trace_types.ts';

const isEqual = (a: Uint8Array, b: Uint8Array): boolean =>
  a.length === b.length && a.every((byte, i) => byte === b[i]);

/** What gives heads of ranges of a tree: one's own, or another's by messages. */
export type HeadOf = (begin: number, end: number) => Uint8Array | Promise<Uint8Array>;

/** A party to a bisection. */
export interface Side {
  /** Leaves of its tree. */
  readonly length: number;
  head(begin: number, end: number): Uint8Array | Promise<Uint8Array>;
  leaf(index: number): Json | Promise<Json>;
}

/** What another party says does not fit together: it has no tree, whatever its trace is. */
export class InconsistentError extends Error {
  override name = 'InconsistentError';
}

/**
 * The first leaf that differs of two lists of `length` leaves; undefined if none does.
 *
 * @param theirs asked at most 1 + 2 ceil(log2(length)) times
 * @throws InconsistentError where heads that they give are not those of a tree
 */
export async function firstDifferingLeaf(
  length: number,
  mine: HeadOf,
  theirs: HeadOf,
): Promise<number | undefined> {
  if (length === 0) return undefined;
  let [begin, end] = [0, length];
  let head = await theirs(begin, end);
  if (isEqual(await mine(begin, end), head)) return undefined;
  while (end - begin > 1) {
    const middle = begin + splitOf(end - begin);
    const [left, right] = [await theirs(begin, middle), await theirs(middle, end)];
    if (!isEqual(joinedHead(left, right), head)) {
      throw new InconsistentError(
        `the heads of [${begin}, ${middle}) and [${middle}, ${end}) are not those of a tree with the head of both.`,
      );
    }
    // What differs in the whole and not in the first half differs in the second.
    const isLeft = !isEqual(await mine(begin, middle), left);
    head = isLeft ? left : right;
    if (isLeft) end = middle;
    else begin = middle;
  }
  return begin;
}

/** A party at hand. */
export interface OwnSide extends Side {
  head(begin: number, end: number): Uint8Array;
  leaf(index: number): Json;
}

export function sideOf(trace: Trace): OwnSide {
  const tree: MerkleTree = treeOf(trace);
  const leaves = leavesOf(trace);
  return {
    length: tree.length,
    head: (begin, end) => tree.head(begin, end),
    leaf: (index) => leaves[index] ?? null,
  };
}

const kinds = ['contract', 'model', 'seed', 'input', 'node', 'output'] as const;

interface Leaf {
  readonly kind: (typeof kinds)[number];
  readonly path?: string;
  readonly operator?: string;
  readonly outputs?: readonly ({ readonly digest: string } | null)[];
}

/** The leaf as far as it is looked at; undefined where there is none of a known kind. */
function leafOf(leaf: Json): Leaf | undefined {
  const one = leaf as Partial<Leaf> | null;
  return one !== null && kinds.some((kind) => kind === one.kind) ? (one as Leaf) : undefined;
}

/** Where a trace and another party's part first; undefined if they have the same root. @throws as firstDifferingLeaf */
export async function differenceWith(
  trace: Trace,
  theirs: Side,
): Promise<TraceDifference | undefined> {
  const mine = sideOf(trace);
  const common = Math.min(mine.length, theirs.length);
  const found = await firstDifferingLeaf(
    common,
    (begin, end) => mine.head(begin, end),
    (begin, end) => theirs.head(begin, end),
  );
  const at = found ?? (mine.length === theirs.length ? undefined : common);
  if (at === undefined) return undefined;
  const other = at < theirs.length ? await theirs.leaf(at) : null;
  if (at < theirs.length && !isEqual(leafHead(other), await theirs.head(at, at + 1))) {
    throw new InconsistentError(`leaf ${at} is not the one that its head is of.`);
  }
  const [left, right] = [leafOf(mine.leaf(at)), leafOf(other)];
  const one = left?.kind === 'node' ? left : right;
  const { path = '', operator = '' } = one ?? {};
  const node = trace.nodes.find((known) => known.path === path);
  const title = { path, operator, node: node?.name ?? '' };
  const isSame = left?.kind === 'node' && right?.kind === 'node' && path === right.path;
  if (isSame && operator === right.operator) {
    return { what: 'node', ...title, outputs: outputsOf(node, right.outputs) };
  }
  // Another node at the same place, or none: a graph that ran more often on one side, or another branch.
  if (one?.kind === 'node') return { what: 'order', ...title, outputs: [] };
  const what = left?.kind ?? right?.kind ?? 'run';
  return { what, path: '', operator: '', node: '', outputs: [] };
}

function outputsOf(
  node: TracedNode | undefined,
  others: Leaf['outputs'] = [],
): TraceDifference['outputs'] {
  const own = node?.outputs ?? [];
  return Array.from({ length: Math.max(own.length, others.length) }, (_, index) => ({
    ...{ index, name: own[index]?.name ?? '' },
    ...{ a: own[index]?.digest ?? null, b: others[index]?.digest ?? null },
  })).filter(({ a, b }) => a !== b);
}
