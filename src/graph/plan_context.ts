// The context in which an operator lowers itself: its node's attributes, the values it reads and writes, and `emit`.
import { HostConstant, type Constant } from '../core/constant.ts';
import { dtypeInfo, type DType, type TypedArray } from '../core/dtype.ts';
import {
  packParams,
  type CallAttribute,
  type CallOptions,
  type Dispatch,
  type DispatchOptions,
  type Kernel,
  type LowerContext,
  type Randomness,
} from '../core/op.ts';
import { formatShape, sizeOf } from '../core/shape.ts';
import { DEFAULT_TILES, type Tiles } from '../core/tiles.ts';
import type { Value } from '../core/value.ts';
import type { CheckedGraph } from './check.ts';
import { AttributeContext } from './context.ts';
import type { Attribute, Node } from './graph.ts';
import type { PlanOptions } from './plan.ts';
import { SEED_FEED, wordsOfName } from './seed.ts';
import type { Recording } from './templates.ts';

/** Thrown where an operator needs the contents of a value that only a run knows. */
export class ContentsNeeded extends TypeError {
  /** The value's name in the graph. */
  readonly value: string;

  constructor(value: string, message: string) {
    super(message);
    this.value = value;
  }
}

/** What a context asks of the planner. */
export interface PlanBuilder {
  readonly checked: CheckedGraph;
  readonly options: PlanOptions;
  create(dtype: DType, dims: readonly number[]): Value;
  lookup(name: string): Value | undefined;
  /** A value's name in the graph, or that of a value that it is the same bytes as; empty for a temporary. */
  nameOf(value: Value): string;
  constant(value: Value): Constant | undefined;
  contents(value: Value): TypedArray | undefined;
  setConstant(value: Value, constant: Constant): void;
  /** The value is a constant with these contents: the same one for the same small contents, so that what is made of it is shared. */
  makeConstant(value: Value, bytes: Uint8Array): void;
  alias(to: Value, from: Value): void;
  readonly recording: Recording | undefined;
  emit(node: number, dispatch: Dispatch, lazy: boolean): void;
}

export class PlanContext extends AttributeContext implements LowerContext {
  readonly target: 'wasm' | 'webgpu';
  readonly tiles: Tiles;
  readonly #planner: PlanBuilder;
  readonly #inputs: readonly (Value | undefined)[];
  /** The node of the planned graph that dispatches are for: another one inside a branch. */
  readonly #origin: number;
  outputs: readonly (Value | undefined)[] = [];

  constructor(
    planner: PlanBuilder,
    node: Node,
    inputs: readonly (Value | undefined)[],
    opset: number,
    origin = node.index,
  ) {
    super(
      node,
      opset,
      inputs.map((value) => value?.dtype),
    );
    this.#planner = planner;
    this.#inputs = inputs;
    this.#origin = origin;
    this.target = planner.options.target;
    this.tiles = planner.options.tiles ?? DEFAULT_TILES;
  }

  input(i: number): Value {
    const value = this.#inputs[i];
    if (value === undefined) throw new TypeError(`${this.opType}: input ${i} is missing.`);
    return value;
  }

  optional(i: number): Value | undefined {
    return this.#inputs[i];
  }

  constant(i: number): TypedArray | undefined {
    const value = this.#inputs[i];
    return value === undefined ? undefined : this.#planner.contents(value);
  }

  known(i: number, what: string): TypedArray {
    const contents = this.constant(i);
    if (contents !== undefined) return contents;
    const message = `${this.opType}: ${what} (input ${i}) must be known from the model and the shapes of its inputs, got a computed tensor. Make it an initializer.`;
    const name = this.#planner.nameOf(this.input(i));
    throw name === '' ? new TypeError(message) : new ContentsNeeded(name, message);
  }

  output(i: number): Value {
    const value = this.outputs[i];
    if (value === undefined) throw new TypeError(`${this.opType}: output ${i} is not wanted.`);
    return value;
  }

  wants(i: number): boolean {
    return this.outputs[i] !== undefined;
  }

  isConstant(value: Value): boolean {
    return this.#planner.constant(value) !== undefined;
  }

  contents(value: Value): TypedArray | undefined {
    return this.#planner.contents(value);
  }

  temp(dtype: DType, dims: readonly number[]): Value {
    return this.#planner.create(dtype, dims);
  }

  constantValue(dtype: DType, dims: readonly number[], data: TypedArray): Value {
    const value = this.#planner.create(dtype, dims);
    const bytes = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
    this.#planner.makeConstant(value, bytes);
    return value;
  }

  emit(kernel: Kernel, options: DispatchOptions): void {
    if (options.outputs.every((value) => sizeOf(value.dims) === 0)) {
      // Zero elements: nothing to compute, on either machine.
      this.#planner.recording?.giveUp();
      for (const value of options.outputs) {
        this.#planner.setConstant(value, new HostConstant(value.dtype, new Uint8Array(0)));
      }
      return;
    }
    const dispatch: Dispatch = {
      kernel,
      params: packParams(kernel, options.params ?? {}),
      inputs: options.inputs,
      outputs: options.outputs,
      units: options.units ?? 1,
      unitCost: Math.max(1, Math.min(4294967295, Math.round(options.unitCost ?? 1))),
      scratch: options.scratch ?? 0,
      grid: options.grid ?? [1, 1, 1],
      constants: options.constants ?? {},
      chain: options.chain,
    };
    this.#planner.emit(this.#origin, dispatch, options.lazy === true);
  }

  alias(to: Value, from: Value): void {
    if (
      dtypeInfo(to.dtype).bytes !== dtypeInfo(from.dtype).bytes ||
      sizeOf(to.dims) !== sizeOf(from.dims)
    ) {
      throw new RangeError(
        `${this.opType}: expected ${sizeOf(from.dims)} elements, got shape ${formatShape(to.dims)}.`,
      );
    }
    this.#planner.alias(to, from);
  }

  randomness(): Randomness {
    this.#planner.recording?.giveUp();
    const seed = this.#planner.lookup(SEED_FEED);
    if (seed === undefined) {
      throw new TypeError(
        `${this.opType}: a run without a seed: expected one. Run the whole model.`,
      );
    }
    const name = this.node.outputs.find((output) => output !== '') ?? '';
    return { seed, node: wordsOfName(name) };
  }

  call(type: string, inputs: readonly (Value | undefined)[], options: CallOptions = {}): Value[] {
    const { domain = '', outputs = 1, attributes = {}, to } = options;
    const opset = options.opset ?? (domain === '' ? CALLED_OPSET : 1);
    const def = this.#planner.checked.registry.find(domain, type, opset);
    if (def === undefined) {
      throw new Error(`${this.opType}: there is no operator ${domain}:${type} at opset ${opset}.`);
    }
    // The node is this one for whoever reads notes: it has no other place in the file.
    const node: Node = {
      index: this.node.index,
      name: this.node.name,
      domain,
      opType: type,
      inputs: inputs.map((value, i) => (value === undefined ? '' : `in${i}`)),
      outputs: Array.from({ length: outputs }, (_, i) => `out${i}`),
      attributes: new Map(
        Object.entries(attributes).map(([name, value]) => [name, attributeOf(value)]),
      ),
    };
    const context = new PlanContext(this.#planner, node, inputs, opset, this.#origin);
    const dtypes = def.dtypes(context);
    const made = def
      .infer(context)
      .slice(0, outputs)
      .map((dims, i): Value => {
        if (i === 0 && to !== undefined) {
          if (to.dtype === dtypes[0] && to.dims.join() === dims.join()) return to;
          throw new Error(
            `${this.opType}: ${type} gives ${dtypes[0] ?? 'nothing'} ${formatShape(dims)}, not ${to.dtype} ${formatShape(to.dims)}.`,
          );
        }
        const dtype = dtypes[i];
        if (dtype === undefined) throw new Error(`${this.opType}: ${type} has no output ${i}.`);
        return this.#planner.create(dtype, dims);
      });
    context.outputs = made;
    def.lower(context);
    return made;
  }
}

/** The opset of operators called without one: the newest in which none of them has changed since. */
const CALLED_OPSET = 21;

function attributeOf(value: CallAttribute): Attribute {
  if (typeof value === 'number') return { type: 'int', value };
  if (typeof value === 'string') return { type: 'string', value };
  if ('float' in value) return { type: 'float', value: Math.fround(value.float) };
  if ('floats' in value) return { type: 'floats', value: value.floats.map(Math.fround) };
  return { type: 'ints', value };
}
