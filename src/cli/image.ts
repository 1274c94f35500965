// PNG and JPEG pictures as input tensors. A picture fills an input of float32 or uint8 whose shape has room for it:
// [N, C, H, W] or [N, H, W, C] with N = 1 and C = 1 or 3, the same without N, or [H, W]. Sizes must match exactly: nothing is
// resized or cropped. Pixel values are 0..255; for float32 they are divided by 255, correctly rounded, unless the
// scale is 'raw'. Colour becomes grey as (19595 R + 38470 G + 7471 B + 2^15) >> 16 (ITU-R BT.601, as Pillow does),
// grey becomes three equal channels. Transparency, and more than 8 bits a channel, are refused.

import { convertIndexedToRgb, decode as decodePng } from 'fast-png';
import jpeg from 'jpeg-js';
import { formatShape } from '../core/shape.ts';
import { Tensor } from '../core/tensor.ts';
import type { Dim, ValueInfo } from '../graph/graph.ts';

/** 8-bit pixels, row by row, channels side by side. */
export interface Picture {
  readonly width: number;
  readonly height: number;
  readonly channels: 1 | 3;
  readonly data: Uint8Array;
}

/** 'unit': float32 inputs get 0..1; 'raw': 0..255. */
export type PixelScale = 'unit' | 'raw';

/** @throws RangeError for what is no PNG, is damaged, transparent or deeper than 8 bits */
export function readPng(bytes: Uint8Array): Picture {
  const png = attempt('png', () => decodePng(bytes, { checkCrc: true }));
  const { width, height } = png;
  if (png.depth !== 8 && png.palette === undefined) {
    throw new RangeError(
      `png: bit depth: expected 8 bits a channel, got ${png.depth}. Save the picture with 8 bits.`,
    );
  }
  if (png.transparency !== undefined) throw transparent();
  const data =
    png.palette === undefined ? png.data : attempt('png', () => convertIndexedToRgb(png));
  const stored = png.palette === undefined ? png.channels : (png.palette[0]?.length ?? 3);
  const channels = stored < 3 ? 1 : 3;
  if (stored !== channels) {
    for (let at = channels; at < data.length; at += stored) {
      if (data[at] !== 255) throw transparent();
    }
  }
  const pixels = new Uint8Array(width * height * channels);
  for (let pixel = 0; pixel < width * height; pixel++) {
    for (let channel = 0; channel < channels; channel++) {
      pixels[pixel * channels + channel] = data[pixel * stored + channel] ?? 0;
    }
  }
  return { width, height, channels, data: pixels };
}

/** @throws RangeError for what is no JPEG, or is damaged */
export function readJpeg(bytes: Uint8Array): Picture {
  const options = { useTArray: true, formatAsRGBA: false, tolerantDecoding: false } as const;
  const { width, height, data } = attempt('jpg', () => jpeg.decode(bytes, options));
  return { width, height, channels: 3, data };
}

/**
 * A picture as the tensor for an input.
 *
 * @param spec the input: dtype float32 or uint8, or unknown (float32); named and unknown dimensions fit every size
 * @throws TypeError if the input cannot take a picture at all; RangeError if the sizes differ
 */
export function placePicture(
  picture: Picture,
  spec: ValueInfo,
  scale: PixelScale = 'unit',
): Tensor {
  const dtype = spec.dtype ?? 'float32';
  if (dtype !== 'float32' && dtype !== 'uint8') {
    throw new TypeError(
      `input '${spec.name}': no input for a picture: expected dtype float32 or uint8, got ${dtype}. Give a .npy or .pb file.`,
    );
  }
  const { dims, channels, channelsFirst } = layoutOf(picture, spec);
  const plane = picture.width * picture.height;
  const bytes = new Uint8Array(plane * channels);
  for (let pixel = 0; pixel < plane; pixel++) {
    const at = pixel * picture.channels;
    const [red, green, blue] = [0, 1, 2].map(
      (channel) => picture.data[at + Math.min(channel, picture.channels - 1)] ?? 0,
    ) as [number, number, number];
    if (channels === 1) bytes[pixel] = greyOf(red, green, blue);
    else {
      const to = (channel: number): number =>
        channelsFirst ? channel * plane + pixel : 3 * pixel + channel;
      bytes[to(0)] = red;
      bytes[to(1)] = green;
      bytes[to(2)] = blue;
    }
  }
  if (dtype === 'uint8') return new Tensor('uint8', bytes, dims);
  // Rounding twice, to f64 and then to f32, gives the correctly rounded quotient for all 256 values (a test shows it).
  const values = Float32Array.from(bytes, (byte) => (scale === 'raw' ? byte : byte / 255));
  return new Tensor('float32', values, dims);
}

/** Equal channels give their own value: the weights add up to 2^16. */
function greyOf(red: number, green: number, blue: number): number {
  return (19595 * red + 38470 * green + 7471 * blue + 0x8000) >> 16;
}

interface Layout {
  readonly dims: number[];
  readonly channels: 1 | 3;
  readonly channelsFirst: boolean;
}

function layoutOf(picture: Picture, spec: ValueInfo): Layout {
  const wanted: readonly Dim[] = spec.dims ?? [1, picture.channels, undefined, undefined];
  const { height, width } = picture;
  const batch = wanted.length === 4 ? [1] : [];
  const inner = wanted.length === 4 ? wanted.slice(1) : wanted;
  const candidates: { layout: Layout; channel: Dim }[] = [];
  const add = (channel: Dim, channelsFirst: boolean): void => {
    if (channel !== undefined && typeof channel !== 'string' && channel !== 1 && channel !== 3)
      return;
    const channels = channel === 1 ? 1 : channel === 3 ? 3 : picture.channels;
    const shape = channelsFirst ? [channels, height, width] : [height, width, channels];
    candidates.push({ layout: { dims: [...batch, ...shape], channels, channelsFirst }, channel });
  };
  if (inner.length === 2) {
    candidates.push({
      layout: { dims: [height, width], channels: 1, channelsFirst: true },
      channel: 1,
    });
  } else if (inner.length === 3) {
    add(inner[0], true);
    add(inner[2], false);
  }
  if (candidates.length === 0) {
    throw new TypeError(
      `input '${spec.name}': no input for a picture: expected a shape like [1, 3, H, W] or [1, H, W, 3], ` +
        `got ${formatShape(wanted)}. Give a .npy or .pb file.`,
    );
  }
  // A dimension that says 1 or 3 is the channel dimension; a dynamic one may be anything. Ties go to channels first.
  const stated = candidates.filter(({ channel }) => typeof channel === 'number');
  const likely = stated.length > 0 ? stated : candidates;
  const fits = ({ layout }: { layout: Layout }): boolean =>
    wanted.every((dim, axis) => typeof dim !== 'number' || dim === layout.dims[axis]);
  const found = likely.find(fits);
  if (found === undefined) {
    const got = likely.map(({ layout }) => formatShape(layout.dims)).join(' or ');
    throw new RangeError(
      `input '${spec.name}': picture of the wrong size: expected ${formatShape(wanted)}, ` +
        `got ${width} x ${height} pixels, which are ${got}. Resize the picture first.`,
    );
  }
  return found.layout;
}

function transparent(): RangeError {
  return new RangeError('png: transparent picture: expected an opaque one. Flatten it first.');
}

function attempt<T>(kind: string, decode: () => T): T {
  try {
    return decode();
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new RangeError(`${kind}: the file cannot be decoded: ${reason}. Check the file.`, {
      cause: error,
    });
  }
}
