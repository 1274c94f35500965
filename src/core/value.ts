// What dispatches read and write. Where its bytes lie is the backends' business.
import type { DType } from './dtype.ts';

/** A value of a plan: a tensor with concrete dims. Its id is its identity within the plan. */
export interface Value {
  readonly id: number;
  readonly dtype: DType;
  readonly dims: readonly number[];
  /** The name in the ONNX graph, empty for temporaries. */
  readonly name: string;
  /** True if every f32 word is known to be canonical (V2), so that readers may skip the test. */
  canonical: boolean;
  /** Set if the value is, by the node that made it, (value − zero point) · scale of another: products then use that (V8). */
  quantised?: Quantised;
  /** Set if the value is the elements of this constant of 16-bit floats, widened: who can reads it as it lies (V9). */
  halves?: Value;
}

/** What a dequantised value was made of. */
export interface Quantised {
  readonly value: Value;
  readonly scale: Value;
  /** Of the dtype of `value` and the dims of `scale`. */
  readonly zeroPoint: Value | undefined;
  /** The axis along which scales lie, each for one element of it; undefined where one is for all. */
  readonly axis: number | undefined;
}
