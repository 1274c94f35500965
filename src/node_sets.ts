// What runs of a graph ask again and again of its nodes, found once: which are needed, what they read and make, and which
// contents most of them turned out to wait for. Not here: planning and execution (program.ts).
import type { Node } from './graph/graph.ts';
import { neededNodes } from './graph/planner.ts';
import { valuesRead } from './graph/sort.ts';

const NONE: ReadonlySet<string> = new Set();

export class NodeSets {
  readonly #all: readonly Node[];
  readonly #valuesOf = new WeakMap<readonly Node[], { read: Set<string>; made: Set<string> }>();
  readonly #waitedFor = new WeakMap<readonly Node[], Set<string>>();

  constructor(nodes: readonly Node[]) {
    this.#all = nodes;
  }

  /** The nodes that outputs depend on; all of them where every value is kept. */
  needed(outputs: readonly string[], keepAll: boolean): readonly Node[] {
    const wanted = keepAll ? this.#all.flatMap((node) => node.outputs) : [];
    return neededNodes(this.#all, [...outputs, ...wanted]);
  }

  /** The values that nodes read and make. */
  valuesOf(nodes: readonly Node[]): { read: ReadonlySet<string>; made: ReadonlySet<string> } {
    let values = this.#valuesOf.get(nodes);
    if (values === undefined) {
      values = {
        read: new Set(nodes.flatMap((node) => [...valuesRead(node)])),
        made: new Set(nodes.flatMap((node) => node.outputs)),
      };
      this.#valuesOf.set(nodes, values);
    }
    return values;
  }

  /** Values whose contents most of the nodes waited for in an earlier run: the next plans with them at once. */
  waitedFor(nodes: readonly Node[]): ReadonlySet<string> {
    return this.#waitedFor.get(nodes) ?? NONE;
  }

  /**
   * Says whether most of the nodes wait for the contents of a value, or for what waits for them, and notes it if so.
   *
   * @param waiting those of the nodes that could not be planned
   */
  noteWaiting(nodes: readonly Node[], waiting: readonly Node[], name: string): boolean {
    const left = new Set(waiting);
    const behind = new Set([name]);
    let count = 0;
    for (const node of nodes) {
      if (![...valuesRead(node)].some((one) => behind.has(one))) continue;
      for (const one of node.outputs) behind.add(one);
      if (left.has(node)) count += 1;
    }
    if (2 * count <= nodes.length) return false;
    const names = this.#waitedFor.get(nodes) ?? new Set();
    this.#waitedFor.set(nodes, names.add(name));
    return true;
  }
}
