// What the demo page promises about a visitor's drawing: integer arithmetic from RGBA bytes to the model's input, so
// equal drawings give equal bits; and MNIST's placement, whatever the drawing's size, place and colours.

import { sha256 } from '@noble/hashes/sha2.js';
import { bytesToHex } from '@noble/hashes/utils.js';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { SIDE, inkOf, normalise, preprocess, toInput } from '../../demo/preprocess.ts';

/** RGBA of a square canvas with grey `value`s, opaque. */
function grey(size: number, value: (x: number, y: number) => number): Uint8ClampedArray {
  const rgba = new Uint8ClampedArray(size * size * 4);
  for (let i = 0; i < size * size; i++) {
    rgba.fill(value(i % size, Math.floor(i / size)), 4 * i, 4 * i + 3);
    rgba[4 * i + 3] = 255;
  }
  return rgba;
}

/** A 7 of full ink in a box of `width` x `height` at (left, top). */
const seven =
  (left: number, top: number, width: number, height: number) => (x: number, y: number) => {
    const [u, v] = [x - left, y - top];
    const inside = u >= 0 && v >= 0 && u < width && v < height;
    const slope = u * height - (height - v) * width * 0.7;
    const stem = slope >= 0 && slope <= 0.25 * width * height;
    return inside && (v * 8 < height || stem) ? 255 : 0;
  };

const bounds = (picture: Uint8Array) => {
  const lit = [...picture.keys()].filter((i) => (picture[i] ?? 0) >= 128);
  const columns = lit.map((i) => i % SIDE);
  const rows = lit.map((i) => Math.floor(i / SIDE));
  return {
    width: Math.max(...columns) - Math.min(...columns) + 1,
    height: Math.max(...rows) - Math.min(...rows) + 1,
  };
};

describe('inkOf', () => {
  it('reads white on black, black on white and white on transparent alike', () => {
    const drawing = seven(3, 4, 20, 30);
    const dark = grey(40, drawing);
    const light = grey(40, (x, y) => 255 - drawing(x, y));
    const clear = new Uint8ClampedArray(40 * 40 * 4).fill(255);
    for (let i = 0; i < 1600; i++) clear[4 * i + 3] = drawing(i % 40, Math.floor(i / 40));
    expect(inkOf(light, 40, 'light')).toEqual(inkOf(dark, 40));
    expect(inkOf(clear, 40)).toEqual(inkOf(dark, 40));
  });

  it('keeps every grey level exactly', () => {
    expect([
      ...inkOf(
        grey(16, (x, y) => 16 * y + x),
        16,
      ),
    ]).toEqual([...Array(256).keys()]);
  });

  it('rejects a size that does not fit the bytes', () => {
    expect(() => inkOf(new Uint8Array(16), 3)).toThrow(RangeError);
    expect(() => inkOf(new Uint8Array(0), 0)).toThrow('expected 1..8192, got 0');
    expect(() => preprocess(new Uint8Array(12), 2)).toThrow('expected 16 (2 x 2 RGBA), got 12');
  });
});

describe('normalise', () => {
  it('gives an empty picture for an empty canvas and for faint noise', () => {
    expect(normalise(new Uint8Array(100), 10).some((v) => v !== 0)).toBe(false);
    expect(normalise(new Uint8Array(100).fill(20), 10).some((v) => v !== 0)).toBe(false);
  });

  it.each([
    [280, 30, 40, 100, 200],
    [280, 0, 0, 280, 280],
    [97, 10, 20, 70, 31],
    [28, 4, 4, 20, 20],
    [1024, 700, 900, 60, 120],
  ])(
    'brings the longer side to 20 pixels (canvas %i, box at %i, %i of %i x %i)',
    (size, x, y, w, h) => {
      const picture = normalise(inkOf(grey(size, seven(x, y, w, h)), size), size);
      const { width, height } = bounds(picture);
      expect(Math.max(width, height)).toBeGreaterThanOrEqual(19);
      expect(Math.max(width, height)).toBeLessThanOrEqual(20);
      expect(Math.max(...picture)).toBe(255);
    },
  );

  it('puts the centre of mass in the middle', () => {
    const picture = normalise(inkOf(grey(280, seven(150, 20, 90, 180)), 280), 280);
    let [mass, mx, my] = [0, 0, 0];
    for (const [i, v] of picture.entries()) {
      mass += v;
      mx += v * ((i % SIDE) + 0.5);
      my += v * (Math.floor(i / SIDE) + 0.5);
    }
    expect(Math.abs(mx / mass - SIDE / 2)).toBeLessThan(0.1);
    expect(Math.abs(my / mass - SIDE / 2)).toBeLessThan(0.1);
  });

  it('does not depend on where on the canvas the digit was drawn', () => {
    const at = (x: number, y: number) => normalise(inkOf(grey(200, seven(x, y, 61, 83)), 200), 200);
    const first = at(0, 0);
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 139 }), fc.integer({ min: 0, max: 117 }), (x, y) => {
        expect(at(x, y)).toEqual(first);
      }),
      { numRuns: 25 },
    );
  });

  it('copies a 20 x 20 drawing that is already in place', () => {
    const drawing = (x: number, y: number) =>
      x >= 4 && x < 24 && y >= 4 && y < 24 && (x + y) % 2 === 0 ? 255 : 0;
    const ink = inkOf(grey(28, drawing), 28);
    expect(normalise(ink, 28)).toEqual(ink);
  });

  it('keeps a dot a dot', () => {
    const { width, height } = bounds(normalise(inkOf(grey(280, seven(5, 5, 4, 4)), 280), 280));
    expect(width).toBeLessThanOrEqual(4);
    expect(height).toBeLessThanOrEqual(4);
  });

  it('keeps the ink inside the picture when its mass lies at one end', () => {
    // A heavy block with a long thin tail: centring by mass alone would push the tail out.
    const drawing = (x: number, y: number) =>
      (x < 60 && y >= 100 && y < 160) || (y >= 128 && y < 132) ? 255 : 0;
    const picture = normalise(inkOf(grey(260, drawing), 260), 260);
    const row = picture.subarray(14 * SIDE - SIDE, 15 * SIDE);
    expect(row.filter((v) => v > 0).length).toBeGreaterThanOrEqual(20);
    expect(bounds(picture).width).toBeLessThanOrEqual(20);
  });
});

describe('preprocess', () => {
  it('returns bytes / 255 as float32', () => {
    const bytes = Uint8Array.from({ length: 256 }, (_, i) => i);
    const words = new Uint32Array(toInput(bytes).buffer);
    expect(words[0]).toBe(0);
    expect(words[1]).toBe(0x3b808081);
    expect(words[255]).toBe(0x3f800000);
  });

  it('gives the same bits for the same pixels, everywhere', () => {
    // Integer arithmetic only: a browser that gets another digest has other pixels or a broken engine.
    const drawing = (x: number, y: number) => {
      const ring = (x - 120) ** 2 + (y - 90) ** 2;
      return ring < 3600 && ring > 1900 ? 255 - ((x * 7 + y * 3) % 90) : 0;
    };
    const input = preprocess(grey(240, drawing), 240);
    expect(bytesToHex(sha256(new Uint8Array(input.buffer)))).toBe(
      'd54a8858d3544ff355a85e30738909084ce472856cd203aaf20fbe946490a0e5',
    );
  });
});
