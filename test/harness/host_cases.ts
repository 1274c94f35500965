// Cases of operators of the host: as those of planned ones (cases.ts), but values may be strings, sequences and optionals, and
// attributes graphs, types and lists of strings. Pure data.
import { isSequence, type Data, type DataType } from '../../src/core/data.ts';
import { Tensor } from '../../src/core/tensor.ts';
import type { Attribute, Graph, Node, ValueInfo } from '../../src/graph/graph.ts';
import type { CaseGroup, Same } from './cases.ts';

export interface HostCase {
  readonly id: string;
  readonly group: CaseGroup;
  readonly graph: Graph;
  readonly feeds: ReadonlyMap<string, Data>;
  /** Hand-written expected outputs, by name, where the case has them. */
  readonly expected?: ReadonlyMap<string, Data>;
  /** Cases that share `key` must agree in output `y0`. */
  readonly same?: Same;
}

export type HostAttribute =
  | number
  | string
  | readonly number[]
  | readonly string[]
  | { readonly float: number }
  | { readonly floats: readonly number[] }
  | { readonly strings: readonly string[] }
  | { readonly type: DataType }
  | { readonly graph: Graph }
  | Tensor;

function attributeOf(value: HostAttribute): Attribute {
  if (typeof value === 'number') return { type: 'int', value };
  if (typeof value === 'string') return { type: 'string', value };
  if (value instanceof Tensor) return { type: 'tensor', value };
  if ('float' in value) return { type: 'float', value: Math.fround(value.float) };
  if ('floats' in value) return { type: 'floats', value: value.floats.map(Math.fround) };
  if ('strings' in value) return { type: 'strings', value: value.strings };
  if ('type' in value) return { type: 'type', value: value.type };
  if ('graph' in value) return { type: 'graph', value: value.graph };
  return { type: 'ints', value: value.map(Number) };
}

export interface HostNodeSpec {
  readonly opType: string;
  readonly domain?: string;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly attributes?: Readonly<Record<string, HostAttribute>>;
}

/** What a value is, as a file would declare it; of an empty sequence and an empty optional what it holds stays open. */
export function typeOf(data: Data): DataType {
  if (data === null) return { kind: 'optional', of: undefined };
  if (!isSequence(data)) return { kind: 'tensor', dtype: data.dtype };
  const [first] = data;
  return { kind: 'sequence', of: first === undefined ? undefined : typeOf(first) };
}

export function infoOf(name: string, type: DataType): ValueInfo {
  return type.kind === 'tensor' ? { name, type, dtype: type.dtype } : { name, type };
}

/** A graph of these nodes. */
export function graphOf(
  name: string,
  nodes: readonly HostNodeSpec[],
  inputs: readonly ValueInfo[],
  outputs: readonly (string | ValueInfo)[],
  opset?: number,
): Graph {
  const domains = new Set(['', ...nodes.map((node) => node.domain ?? '')]);
  return {
    name,
    nodes: nodes.map(({ opType, domain = '', attributes = {}, ...rest }, index): Node => ({
      ...{ index, name: `${opType}${index}`, domain, opType, ...rest },
      attributes: new Map(
        Object.entries(attributes).map(([key, value]) => [key, attributeOf(value)]),
      ),
    })),
    inputs,
    outputs: outputs.map((output) => (typeof output === 'string' ? { name: output } : output)),
    initializers: new Map(),
    valueInfo: new Map(),
    opsets: new Map([...domains].map((domain) => [domain, opset ?? (domain === '' ? 21 : 5)])),
  };
}

export interface HostSpec {
  readonly opType: string;
  readonly domain?: string;
  readonly opset?: number;
  readonly attributes?: Readonly<Record<string, HostAttribute>>;
  /** undefined is an absent optional input. */
  readonly inputs: readonly (Data | undefined)[];
  /** Of inputs whose value does not tell, by position. */
  readonly types?: readonly (DataType | undefined)[];
  readonly outputs?: number;
}

/** A case of one node: inputs `x0`, `x1` …, outputs `y0`, `y1` …. */
export function hostCase(
  id: string,
  group: CaseGroup,
  spec: HostSpec,
  expected?: readonly Data[],
  same?: string,
): HostCase {
  const { opType, domain = '', opset, attributes = {}, inputs, types = [], outputs = 1 } = spec;
  const feeds = new Map<string, Data>();
  const infos: ValueInfo[] = [];
  const names = inputs.map((data, i) => {
    if (data === undefined) return '';
    const name = `x${i}`;
    feeds.set(name, data);
    infos.push(infoOf(name, types[i] ?? typeOf(data)));
    return name;
  });
  const given = Array.from({ length: outputs }, (_, i) => `y${i}`);
  const node = { opType, domain, attributes, inputs: names, outputs: given };
  const graph = graphOf(id, [node], infos, given, opset);
  return {
    ...{ id, group, graph, feeds },
    ...(expected === undefined
      ? {}
      : { expected: new Map(expected.map((data, i) => [`y${i}`, data])) }),
    ...(same === undefined ? {} : { same: { key: same } }),
  };
}

export const strings = (dims: readonly number[], ...texts: string[]): Tensor =>
  new Tensor('string', texts, dims);
export const f32 = (dims: readonly number[], ...values: number[]): Tensor =>
  new Tensor('float32', values, dims);
export const i64 = (dims: readonly number[], ...values: number[]): Tensor =>
  new Tensor('int64', values.map(BigInt), dims);
export const bools = (dims: readonly number[], ...values: (0 | 1)[]): Tensor =>
  new Tensor('bool', values, dims);
