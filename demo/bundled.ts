// What the page is served with: the model, ten digits that its training script drew, and the digests that the
// reference gives for them (expected.json, made by `npm run golden -- demo` and checked by a test).
import { Tensor } from '../src/index.ts';
import type { MeasuredModel } from './measure.ts';
import { SIDE, toInput } from './preprocess.ts';

export interface Bundled {
  readonly model: { readonly file: string; readonly bytes: number; readonly sha256: string };
  readonly pictures: readonly { readonly label: number; readonly pixels: string }[];
}

export interface Expected {
  /** Id and version of the contract, as `isobit 1`. */
  readonly contract: string;
  /** SHA-256 of the model's file. */
  readonly model: string;
  /** Digest of one run on all ten digits. */
  readonly batch: string;
  /** Digest and logits of a run on each digit alone. */
  readonly pictures: { label: number; digest: string; words: string[] }[];
}

export const MODEL = 'digits.onnx';

/** 784 grey bytes of base64. */
export function pixelsOf(base64: string): Uint8Array {
  return Uint8Array.from(atob(base64), (char) => char.charCodeAt(0));
}

async function fetchJson(path: string): Promise<unknown> {
  const response = await fetch(path);
  if (!response.ok) throw new Error(`${path}: expected status 200, got ${response.status}.`);
  return response.json();
}

export async function fetchBundled(): Promise<{ bundled: Bundled; expected: Expected }> {
  const [bundled, expected] = await Promise.all([
    fetchJson('digits.json') as Promise<Bundled>,
    fetchJson('expected.json') as Promise<Expected>,
  ]);
  return { bundled, expected };
}

/** The demo's model and its ten pictures as one batch, from where the demo is served. */
export async function bundledModel(base: URL): Promise<MeasuredModel> {
  const { pictures } = (await fetchJson(new URL('digits.json', base).href)) as Bundled;
  const pixels = pictures.map((one) => toInput(pixelsOf(one.pixels)));
  const data = new Float32Array(pixels.length * SIDE * SIDE);
  pixels.forEach((picture, i) => data.set(picture, i * SIDE * SIDE));
  const image = new Tensor('float32', data, [pixels.length, 1, SIDE, SIDE]);
  return { name: 'digits', source: new URL(MODEL, base), feeds: { image } };
}
