// Operators of the user's own, as plain data and functions: a composition of operators that exist, or a function of values
// on the host. They become what the library's own operators are (core/op.ts, core/host_op.ts). Not here: kernels
// (custom_kernel.ts).
import type { Data, DataType } from './core/data.ts';
import type { DType, TypedArray } from './core/dtype.ts';
import type { HostOp, HostTypeContext } from './core/host_op.ts';
import type { AttributeSpec, CallAttribute, LowerContext, NodeContext, OpDef } from './core/op.ts';
import { formatShape, sameShape } from './core/shape.ts';
import { Tensor } from './core/tensor.ts';
import type { Value } from './core/value.ts';

/**
 * The attributes of a node, by name: those that the file gives.
 *
 * @example
 * ```ts
 * import type { AttributeValues } from 'isobit';
 *
 * const scaleOf = ({ scale }: AttributeValues) => (typeof scale === 'number' ? scale : 1);
 * console.log(scaleOf({ scale: 3 }), scaleOf({})); // 3 1
 * ```
 */
export type AttributeValues = Readonly<
  Record<string, number | string | readonly number[] | readonly string[] | Tensor | undefined>
>;

/**
 * A value within a composition: what it is, not what it holds.
 *
 * @example
 * ```ts
 * import type { ComposedValue } from 'isobit';
 *
 * const rankOf = (value: ComposedValue) => value.dims.length;
 * console.log(rankOf({ dtype: 'float32', dims: [2, 3] })); // 2
 * ```
 */
export interface ComposedValue {
  /** The element type. */
  readonly dtype: DType;
  /** The shape. */
  readonly dims: readonly number[];
}

/**
 * What composes: other operators on values.
 *
 * @example
 * ```ts
 * import type { Composer, ComposedValue } from 'isobit';
 *
 * const cube = (composer: Composer, x: ComposedValue) => {
 *   const square = composer.call('Mul', [x, x]);
 *   return composer.call('Mul', [...square, x]);
 * };
 * console.log(cube.length); // 2
 * ```
 */
export interface Composer {
  /**
   * The outputs of an operator on values, of ai.onnx at opset 21 if not said otherwise. Numbers among the attributes are
   * integers, `{ float: x }` and `{ floats: [x] }` are not.
   */
  call(
    type: string,
    inputs: readonly (ComposedValue | undefined)[],
    options?: {
      readonly attributes?: Readonly<Record<string, CallAttribute>>;
      readonly domain?: string;
      readonly opset?: number;
      readonly outputs?: number;
    },
  ): ComposedValue[];
  /** A value that holds this. */
  constant(tensor: Tensor): ComposedValue;
}

/** What both kinds of operators say of themselves. */
export interface CustomOperator {
  /** The name that nodes have. */
  readonly type: string;
  /** A domain of the user's own. */
  readonly domain: string;
  /** The first and last opset version of the domain; every one if not given. */
  readonly opsets?: readonly [number, number];
  /** Fewest and most inputs. */
  readonly inputs: readonly [number, number];
  /** The attributes that nodes may have, and their kinds. */
  readonly attributes?: Readonly<
    Record<string, 'int' | 'float' | 'string' | 'ints' | 'floats' | 'strings' | 'tensor'>
  >;
}

/** What operators say that run within plans. */
export interface PlannedOperator extends CustomOperator {
  /** The element types of the outputs; the first input's for one output, if not given. */
  dtypes?(inputs: readonly (DType | undefined)[], attributes: AttributeValues): readonly DType[];
  /** The shapes of the outputs; the first input's for one output, if not given. */
  dims?(
    inputs: readonly (readonly number[] | undefined)[],
    attributes: AttributeValues,
  ): readonly (readonly number[])[];
}

/**
 * An operator that is a composition of others. It runs where they run, on WASM and on WebGPU, and has the bits of the
 * graph that it stands for.
 *
 * @example
 * ```ts
 * import type { ComposedOperator } from 'isobit';
 *
 * const cube: ComposedOperator = {
 *   type: 'Cube',
 *   domain: 'com.example',
 *   inputs: [1, 1],
 *   compose: (composer, [x]) => composer.call('Mul', [...composer.call('Mul', [x, x]), x]),
 * };
 * console.log(cube.type); // Cube
 * ```
 */
export interface ComposedOperator extends PlannedOperator {
  /** The outputs. Called for every new shape, so it must not depend on anything but its arguments. */
  compose(
    composer: Composer,
    inputs: readonly (ComposedValue | undefined)[],
    attributes: AttributeValues,
  ): readonly ComposedValue[];
}

/**
 * An operator that is a function of values, run on the host between what the backends run. Its bits are its author's to
 * keep: a function of its arguments alone, of integers or of single rounded operations (Math.fround).
 *
 * @example
 * ```ts
 * import { Tensor, type HostOperator } from 'isobit';
 *
 * const reverse: HostOperator = {
 *   type: 'ReverseTexts',
 *   domain: 'com.example',
 *   inputs: [1, 1],
 *   run: ([x]) =>
 *     x instanceof Tensor && Array.isArray(x.data)
 *       ? [new Tensor('string', x.data.map((text) => [...text].reverse().join('')), x.dims)]
 *       : [],
 * };
 * console.log(reverse.type); // ReverseTexts
 * ```
 */
export interface HostOperator extends CustomOperator {
  /** The types of the outputs; the first input's for one output, if not given. */
  types?(
    inputs: readonly (DataType | undefined)[],
    attributes: AttributeValues,
  ): readonly DataType[];
  /** The outputs for these inputs, which are in memory. */
  run(
    inputs: readonly (Data | undefined)[],
    attributes: AttributeValues,
  ): readonly Data[] | Promise<readonly Data[]>;
}

type Kinds = NonNullable<CustomOperator['attributes']>;

function specsOf(kinds: Kinds = {}): Record<string, AttributeSpec> {
  return Object.fromEntries(Object.entries(kinds).map(([name, kind]) => [name, { kind }]));
}

/** The attributes that a node has. */
export function valuesOf(node: NodeContext | HostTypeContext, kinds: Kinds = {}): AttributeValues {
  const values: Record<string, AttributeValues[string]> = {};
  for (const [name, kind] of Object.entries(kinds)) {
    if (!node.has(name)) continue;
    if (kind === 'tensor') {
      values[name] =
        'tensorAttribute' in node ? node.tensorAttribute(name) : tensorOf(node.tensor(name));
    } else if (kind === 'strings') {
      values[name] = 'strings' in node ? node.strings(name) : undefined;
    } else values[name] = node[kind](name);
  }
  return values;
}

const tensorOf = ({ dtype, dims, data }: ReturnType<NodeContext['tensor']>): Tensor =>
  new Tensor(dtype, data, dims);

const ALL: readonly [number, number] = [1, 2147483647];

/** The values of a composition that are not the user's to make: each is one of the plan's. */
class PlanComposer implements Composer {
  readonly #node: LowerContext;
  readonly #known: Set<unknown>;

  constructor(node: LowerContext, inputs: readonly (Value | undefined)[]) {
    this.#node = node;
    this.#known = new Set(inputs);
  }

  /** @throws TypeError for a value that no one gave */
  value(given: ComposedValue): Value {
    if (this.#known.has(given)) return given as Value;
    throw new TypeError(
      `${this.#node.opType}: expected a value that was given or composed, got another object.`,
    );
  }

  call(...[type, inputs, options]: Parameters<Composer['call']>): ComposedValue[] {
    const values = inputs.map((one) => (one === undefined ? undefined : this.value(one)));
    const made = this.#node.call(type, values, options);
    for (const value of made) this.#known.add(value);
    return made;
  }

  constant({ dtype, dims, data }: Tensor): ComposedValue {
    if (Array.isArray(data)) {
      throw new TypeError(`${this.#node.opType}: constant: expected numbers, got strings.`);
    }
    const value = this.#node.constantValue(dtype, dims, data satisfies TypedArray);
    this.#known.add(value);
    return value;
  }
}

/** All but how it is lowered. */
export function plannedDefinition(operator: PlannedOperator): Omit<OpDef, 'lower'> {
  const { type, domain, opsets = ALL, inputs, attributes } = operator;
  return {
    ...{ type, domain, opsets, inputs, attributes: specsOf(attributes) },
    dtypes(node) {
      const given = Array.from({ length: node.inputCount }, (_, i) => node.dtypeOf(i));
      const [first] = given;
      const found = operator.dtypes?.(given, valuesOf(node, attributes));
      return [...(found ?? (first === undefined ? [] : [first]))];
    },
    infer(node) {
      const given = Array.from({ length: node.inputCount }, (_, i) => node.optional(i)?.dims);
      const [first] = given;
      const found = operator.dims?.(given, valuesOf(node, attributes));
      return [...(found ?? (first === undefined ? [] : [first]))];
    },
  };
}

/** The definition that plans are made with. */
export function composedDefinition(operator: ComposedOperator): OpDef {
  const { type, attributes } = operator;
  return {
    ...plannedDefinition(operator),
    isUsers: true,
    lower(node) {
      const given = Array.from({ length: node.inputCount }, (_, i) => node.optional(i));
      const composer = new PlanComposer(node, given);
      const made = operator.compose(composer, given, valuesOf(node, attributes));
      for (let i = 0; i < node.outputCount; i += 1) {
        if (!node.wants(i)) continue;
        const out = node.output(i);
        const one = made[i];
        if (one === undefined) throw new TypeError(`${type}: compose: there is no output ${i}.`);
        const value = composer.value(one);
        if (value.dtype !== out.dtype || !sameShape(value.dims, out.dims)) {
          throw new RangeError(
            `${type}: compose: output ${i}: expected ${out.dtype} ${formatShape(out.dims)} as dtypes and dims say, got ${value.dtype} ${formatShape(value.dims)}.`,
          );
        }
        node.alias(out, value);
      }
    },
  };
}

/** The definition that programs run. */
export function hostDefinition(operator: HostOperator): HostOp {
  const { type, domain, opsets = ALL, inputs, attributes } = operator;
  return {
    ...{ type, domain, opsets, inputs, attributes: specsOf(attributes) },
    types(node) {
      const given = Array.from({ length: node.inputCount }, (_, i) => node.typeOf(i));
      return operator.types?.(given, valuesOf(node, attributes)) ?? [given[0]];
    },
    run(node) {
      const given = Array.from({ length: node.inputCount }, (_, i) => node.value(i));
      return operator.run(given, valuesOf(node, attributes));
    },
  };
}
