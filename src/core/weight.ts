// The elements of a weight, wherever they are at the moment: in the bytes of the model's file, in another file that is
// yet to be read, or in the memory of the core, and nowhere else. A Tensor over a
// weight is in memory for its readers; what they get is valid until the core's memory grows.

/** Elements in memory whose place may change. */
export interface HostStorage {
  readonly location: 'cpu';
  /** The bytes, little-endian, without padding; a view that is not to be kept. */
  bytes(): Uint8Array;
  dispose(): void;
}

/** Where a weight lies in another file. */
export interface FileRange {
  /** The file's path as the model states it, normalised: relative to the model, with slashes, never above its folder. */
  readonly location: string;
  readonly offset: number;
  /** Bytes in the file. */
  readonly length: number;
  /** The elements' bytes of those in the file, where these are others: elements that share bytes there. */
  readonly decode?: ((bytes: Uint8Array) => Uint8Array) | undefined;
  /** SHA-1 of the whole file, as hex, where the model states it. */
  readonly checksum: string | undefined;
}

export class Weight implements HostStorage {
  readonly location = 'cpu';
  readonly byteLength: number;
  /** Undefined where it lies in the model's own file. */
  readonly file: FileRange | undefined;
  #view: (() => Uint8Array) | undefined;

  constructor(byteLength: number, source: Uint8Array | FileRange) {
    this.byteLength = byteLength;
    if (source instanceof Uint8Array) this.#view = () => source;
    else this.file = source;
  }

  bytes(): Uint8Array {
    if (this.#view !== undefined) return this.#view();
    const where = this.file === undefined ? '' : ` of '${this.file.location}'`;
    throw new TypeError(`Tensor: the weights${where} are not read yet. Load the model.`);
  }

  /** From now on it lies there; what held it before is let go. */
  place(view: () => Uint8Array): void {
    this.#view = view;
  }

  dispose(): void {
    this.#view = undefined;
  }
}

/** The weights of a model, in the order of its file. */
export class Weights {
  readonly list: Weight[] = [];
  readonly #byRange = new Map<string, Weight>();

  /** Bytes that lie in other files. */
  get externalBytes(): number {
    return this.list.reduce((sum, one) => sum + (one.file?.length ?? 0), 0);
  }

  /** Elements in the model's file. */
  hold(bytes: Uint8Array): Weight {
    const weight = new Weight(bytes.byteLength, bytes);
    this.list.push(weight);
    return weight;
  }

  /** Elements in another file; the same range is one weight, however many tensors it is. */
  defer(byteLength: number, file: FileRange): Weight {
    const key = `${file.offset} ${file.length} ${byteLength} ${file.checksum ?? ''} ${file.location}`;
    const known = this.#byRange.get(key);
    if (known !== undefined) return known;
    const weight = new Weight(byteLength, file);
    this.#byRange.set(key, weight);
    this.list.push(weight);
    return weight;
  }
}

/** Elements up to this size are copied out of the file, so that they do not keep all of it. */
export const SMALL_BYTES = 4096;
