// A tensor: element type, shape, and elements in row-major order. The elements lie in an array, or where a backend computed
// them: there `data` throws and `read()` fetches them. A tensor does not copy what it is given: whoever made the array
// may still write to it. Nothing here computes.

import {
  dtypeInfo,
  isDType,
  kDTypes,
  typedArrayOf,
  type DType,
  type TensorData,
  type TypedArray,
} from './dtype.ts';
import { checkRange, kIntegerRange } from './range.ts';
import { clampedNumber, formatShape, sizeOf } from './shape.ts';
import type { HostStorage } from './weight.ts';

/** 'cpu': in an array; 'wasm': in the memory of a model's core; 'webgpu': in a GPUBuffer. */
export type Location = 'cpu' | 'wasm' | 'webgpu';

/** Where the elements of a tensor that stayed with a backend are kept. Implemented by it. */
export interface DeviceStorage {
  readonly location: Exclude<Location, 'cpu'>;
  /** The elements' bytes, little-endian, without padding; byteOffset is a multiple of 8. */
  read(): Promise<Uint8Array>;
  dispose(): void;
}

const littleEndian = new Uint8Array(new Uint16Array([1]).buffer)[0] === 1;

function viewBytes(array: TypedArray): Uint8Array {
  if (!littleEndian) {
    throw new Error('Tensor: big-endian machine: expected little-endian. Use another machine.');
  }
  return new Uint8Array(array.buffer, array.byteOffset, array.byteLength);
}

function fromList(dtype: DType, list: readonly (number | bigint | boolean)[]): TypedArray {
  const array = typedArrayOf(
    dtype,
    new ArrayBuffer(list.length * dtypeInfo(dtype).bytes),
    0,
    list.length,
  );
  const range = kIntegerRange[dtype];
  list.forEach((value, index) => {
    if (range !== undefined) {
      if (typeof value === 'number' && !Number.isInteger(value)) {
        throw new RangeError(
          `Tensor: element ${index} is not of dtype ${dtype}: expected an integer, got ${value}.`,
        );
      }
      const integer = BigInt(value);
      if (integer < range[0] || integer > range[1]) {
        throw new RangeError(
          `Tensor: element ${index} is out of range for ${dtype}: expected ${range[0]}..${range[1]}, got ${value}.`,
        );
      }
      if (array instanceof BigInt64Array || array instanceof BigUint64Array) array[index] = integer;
      else array[index] = Number(integer);
    } else if (!(array instanceof BigInt64Array) && !(array instanceof BigUint64Array)) {
      array[index] = Number(value);
    }
  });
  return array;
}

/** `Float32Array` …: the tag, not the class, so that arrays of another realm and Node's Buffer are accepted. */
function tagOf(value: unknown): string {
  return Object.prototype.toString.call(value).slice('[object '.length, -1);
}

function isStrings(list: readonly unknown[]): list is string[] {
  return list.every((item) => typeof item === 'string');
}

function checkData(dtype: DType, data: TensorInput): TensorData {
  if (dtype === 'string') {
    if (Array.isArray(data) && isStrings(data)) return data;
    throw new TypeError(
      `Tensor: data of the wrong kind for dtype string: expected string[], got ${tagOf(data)}.`,
    );
  }
  if (Array.isArray(data)) {
    const list: readonly unknown[] = data;
    const isNumber = (item: unknown): item is number | bigint | boolean =>
      typeof item === 'number' || typeof item === 'bigint' || typeof item === 'boolean';
    const wrong = list.findIndex((item) => !isNumber(item));
    if (wrong >= 0) {
      throw new TypeError(
        `Tensor: element ${wrong} is of the wrong kind for dtype ${dtype}: expected a number, got ${typeof list[wrong]}.`,
      );
    }
    return fromList(dtype, list.filter(isNumber));
  }
  const wanted = tagOf(typedArrayOf(dtype, new ArrayBuffer(0), 0, 0));
  if (tagOf(data) !== wanted) {
    throw new TypeError(
      `Tensor: data of the wrong kind for dtype ${dtype}: expected ${wanted} or an array of numbers, got ${tagOf(data)}.`,
    );
  }
  return data as TypedArray;
}

function checkHeader(dtype: DType, dims: readonly number[]): number {
  if (!isDType(dtype)) {
    throw new TypeError(
      `Tensor: unknown dtype: expected one of ${kDTypes.join(', ')}, got ${String(dtype)}.`,
    );
  }
  if (!Array.isArray(dims)) {
    throw new TypeError(`Tensor: dims of the wrong kind: expected number[], got ${tagOf(dims)}.`);
  }
  return sizeOf(dims);
}

type Held = TensorData | DeviceStorage | HostStorage;

/** An array of the dtype at hand whose elements somebody has looked at. */
export class Checked {
  readonly array: TypedArray;

  constructor(array: TypedArray) {
    this.array = array;
  }
}

// Arrays are what is asked about most, and a property of theirs is looked for in all they inherit from.
const isObject = (data: unknown): data is object =>
  typeof data === 'object' && data !== null && !ArrayBuffer.isView(data);

function isStorage(data: TensorInput | Held): data is DeviceStorage {
  return isObject(data) && 'location' in data && 'read' in data;
}

function isHostStorage(data: TensorInput | Held): data is HostStorage {
  return isObject(data) && 'location' in data && !('read' in data);
}

/** What a tensor can be made of; see the constructor. */
export type TensorInput = TensorData | readonly (number | bigint | boolean)[];

/**
 * An element type, a shape, and elements in row-major order, in an array or where a backend computed them. Typed arrays
 * are held, not copied: the bits it is given are the bits it gives, NaN payloads and -0 included.
 *
 * @example
 * ```ts
 * import { Tensor } from 'isobit';
 *
 * const tensor = new Tensor('float32', [1, 2, 3, 4], [2, 2]);
 * console.log(tensor.size, tensor.data); // 4 Float32Array(4) [ 1, 2, 3, 4 ]
 * ```
 */
export class Tensor {
  /** The element type. */
  readonly dtype: DType;
  /** The shape, in elements; [] is a scalar. */
  readonly dims: readonly number[];
  /** Number of elements. */
  readonly size: number;
  /** Where the elements are; undefined after dispose(). */
  #held: Held | undefined;

  /**
   * @param dtype the element type
   * @param data the elements in row-major order: the dtype's typed array (not copied; float16 and bfloat16 as their
   * bit patterns in a Uint16Array, narrower floats as theirs in a Uint8Array, integers of 4 and 2 bits one a byte, bool as
   * 0 and 1 in a Uint8Array), `string[]` for string, or an array of numbers, bigints or booleans, which is converted
   * (floats are rounded to nearest-even). Backends pass a DeviceStorage.
   * @param dims the shape; [] is a scalar
   * @throws TypeError for data of the wrong kind; RangeError for a wrong length or a value out of range
   */
  constructor(
    dtype: DType,
    data: TensorInput | DeviceStorage | HostStorage | Checked,
    dims: readonly number[],
  ) {
    this.size = checkHeader(dtype, dims);
    this.dtype = dtype;
    this.dims = Object.freeze([...dims]);
    if (data instanceof Checked) {
      this.#held = data.array;
      return;
    }
    if (isStorage(data) || isHostStorage(data)) {
      this.#held = data;
      return;
    }
    const checked = checkData(dtype, data);
    if (checked.length !== this.size) {
      throw new RangeError(
        `Tensor: data of the wrong length: expected ${this.size} elements for shape ${formatShape(dims)}, got ${checked.length}.`,
      );
    }
    checkRange(dtype, checked);
    this.#held = checked;
  }

  /**
   * A tensor over little-endian bytes: a view of them where they are aligned to the element size, else a copy.
   *
   * @throws RangeError for a wrong number of bytes; TypeError for string
   */
  static ofBytes(dtype: DType, bytes: Uint8Array, dims: readonly number[]): Tensor {
    const size = checkHeader(dtype, dims);
    const width = dtypeInfo(dtype).bytes;
    if (dtype !== 'string' && bytes.byteLength !== size * width) {
      throw new RangeError(
        `Tensor: data of the wrong length: expected ${size * width} bytes for ${dtype} ${formatShape(dims)}, got ${bytes.byteLength}.`,
      );
    }
    const array = arrayOfBytes(dtype, bytes, size);
    checkRange(dtype, array);
    return new Tensor(dtype, new Checked(array), dims);
  }

  /** 'cpu' if `data` can be read now. */
  get location(): Location {
    return this.#held !== undefined && isStorage(this.#held) ? this.#held.location : 'cpu';
  }

  /** The storage, for the backend that computed it; undefined for an array. @throws TypeError after dispose() */
  get storage(): DeviceStorage | undefined {
    const held = this.#alive();
    return isStorage(held) ? held : undefined;
  }

  /** The storage in memory, for the backend that placed it; undefined for an array. @throws TypeError after dispose() */
  get hostStorage(): HostStorage | undefined {
    const held = this.#alive();
    return isHostStorage(held) ? held : undefined;
  }

  /**
   * The elements, row-major, not a copy: the dtype's typed array, or string[].
   *
   * @throws TypeError if the elements stayed where they were computed, or after dispose()
   */
  get data(): TensorData {
    const held = this.#alive();
    if (isStorage(held)) {
      throw new TypeError(
        `Tensor: data is not in memory: expected location cpu, got ${held.location}. Use await tensor.read().`,
      );
    }
    return isHostStorage(held) ? arrayOfBytes(this.dtype, held.bytes(), this.size) : held;
  }

  /**
   * The elements, fetched from where they were computed if they stayed there.
   *
   * @throws TypeError after dispose(); DeviceError if the device fails
   */
  async read(): Promise<TensorData> {
    const held = this.#alive();
    if (isStorage(held)) return arrayOfBytes(this.dtype, await held.read(), this.size);
    return isHostStorage(held) ? arrayOfBytes(this.dtype, held.bytes(), this.size) : held;
  }

  /** The elements' bytes, little-endian, not a copy. @throws TypeError as `data`, and for string */
  bytes(): Uint8Array {
    const data = this.data;
    if (Array.isArray(data)) {
      throw new TypeError('Tensor: no byte form: expected a numeric dtype, got string. Use data.');
    }
    return viewBytes(data);
  }

  /**
   * The elements as numbers, for shapes, axes and other small tensors. 64-bit integers beyond 2^53 - 1 in magnitude
   * are clamped to it (see `clampedNumber`).
   *
   * @throws TypeError for string and floats of 16 bits and fewer, and as `data`
   */
  numbers(): number[] {
    const data = this.data;
    const isPattern = /float/.test(this.dtype) && dtypeInfo(this.dtype).bytes < 4;
    if (Array.isArray(data) || isPattern) {
      throw new TypeError(
        `Tensor: no numbers: expected an integer, bool, float32 or float64 tensor, got ${this.dtype}.`,
      );
    }
    if (data instanceof BigInt64Array || data instanceof BigUint64Array) {
      return Array.from(data, clampedNumber);
    }
    return Array.from(data);
  }

  /** Frees what a backend holds of it, or lets go of the array. The tensor cannot be used afterwards; twice is harmless. */
  dispose(): void {
    const held = this.#held;
    this.#held = undefined;
    if (held !== undefined && (isStorage(held) || isHostStorage(held))) held.dispose();
  }

  #alive(): Held {
    if (this.#held !== undefined) return this.#held;
    throw new TypeError('Tensor: used after dispose(): expected a live tensor. Dispose it later.');
  }
}

function arrayOfBytes(dtype: DType, bytes: Uint8Array, size: number): TypedArray {
  const width = Math.max(1, dtypeInfo(dtype).bytes);
  // Not bytes.slice(): Node's Buffer overrides it with a view.
  const aligned = bytes.byteOffset % width === 0 ? bytes : new Uint8Array(bytes);
  return typedArrayOf(dtype, aligned.buffer, aligned.byteOffset, size);
}
