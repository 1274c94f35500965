// Elements of any dtype as keys that compare with < and ===: integers and bool as they are, floats by V2's order (one zero,
// NaN above +∞), strings by their UTF-8 bytes, which is the order of code points and not of JavaScript's units.
import type { DType } from '../core/dtype.ts';
import type { Tensor } from '../core/tensor.ts';
import { orderKey } from './f32.ts';

export type OrderKey = number | bigint | string;

/** A float16 by its bits: it keeps its subnormals (V9). */
function orderKey16(bits: number): number {
  const magnitude = bits & 0x7fff;
  if (magnitude > 0x7c00) return 0x7e00;
  return bits >= 0x8000 ? -magnitude : magnitude;
}

const word64 = new DataView(new ArrayBuffer(8));

/** A float64: nothing is flushed, but there is one zero and one NaN. */
function orderKey64(x: number): bigint {
  if (Number.isNaN(x)) return 0x7ff8000000000000n;
  word64.setFloat64(0, x);
  const bits = word64.getBigInt64(0);
  return bits < 0n ? -(bits & 0x7fffffffffffffffn) : bits;
}

/** Surrogates moved behind U+FFFF, where their code points are: the units then sort as code points do. */
function orderKeyText(text: string): string {
  return text.replace(/[\ud800-\uffff]/g, (unit) => {
    const code = unit.charCodeAt(0);
    return String.fromCharCode(code >= 0xe000 ? code - 0x800 : code + 0x2000);
  });
}

const FLOATS: readonly DType[] = ['float32', 'bfloat16', 'float16', 'float64'];

/** @throws TypeError for a type whose elements have no keys: floats of 8 and 4 bits */
export function expectKeys(opType: string, dtype: DType | undefined): void {
  if (dtype !== undefined && (!dtype.startsWith('float') || FLOATS.includes(dtype))) return;
  throw new TypeError(
    `${opType}: expected integers, bool, floats of 16 bits or more, or strings, got ${dtype ?? '?'}. Cast it.`,
  );
}

/** A key for each element, in row-major order. */
export function orderKeys(tensor: Tensor): OrderKey[] {
  const { dtype, data } = tensor;
  if (Array.isArray(data)) return data.map(orderKeyText);
  if (data instanceof BigInt64Array || data instanceof BigUint64Array) return Array.from(data);
  switch (dtype) {
    case 'float32': {
      const bytes = tensor.bytes();
      const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
      return Array.from({ length: tensor.size }, (_, i) => orderKey(view.getUint32(4 * i, true)));
    }
    case 'bfloat16':
      return Array.from(data, (bits) => orderKey((bits << 16) >>> 0));
    case 'float16':
      return Array.from(data, orderKey16);
    case 'float64':
      return Array.from(data, orderKey64);
    default:
      return Array.from(data);
  }
}

/** Whether an element is not zero, as a Cast to bool says: NaN is. */
export function isSet(key: OrderKey): boolean {
  return key !== 0 && key !== 0n && key !== '';
}
