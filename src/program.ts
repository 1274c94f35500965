// Executes a checked graph: plans as much as can be planned, runs it, runs the operators of the host whose inputs are there,
// and plans on with what is known then, until nothing is left. A model without control flow, sequences, strings or shapes
// that depend on contents is one plan. Promises: the bits of every node are those of a plan of it alone (R5); what the
// graphs that nodes carry compute is computed by programs of their own. Not here: which machine, how plans are kept.
import type { Data } from './core/data.ts';
import { tensorsIn } from './core/data.ts';
import { dataInMemory, typeWithContents } from './bring.ts';
import { throwIfAborted } from './core/errors.ts';
import { Tensor } from './core/tensor.ts';
import type { CheckedGraph } from './graph/check.ts';
import { nodeLabel, nodeTitle, type Node } from './graph/graph.ts';
import type { FeedType } from './graph/plan.ts';
import { SEED_FEED, seedOfBody } from './graph/seed.ts';
import { valuesRead } from './graph/sort.ts';
import { HostNode } from './host_node.ts';
import { NodeSets } from './node_sets.ts';
import type { Machine, ProgramOptions, ProgramResult, Stage } from './machine.ts';
import { RunLog } from './run_log.ts';

export class Program {
  readonly checked: CheckedGraph;
  /** Its number in the session. */
  readonly id: number;

  /** What its nodes read and its outputs are: values of graphs around it may be among these. */
  readonly named: ReadonlySet<string>;
  /** Plans hold numbers; strings of the file are values like those that are fed. */
  readonly strings: readonly (readonly [string, Tensor])[];
  readonly sets: NodeSets;

  constructor(checked: CheckedGraph, id: number) {
    this.checked = checked;
    this.id = id;
    this.sets = new NodeSets(checked.graph.nodes);
    const { nodes, outputs } = checked.graph;
    this.named = new Set([
      ...nodes.flatMap((node) => [...valuesRead(node)]),
      ...outputs.map(({ name }) => name),
    ]);
    this.strings = [...checked.graph.initializers].filter(([, { dtype }]) => dtype === 'string');
  }

  /** @param feeds inputs, and what the graph takes from graphs around it */
  async run(
    machine: Machine,
    feeds: ReadonlyMap<string, Data>,
    options: ProgramOptions,
  ): Promise<ProgramResult> {
    const run = new ProgramRun(machine, this, feeds, options);
    try {
      return await run.result();
    } finally {
      run.release();
    }
  }
}

class ProgramRun {
  readonly #machine: Machine;
  readonly #program: Program;
  readonly #checked: CheckedGraph;
  readonly #options: ProgramOptions;
  readonly #values: Map<string, Data>;
  /** Values whose contents plans are for. */
  readonly #contents = new Set<string>();
  readonly #log = new RunLog();
  /** Where they were computed, and nobody's once the run is over. */
  readonly #own = new Set<Tensor>();
  readonly #hostNodes: Node[] = [];
  /** Runs of the bodies that nodes carry. */
  readonly #bodies = new Map<Node, number>();
  #random = false;

  constructor(
    machine: Machine,
    program: Program,
    feeds: ReadonlyMap<string, Data>,
    options: ProgramOptions,
  ) {
    this.#machine = machine;
    this.#program = program;
    this.#checked = program.checked;
    this.#options = options;
    this.#values = new Map([...feeds, ...program.strings]);
  }

  async result(): Promise<ProgramResult> {
    const { outputs, nodes: only, keepAll = false, run } = this.#options;
    const all = only ?? this.#program.sets.needed(outputs, keepAll);
    for (const name of this.#program.sets.waitedFor(all))
      if (this.#values.get(name) instanceof Tensor) this.#contents.add(name);
    let pending = all;
    let replayed: readonly Node[] = [];
    let after = 0;
    for (;;) {
      throwIfAborted(run.signal);
      const [before, isFirst] = [pending.length, after === 0];
      const nodes = replayed.length === 0 ? pending : [...replayed, ...pending];
      const stage = await this.#stage(nodes, after);
      after = stage.id;
      replayed = stage.replayed;
      pending = await this.#hostOperators(stage.deferred);
      if (pending.length === 0) break;
      if (isFirst && this.#learnForMost(all, stage)) continue;
      if (pending.length === before && !this.#learn(stage.contents.keys()))
        this.#stuck(pending, stage);
    }
    for (const name of outputs) {
      const value = this.#valueOf(name);
      if (value === undefined) throw new RangeError(`run: there is no value '${name}'.`);
      this.#values.set(name, value);
      for (const tensor of tensorsIn(value)) this.#own.delete(tensor);
    }
    this.#noteHost();
    // Not awaited where there is none: small models notice.
    const { trace } = this.#options;
    if (trace !== undefined) await trace.record((name) => this.#valueOf(name));
    return { values: this.#values, random: this.#random, ...this.#log.result };
  }

  release(): void {
    for (const tensor of this.#own) tensor.dispose();
  }

  #valueOf(name: string): Data | undefined {
    const value = this.#values.get(name);
    return value === undefined ? this.#machine.constant(name) : value;
  }

  /** Plans what can be planned of the nodes, and runs it. */
  async #stage(nodes: readonly Node[], after: number): Promise<Stage> {
    const { outputs, keepAll = false, fuse, trace, run } = this.#options;
    const { read, made } = this.#program.sets.valuesOf(nodes);
    const feeds = new Map<string, FeedType>();
    const given = new Map<string, Tensor>();
    for (const name of after === 0 ? this.#values.keys() : [...read, SEED_FEED]) {
      const value = this.#values.get(name);
      if (!(value instanceof Tensor) || value.dtype === 'string') continue;
      given.set(name, value);
      const { dtype, dims } = value;
      const isForContents = this.#contents.has(name);
      feeds.set(name, isForContents ? await typeWithContents(value) : { dtype, dims });
    }
    const { initializers } = this.#checked.graph;
    const isAtHand = (name: string): boolean =>
      after === 0 && (given.has(name) || (initializers.has(name) && !this.#values.has(name)));
    const stage = await this.#machine.stage(
      this.#checked,
      feeds,
      {
        outputs: outputs.filter((name) => made.has(name) || isAtHand(name)),
        nodes,
        ...(keepAll ? { keep: 'all' as const } : {}),
        fuse,
        inline: trace === undefined,
      },
      after,
    );
    if (stage.outputs.length === 0) return stage;
    const fed = new Map<string, Tensor>();
    for (const name of stage.feeds) {
      const tensor = given.get(name);
      if (tensor !== undefined) fed.set(name, tensor);
    }
    this.#random ||= fed.has(SEED_FEED);
    // Between stages values stay on a GPU; in memory operators of the host read them. Outputs go where they are wanted.
    const onDevice = new Set(run.keepOnDevice);
    const wanted = new Set(outputs);
    const areMoved = this.#machine.backend === 'wasm' || keepAll;
    for (const name of stage.outputs) if (!wanted.has(name) && !areMoved) onDevice.add(name);
    const result = await stage.executable.run(await this.#machine.bring(fed), {
      ...run,
      keepOnDevice: onDevice,
    });
    for (const [name, tensor] of result.outputs) {
      this.#values.set(name, tensor);
      if (tensor.storage !== undefined) this.#own.add(tensor);
    }
    const { graph } = this.#checked;
    this.#log.addNotes(this.#machine.note(result.notes, graph));
    this.#log.addGate(result.gate);
    this.#log.addSteps(result.steps ?? [], graph.nodes);
    return stage;
  }

  /** Runs what can be run on the host, in order; gives what is left. */
  async #hostOperators(nodes: readonly Node[]): Promise<readonly Node[]> {
    const { hosts } = this.#checked;
    let left = nodes;
    for (;;) {
      const ours = left.filter((node) => hosts[node.index] !== undefined);
      if (ours.length === 0) return left; // mostly: what is left waits for contents
      const missing = new Set(left.flatMap((node) => node.outputs));
      const ready = ours.filter((node) =>
        [...valuesRead(node)].every((name) => !missing.has(name)),
      );
      if (ready.length === 0) return left;
      for (const node of ready) await this.#hostOperator(node);
      left = left.filter((node) => !ready.includes(node));
    }
  }

  async #hostOperator(node: Node): Promise<void> {
    throwIfAborted(this.#options.run.signal);
    const op = this.#checked.hosts[node.index];
    if (op === undefined) return;
    const inputs: (Data | undefined)[] = [];
    for (const name of node.inputs) {
      const value = name === '' ? undefined : this.#valueOf(name);
      inputs.push(value === undefined ? undefined : await dataInMemory(value));
    }
    const context = new HostNode(node, this.#checked, inputs, {
      run: (body, given) => this.#body(node, body, given),
      call: this.#machine.call,
    });
    let results: readonly Data[];
    const begin = performance.now();
    const inner = this.#log.steps;
    try {
      results = await op.run(context);
    } catch (error) {
      if (error instanceof RangeError || error instanceof TypeError) {
        error.message = `node ${nodeLabel(node)}: ${error.message}`;
      }
      throw error;
    }
    if (this.#options.run.profile === true) this.#log.addHostStep(node, begin, inner);
    node.outputs.forEach((name, i) => {
      const value = results[i];
      if (name === '') return;
      if (value === undefined) throw new TypeError(`${node.opType}: there is no output ${i}.`);
      this.#values.set(name, value);
    });
    this.#hostNodes.push(node);
  }

  /** Runs a graph that a node carries. */
  async #body(node: Node, body: CheckedGraph, given: readonly Data[]): Promise<Data[]> {
    const { graph } = body;
    const feeds = new Map<string, Data>();
    const program = this.#machine.program(body);
    for (const name of program.named) {
      const value = this.#values.get(name);
      if (value !== undefined) feeds.set(name, value);
    }
    graph.inputs.forEach(({ name }, i) => {
      const value = given[i];
      if (value === undefined) {
        throw new RangeError(
          `expected ${graph.inputs.length} inputs of the body, got ${given.length}.`,
        );
      }
      feeds.set(name, value);
    });
    const count = this.#bodies.get(node) ?? 0;
    this.#bodies.set(node, count + 1);
    const seed = this.#values.get(SEED_FEED);
    if (seed instanceof Tensor) {
      const name = node.outputs.find((output) => output !== '') ?? '';
      feeds.set(SEED_FEED, seedOfBody(seed, name, count));
    }
    const { run, fuse, trace, keepAll } = this.#options;
    const result = await program.run(this.#machine, feeds, {
      outputs: graph.outputs.map(({ name }) => name),
      fuse,
      ...(trace === undefined
        ? {}
        : { keepAll, trace: trace.body(node, this.#attributeOf(node, body), graph) }),
      run: { ...run, keepOnDevice: undefined },
    });
    this.#random ||= result.random;
    this.#log.addBody(result);
    return graph.outputs.map(({ name }) => {
      const value = result.values.get(name);
      if (value === undefined) throw new TypeError(`there is no value '${name}' in the body.`);
      return value;
    });
  }

  /** The attribute that holds a graph of the node; of several graphs with its position. */
  #attributeOf(node: Node, body: CheckedGraph): string {
    const { bodies } = this.#checked;
    for (const [name, attribute] of node.attributes) {
      if (attribute.type === 'graph' && bodies.get(attribute.value) === body) return name;
      if (attribute.type !== 'graphs') continue;
      const at = attribute.value.findIndex((one) => bodies.get(one) === body);
      if (at >= 0) return `${name}.${at}`;
    }
    throw new Error(`${node.opType} '${nodeLabel(node)}': runs a graph that it does not carry.`);
  }

  /** Takes over the contents that most nodes wait for; what few wait for is planned behind what does not wait. */
  #learnForMost(nodes: readonly Node[], { deferred, contents }: Stage): boolean {
    // Whoever keeps all values compares or digests them: nothing is folded there that need not be.
    if (this.#options.keepAll === true) return false;
    const names = [...contents.keys()];
    return this.#learn(
      names.filter((name) => this.#program.sets.noteWaiting(nodes, deferred, name)),
    );
  }

  /** Takes over contents that plans need; false if there were none. */
  #learn(contents: Iterable<string>): boolean {
    let isNew = false;
    for (const name of contents) {
      if (this.#contents.has(name) || !(this.#values.get(name) instanceof Tensor)) continue;
      this.#contents.add(name);
      isNew = true;
    }
    return isNew;
  }

  #stuck(pending: readonly Node[], stage: Stage): never {
    const [error] = stage.contents.values();
    if (error !== undefined) throw error;
    const [node] = pending;
    const missing = [...(node === undefined ? [] : valuesRead(node))].filter(
      (name) => this.#valueOf(name) === undefined,
    );
    throw new Error(
      `run: ${node?.opType ?? ''} '${node === undefined ? '' : nodeLabel(node)}' waits for ${missing.map((name) => `'${name}'`).join()}.`,
    );
  }

  /** In a run on a GPU, what ran on the host is said. */
  #noteHost(): void {
    if (this.#machine.backend !== 'webgpu' || this.#hostNodes.length === 0) return;
    const nodes = this.#hostNodes.map(nodeTitle);
    const message = `${nodes.join(', ')}: executed on the host, between runs of the GPU.`;
    this.#log.addNotes([{ kind: 'reference', message, nodes }]);
  }
}
