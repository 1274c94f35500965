// TIFF: grey or colour of 8 bits, not compressed, in strips, samples of a pixel together; the first picture of the file.
// Every other kind is refused.
import type { Picture } from './jpeg.ts';

const fail = (what: string): never => {
  throw new RangeError(`ImageDecoder: TIFF: ${what}.`);
};

/** @throws RangeError for what is none, or none of these */
export function decodeTiff(bytes: Uint8Array): Picture {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const isLittle = bytes[0] === 0x49;
  const inside = (at: number, length: number): number =>
    at + length <= bytes.length ? at : fail('too short');
  const short = (at: number): number => view.getUint16(inside(at, 2), isLittle);
  const long = (at: number): number => view.getUint32(inside(at, 4), isLittle);
  const tags = new Map<number, number[]>();
  const directory = long(4);
  for (let i = 0; i < short(directory); i += 1) {
    const at = directory + 2 + 12 * i;
    const [type, count] = [short(at + 2), long(at + 4)];
    if (type !== 3 && type !== 4) continue;
    const width = type === 3 ? 2 : 4;
    const from = count * width <= 4 ? at + 8 : long(at + 8);
    inside(from, count * width);
    tags.set(
      short(at),
      Array.from({ length: count }, (_, k) =>
        type === 3 ? short(from + 2 * k) : long(from + 4 * k),
      ),
    );
  }
  const one = (tag: number, otherwise: number): number => tags.get(tag)?.[0] ?? otherwise;
  const [width, height, samples] = [one(256, 0), one(257, 0), one(277, 1)];
  const [packing, colour, planar] = [one(259, 1), one(262, -1), one(284, 1)];
  const isPlain = (tags.get(258) ?? [1]).every((bits) => bits === 8) && planar === 1;
  const isGrey = colour === 1;
  if (packing !== 1 || !isPlain || !(isGrey || colour === 2) || samples < (isGrey ? 1 : 3)) {
    return fail('expected grey or colour of 8 bits, not compressed');
  }
  const lengths = tags.get(279) ?? [];
  const strips = (tags.get(273) ?? []).map((start, i) => {
    const length = lengths[i] ?? 0;
    return bytes.subarray(inside(start, length), start + length);
  });
  const total = strips.reduce((sum, strip) => sum + strip.length, 0);
  if (width === 0 || total < width * height * samples) return fail('too short');
  const data = new Uint8Array(total);
  let at = 0;
  for (const strip of strips) {
    data.set(strip, at);
    at += strip.length;
  }
  const channels = isGrey ? 1 : 3;
  const pixels = Uint8Array.from({ length: width * height * channels }, (_, k) => {
    const pixel = Math.floor(k / channels);
    return data[pixel * samples + (k % channels)] ?? 0;
  });
  return { width, height, channels, pixels };
}
