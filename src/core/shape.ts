// Arithmetic on shapes: sizes, strides, axes, broadcasting. Shapes are plain arrays of non-negative integers, the
// empty array is a scalar. Everything is checked, so that a size computed here can be trusted for an allocation.

/** `[2, 3]` as ONNX texts print a shape. */
export function formatShape(dims: readonly (number | string | undefined)[]): string {
  return `[${dims.map((dim) => dim ?? '?').join(', ')}]`;
}

/**
 * A 64-bit integer as a number, clamped to ±(2^53 - 1). Exporters write 2^63 - 1 for "to the end"; as a size, an
 * index or an axis every integer beyond the limit means the same as the limit: further than any tensor reaches.
 */
export function clampedNumber(value: bigint): number {
  const limit = BigInt(Number.MAX_SAFE_INTEGER);
  return Number(value > limit ? limit : value < -limit ? -limit : value);
}

/**
 * The number of elements of a shape; 1 for a scalar.
 *
 * @throws RangeError for a dimension that is no non-negative integer, or a product of 2^53 and more
 */
export function sizeOf(dims: readonly number[]): number {
  let size = 1;
  let isEmpty = false;
  // By index: planning asks thousands of times, and iterators are garbage then.
  for (let axis = 0; axis < dims.length; axis += 1) {
    const dim = dims[axis] ?? 0;
    if (!Number.isSafeInteger(dim) || dim < 0) {
      throw new RangeError(
        `sizeOf: dimension out of range: expected an integer of at least 0, got ${dim} in shape ${formatShape(dims)}.`,
      );
    }
    isEmpty ||= dim === 0;
    size *= dim;
    // A product that left the exact range stays above 2^53 until a zero: hence the second look below.
    if (size > Number.MAX_SAFE_INTEGER && !dims.includes(0)) {
      throw new RangeError(
        `sizeOf: too many elements: expected less than 2^53, got shape ${formatShape(dims)}.`,
      );
    }
  }
  return isEmpty ? 0 : size;
}

/** Row-major strides in elements; a dimension of size 0 counts as 1 for the strides before it. */
export function stridesOf(dims: readonly number[]): number[] {
  const strides = [...dims];
  let stride = 1;
  for (let axis = dims.length - 1; axis >= 0; axis--) {
    strides[axis] = stride;
    stride *= Math.max(1, dims[axis] ?? 1);
  }
  return strides;
}

/**
 * The shape that all shapes broadcast to by the rules of ONNX (multidirectional, aligned at the last axis).
 *
 * @param op the operator's name, for the error
 * @throws RangeError if two sizes on one axis differ and neither is 1
 */
export function broadcastShapes(op: string, ...shapes: readonly (readonly number[])[]): number[] {
  const rank = shapes.reduce((most, shape) => Math.max(most, shape.length), 0);
  const result = Array.from({ length: rank }, () => 1);
  for (const shape of shapes) {
    const offset = rank - shape.length;
    shape.forEach((dim, axis) => {
      const had = result[offset + axis] ?? 1;
      if (dim === had || dim === 1) return;
      if (had !== 1) {
        throw new RangeError(
          `${op}: shapes do not broadcast: expected equal sizes or 1 on axis ${offset + axis - rank}, ` +
            `got ${shapes.map(formatShape).join(' and ')}. Reshape or expand one of them.`,
        );
      }
      result[offset + axis] = dim;
    });
  }
  return result;
}

/**
 * An axis counted from the front, from one that may be counted from the back.
 *
 * @throws RangeError outside -rank..rank-1
 */
export function normalizeAxis(op: string, axis: number, rank: number): number {
  if (!Number.isInteger(axis) || axis < -rank || axis >= rank) {
    const range = rank === 0 ? 'no axis, the tensor is a scalar' : `${-rank}..${rank - 1}`;
    throw new RangeError(
      `${op}: axis out of range: expected ${range}, got ${axis}. Choose an axis of the tensor.`,
    );
  }
  return axis < 0 ? axis + rank : axis;
}

/** Same rank and same sizes. */
export const sameShape = (a: readonly number[], b: readonly number[]): boolean => sameNumbers(a, b);

/** As many, each equal. */
export function sameNumbers(a: ArrayLike<number>, b: ArrayLike<number>): boolean {
  if (a === b) return true;
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i += 1) if (a[i] !== b[i]) return false;
  return true;
}
