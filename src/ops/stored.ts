// How products on WebGPU read an operand: constants of 16-bit floats as they lie in the file (V9), which takes half the memory
// of their float32 copies, all others as words. Widening is exact, so no bit depends on it.
import type { Value } from '../core/value.ts';

// As shaders/math/halves.wgsl and wasm/stored.h have them.
const STORED: Partial<Record<Value['dtype'], number>> = { float16: 1, bfloat16: 2 };

/** The value to bind, and what the kernel is told of it. */
export function asStored(value: Value): { value: Value; stored: number } {
  const { halves } = value;
  const stored = halves === undefined ? undefined : STORED[halves.dtype];
  return halves === undefined || stored === undefined
    ? { value, stored: 0 }
    : { value: halves, stored };
}
