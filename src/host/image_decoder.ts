// ImageDecoder: JPEG (jpeg.ts), PNG, TIFF, BMP and portable maps, recognised by their first bytes, as pixels [height, width,
// channels] of 8 bits. JPEG 2000 and WebP are refused. The pixels of the lossless ones are those of the file.
import type { HostOp } from '../core/host_op.ts';
import { NEWEST_OPSET } from '../core/op.ts';
import { formatShape } from '../core/shape.ts';
import { Tensor } from '../core/tensor.ts';
import { decodeJpeg, type Picture } from './jpeg.ts';
import { decodePng } from './png.ts';
import { decodeTiff } from './tiff.ts';

const fail = (what: string): never => {
  throw new RangeError(`ImageDecoder: ${what}.`);
};

function decodeBmp(bytes: Uint8Array): Picture {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (bytes.length < 54) fail('BMP: expected a header');
  const [start, header] = [view.getUint32(10, true), view.getUint32(14, true)];
  const [width, signed] = [view.getInt32(18, true), view.getInt32(22, true)];
  const [depth, packing] = [view.getUint16(28, true), view.getUint32(30, true)];
  // 3 says that four masks follow; those of 32 bits are the usual ones.
  if (![8, 24, 32].includes(depth) || (packing !== 0 && !(packing === 3 && depth === 32))) {
    fail(`BMP: expected 8, 24 or 32 bits a pixel, not packed, got ${depth}`);
  }
  const height = Math.abs(signed);
  const stride = Math.ceil((width * depth) / 32) * 4;
  if (width <= 0 || height === 0 || start + stride * height > bytes.length) fail('BMP: too short');
  const pixels = new Uint8Array(width * height * 3);
  for (let y = 0; y < height; y += 1) {
    // The last row comes first, unless the height is negative.
    const row = start + stride * (signed > 0 ? height - 1 - y : y);
    for (let x = 0; x < width; x += 1) {
      const from = depth === 8 ? 14 + header + 4 * (bytes[row + x] ?? 0) : row + (x * depth) / 8;
      for (let c = 0; c < 3; c += 1) pixels[(y * width + x) * 3 + c] = bytes[from + 2 - c] ?? 0;
    }
  }
  return { width, height, channels: 3, pixels };
}

/** P5 and P6 with up to 8 bits: the header's numbers, between them white space and comments. */
function decodePortableMap(bytes: Uint8Array): Picture {
  const head = String.fromCharCode(...bytes.subarray(0, 1024));
  const match = /^P([56])(?:\s|#.*\n)+(\d+)(?:\s|#.*\n)+(\d+)(?:\s|#.*\n)+(\d+)\s/.exec(head);
  if (match === null) return fail('portable map: expected P5 or P6 with a header');
  const [channels, width, height] = [match[1] === '5' ? 1 : 3, Number(match[2]), Number(match[3])];
  const most = Number(match[4]);
  const pixels = bytes.slice(match[0].length, match[0].length + width * height * channels);
  if (most !== 255 || pixels.length !== width * height * channels) {
    fail(`portable map: expected ${width} × ${height} samples up to 255, got up to ${most}`);
  }
  return { width, height, channels: channels === 1 ? 1 : 3, pixels };
}

const startsWith = (bytes: Uint8Array, ...start: number[]): boolean =>
  start.every((byte, i) => bytes[i] === byte);

function decode(bytes: Uint8Array): Picture | Promise<Picture> {
  if (startsWith(bytes, 0xff, 0xd8)) return decodeJpeg(bytes);
  if (startsWith(bytes, 0x89, 0x50, 0x4e, 0x47)) return decodePng(bytes);
  if (startsWith(bytes, 0x42, 0x4d)) return decodeBmp(bytes);
  if (startsWith(bytes, 0x49, 0x49, 42, 0) || startsWith(bytes, 0x4d, 0x4d, 0, 42)) {
    return decodeTiff(bytes);
  }
  if (startsWith(bytes, 0x50)) return decodePortableMap(bytes);
  return fail('expected a JPEG, PNG, BMP, TIFF, PGM or PPM file, got another kind');
}

type Format = 'RGB' | 'BGR' | 'Grayscale';

/** Pixels in another order; grey is (19595 R + 38470 G + 7471 B) / 2^16, to the nearest. */
function converted({ channels, pixels }: Picture, format: Format): Uint8Array {
  const count = pixels.length / channels;
  if (format === 'Grayscale') {
    if (channels === 1) return pixels;
    return Uint8Array.from({ length: count }, (_, i) => {
      const [r = 0, g = 0, b = 0] = pixels.subarray(3 * i, 3 * i + 3);
      return (19595 * r + 38470 * g + 7471 * b + 32768) >>> 16;
    });
  }
  return Uint8Array.from({ length: count * 3 }, (_, k) => {
    const i = Math.floor(k / 3);
    if (channels === 1) return pixels[i] ?? 0;
    return pixels[3 * i + (format === 'RGB' ? k % 3 : 2 - (k % 3))] ?? 0;
  });
}

export const ImageDecoder: HostOp = {
  type: 'ImageDecoder',
  opsets: [20, NEWEST_OPSET],
  inputs: [1, 1],
  attributes: { pixel_format: { kind: 'string', oneOf: ['RGB', 'BGR', 'Grayscale'] } },
  types(node) {
    const dtype = node.dtypeOf(0) ?? '';
    if (dtype !== 'uint8') throw new TypeError(`ImageDecoder: expected uint8, got ${dtype}.`);
    return [{ kind: 'tensor', dtype: 'uint8' }];
  },
  async run(node) {
    const { dims, data } = node.tensorAt(0);
    if (dims.length !== 1 || !(data instanceof Uint8Array)) {
      return fail(`expected the bytes of a file in one axis, got ${formatShape(dims)}`);
    }
    const picture = await decode(data);
    const format = node.string('pixel_format', 'RGB');
    const isGrey = format === 'Grayscale';
    const pixels = converted(picture, isGrey ? 'Grayscale' : format === 'BGR' ? 'BGR' : 'RGB');
    return [new Tensor('uint8', pixels, [picture.height, picture.width, isGrey ? 1 : 3])];
  },
};
