// The two paths of the page: the same model on the same picture, in WebAssembly and on WebGPU, with what each gave.
// It promises an outcome for each path, never an exception: a path that cannot run here says why. A user of the
// library like any other.
import { DeviceError, load, Tensor, type Backend, type Model } from '../src/index.ts';
import { SIDE, toInput } from './preprocess.ts';
import { wordsOf } from './words.ts';

export interface PathResult {
  readonly logits: Float32Array;
  readonly words: readonly string[];
  readonly digest: string;
  /** Milliseconds of the run, results read back. */
  readonly ms: number;
  /** The GPU's name; undefined for WebAssembly. */
  readonly adapter?: string | undefined;
  readonly notes: readonly string[];
}

/** What a path gave, or why it did not run. */
export type Outcome =
  | { readonly result: PathResult; readonly why?: undefined }
  | { readonly result?: undefined; readonly why: string };

export type Outcomes = Readonly<Record<Backend, Outcome>>;

/** Why WebGPU is absent, in words for a visitor. */
export function absence(error: DeviceError): string {
  if (navigator.gpu !== undefined) return `No WebGPU here: ${error.message}`;
  return isSecureContext
    ? 'This browser has no WebGPU.'
    : 'This page was not loaded over https or from localhost, and browsers offer WebGPU nowhere else.';
}

export class Paths {
  readonly #model: Model;
  /** Set once it is known that there is no device to be had. */
  #noGpu: string | undefined;

  private constructor(model: Model) {
    this.#model = model;
  }

  static async load(address: string): Promise<Paths> {
    const paths = new Paths(await load(address));
    // Plans and pipelines are made by the first run; the times on the page are those of later ones.
    await paths.run(new Uint8Array(SIDE * SIDE));
    return paths;
  }

  /** Runs both paths on 784 grey bytes, one after the other. */
  async run(picture: Uint8Array): Promise<Outcomes> {
    const wasm = await this.#one('wasm', picture);
    const webgpu = await this.#one('webgpu', picture);
    return { wasm, webgpu };
  }

  async #one(backend: Backend, picture: Uint8Array): Promise<Outcome> {
    if (backend === 'webgpu' && this.#noGpu !== undefined) return { why: this.#noGpu };
    try {
      const image = new Tensor('float32', toInput(picture), [1, 1, SIDE, SIDE]);
      const begin = performance.now();
      const ran = await this.#model.run({ image }, { backend });
      const ms = performance.now() - begin;
      const { outputs, digest, adapter, notes } = ran;
      const tensor = outputs['logits'];
      if (tensor === undefined) throw new Error('the model has no output logits.');
      const words = wordsOf(tensor);
      const logits = tensor.data as Float32Array;
      return {
        result: { logits, words, digest, ms, adapter, notes: notes.map((note) => note.message) },
      };
    } catch (error) {
      if (error instanceof DeviceError && ['adapter', 'device'].includes(error.stage)) {
        this.#noGpu = absence(error);
        return { why: this.#noGpu };
      }
      return { why: error instanceof Error ? error.message : String(error) };
    }
  }
}
