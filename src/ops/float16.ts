// Operators on 16-bit floats by way of float32 (V9): operands are widened, which is exact, the operator is the one of float32,
// and its 16-bit results are rounded once. The conversions are chains, which fuse with what stands between them. An operator
// that takes the type itself, because it moves or converts bits, is left as it is.
import type { DType } from '../core/dtype.ts';
import type {
  CallOptions,
  DispatchOptions,
  Kernel,
  LowerContext,
  NodeContext,
  OpDef,
  Randomness,
  ShapeContext,
} from '../core/op.ts';
import type { TypedArray } from '../core/dtype.ts';
import type { Tiles } from '../core/tiles.ts';
import type { Value } from '../core/value.ts';
import { emitCast } from './cast.ts';
import { isFloat, isFloat16 } from './element_types.ts';

/** Outputs that are float32 whatever the operands are: stored statistics. */
const STAYS_FLOAT32: Readonly<Record<string, readonly number[]>> = { LayerNormalization: [1, 2] };

const widened = (dtype: DType | undefined): DType | undefined =>
  isFloat16(dtype) ? 'float32' : dtype;

/** The type that float32 results have: that of the first float operand. */
function resultType(node: NodeContext): DType {
  for (let i = 0; i < node.inputCount; i += 1) {
    const dtype = node.dtypeOf(i);
    if (dtype !== undefined && isFloat(dtype)) return dtype;
  }
  return 'float32';
}

function dtypesOf(def: OpDef, node: NodeContext): DType[] {
  const result = resultType(node);
  return def.dtypes(new WidenedNode(node)).map((dtype, i) => {
    const stays = STAYS_FLOAT32[def.type]?.includes(i) ?? false;
    return dtype === 'float32' && isFloat16(result) && !stays ? result : dtype;
  });
}

/** Whether the node has 16-bit floats that the operator does not take itself. */
function isWidened(def: OpDef, node: NodeContext): boolean {
  const types = Array.from({ length: node.inputCount }, (_, i) => node.dtypeOf(i));
  if (!types.some(isFloat16)) return false;
  try {
    def.dtypes(node);
    return false;
  } catch (error) {
    if (error instanceof TypeError) return true;
    throw error;
  }
}

/** The operator, with 16-bit floats. */
export function withFloat16(def: OpDef): OpDef {
  return {
    ...def,
    dtypes: (node) => (isWidened(def, node) ? dtypesOf(def, node) : def.dtypes(node)),
    infer: (node) => def.infer(isWidened(def, node) ? new WidenedShape(node) : node),
    lower(node) {
      if (!isWidened(def, node)) {
        def.lower(node);
        return;
      }
      const context = new WidenedLower(node);
      def.lower(context);
      context.store();
    },
  };
}

class WidenedNode<T extends NodeContext> implements NodeContext {
  protected readonly node: T;

  constructor(node: T) {
    this.node = node;
  }

  get opType(): string {
    return this.node.opType;
  }
  get opset(): number {
    return this.node.opset;
  }
  get inputCount(): number {
    return this.node.inputCount;
  }
  get outputCount(): number {
    return this.node.outputCount;
  }
  has(name: string): boolean {
    return this.node.has(name);
  }
  int(name: string, otherwise?: number): number {
    return this.node.int(name, otherwise);
  }
  float(name: string, otherwise?: number): number {
    return this.node.float(name, otherwise);
  }
  string(name: string, otherwise?: string): string {
    return this.node.string(name, otherwise);
  }
  ints(name: string, otherwise?: readonly number[]): readonly number[] {
    return this.node.ints(name, otherwise);
  }
  floats(name: string, otherwise?: readonly number[]): readonly number[] {
    return this.node.floats(name, otherwise);
  }
  strings(name: string, otherwise?: readonly string[]): readonly string[] {
    return this.node.strings(name, otherwise);
  }
  tensor(name: string): { dtype: DType; dims: readonly number[]; data: TypedArray } {
    return this.node.tensor(name);
  }
  dtypeOf(i: number): DType | undefined {
    return widened(this.node.dtypeOf(i));
  }
}

/** The exact f32 values of 16-bit floats, as a canonical read gives them. */
function valuesOf(bits: TypedArray, dtype: DType): Float32Array {
  const words = Uint32Array.from(bits as Uint16Array, (half) => wordOf(half, dtype));
  return new Float32Array(words.buffer);
}

function wordOf(half: number, dtype: DType): number {
  const [sign, magnitude] = [(half >>> 15) << 31, half & 0x7fff];
  const infinity = dtype === 'float16' ? 0x7c00 : 0x7f80;
  if (magnitude > infinity) return 0x7fc00000;
  if (magnitude === infinity) return (sign | 0x7f800000) >>> 0;
  if (dtype === 'bfloat16') return magnitude < 0x0380 ? 0 : (half << 16) >>> 0;
  if (magnitude === 0) return 0;
  // f 2^-24 of a subnormal one: exact in f32.
  const number =
    magnitude < 0x400
      ? magnitude * 2 ** -24
      : (1024 + (magnitude & 1023)) * 2 ** ((magnitude >>> 10) - 25);
  return ((new Uint32Array(Float32Array.of(number).buffer)[0] ?? 0) | sign) >>> 0;
}

class WidenedShape<T extends ShapeContext> extends WidenedNode<T> implements ShapeContext {
  input(i: number): Value {
    return this.seen(this.node.input(i));
  }
  optional(i: number): Value | undefined {
    const value = this.node.optional(i);
    return value === undefined ? undefined : this.seen(value);
  }
  constant(i: number): TypedArray | undefined {
    const contents = this.node.constant(i);
    const dtype = this.node.dtypeOf(i);
    if (contents === undefined || dtype === undefined || !isFloat16(dtype)) return contents;
    return valuesOf(contents, dtype);
  }
  known(i: number, what: string): TypedArray {
    this.node.known(i, what); // throws where it is not
    return this.constant(i) ?? new Float32Array(0);
  }

  /** What the operator sees of a value: only its shape and type, while nothing is emitted. */
  protected seen(value: Value): Value {
    return isFloat16(value.dtype) ? { ...value, dtype: 'float32' } : value;
  }
}

class WidenedLower extends WidenedShape<LowerContext> implements LowerContext {
  readonly #wide = new Map<Value, Value>();
  readonly #outputs = new Map<number, Value>();

  get target(): 'wasm' | 'webgpu' {
    return this.node.target;
  }
  get tiles(): Tiles {
    return this.node.tiles;
  }
  output(i: number): Value {
    const out = this.node.output(i);
    if (!isFloat16(out.dtype)) return out;
    const wide = this.#outputs.get(i) ?? this.node.temp('float32', out.dims);
    this.#outputs.set(i, wide);
    return wide;
  }
  wants(i: number): boolean {
    return this.node.wants(i);
  }
  isConstant(value: Value): boolean {
    return this.node.isConstant(value);
  }
  contents(value: Value): TypedArray | undefined {
    return this.node.contents(value);
  }
  temp(dtype: DType, dims: readonly number[]): Value {
    return this.node.temp(dtype, dims);
  }
  constantValue(dtype: DType, dims: readonly number[], data: TypedArray): Value {
    return this.node.constantValue(dtype, dims, data);
  }
  emit(kernel: Kernel, options: DispatchOptions): void {
    this.node.emit(kernel, options);
  }
  alias(to: Value, from: Value): void {
    this.node.alias(to, from);
  }
  randomness(): Randomness {
    return this.node.randomness();
  }
  call(type: string, inputs: readonly (Value | undefined)[], options?: CallOptions): Value[] {
    return this.node.call(type, inputs, options);
  }

  /** Rounds what the operator gave. */
  store(): void {
    for (const [i, wide] of this.#outputs) emitCast(this.node, this.node.output(i), wide);
  }

  protected override seen(value: Value): Value {
    if (!isFloat16(value.dtype)) return value;
    const known = this.#wide.get(value);
    if (known !== undefined) return known;
    const wide = this.node.temp('float32', value.dims);
    emitCast(this.node, wide, value);
    this.#wide.set(value, wide);
    return wide;
  }
}
