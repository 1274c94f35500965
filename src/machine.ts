// What a program asks of the machine that it runs on, and what it gives: types only. A session is such a machine
// (session.ts); tests have others.
import type { Data } from './core/data.ts';
import type { Tensor } from './core/tensor.ts';
import type { Executable, GateCost, RunOptions as ExecutableOptions } from './backends/backend.ts';
import type { CheckedGraph } from './graph/check.ts';
import type { Graph, Node } from './graph/graph.ts';
import type { FeedType, Plan, PlanOptions } from './graph/plan.ts';
import type { Backend, Note, ProfileStep } from './run_types.ts';

/** A plan that is ready on a machine. */
export interface Stage {
  readonly executable: Executable;
  readonly feeds: readonly string[];
  readonly outputs: readonly string[];
  readonly deferred: readonly Node[];
  readonly replayed: readonly Node[];
  readonly contents: Plan['contents'];
  /** Set by whoever keeps stages. */
  readonly id: number;
}

/** What a program asks of its session. */
export interface Machine {
  readonly backend: Backend;
  /** The stage of these nodes for these feeds, made now or kept from before; `after` is the stage before it. */
  stage(
    checked: CheckedGraph,
    feeds: ReadonlyMap<string, FeedType>,
    options: Omit<PlanOptions, 'target' | 'tiles'>,
    after: number,
  ): Promise<Stage>;
  /** The tensors where the machine takes them from: in arrays, or where it computed them. */
  bring(feeds: ReadonlyMap<string, Tensor>): Promise<Map<string, Tensor>>;
  /** An initialiser, or what was computed from such alone. */
  constant(name: string): Tensor | undefined;
  note(notes: Awaited<ReturnType<Executable['run']>>['notes'], graph: Graph): Note[];
  /** The program of a graph that a node carries. */
  program(body: CheckedGraph): RunnableProgram;
  /** Executes one operator on tensors in memory, for an operator of the host. */
  call: HostCall;
}

/** A node of one operator, without its values. */
export interface CalledNode extends Pick<Node, 'domain' | 'opType' | 'attributes'> {
  readonly opset: number;
  /** How many outputs are wanted. */
  readonly outputs: number;
}

export type HostCall = (
  node: CalledNode,
  inputs: readonly (Tensor | undefined)[],
) => Promise<Tensor[]>;

export interface ProgramOptions {
  readonly outputs: readonly string[];
  /** Execute only these, whose values are fed; those that outputs depend on if not given. */
  readonly nodes?: readonly Node[] | undefined;
  /** Keep the value of every node. */
  readonly keepAll?: boolean;
  readonly fuse: boolean;
  /** Takes every value, those of graphs within nodes too; with keepAll. */
  readonly trace?: Recorder | undefined;
  readonly run: ExecutableOptions;
}

/** What takes the values of one run of a graph (evidence/trace.ts). */
export interface Recorder {
  /** For the next run of a graph that a node carries. */
  body(node: Node, attribute: string, graph: Graph): Recorder;
  record(values: (name: string) => Data | undefined): Promise<void>;
}

export interface ProgramResult {
  readonly values: ReadonlyMap<string, Data>;
  readonly notes: readonly Note[];
  /** The seed was read. */
  readonly random: boolean;
  readonly gate?: GateCost;
  /** With times of `performance.now()`. */
  readonly profile: readonly ProfileStep[];
}

/** A program as others see it. */
export interface RunnableProgram {
  /** The values that its nodes read, and its outputs. */
  readonly named: ReadonlySet<string>;
  run(
    machine: Machine,
    feeds: ReadonlyMap<string, Data>,
    options: ProgramOptions,
  ): Promise<ProgramResult>;
}
