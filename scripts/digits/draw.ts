// Draws digits as MNIST shows them: 28 x 28 grey bytes, white on black, the longer side 20 pixels, centred by mass.
// A drawing is a skeleton whose points were jittered, joined by smooth curves, bent, slanted, turned and squeezed, and
// a pen of some thickness, pressure and softness. Every choice comes from the given `Random`; the arithmetic is
// + - * / and square root only, so the bytes are the same in every engine.
// Drawing and rasterising are apart, so that the same movement can also be put on a large canvas, as a visitor does.

import { rasterise, type Segment } from '../../demo/rasterise.ts';
import type { Random } from './random.ts';
import { type Point, type Stroke, skeleton } from './skeletons.ts';

export const SIDE = 28;
const BOX = 20;

/**
 * The Catmull-Rom curve through the points of a stroke, `pieces` straight pieces between two of them. Doubled points
 * have no direction and make corners.
 */
function smooth(stroke: Stroke, pieces: number): Point[] {
  const at = (i: number): Point => stroke[Math.min(Math.max(i, 0), stroke.length - 1)] ?? [0, 0];
  const points: Point[] = [at(0)];
  for (let i = 0; i + 1 < stroke.length; i++) {
    const [a, b, c, d] = [at(i - 1), at(i), at(i + 1), at(i + 2)];
    if (b[0] === c[0] && b[1] === c[1]) continue;
    for (let k = 1; k <= pieces; k++) {
      const t = k / pieces;
      const along = (p: number, q: number, s: number, u: number): number =>
        0.5 * (2 * q + t * (s - p + t * (2 * p - 5 * q + 4 * s - u + t * (3 * (q - s) + u - p))));
      points.push([along(a[0], b[0], c[0], d[0]), along(a[1], b[1], c[1], d[1])]);
    }
  }
  return points;
}

/** Moves every point a little; equal neighbours (corners) stay equal. */
function jitter(stroke: Stroke, deviation: number, random: Random): Stroke {
  let from: Point = [Number.NaN, 0];
  let to: Point = from;
  return stroke.map((point) => {
    if (point[0] !== from[0] || point[1] !== from[1]) {
      from = point;
      to = [point[0] + random.bell(deviation), point[1] + random.bell(deviation)];
    }
    return to;
  });
}

/** A trembling hand: the line wanders by a random walk that is pulled back to it. */
function tremble(line: readonly Point[], deviation: number, random: Random): Point[] {
  let [dx, dy] = [0, 0];
  return line.map(([x, y]): Point => {
    dx = 0.75 * dx + random.bell(deviation);
    dy = 0.75 * dy + random.bell(deviation);
    return [x + dx, y + dy];
  });
}

/** A random smooth map of the plane: bend (quadratic), squeeze, slant, turn. */
function handwriting(digit: number, random: Random): (p: Point) => Point {
  const bend = Array.from({ length: 6 }, () => random.bell(0.12));
  const [b0 = 0, b1 = 0, b2 = 0, b3 = 0, b4 = 0, b5 = 0] = bend;
  const width = random.between(0.5, 1.15) * (digit === 1 ? 0.85 : 1);
  const slant = random.bell(0.18) - 0.08;
  // The half-angle form of a turn, 8 degrees of deviation, with no sine.
  const u = random.bell(0.07);
  const c = (1 - u * u) / (1 + u * u);
  const s = (2 * u) / (1 + u * u);
  return ([px, py]) => {
    const x = px - 0.5;
    const y = py - 0.5;
    const bx = x + b0 * x * y + b1 * y * y + b2 * x * x;
    const by = y + b3 * x * y + b4 * y * y + b5 * x * x;
    const sx = bx * width + slant * by;
    return [c * sx - s * by, s * sx + c * by];
  };
}

/** One way to write `digit`, placed as MNIST places it up to a small error in size and position. */
export function write(digit: number, random: Random): Segment[] {
  const mess = random.between(0.2, 1.6);
  const shake = random.chance(0.4) ? random.between(0, 0.011) : 0;
  // A slow mouse gives many points, a fast one few, and those are joined by straight lines.
  const pieces = random.chance(0.12) ? 1 : 5;
  const map = handwriting(digit, random);
  const lines = skeleton(digit, random).map((stroke) =>
    tremble(smooth(jitter(stroke, 0.028 * mess, random), pieces), shake, random).map(map),
  );
  const radius = random.chance(0.6) ? random.between(1, 1.9) : random.between(0.55, 2.5);
  const pressure = random.between(-0.3, 0.3);

  let [left, right, top, bottom] = [Infinity, -Infinity, Infinity, -Infinity];
  let [mass, mx, my] = [0, 0, 0];
  for (const line of lines) {
    for (const [i, [x, y]] of line.entries()) {
      [left, right] = [Math.min(left, x), Math.max(right, x)];
      [top, bottom] = [Math.min(top, y), Math.max(bottom, y)];
      const [px, py] = line[i - 1] ?? [x, y];
      const length = Math.sqrt((x - px) * (x - px) + (y - py) * (y - py));
      mass += length;
      mx += (length * (x + px)) / 2;
      my += (length * (y + py)) / 2;
    }
  }
  const side = BOX * random.between(0.8, 1.1) - 2 * radius;
  const scale = side / Math.max(right - left, bottom - top);
  const dx = SIDE / 2 + random.bell(1.1) - (scale * mx) / mass;
  const dy = SIDE / 2 + random.bell(1.1) - (scale * my) / mass;

  const segments: Segment[] = [];
  for (const line of lines) {
    for (const [i, [x, y]] of line.entries()) {
      if (i === 0) continue;
      const [px, py] = line[i - 1] ?? [x, y];
      segments.push({
        x0: px * scale + dx,
        y0: py * scale + dy,
        x1: x * scale + dx,
        y1: y * scale + dy,
        r: radius * (1 + pressure * (i / line.length - 0.5)),
      });
    }
  }
  return segments;
}

/** 3 x 3 binomial blur of a 28 x 28 picture. */
function blur(pixels: Uint8Array): Uint8Array {
  const at = (x: number, y: number): number =>
    x < 0 || y < 0 || x >= SIDE || y >= SIDE ? 0 : (pixels[y * SIDE + x] ?? 0);
  const row = (x: number, y: number): number => at(x - 1, y) + 2 * at(x, y) + at(x + 1, y);
  return pixels.map((_, i) => {
    const [x, y] = [i % SIDE, Math.floor(i / SIDE)];
    return (row(x, y - 1) + 2 * row(x, y) + row(x, y + 1) + 8) >> 4;
  });
}

/** A picture of `digit`: 784 grey bytes in rows, 0 black paper, 255 white ink. */
export function picture(digit: number, random: Random): Uint8Array {
  const segments = write(digit, random);
  let pixels = rasterise(segments, SIDE, random.between(0.9, 2));
  if (random.chance(0.2)) pixels = blur(pixels);
  // Most pictures reach full white; some are paler.
  const peak = pixels.reduce((a, b) => Math.max(a, b), 1);
  const gain = (random.chance(0.8) ? 255 : random.between(150, 255)) / peak;
  const noise = random.chance(0.2) ? random.between(5, 45) : 0;
  return pixels.map((value) => {
    const grain = noise > 0 ? (random.unit() + random.unit() - 1) * noise : 0;
    return Math.min(255, Math.max(0, Math.floor(value * gain + grain + 0.5)));
  });
}
