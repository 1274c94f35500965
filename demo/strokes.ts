// A visitor's strokes: points on a square of 280 units, rounded to quarters where they are recorded, so that a
// point is the same number in every browser; and the segments of pen that they stand for (see rasterise.ts).
import { SIDE, type Segment } from './rasterise.ts';

/** Sides of the square on which strokes are recorded, and of the raster that is made of them. */
export const PAD = 280;
/** Radius of the pen, in units of the 28 x 28 picture: MNIST's lines are two to four wide. */
const RADIUS = 1.35;

export type StrokePoint = readonly [x: number, y: number];
export type PenStroke = readonly StrokePoint[];

/** A position on an element of `width` x `height` as a point of the square. */
export function pointAt(x: number, y: number, width: number, height: number): StrokePoint {
  const quarter = (value: number, side: number): number =>
    Math.round(Math.min(Math.max((value * PAD * 4) / side, 0), PAD * 4)) / 4;
  return [quarter(x, width), quarter(y, height)];
}

/** The segment between two points; a point alone is a dot. */
export function segmentBetween(from: StrokePoint, to: StrokePoint): Segment {
  const scale = SIDE / PAD;
  return {
    x0: from[0] * scale,
    y0: from[1] * scale,
    x1: to[0] * scale,
    y1: to[1] * scale,
    r: RADIUS,
  };
}

export function segmentsOf(strokes: readonly PenStroke[]): Segment[] {
  return strokes.flatMap((stroke) =>
    stroke.map((point, i) => segmentBetween(stroke[i - 1] ?? point, point)),
  );
}
