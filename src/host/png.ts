// PNG: every colour type of 8 bits, and palettes and greys of fewer; not interlaced. Transparency is left out, as 16-bit
// samples are: refused. The stream is unpacked by the platform's own decompression, whose result is the format's.
import type { Picture } from './jpeg.ts';

const fail = (what: string): never => {
  throw new RangeError(`ImageDecoder: PNG: ${what}.`);
};

async function unpacked(parts: readonly Uint8Array[]): Promise<Uint8Array> {
  if (typeof DecompressionStream === 'undefined') fail('this platform has no DecompressionStream');
  const stream = new Blob(parts.map((part) => part.slice())).stream();
  try {
    const packed = stream.pipeThrough(new DecompressionStream('deflate'));
    return new Uint8Array(await new Response(packed).arrayBuffer());
  } catch {
    return fail('expected a zlib stream');
  }
}

/** Samples a pixel, by colour type. */
const SAMPLES: Readonly<Record<number, number>> = { 0: 1, 2: 3, 3: 1, 4: 2, 6: 4 };

function paeth(a: number, b: number, c: number): number {
  const p = a + b - c;
  const [pa, pb, pc] = [Math.abs(p - a), Math.abs(p - b), Math.abs(p - c)];
  return pa <= pb && pa <= pc ? a : pb <= pc ? b : c;
}

/** Undoes the filters of the rows; the result has no filter bytes. */
function unfiltered(data: Uint8Array, height: number, stride: number, step: number): Uint8Array {
  if (data.length < height * (stride + 1)) fail('too short');
  const out = new Uint8Array(height * stride);
  for (let y = 0; y < height; y += 1) {
    const filter = data[y * (stride + 1)] ?? 0;
    for (let i = 0; i < stride; i += 1) {
      const at = y * stride + i;
      const left = i < step ? 0 : (out[at - step] ?? 0);
      const up = y === 0 ? 0 : (out[at - stride] ?? 0);
      const corner = i < step || y === 0 ? 0 : (out[at - stride - step] ?? 0);
      const guesses = [0, left, up, (left + up) >> 1, paeth(left, up, corner)];
      const guess = guesses[filter] ?? fail(`there is no filter ${filter}`);
      out[at] = ((data[y * (stride + 1) + 1 + i] ?? 0) + guess) & 255;
    }
  }
  return out;
}

/** @throws RangeError for what is none, or none of these */
export async function decodePng(bytes: Uint8Array): Promise<Picture> {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const parts: Uint8Array[] = [];
  let palette = new Uint8Array(0);
  let [width, height, depth, colour, interlace] = [0, 0, 0, 0, 0];
  for (let at = 8; at + 12 <= bytes.length;) {
    const length = view.getUint32(at);
    const type = String.fromCharCode(...bytes.subarray(at + 4, at + 8));
    const body = bytes.subarray(at + 8, at + 8 + length);
    if (type === 'IHDR' && length === 13) {
      [width, height] = [view.getUint32(at + 8), view.getUint32(at + 12)];
      [depth = 0, colour = 0, , , interlace = 0] = body.subarray(8);
    } else if (type === 'PLTE') palette = body.slice();
    else if (type === 'IDAT') parts.push(body);
    else if (type === 'IEND') break;
    at += 12 + length;
  }
  const samples = SAMPLES[colour];
  if (samples === undefined || width === 0 || height === 0) return fail('expected a header');
  if (depth > 8 || interlace !== 0) {
    fail(`expected up to 8 bits, not interlaced, got ${depth} bits, interlace ${interlace}`);
  }
  const stride = Math.ceil((width * samples * depth) / 8);
  const step = Math.max(1, (samples * depth) / 8);
  const data = unfiltered(await unpacked(parts), height, stride, step);
  const sample = (x: number, y: number, k: number): number => {
    const i = x * samples + k;
    if (depth === 8) return data[y * stride + i] ?? 0;
    const byte = data[y * stride + Math.floor((i * depth) / 8)] ?? 0;
    return (byte >> (8 - depth - ((i * depth) % 8))) & ((1 << depth) - 1);
  };
  const isGrey = colour === 0 || colour === 4;
  const channels = isGrey ? 1 : 3;
  const pixels = new Uint8Array(width * height * channels);
  for (let i = 0; i < width * height; i += 1) {
    const [x, y] = [i % width, Math.floor(i / width)];
    for (let c = 0; c < channels; c += 1) {
      const one = sample(x, y, colour === 3 ? 0 : c);
      // Greys of fewer bits are spread over the whole range.
      const grey = (one * 255) / ((1 << depth) - 1);
      pixels[i * channels + c] = colour === 3 ? (palette[3 * one + c] ?? 0) : isGrey ? grey : one;
    }
  }
  return { width, height, channels, pixels };
}
