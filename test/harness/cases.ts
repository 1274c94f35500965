// What an operator case is: one node (or a small graph) with its inputs, by a stable id. Cases are pure data,
// so that Vitest, the stack runner and the demo's verify page execute the same ones. Not here: execution
// (harness/conform.ts), expectations other than hand-written ones (goldens lie in test/golden).
import type { DType, TypedArray } from '../../src/core/dtype.ts';
import { Tensor, type TensorInput } from '../../src/core/tensor.ts';
import type { Attribute, Graph, Node, ValueInfo } from '../../src/graph/graph.ts';

/** The four groups that every operator's case file has, in this order. */
export type CaseGroup = 'defined' | 'edges' | 'random' | 'invariance';

export interface CaseInput {
  readonly dtype: DType;
  readonly dims: readonly number[];
  readonly data: TypedArray | readonly (number | bigint | boolean)[];
  /** An initializer instead of a graph input, as weights and axes are in real files. */
  readonly constant?: boolean;
}

export interface OpCase {
  /** `softmax/rows=3,cols=1025,data=subnormal,seed=7` */
  readonly id: string;
  readonly group: CaseGroup;
  readonly graph: Graph;
  readonly feeds: ReadonlyMap<string, Tensor>;
  /** Hand-written expected outputs, by name, where the case has them. */
  readonly expected?: ReadonlyMap<string, Tensor>;
  /**
   * Cases that share `key` must agree in the elements [from, to) of output `y0`, by default in all of it: the same
   * row in another batch, another position, another repetition.
   */
  readonly same?: Same;
}

export interface Same {
  readonly key: string;
  readonly from?: number;
  readonly to?: number;
}

export type CaseAttribute =
  | number
  | string
  | readonly number[]
  | { readonly float: number }
  | { readonly floats: readonly number[] }
  | { readonly strings: readonly string[] }
  | Tensor;

function attribute(value: CaseAttribute): Attribute {
  if (typeof value === 'number') return { type: 'int', value };
  if (typeof value === 'string') return { type: 'string', value };
  if (value instanceof Tensor) return { type: 'tensor', value };
  if ('float' in value) return { type: 'float', value: value.float };
  if ('floats' in value) return { type: 'floats', value: value.floats };
  if ('strings' in value) return { type: 'strings', value: value.strings };
  return { type: 'ints', value };
}

export interface NodeSpec {
  readonly opType: string;
  readonly domain?: string;
  readonly opset?: number;
  /** Integers are `int`, lists `ints`, `{ float: x }` is `float`. */
  readonly attributes?: Readonly<Record<string, CaseAttribute>>;
  /** undefined is an absent optional input. */
  readonly inputs: readonly (CaseInput | undefined)[];
  /** Number of outputs; 1 if not given. */
  readonly outputs?: number;
}

/** A case of one node: inputs `x0`, `x1` …, outputs `y0`, `y1` …. */
export function nodeCase(
  id: string,
  group: CaseGroup,
  spec: NodeSpec,
  extra: { expected?: readonly Tensor[]; same?: Same } = {},
): OpCase {
  const feeds = new Map<string, Tensor>();
  const initializers = new Map<string, Tensor>();
  const infos: ValueInfo[] = [];
  const names = spec.inputs.map((input, i) => {
    if (input === undefined) return '';
    const name = `x${i}`;
    const tensor = new Tensor(input.dtype, input.data as TensorInput, input.dims);
    if (input.constant) initializers.set(name, tensor);
    else {
      feeds.set(name, tensor);
      infos.push({ name, dtype: input.dtype, dims: input.dims });
    }
    return name;
  });
  const outputs = Array.from({ length: spec.outputs ?? 1 }, (_, i) => `y${i}`);
  const domain = spec.domain ?? '';
  const node: Node = {
    index: 0,
    name: 'node',
    domain,
    opType: spec.opType,
    inputs: names,
    outputs,
    attributes: new Map(
      Object.entries(spec.attributes ?? {}).map(([name, value]) => [name, attribute(value)]),
    ),
  };
  const graph: Graph = {
    name: id,
    nodes: [node],
    inputs: infos,
    outputs: outputs.map((name) => ({ name })),
    initializers,
    valueInfo: new Map(),
    opsets: new Map([[domain, spec.opset ?? (domain === '' ? 17 : 1)]]),
  };
  return {
    id,
    group,
    graph,
    feeds,
    ...(extra.expected === undefined
      ? {}
      : { expected: new Map(extra.expected.map((tensor, i) => [`y${i}`, tensor])) }),
    ...(extra.same === undefined ? {} : { same: extra.same }),
  };
}
