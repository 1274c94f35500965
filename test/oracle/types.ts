// What the oracle computes on: tensors as exact words, nodes as ONNX gives them. The oracle is the third
// implementation of docs/NUMERICS.md (M2): BigInt and rational arithmetic, written from that page alone. It shares
// no code with the library: nothing under test/oracle/ imports from src/, wasm/ or shaders/.

/** Element types by their ONNX names. */
export type OracleType =
  | 'float32'
  | 'float16'
  | 'bfloat16'
  | 'float64'
  | 'int8'
  | 'int16'
  | 'int32'
  | 'int64'
  | 'uint8'
  | 'uint16'
  | 'uint32'
  | 'uint64'
  | 'bool'
  | 'float8e4m3fn'
  | 'float8e4m3fnuz'
  | 'float8e5m2'
  | 'float8e5m2fnuz'
  | 'float8e8m0'
  | 'float4e2m1'
  | 'int4'
  | 'uint4'
  | 'int2'
  | 'uint2';

/**
 * A tensor in row-major order. Floats are their bits as unsigned numbers (float64: bigint), 64-bit integers are bigint, other integers numbers of their own range, bool is 0 or 1.
 */
export interface OracleTensor {
  readonly dtype: OracleType;
  readonly dims: readonly number[];
  readonly data: readonly (number | bigint)[];
  /** What DequantizeLinear made it of, for a product that it is fed to directly (V8). */
  readonly quantised?: OracleQuantised;
}

/** Elements less their zero points, and scales (words): one, or one for each index of `axis`. */
export interface OracleQuantised {
  readonly differences: readonly bigint[];
  readonly scales: readonly number[];
  readonly axis: number | undefined;
}

/** An attribute's value: a float is its f32 bits. */
export type OracleAttribute =
  | { readonly type: 'int'; readonly value: number }
  | { readonly type: 'float'; readonly bits: number }
  | { readonly type: 'string'; readonly value: string }
  | { readonly type: 'ints'; readonly value: readonly number[] }
  | { readonly type: 'floats'; readonly bits: readonly number[] }
  | { readonly type: 'strings'; readonly value: readonly string[] }
  | { readonly type: 'tensor'; readonly value: OracleTensor };

/** One node with its actual inputs. */
export interface OracleNode {
  readonly opType: string;
  readonly domain: string;
  /** The operator set version in force for the node's domain. */
  readonly opset: number;
  readonly attributes: ReadonlyMap<string, OracleAttribute>;
  /** undefined is an absent optional input. */
  readonly inputs: readonly (OracleTensor | undefined)[];
  /** How many outputs the node names. */
  readonly outputs: number;
  /** The name of the first output that is wanted: random numbers follow from it. */
  readonly output: string;
}

/** An operator: the outputs of a node, in order. */
export type OracleOperator = (node: OracleNode) => readonly OracleTensor[];
