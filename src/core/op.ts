// The contract between operators, planner and backends: operators are data.
//
// An operator (OpDef) says what it accepts, infers its output types and lowers itself to dispatches. A
// dispatch names a kernel, the words of its Params, and values; it holds no GPU object and no address, so
// either machine can execute it: `wasm/ops/<name>.c` and `shaders/ops/<name>.wgsl` are twins that read the
// same Params bytes and the same tensors. Nothing here executes anything.
import { programOnValues, type ChainProgram } from './chain.ts';
import type { DType, TypedArray } from './dtype.ts';
import { roomForWords } from './room.ts';
import type { Shader, ShaderName } from './shader.ts';
import type { Tiles } from './tiles.ts';
import type { Value } from './value.ts';

/** One field of a Params struct: `length` words; WGSL holds arrays as `array<vec4<u32>, length / 4>`. */
export interface ParamField {
  readonly name: string;
  readonly kind: 'u32' | 'i32' | 'f32';
  readonly length: number;
}

/** A program that exists on both machines under one name. */
export interface Kernel {
  /** The C symbol, the shader's file stem and its label. */
  readonly name: string;
  /** A kernel that is none of the core's: the module whose export `kernel` it is, with a memory of its own. */
  readonly module?: WebAssembly.Module;
  readonly params: readonly ParamField[];
  /**
   * The WebGPU twin, or a function that completes it for one dispatch (element-wise chains); absent where
   * the kernel runs on the reference only, which a run reports in its notes.
   */
  readonly shader?: ShaderName | Shader | ((dispatch: Dispatch) => ShaderName | Shader);
  /**
   * True if Params end in a `Chain`: 'whole' is the element-wise kernel itself, 'epilogue' a kernel whose
   * finished values seed the chain.
   */
  readonly chain?: 'whole' | 'epilogue';
  /**
   * Where the kernel only puts the words of its one input in another order: writes them back from its output. Words that
   * it changed, and places that it did not read, come out as they may.
   */
  readonly unpack?: (params: Uint32Array, packed: Uint32Array, to: Uint32Array) => void;
  /** True if its integers are data: none says where elements lie, so that a gate may draw them. Or the inputs of which it holds. */
  readonly anyIntegers?: true | readonly number[];
  /** Workgroups for the WebGPU twin, where they depend on the chain; else they are the dispatch's own. */
  readonly grid?: (dispatch: Dispatch) => readonly [number, number, number];
}

/** One execution of a kernel. */
export interface Dispatch {
  readonly kernel: Kernel;
  readonly params: Uint32Array;
  readonly inputs: readonly Value[];
  readonly outputs: readonly Value[];
  /** Independent work units for the WASM twin, and a rough cost of one, in multiply-adds. */
  readonly units: number;
  readonly unitCost: number;
  /** Bytes of private scratch memory that one call of the WASM twin needs. */
  readonly scratch: number;
  /** Workgroups for the WebGPU twin. */
  readonly grid: readonly [number, number, number];
  /** Values for the pipeline-overridable constants of the WebGPU twin. */
  readonly constants: Readonly<Record<string, number>>;
  /** The element-wise program at the end of the kernel; its loads are bound behind `inputs`. */
  readonly chain?: ChainProgram | undefined;
}

/** Everything a dispatch reads, in binding order. */
export function inputsOf({ inputs, chain }: Dispatch): readonly Value[] {
  return chain === undefined ? inputs : [...inputs, ...chain.loads.map((load) => load.value)];
}

/** The same on other values, of the same types each. */
export function onValues(dispatch: Dispatch, moved: (value: Value) => Value): Dispatch {
  const { chain } = dispatch;
  return withOperands(
    dispatch,
    dispatch.inputs.map(moved),
    dispatch.outputs.map(moved),
    chain === undefined ? undefined : programOnValues(chain, moved),
  );
}

/** The same kernel with the same Params on these. */
export function withOperands(
  { kernel, params, units, unitCost, scratch, grid, constants }: Dispatch,
  inputs: readonly Value[],
  outputs: readonly Value[],
  chain: ChainProgram | undefined,
): Dispatch {
  // All of one form: what planning makes and reads by the thousand.
  return { kernel, params, inputs, outputs, units, unitCost, scratch, grid, constants, chain };
}

/** Workgroups for the WebGPU twin. */
export function gridOfDispatch(dispatch: Dispatch): readonly [number, number, number] {
  return dispatch.kernel.grid?.(dispatch) ?? dispatch.grid;
}

/** What `emit` takes; everything omitted has the value given here. */
export interface DispatchOptions {
  readonly params?: Readonly<Record<string, number | readonly number[]>>;
  readonly inputs: readonly Value[];
  readonly outputs: readonly Value[];
  readonly units?: number; // 1
  readonly unitCost?: number; // 1
  readonly scratch?: number; // 0
  readonly grid?: readonly [number, number, number]; // [1, 1, 1]
  readonly constants?: Readonly<Record<string, number>>; // {}
  readonly chain?: ChainProgram;
  /** The outputs may never be read: where all is known, they are computed when somebody does. */
  readonly lazy?: boolean; // false
}

export type AttributeKind =
  | 'int'
  | 'float'
  | 'string'
  | 'ints'
  | 'floats'
  | 'strings'
  | 'tensor'
  | 'graph'
  | 'type'
  | 'other';

/** What an operator says of one attribute; a file that breaks it is refused at load. */
export interface AttributeSpec {
  readonly kind: AttributeKind;
  /** The values that are implemented, where not all are. */
  readonly oneOf?: readonly (number | string)[];
}

/** What an operator can ask about the node at hand, before shapes are known. */
export interface NodeContext {
  readonly opType: string;
  /** The opset version of the node's domain that the file declares. */
  readonly opset: number;
  /** The number of inputs and outputs the node lists (absent optional ones count). */
  readonly inputCount: number;
  readonly outputCount: number;
  has(attribute: string): boolean;
  int(attribute: string, otherwise?: number): number;
  float(attribute: string, otherwise?: number): number;
  string(attribute: string, otherwise?: string): string;
  ints(attribute: string, otherwise?: readonly number[]): readonly number[];
  floats(attribute: string, otherwise?: readonly number[]): readonly number[];
  strings(attribute: string, otherwise?: readonly string[]): readonly string[];
  /** A `tensor` attribute. */
  tensor(attribute: string): { dtype: DType; dims: readonly number[]; data: TypedArray };
  /** dtype of input `i`, undefined where the optional input is absent. */
  dtypeOf(i: number): DType | undefined;
}

/** The same, once the shapes of the inputs are known. */
export interface ShapeContext extends NodeContext {
  /** Input `i`; throws if it is absent. */
  input(i: number): Value;
  optional(i: number): Value | undefined;
  /** The contents of input `i` if they are known while planning, else undefined. */
  constant(i: number): TypedArray | undefined;
  /** The contents of input `i`, which the output's shape depends on. */
  known(i: number, what: string): TypedArray;
}

/** The same, with what is needed to emit dispatches. */
export interface LowerContext extends ShapeContext {
  readonly target: 'wasm' | 'webgpu';
  /** What the device says about tiles: no bit depends on it. */
  readonly tiles: Tiles;
  output(i: number): Value;
  /** True if output `i` is named and so must be computed. */
  wants(i: number): boolean;
  isConstant(value: Value): boolean;
  /** The contents of a value if they are known while planning, else undefined. */
  contents(value: Value): TypedArray | undefined;
  temp(dtype: DType, dims: readonly number[]): Value;
  constantValue(dtype: DType, dims: readonly number[], data: TypedArray): Value;
  emit(kernel: Kernel, options: DispatchOptions): void;
  /** Output or temporary `to` holds the same bytes as `from` under another shape: nothing is copied. */
  alias(to: Value, from: Value): void;
  /** What the node's random words are keyed by (V10). */
  randomness(): Randomness;
  /**
   * The outputs of another operator, applied to values: how an operator that is by definition a composition of others is
   * lowered, without a kernel of its own, and equal to the decomposed graph bit for bit (V7).
   */
  call(type: string, inputs: readonly (Value | undefined)[], options?: CallOptions): Value[];
}

export interface Randomness {
  /** Three u32 words that only a run knows, so that plans are kept from seed to seed: the run's seed, and its path. */
  readonly seed: Value;
  /** Two words that stand for the node: of the name of its first output. */
  readonly node: readonly [number, number];
}

/** An attribute of a called operator: an integer, integers, a string, `{ float }` or `{ floats }`. */
export type CallAttribute =
  | number
  | string
  | readonly number[]
  | { readonly float: number }
  | { readonly floats: readonly number[] };

export interface CallOptions {
  readonly attributes?: Readonly<Record<string, CallAttribute>>;
  /** '' if not given. */
  readonly domain?: string;
  /** Of the operator's domain; 21 of ai.onnx and 1 of others if not given. */
  readonly opset?: number;
  /** How many outputs are wanted; 1 if not given. */
  readonly outputs?: number;
  /** The value that the first output is to be, instead of a temporary. */
  readonly to?: Value;
}

/** The newest opset of ai.onnx that is known: definitions that have not changed since reach up to it. */
export const NEWEST_OPSET = 27;

/** An ONNX operator. */
export interface OpDef {
  /** As ONNX spells it. */
  readonly type: string;
  /** '' is ai.onnx. */
  readonly domain?: string;
  /** The first and last opset version whose definition this is. */
  readonly opsets: readonly [number, number];
  /** Fewest and most inputs. */
  readonly inputs: readonly [number, number];
  readonly attributes: Readonly<Record<string, AttributeSpec>>;
  /** Lowering runs code of users, which may do otherwise for the same node. */
  readonly isUsers?: true;
  /** The dtypes of the outputs; throws (TypeError) for inputs that are not implemented. */
  dtypes(node: NodeContext): DType[];
  /** The dims of the outputs; throws (RangeError) for shapes that do not fit. */
  infer(node: ShapeContext): (readonly number[])[];
  lower(node: LowerContext): void;
}

/** Reads `"n", "dims[8]", "alpha:f32"` into fields; arrays must start and end on 4-word boundaries. */
export function paramFields(...fields: string[]): ParamField[] {
  let offset = 0;
  return fields.map((text) => {
    const match = /^(\w+)(?::(u32|i32|f32))?(?:\[(\d+)\])?$/.exec(text);
    if (!match)
      throw new TypeError(`params: expected "name", "name:kind" or "name[n]", got "${text}"`);
    const length = match[3] === undefined ? 1 : Number(match[3]);
    if (match[3] !== undefined && (offset % 4 !== 0 || length % 4 !== 0)) {
      throw new RangeError(
        `params: array "${text}" at word ${offset} must start and end on 4 words`,
      );
    }
    offset += length;
    return { name: match[1] ?? '', kind: (match[2] ?? 'u32') as ParamField['kind'], length };
  });
}

const float = new Float32Array(1);
const wordOfFloat = new Uint32Array(float.buffer);

/** One word of a Params struct. @throws RangeError for what is no 32-bit integer */
function paramWord(kernel: Kernel, { name, kind }: ParamField, value: number): number {
  if (kind === 'f32') {
    float[0] = value;
    return wordOfFloat[0] ?? 0;
  }
  if (Number.isInteger(value) && value >= -2147483648 && value <= 4294967295) return value >>> 0;
  throw new RangeError(
    `${kernel.name}: param ${name}: expected a 32-bit integer, got ${value}. Use smaller sizes.`,
  );
}

const lengths = new WeakMap<readonly ParamField[], number>();

/** Words of a Params struct, padded to a multiple of four. */
function wordsOfParams(fields: readonly ParamField[]): number {
  let length = lengths.get(fields);
  if (length === undefined) {
    const words = fields.reduce((sum, field) => sum + field.length, 0);
    lengths.set(fields, (length = Math.max(4, Math.ceil(words / 4) * 4)));
  }
  return length;
}

/** The words of a Params struct, padded to a multiple of four. */
export function packParams(
  kernel: Kernel,
  values: Readonly<Record<string, number | readonly number[]>>,
): Uint32Array {
  const out = roomForWords(wordsOfParams(kernel.params));
  let word = 0;
  for (const field of kernel.params) {
    const value = values[field.name];
    if (value === undefined) throw new TypeError(`${kernel.name}: param ${field.name} is missing`);
    if (typeof value === 'number') out[word] = paramWord(kernel, field, value);
    else if (value.length > field.length) {
      throw new RangeError(
        `${kernel.name}: param ${field.name}: expected at most ${field.length} words, got ${value.length}. Use fewer axes.`,
      );
    } else {
      for (let i = 0; i < value.length; i += 1)
        out[word + i] = paramWord(kernel, field, value[i] ?? 0);
    }
    word += field.length;
  }
  const names = Object.keys(values);
  if (names.length !== kernel.params.length) {
    const known = new Set(kernel.params.map((field) => field.name));
    const extra = names.filter((name) => !known.has(name));
    throw new TypeError(`${kernel.name}: unknown params ${extra.join(', ')}`);
  }
  return out;
}
