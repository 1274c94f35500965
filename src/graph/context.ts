// What an operator sees of its node: attributes checked against the operator's own list, input dtypes, and,
// once shapes are known, values. Errors carry the operator; the caller adds the node's name.
import type { DataType } from '../core/data.ts';
import type { DType, TypedArray } from '../core/dtype.ts';
import type { HostTypeContext } from '../core/host_op.ts';
import type { AttributeSpec, NodeContext } from '../core/op.ts';
import type { Tensor } from '../core/tensor.ts';
import type { Attribute, Graph, Node } from './graph.ts';

/** The attribute and dtype half, available as soon as a file is read. */
export class AttributeContext implements NodeContext {
  readonly opType: string;
  readonly opset: number;
  readonly inputCount: number;
  readonly outputCount: number;
  readonly node: Node;
  readonly #dtypes: readonly (DType | undefined)[];

  constructor(node: Node, opset: number, dtypes: readonly (DType | undefined)[]) {
    this.node = node;
    this.opType = node.opType;
    this.opset = opset;
    this.inputCount = node.inputs.length;
    this.outputCount = node.outputs.length;
    this.#dtypes = dtypes;
  }

  has(attribute: string): boolean {
    return this.node.attributes.has(attribute);
  }

  int(attribute: string, otherwise?: number): number {
    const found = this.#find('int', attribute);
    return found?.type === 'int' ? found.value : this.#given(otherwise, attribute);
  }

  float(attribute: string, otherwise?: number): number {
    const found = this.#find('float', attribute);
    return found?.type === 'float' ? found.value : this.#given(otherwise, attribute);
  }

  string(attribute: string, otherwise?: string): string {
    const found = this.#find('string', attribute);
    return found?.type === 'string' ? found.value : this.#given(otherwise, attribute);
  }

  ints(attribute: string, otherwise?: readonly number[]): readonly number[] {
    const found = this.#find('ints', attribute);
    return found?.type === 'ints' ? found.value : this.#given(otherwise, attribute);
  }

  floats(attribute: string, otherwise?: readonly number[]): readonly number[] {
    const found = this.#find('floats', attribute);
    return found?.type === 'floats' ? found.value : this.#given(otherwise, attribute);
  }

  strings(attribute: string, otherwise?: readonly string[]): readonly string[] {
    const found = this.#find('strings', attribute);
    return found?.type === 'strings' ? found.value : this.#given(otherwise, attribute);
  }

  tensor(attribute: string): { dtype: DType; dims: readonly number[]; data: TypedArray } {
    const found = this.#find('tensor', attribute);
    const tensor = found?.type === 'tensor' ? found.value : undefined;
    const { dtype, dims, data } = this.#given(tensor, attribute);
    if (Array.isArray(data)) {
      throw new TypeError(`${this.opType}: attribute ${attribute}: expected numbers, got strings.`);
    }
    return { dtype, dims, data };
  }

  dtypeOf(i: number): DType | undefined {
    return this.#dtypes[i];
  }

  #find(kind: Attribute['type'], name: string): Attribute | undefined {
    const found = this.node.attributes.get(name);
    if (found !== undefined && found.type !== kind) {
      throw new TypeError(
        `${this.opType}: attribute ${name}: expected ${kind}, got ${found.type}.`,
      );
    }
    return found;
  }

  #given<T>(value: T | undefined, name: string): T {
    if (value === undefined) throw new TypeError(`${this.opType}: attribute ${name} is missing.`);
    return value;
  }
}

/** The same for an operator of the host, which also sees sequences, optionals, strings and graphs. */
export class HostTypes extends AttributeContext implements HostTypeContext {
  readonly types: readonly (DataType | undefined)[];
  readonly #graphTypes: (graph: Graph) => readonly (DataType | undefined)[];

  constructor(
    node: Node,
    opset: number,
    types: readonly (DataType | undefined)[],
    graphTypes: (graph: Graph) => readonly (DataType | undefined)[],
  ) {
    super(
      node,
      opset,
      types.map((type) => (type?.kind === 'tensor' ? type.dtype : undefined)),
    );
    this.types = types;
    this.#graphTypes = graphTypes;
  }

  typeOf(i: number): DataType | undefined {
    return this.types[i];
  }

  graphTypes(attribute: string): readonly (DataType | undefined)[] {
    return this.#graphTypes(this.carried(attribute));
  }

  /** The graph of an attribute. @throws TypeError if there is none */
  carried(attribute: string): Graph {
    const found = this.node.attributes.get(attribute);
    if (found?.type === 'graph') return found.value;
    throw new TypeError(`${this.opType}: attribute ${attribute} is missing.`);
  }

  typeAttribute(attribute: string): DataType | undefined {
    const found = this.node.attributes.get(attribute);
    return found?.type === 'type' ? found.value : undefined;
  }

  /** A `tensor` attribute as it is, strings too; undefined if it is absent. */
  tensorAttribute(attribute: string): Tensor | undefined {
    const found = this.node.attributes.get(attribute);
    return found?.type === 'tensor' ? found.value : undefined;
  }
}

/** Problems of a node's attributes against what the operator accepts, one sentence each. */
export function attributeProblems(
  def: { readonly attributes: Readonly<Record<string, AttributeSpec>> },
  node: Node,
): string[] {
  const problems: string[] = [];
  for (const [name, attribute] of node.attributes) {
    const spec = def.attributes[name];
    if (spec === undefined) {
      const known = Object.keys(def.attributes).join(', ') || 'none';
      problems.push(`attribute ${name} is not known: expected one of ${known}.`);
    } else if (spec.kind !== attribute.type) {
      problems.push(`attribute ${name}: expected ${spec.kind}, got ${attribute.type}.`);
    } else if (
      spec.oneOf !== undefined &&
      (typeof attribute.value === 'number' || typeof attribute.value === 'string') &&
      !spec.oneOf.includes(attribute.value)
    ) {
      problems.push(
        `attribute ${name}: expected one of ${spec.oneOf.join(', ')}, got ${attribute.value}.`,
      );
    }
  }
  return problems;
}
