// The contract's products (V2, V3, V4, V5), written once more from the rules: one product, one sum at a time in
// Math.fround arithmetic, the tree by its definition. Slow, and shares nothing with the kernels.

const word = new Uint32Array(1);
const float = new Float32Array(word.buffer);

/** x with NaN as 0x7fc00000, and +0 for magnitudes under the one that `limit` is the word of. */
function flush(x: number, limit: number): number {
  float[0] = x;
  const magnitude = (word[0] ?? 0) & 0x7fffffff;
  if (magnitude < limit) return 0;
  if (magnitude > 0x7f800000) word[0] = 0x7fc00000;
  return float[0] ?? 0;
}

/** V2: T = 2^-120. */
export const canonical = (x: number): number => flush(x, 0x03800000);
/** V3: operands of summed products, 2^-51. */
export const operand = (x: number): number => flush(x, 0x26000000);

/** V4: groups of 64 terms, then groups of 64 group sums, until one is left. */
export function treeSum(terms: readonly number[]): number {
  let level = terms;
  do {
    const next: number[] = [];
    for (let first = 0; first < level.length; first += 64) {
      let sum = 0;
      for (const term of level.slice(first, first + 64)) sum = Math.fround(sum + term);
      next.push(sum);
    }
    level = next;
  } while (level.length > 1);
  return level[0] ?? 0;
}

export function matMulModel(
  a: Float32Array,
  b: Float32Array,
  { m, n, k }: { m: number; n: number; k: number },
): Float32Array {
  const out = new Float32Array(m * n);
  for (let i = 0; i < m; i += 1) {
    for (let j = 0; j < n; j += 1) {
      const terms = Array.from({ length: k }, (_, p) =>
        Math.fround(operand(a[i * k + p] ?? 0) * operand(b[p * n + j] ?? 0)),
      );
      out[i * n + j] = canonical(treeSum(terms));
    }
  }
  return out;
}

export interface ConvSizes {
  readonly batch: number;
  readonly groups: number;
  /** A group. */
  readonly channels: number;
  readonly filters: number;
  /** Three axes each. */
  readonly size: readonly number[];
  readonly out: readonly number[];
  readonly kernel: readonly number[];
  readonly strides: readonly number[];
  readonly dilations: readonly number[];
  readonly begin: readonly number[];
}

/** Every position of a box, the last axis fastest. */
function* positions(box: readonly number[]): Generator<readonly [number, number, number]> {
  const [depth = 1, height = 1, width = 1] = box;
  for (let z = 0; z < depth; z += 1)
    for (let y = 0; y < height; y += 1) for (let x = 0; x < width; x += 1) yield [z, y, x];
}

export function convModel(
  x: Float32Array,
  w: Float32Array,
  bias: Float32Array | undefined,
  sizes: ConvSizes,
): Float32Array {
  const { batch, groups, channels, filters, size, out, kernel, strides, dilations, begin } = sizes;
  const [, height = 1, width = 1] = size;
  const plane = size.reduce((product, one) => product * one, 1);
  const result: number[] = [];
  for (let image = 0; image < batch * groups; image += 1) {
    for (let filter = 0; filter < filters; filter += 1) {
      const row = (image % groups) * filters + filter;
      for (const place of positions(out)) {
        const terms: number[] = [];
        for (let channel = 0; channel < channels; channel += 1) {
          for (const tap of positions(kernel)) {
            const at = place.map(
              (p, axis) =>
                p * (strides[axis] ?? 1) +
                (tap[axis] ?? 0) * (dilations[axis] ?? 1) -
                (begin[axis] ?? 0),
            );
            const weight =
              w[row * channels * kernel.reduce((p, one) => p * one, 1) + terms.length] ?? 0;
            const [z = 0, y = 0, column = 0] = at;
            const inside = at.every((p, axis) => p >= 0 && p < (size[axis] ?? 1));
            const index = (image * channels + channel) * plane + (z * height + y) * width + column;
            terms.push(inside ? Math.fround(operand(weight) * operand(x[index] ?? 0)) : 0);
          }
        }
        const sum = canonical(treeSum(terms));
        result.push(bias ? canonical(Math.fround(sum + canonical(bias[row] ?? 0))) : sum);
      }
    }
  }
  return Float32Array.from(result);
}
