// What dispatches read and write. Where its bytes lie is the backends' business.
import type { DType } from './dtype.ts';

/** A value of a plan: a tensor with concrete dims. Identity is the object. */
export interface Value {
  readonly id: number;
  readonly dtype: DType;
  readonly dims: readonly number[];
  /** The name in the ONNX graph, empty for temporaries. */
  readonly name: string;
  /** True if every f32 word is known to be canonical (V2), so that readers may skip the test. */
  canonical: boolean;
}
