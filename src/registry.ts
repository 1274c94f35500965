// The library's operators, those that are planned and those of the host, and those that a user added, as checkGraph asks for
// them. Most come in parts, which are loaded when a graph first names one of their operators. Promises: after `check`
// everything that a graph names and that its lowering can call is there, so nothing is loaded while a model runs. What is
// in which part is generated (part_names.ts); what lowering calls stands in its own part or in the basic one, and
// test/unit/parts.test.ts looks. Not here: operators.
import type { HostOp } from './core/host_op.ts';
import type { OpDef } from './core/op.ts';
import { checkGraph, PartNeeded, type CheckedGraph, type Registry } from './graph/check.ts';
import { nameOf, subgraphsOf, type Graph } from './graph/graph.ts';
import { operators as basic } from './ops/parts/basic.ts';
import { PART_NAMES, type PartName } from './part_names.ts';

type Definition = OpDef | HostOp;

/** What loads each part. */
export const PARTS: Readonly<
  Record<PartName, () => Promise<{ readonly operators: readonly Definition[] }>>
> = {
  control: () => import('./host/parts/control.ts'),
  images: () => import('./host/parts/images.ts'),
  language: () => import('./ops/parts/language.ts'),
  other: () => import('./ops/parts/other.ts'),
  quantised: () => import('./ops/parts/quantised.ts'),
  signal: () => import('./ops/parts/signal.ts'),
  texts: () => import('./host/parts/texts.ts'),
  trees: () => import('./host/parts/trees.ts'),
  vision: () => import('./ops/parts/vision.ts'),
};

const ALL = Object.keys(PART_NAMES) as PartName[];
const OF_HOST: ReadonlySet<PartName> = new Set(['control', 'images', 'texts', 'trees']);

const partsOf = new Map<string, PartName[]>();
for (const part of ALL) {
  for (const name of PART_NAMES[part].split(' ')) {
    partsOf.set(name, [...(partsOf.get(name) ?? []), part]);
  }
}

const isPlanned = (one: Definition): one is OpDef => 'lower' in one;
const isHost = (one: Definition): one is HostOp => !isPlanned(one);

const covers =
  (opset: number) =>
  ({ opsets }: { readonly opsets: readonly [number, number] }): boolean =>
    opsets[0] <= opset && opset <= opsets[1];

export class Operators implements Registry {
  readonly #known = new Map<string, Definition[]>();
  readonly #loaded = new Set<PartName>();
  readonly #added = new Set<Definition>();

  constructor() {
    this.#put(basic);
  }

  find(domain: string, type: string, opset: number): OpDef | undefined {
    const missing = this.#missing(domain, type, false);
    if (missing !== undefined) {
      throw new Error(`registry: ${nameOf(domain, type)}: part ${missing} was not prepared.`);
    }
    return this.#named(domain, type).filter(isPlanned).find(covers(opset));
  }

  findHost(domain: string, type: string, opset: number): HostOp | undefined {
    const missing = this.#missing(domain, type, true);
    if (missing !== undefined) throw new PartNeeded(missing);
    return this.#named(domain, type).filter(isHost).find(covers(opset));
  }

  ranges(domain: string, type: string): (readonly [number, number])[] {
    return this.#named(domain, type).map(({ opsets }) => opsets);
  }

  /** Whether there is an operator of this name, loaded or not. */
  exists(domain: string, type: string): boolean {
    const name = nameOf(domain, type);
    return partsOf.has(name) || (this.#known.get(name)?.length ?? 0) > 0;
  }

  /** Adds an operator for all graphs that are checked from now on; what it gives takes it away again. */
  add(definition: Definition): () => void {
    const name = nameOf(definition.domain ?? '', definition.type);
    this.#put([definition]);
    this.#added.add(definition);
    return () => {
      this.#added.delete(definition);
      const others = (this.#known.get(name) ?? []).filter((one) => one !== definition);
      this.#known.set(name, others);
    };
  }

  /**
   * Checks a graph, whose operators are loaded before: those that it names at once, and forms for the host of operators that
   * are planned for numbers where the types that flow ask for them.
   *
   * @throws UnsupportedOpError as checkGraph; what import() does where a part cannot be loaded
   */
  async check(graph: Graph): Promise<CheckedGraph> {
    await this.load(this.partsOf(graph));
    for (;;) {
      try {
        return checkGraph(graph, this);
      } catch (error) {
        if (!(error instanceof PartNeeded)) throw error;
        await this.load(ALL.filter((part) => part === error.part));
      }
    }
  }

  /** Loads parts, all if not said otherwise. */
  async load(parts: Iterable<PartName> = ALL): Promise<void> {
    const missing = [...parts].filter((part) => !this.#loaded.has(part));
    const found = await Promise.all(missing.map((part) => PARTS[part]()));
    missing.forEach((part, i) => {
      if (this.#loaded.has(part)) return;
      this.#loaded.add(part);
      this.#put(found[i]?.operators ?? []);
    });
  }

  /** The parts that a graph names operators of; checking it may find that it needs more. */
  partsOf(graph: Graph): Set<PartName> {
    return new Set(this.#wanted(graph));
  }

  #wanted(graph: Graph): readonly PartName[] {
    return graph.nodes.flatMap((node) => {
      const name = nameOf(node.domain, node.opType);
      // A composition may call any operator.
      const isAdded = this.#known.get(name)?.some((one) => this.#added.has(one)) ?? false;
      const inner = subgraphsOf(node).flatMap((one) => this.#wanted(one));
      return [...(isAdded ? ALL : this.#partsFor(name)), ...inner];
    });
  }

  /** The parts with an operator: those of the host where none is planned. */
  #partsFor(name: string): readonly PartName[] {
    const parts = partsOf.get(name) ?? [];
    const planned = parts.filter((part) => !OF_HOST.has(part));
    return planned.length > 0 || this.#known.has(name) ? planned : parts;
  }

  #missing(domain: string, type: string, isHost: boolean): PartName | undefined {
    const parts = partsOf.get(nameOf(domain, type)) ?? [];
    return parts.find((part) => OF_HOST.has(part) === isHost && !this.#loaded.has(part));
  }

  #put(definitions: readonly Definition[]): void {
    for (const one of definitions) {
      const name = nameOf(one.domain ?? '', one.type);
      this.#known.set(name, [...(this.#known.get(name) ?? []), one]);
    }
  }

  #named(domain: string, type: string): readonly Definition[] {
    return this.#known.get(nameOf(domain, type)) ?? [];
  }
}

/** The operators of this page or process. */
export const registry = new Operators();
