// Strokes as grey bytes: a disc moved along a line, with a soft edge. It is computed here and not by the browser's
// canvas, because browsers differ in how they paint a line; with + - * / and square root alone, all exactly defined,
// the same movement of a pen gives the same bytes in every engine. It does not scale and centre: see preprocess.ts.

/** The square on which segments are described: 28 x 28 units, the model's picture. */
export const SIDE = 28;

/** A piece of a stroke: a disc of radius r moved from (x0, y0) to (x1, y1), in units. */
export interface Segment {
  readonly x0: number;
  readonly y0: number;
  readonly x1: number;
  readonly y1: number;
  readonly r: number;
}

/** The pixels [left, right) x [top, bottom). */
export interface Box {
  readonly left: number;
  readonly top: number;
  readonly right: number;
  readonly bottom: number;
}

/**
 * Draws one segment onto `light`, `size` x `size` values from 0 (paper) to 1 (ink). The edge of the pen falls from 1
 * to 0 over `soft` pixels; where segments overlap the brighter one shows, so their order does not matter.
 *
 * @returns the pixels that may have changed
 */
export function addSegment(light: Float64Array, segment: Segment, size: number, soft: number): Box {
  const unit = size / SIDE;
  const [x0, y0, r] = [segment.x0 * unit, segment.y0 * unit, segment.r * unit];
  const [vx, vy] = [segment.x1 * unit - x0, segment.y1 * unit - y0];
  const inverse = vx === 0 && vy === 0 ? 0 : 1 / (vx * vx + vy * vy);
  const reach = r + soft / 2;
  const top = Math.max(0, Math.floor(Math.min(y0, y0 + vy) - reach));
  const bottom = Math.min(size, Math.ceil(Math.max(y0, y0 + vy) + reach));
  const left = Math.max(0, Math.floor(Math.min(x0, x0 + vx) - reach));
  const right = Math.min(size, Math.ceil(Math.max(x0, x0 + vx) + reach));
  for (let y = top; y < bottom; y++) {
    const py = y + 0.5 - y0;
    for (let x = left; x < right; x++) {
      const px = x + 0.5 - x0;
      const along = (px * vx + py * vy) * inverse;
      const t = along < 0 ? 0 : along > 1 ? 1 : along;
      const ex = px - t * vx;
      const ey = py - t * vy;
      const distance2 = ex * ex + ey * ey;
      if (distance2 >= reach * reach) continue;
      const value = (reach - Math.sqrt(distance2)) / soft;
      const at = y * size + x;
      if (value > (light[at] ?? 0)) light[at] = value < 1 ? value : 1;
    }
  }
  return { left, top, right, bottom };
}

/** Light as a byte: 0 paper, 255 ink. */
export function byteOf(light: number): number {
  return Math.floor(light * 255 + 0.5);
}

/**
 * The segments on a square of `size` x `size` grey bytes.
 *
 * @example rasterise([{ x0: 14, y0: 4, x1: 14, y1: 24, r: 1.4 }], 280, 1)
 */
export function rasterise(segments: readonly Segment[], size: number, soft: number): Uint8Array {
  const light = new Float64Array(size * size);
  for (const segment of segments) addSegment(light, segment, size, soft);
  return Uint8Array.from(light, byteOf);
}
