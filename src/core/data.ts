// What a value of a model can be: a tensor, a sequence of such, or nothing where ONNX has an optional. And the types of
// these, as far as a file tells them before anything runs. Plain arrays and null, so that a caller builds them by hand.
// Nothing here computes.
import type { DType } from './dtype.ts';
import { Tensor } from './tensor.ts';

/**
 * A value of a model: a tensor; an array, which is an ONNX sequence; null, an ONNX optional that holds nothing (one that
 * holds something is what it holds).
 *
 * @example
 * ```ts
 * import { Tensor, type Data } from 'isobit';
 *
 * const sequence: Data = [new Tensor('float32', [1], [1]), new Tensor('float32', [2, 3], [2])];
 * console.log(sequence.length); // 2
 * ```
 */
export type Data = Tensor | readonly Data[] | null;

/**
 * The type of a value as far as it is known at load: what a sequence or an optional holds may be open.
 *
 * @example
 * ```ts
 * import type { DataType } from 'isobit';
 *
 * const type: DataType = { kind: 'sequence', of: { kind: 'tensor', dtype: 'float32' } };
 * console.log(type.kind, type.of?.kind); // sequence tensor
 * ```
 */
export type DataType =
  | { readonly kind: 'tensor'; readonly dtype: DType }
  | { readonly kind: 'sequence'; readonly of: DataType | undefined }
  | { readonly kind: 'optional'; readonly of: DataType | undefined };

/** `float32`, `sequence(float32)`, `optional(sequence(?))`. */
export function formatType(type: DataType | undefined): string {
  if (type === undefined) return '?';
  return type.kind === 'tensor' ? type.dtype : `${type.kind}(${formatType(type.of)})`;
}

/** What a value is, for messages. */
export function formatData(data: unknown): string {
  if (data instanceof Tensor) return `${data.dtype} [${data.dims.join(', ')}]`;
  if (Array.isArray(data)) return `a sequence of ${data.length}`;
  return data === null ? 'an empty optional' : typeof data;
}

/** Whether `data` is of `type`; what the type leaves open fits. */
export function isOfType(data: unknown, type: DataType): boolean {
  switch (type.kind) {
    case 'tensor':
      return data instanceof Tensor && data.dtype === type.dtype;
    case 'sequence': {
      const { of } = type;
      return (
        Array.isArray(data) && data.every((item) => (of === undefined ? true : isOfType(item, of)))
      );
    }
    case 'optional':
      return data === null || type.of === undefined || isOfType(data, type.of);
    default:
      throw new TypeError(`unknown type ${String(type satisfies never)}`);
  }
}

export function isSequence(data: Data): data is readonly Data[] {
  return Array.isArray(data);
}

/** The tensors in a value, in order. */
export function tensorsIn(data: Data): Tensor[] {
  if (data === null) return [];
  return isSequence(data) ? data.flatMap(tensorsIn) : [data];
}

/** The value with every tensor replaced. */
export function mapTensors(data: Data, map: (tensor: Tensor) => Tensor): Data {
  if (data === null) return null;
  return isSequence(data) ? data.map((item) => mapTensors(item, map)) : map(data);
}
