// From a drawing on a square canvas to the picture that the digit model reads, as MNIST was made: the ink's bounding
// box scaled to a longer side of 20 pixels by averaging areas, its centre of mass in the middle of 28 x 28, full white
// where it is brightest. Integer arithmetic throughout (every product below stays under 2^53), so that the same
// RGBA bytes give the same input bits in every browser. It does not draw: how a browser paints a line is the page's
// matter, and browsers differ in it.

/** Sides of the model's picture and of the box that the ink is scaled to. */
export const SIDE = 28;
const BOX = 20;
/** Ink from here on counts for the bounding box: fainter pixels are the soft edge of a line. */
const VISIBLE = 32;

/**
 * Grey ink bytes (0 paper, 255 full ink) of RGBA pixels. On dark paper ink is the pixel's luma, on light paper its
 * complement; a transparent pixel is paper on both. Luma weights 77, 150, 29 over 256.
 */
export function inkOf(
  rgba: Uint8Array | Uint8ClampedArray,
  size: number,
  paper: 'dark' | 'light' = 'dark',
): Uint8Array {
  if (!Number.isInteger(size) || size < 1 || size > 8192) {
    throw new RangeError(`inkOf: size out of range: expected 1..8192, got ${size}.`);
  }
  if (rgba.length !== size * size * 4) {
    throw new RangeError(
      `inkOf: wrong number of bytes: expected ${size * size * 4} (${size} x ${size} RGBA), got ${rgba.length}.`,
    );
  }
  const full = 255 * 256;
  return Uint8Array.from({ length: size * size }, (_, i) => {
    const at = (channel: number): number => rgba[4 * i + channel] ?? 0;
    const luma = 77 * at(0) + 150 * at(1) + 29 * at(2);
    const ink = paper === 'dark' ? luma : full - luma;
    return Math.floor((ink * at(3) + full / 2) / full);
  });
}

/** Where the ink lies: bounds [left, right) x [top, bottom) of visible ink in pixels, and its centre of mass. */
function measure(ink: Uint8Array, size: number) {
  let [left, right, top, bottom] = [size, 0, size, 0];
  let [mass, mx, my] = [0, 0, 0];
  for (let y = 0; y < size; y++) {
    for (let x = 0; x < size; x++) {
      const value = ink[y * size + x] ?? 0;
      if (value < VISIBLE) continue;
      left = Math.min(left, x);
      right = Math.max(right, x + 1);
      top = Math.min(top, y);
      bottom = Math.max(bottom, y + 1);
      mass += value;
      mx += value * (2 * x + 1);
      my += value * (2 * y + 1);
    }
  }
  return { left, right, top, bottom, mass, mx, my };
}

/**
 * The first of the 28 windows along one axis, in twentieths of a pixel; each window is `longest` twentieths wide, so
 * that `longest` pixels become 20. The centre of mass comes to the middle unless the ink would leave the picture.
 */
function origin(longest: number, low: number, high: number, moment: number, mass: number): number {
  const centre = Math.floor((moment * BOX + mass) / (2 * mass));
  const wanted = centre - (SIDE / 2) * longest;
  return Math.max(Math.min(wanted, low * BOX), high * BOX - SIDE * longest);
}

/** Sums of ink along one axis: window `i` of `count` takes the pixels it covers, weighted by twentieths covered. */
function shrink(
  source: Float64Array,
  lines: number,
  size: number,
  start: number,
  longest: number,
): Float64Array {
  const sums = new Float64Array(lines * SIDE);
  for (let i = 0; i < SIDE; i++) {
    const [from, to] = [start + i * longest, start + (i + 1) * longest];
    const first = Math.max(0, Math.floor(from / BOX));
    const last = Math.min(size - 1, Math.ceil(to / BOX) - 1);
    for (let p = first; p <= last; p++) {
      const weight = Math.min(to, (p + 1) * BOX) - Math.max(from, p * BOX);
      for (let line = 0; line < lines; line++) {
        const at = i * lines + line;
        // Transposes: two calls give rows and columns back in their places.
        sums[at] = (sums[at] ?? 0) + weight * (source[line * size + p] ?? 0);
      }
    }
  }
  return sums;
}

/**
 * 28 x 28 grey bytes in rows from `size` x `size` ink bytes. Without visible ink all are 0. A dot stays a dot: a
 * drawing smaller than a tenth of the canvas is not blown up to the whole box.
 */
export function normalise(ink: Uint8Array, size: number): Uint8Array {
  const { left, right, top, bottom, mass, mx, my } = measure(ink, size);
  const picture = new Uint8Array(SIDE * SIDE);
  if (mass === 0) return picture;
  const longest = Math.max(right - left, bottom - top, Math.ceil(size / 10));
  const x0 = origin(longest, left, right, mx, mass);
  const y0 = origin(longest, top, bottom, my, mass);
  const columns = shrink(Float64Array.from(ink), size, size, x0, longest);
  const sums = shrink(columns, SIDE, size, y0, longest);
  // A window holds longest^2 square twentieths. Thin lines come out grey; the brightest pixel becomes white, but noise
  // is not amplified without bound: by 4 at most.
  const area = longest * longest;
  const peak = Math.max(
    sums.reduce((a, b) => Math.max(a, b)),
    Math.floor((area * 255) / 4),
  );
  return picture.map((_, i) => Math.floor(((sums[i] ?? 0) * 510 + peak) / (2 * peak)));
}

/** Bytes as the model's input: the double value / 255 rounded to float32; 784 values for dims [1, 1, 28, 28]. */
export function toInput(picture: Uint8Array): Float32Array {
  return Float32Array.from(picture, (value) => value / 255);
}

/**
 * The model's input from the RGBA pixels of a square canvas (`getImageData(0, 0, size, size).data`).
 *
 * @throws RangeError unless `rgba` holds size * size * 4 bytes
 * @example new Tensor('float32', preprocess(context.getImageData(0, 0, 280, 280).data, 280), [1, 1, 28, 28])
 */
export function preprocess(
  rgba: Uint8Array | Uint8ClampedArray,
  size: number,
  paper: 'dark' | 'light' = 'dark',
): Float32Array {
  return toInput(normalise(inkOf(rgba, size, paper), size));
}
