// Where two traces part: the first leaf of their trees that differs, found by heads of ranges, so that two parties who hold a
// trace each need to tell one another only log2(n) digests. Nodes stand in an order in which they can be executed, so
// whatever the first one that differs read was equal on both sides: it is the node to blame, or to execute again. Not here:
// whose bits are right.
import type { MerkleTree } from './merkle.ts';
import { leavesOf, treeOf } from './trace.ts';
import type { Trace, TraceDifference, TracedNode } from './trace_types.ts';

const isEqual = (a: Uint8Array, b: Uint8Array): boolean => a.every((byte, i) => byte === b[i]);

/** What gives heads of ranges of a tree: one's own, or another's by messages. */
export type HeadOf = (begin: number, end: number) => Uint8Array | Promise<Uint8Array>;

/**
 * The first leaf that differs of two lists of `length` leaves; undefined if none does.
 *
 * @param mine
 * @param theirs asked at most 1 + log2(length) times
 */
export async function firstDifferingLeaf(
  length: number,
  mine: HeadOf,
  theirs: HeadOf,
): Promise<number | undefined> {
  const differs = async (begin: number, end: number): Promise<boolean> =>
    !isEqual(await mine(begin, end), await theirs(begin, end));
  if (length === 0 || !(await differs(0, length))) return undefined;
  let [begin, end] = [0, length];
  while (end - begin > 1) {
    const middle = Math.floor((begin + end) / 2);
    // What differs in the whole and not in the first half differs in the second: nobody need ask.
    if (await differs(begin, middle)) end = middle;
    else begin = middle;
  }
  return begin;
}

const headOf =
  (tree: MerkleTree): HeadOf =>
  (begin, end) =>
    tree.head(begin, end);

const outputsOf = (a: TracedNode, b: TracedNode): TraceDifference['outputs'] =>
  Array.from({ length: Math.max(a.outputs.length, b.outputs.length) }, (_, index) => ({
    index,
    name: a.outputs[index]?.name ?? b.outputs[index]?.name ?? '',
    a: a.outputs[index]?.digest ?? null,
    b: b.outputs[index]?.digest ?? null,
  })).filter(({ a: left, b: right }) => left !== right);

/** Where two traces part first; undefined if they have the same root. */
export async function differenceOf(a: Trace, b: Trace): Promise<TraceDifference | undefined> {
  const [left, right] = [treeOf(a), treeOf(b)];
  const common = Math.min(left.length, right.length);
  const found = await firstDifferingLeaf(common, headOf(left), headOf(right));
  const at = found ?? (left.length === right.length ? undefined : common);
  if (at === undefined) return undefined;
  const [leaves, others] = [leavesOf(a), leavesOf(b)];
  const before = leaves.findIndex((leaf) => kindOf(leaf) === 'node');
  const [one, two] = [a.nodes[at - before], b.nodes[at - before]];
  if (kindOf(leaves[at]) !== 'node' || kindOf(others[at]) !== 'node' || !one || !two) {
    const what = kindOf(leaves[at]) ?? kindOf(others[at]) ?? 'run';
    return { what, path: '', operator: '', node: '', outputs: [] };
  }
  const { path, operator, name } = one;
  // Another node at the same place: a graph that ran more often on one side, or another branch.
  const what = path === two.path && operator === two.operator ? 'node' : 'order';
  return { what, path, operator, node: name, outputs: what === 'node' ? outputsOf(one, two) : [] };
}

function kindOf(leaf: unknown): TraceDifference['what'] | undefined {
  return (leaf as { kind?: TraceDifference['what'] } | undefined)?.kind;
}
