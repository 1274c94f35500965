// Operators that run between plans, on values and not on shapes: control flow, sequences, optionals, strings, and what
// has outputs whose shape depends on contents. They are functions from values to values in TypeScript; arithmetic in them
// is exact, or single IEEE-754 operations rounded to the type. A run on a GPU executes them on the host and says so.
import type { Data, DataType } from './data.ts';
import type { AttributeSpec, NodeContext } from './op.ts';
import type { Tensor } from './tensor.ts';

/** A graph that a node carries, ready to run. */
export interface Subgraph {
  /** How many inputs it declares, and how many outputs it has. */
  readonly inputs: number;
  readonly outputs: number;
  /** What the file says of each output's shape; undefined where it says nothing. */
  readonly outputDims: readonly (readonly (number | string | undefined)[] | undefined)[];
  /** The types of the outputs, as far as they are known. */
  readonly outputTypes: readonly (DataType | undefined)[];
  /** Its outputs for these inputs; what it takes from the graphs around it is known to it. */
  run(inputs: readonly Data[]): Promise<Data[]>;
}

/** What a host operator can ask while types are checked. */
export interface HostTypeContext extends NodeContext {
  /** The type of input `i`: of a sequence or optional what it holds; undefined where the input is absent. */
  typeOf(i: number): DataType | undefined;
  /** The types of the outputs of a graph that the node carries. */
  graphTypes(attribute: string): readonly (DataType | undefined)[];
  /** A `type` attribute; undefined if it is absent or holds none that is known. */
  typeAttribute(attribute: string): DataType | undefined;
  /** A `tensor` attribute as it is, strings too; undefined if it is absent. */
  tensorAttribute(attribute: string): Tensor | undefined;
}

/** The same, with values. */
export interface HostContext extends HostTypeContext {
  /** Input `i`, in memory; undefined where it is absent. */
  value(i: number): Data | undefined;
  /** Input `i`. @throws TypeError if it is absent or no tensor */
  tensorAt(i: number): Tensor;
  /** Input `i`. @throws TypeError if it is absent or no sequence */
  sequenceAt(i: number): readonly Data[];
  graph(attribute: string): Subgraph;
  /** Executes another operator on tensors, numeric ones: the bits are those of a node of its own. */
  call(
    type: string,
    inputs: readonly (Tensor | undefined)[],
    options?: { attributes?: Readonly<Record<string, number | string | readonly number[]>> },
  ): Promise<Tensor[]>;
  /** Executes the planned operator of the node's own name, opset and attributes on other tensors, numeric ones. */
  callPlanned(inputs: readonly (Tensor | undefined)[]): Promise<Tensor[]>;
}

/** An operator that is executed between plans. */
export interface HostOp {
  /** As ONNX spells it. */
  readonly type: string;
  /** '' is ai.onnx. */
  readonly domain?: string;
  readonly opsets: readonly [number, number];
  /** Fewest and most inputs. */
  readonly inputs: readonly [number, number];
  readonly attributes: Readonly<Record<string, AttributeSpec>>;
  /**
   * Whether it takes this node, asked where an operator that is planned has the same name: by default where an input is a
   * string tensor, a sequence or an optional.
   */
  takes?(node: HostTypeContext): boolean;
  /** The types of a carried graph's inputs, for those that the graph does not declare. */
  bodyTypes?(node: HostTypeContext, attribute: string): readonly (DataType | undefined)[];
  /** The types of the outputs; throws (TypeError) for inputs that are not implemented. */
  types(node: HostTypeContext): readonly (DataType | undefined)[];
  /** The attribute whose graph the node stands for, where known inputs decide it while planning. */
  choose?(known: (i: number) => Tensor | undefined): string | undefined;
  run(node: HostContext): readonly Data[] | Promise<readonly Data[]>;
}
