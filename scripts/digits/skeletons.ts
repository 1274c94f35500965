// The ten digits as pen movements. `skeleton(digit, random)` chooses one of the common hand-writing styles (1 with and
// without flag and foot, 4 open and closed, 7 with and without bar, 2 with a loop or a corner, 9 with a straight or a
// curved tail, ...) and the style's own proportions, and returns strokes through which the pen passes. It does not
// tremble, slant, scale or draw: `draw.ts` does.
//
// Coordinates: the box [0, 1] x [0, 1], x to the right, y down. A stroke is a list of points joined by a smooth curve;
// a point given twice in a row is a corner. Only + - * / are used (see `turn`).

import type { Random } from './random.ts';

export type Point = readonly [x: number, y: number];
export type Stroke = readonly Point[];

/**
 * The unit circle at `t` turns, clockwise on the page: 0 is east, 0.25 south, 0.5 west, 0.75 north. The rational
 * half-angle form lies exactly on the circle; within a quarter its speed varies by a factor of two, which the eye does
 * not see, and it needs no sine.
 */
function turn(t: number): Point {
  const quarter = Math.floor(t * 4);
  const u = t * 4 - quarter;
  const scale = 1 / (1 + u * u);
  const c = (1 - u * u) * scale;
  const s = 2 * u * scale;
  switch (((quarter % 4) + 4) % 4) {
    case 0:
      return [c, s];
    case 1:
      return [-s, c];
    case 2:
      return [-c, -s];
    default:
      return [s, -c];
  }
}

/** Points on an ellipse from one turn to another, both ends included. */
function arc([cx, cy]: Point, [rx, ry]: Point, from: number, to: number, pieces: number): Point[] {
  const points: Point[] = [];
  for (let i = 0; i <= pieces; i++) {
    const [x, y] = turn(from + ((to - from) * i) / pieces);
    points.push([cx + rx * x, cy + ry * y]);
  }
  return points;
}

const corner = (x: number, y: number): Point[] => [
  [x, y],
  [x, y],
];

function zero(r: Random): Stroke[] {
  // Starts near the top, either way round, and ends short of its start, on it or past it.
  const start = 0.75 + r.between(-0.12, 0.12);
  const length = r.between(0.94, 1.12) * (r.chance(0.75) ? -1 : 1);
  const narrow = r.between(0.3, 0.5);
  return [arc([0.5, 0.5], [narrow, 0.5], start, start + length, 9)];
}

function one(r: Random): Stroke[] {
  const lean = r.between(-0.08, 0.08);
  const bottom: Point = [0.5 - lean, 1];
  const top: Point = [0.5 + lean, 0];
  const strokes: Point[][] = [];
  const style = r.unit();
  if (style < 0.5) {
    strokes.push([top, [0.5 + r.bell(0.015), 0.5], bottom]);
  } else {
    // The flag falls steeply and stays short: a long flat one would be a 7.
    const reach = r.between(0.1, 0.36);
    const drop = r.between(0.65, 1.5) * reach;
    strokes.push([[top[0] - reach, drop], ...corner(...top), bottom]);
  }
  if (style >= 0.8 || (style >= 0.45 && style < 0.5)) {
    const half = r.between(0.12, 0.3);
    strokes.push([
      [bottom[0] - half, 1],
      [bottom[0] + half, 1 + r.bell(0.02)],
    ]);
  }
  return strokes;
}

function two(r: Random): Stroke[] {
  const width = r.between(0.75, 1);
  const left = 0.5 - width / 2;
  const right = 0.5 + width / 2;
  const shoulder = r.between(0.22, 0.32);
  const head = arc([0.5, shoulder], [width / 2 - 0.04, shoulder], r.between(0.46, 0.62), 1.04, 5);
  const base = 1 + r.bell(0.02);
  const foot = r.between(0.86, 1.02);
  const style = r.unit();
  if (style < 0.5) {
    return [[...head, [0.58, 0.66], ...corner(left, base), [right * 0.98, foot]]];
  }
  if (style < 0.8) {
    // A loop at the lower left leads into the base.
    const size = r.between(0.06, 0.13);
    return [
      [
        ...head,
        [0.55, 0.7],
        [left + 0.22, 0.97],
        [left + size * 0.5, 1],
        [left, 1 - size],
        [left + size, 1 - 2 * size],
        [0.45, 0.92],
        [0.7, 1],
        [right, foot],
      ],
    ];
  }
  // The knee at the lower left is round, the base a wave.
  return [
    [...head, [0.5, 0.7], [left + 0.05, 0.93], [left + 0.12, 0.99], [0.55, 0.95], [right, foot]],
  ];
}

function three(r: Random): Stroke[] {
  const waist = r.between(0.4, 0.5);
  const notch = r.between(0.3, 0.6);
  const belly = r.between(0.8, 1);
  const lower: Point[] = arc(
    [belly - 0.45, (waist + 1) / 2],
    [0.45, (1 - waist) / 2],
    -0.17,
    r.between(0.36, 0.48),
    5,
  );
  const style = r.unit();
  if (style < 0.2) {
    // Flat top, then a diagonal to the waist.
    const edge = r.between(0.75, 0.95);
    return [
      [
        [0.08, r.between(-0.02, 0.06)],
        ...corner(edge, 0),
        ...corner(notch, waist - 0.03),
        ...lower,
      ],
    ];
  }
  const head = r.between(0.66, 0.9);
  const upper = arc([head - 0.38, waist / 2], [0.38, waist / 2], r.between(0.52, 0.68), 1.17, 6);
  if (style < 0.35) {
    // A small loop at the waist.
    return [
      [
        ...upper,
        [notch - 0.04, waist - 0.03],
        [notch - 0.1, waist + 0.02],
        [notch, waist + 0.04],
        ...lower,
      ],
    ];
  }
  return [[...upper, ...corner(notch, waist), ...lower]];
}

function four(r: Random): Stroke[] {
  const bar = r.between(0.52, 0.72);
  const stem = r.between(0.6, 0.8);
  const end = r.between(0.86, 1.04);
  const rise = r.bell(0.03);
  const style = r.unit();
  if (style < 0.3) {
    // Closed: the diagonal and the stem meet at the top.
    return [
      [[stem, 0], ...corner(0, bar), [end, bar + rise]],
      [
        [stem, r.between(-0.03, 0.06)],
        [stem + r.bell(0.03), 1],
      ],
    ];
  }
  const left = r.between(0.04, 0.3);
  const over = r.between(0, 0.28);
  if (style < 0.75) {
    // Open, with straight lines.
    const knee = r.between(0, left);
    return [
      [[left, 0], ...corner(knee, bar), [end, bar + rise]],
      [
        [stem + r.between(0, 0.1), over],
        [stem, 1],
      ],
    ];
  }
  // Open and round: a cup, then the stem, in one movement or in two.
  const cup: Point[] = [
    [left, 0],
    [left - 0.04, bar * 0.6],
    [left + 0.12, bar * 0.97],
    [0.5, bar],
  ];
  const top: Point = [stem + 0.05, over * 0.6];
  if (r.chance(0.5)) return [[...cup, [stem, bar * 0.75], ...corner(...top), [stem - 0.02, 1]]];
  return [
    [...cup, [end, bar - 0.05]],
    [top, [stem, 1]],
  ];
}

function five(r: Random): Stroke[] {
  const neck = r.between(0.36, 0.48);
  const back = r.between(0.08, 0.24);
  const edge = r.between(0.78, 1);
  const belly = r.between(0.82, 0.98);
  const bowl = arc(
    [belly - 0.44, (neck + 1) / 2 - 0.02],
    [0.44, (1 - neck) / 2 + 0.03],
    -0.16,
    r.between(0.34, 0.46),
    5,
  );
  const joint: Point[] = r.chance(0.7) ? corner(back - 0.04, neck + 0.03) : [[back, neck - 0.04]];
  const style = r.unit();
  if (style < 0.45) {
    return [[[edge, r.bell(0.025)], ...corner(back + 0.03, 0), ...joint, ...bowl]];
  }
  if (style < 0.85) {
    // The bar is a stroke of its own and need not touch the body.
    const gap = r.between(-0.04, 0.1);
    return [
      [...corner(back + 0.03, 0), ...joint, ...bowl],
      [
        [back + gap, r.bell(0.025)],
        [edge, r.bell(0.04)],
      ],
    ];
  }
  // Round, like an S with a flat head.
  return [[[edge, 0.03], [0.5, 0], [back, 0.16], [back + 0.08, neck - 0.02], ...bowl]];
}

function six(r: Random): Stroke[] {
  const top = r.between(0.42, 0.66);
  const middle = (top + 1) / 2;
  const tall = (1 - top) / 2;
  const wide = r.between(0.32, 0.46);
  const start = r.between(0.45, 0.95);
  const x = wide + 0.04;
  // Down the left side, round the bowl anticlockwise on the page, and back to the left side.
  const bowl = arc([x, middle], [wide, tall], 0.5, r.between(-0.52, -0.36), 8);
  const style = r.unit();
  if (style < 0.6) return [[[start, 0], [start * 0.5 + 0.02, 0.17], [0.12, top * 0.85], ...bowl]];
  if (style < 0.85) return [[[start * 0.7, 0], [start * 0.35 + 0.03, top * 0.6], ...bowl]];
  // A hook at the head.
  return [[[start, 0.1], [start * 0.8, 0], [start * 0.45, 0.09], [0.08, top * 0.8], ...bowl]];
}

function seven(r: Random): Stroke[] {
  const edge = r.between(0.85, 1);
  const foot = r.between(0.2, 0.62);
  const tilt = r.bell(0.035);
  const bend = r.between(-0.1, 0.04);
  const knee: Point = [(edge + foot) / 2 + bend, 0.5];
  const head: Point[] = r.chance(0.25)
    ? [[0.02, r.between(0.12, 0.25)], ...corner(0.03, tilt)]
    : [[0, tilt]];
  const turning: Point[] = r.chance(0.75)
    ? corner(edge, 0)
    : [
        [edge - 0.06, 0.01],
        [edge, 0.09],
      ];
  const strokes: Point[][] = [[...head, ...turning, knee, [foot, 1]]];
  if (r.chance(0.3)) {
    const y = r.between(0.42, 0.58);
    const centre = edge + (foot - edge) * y + bend;
    const half = r.between(0.16, 0.34);
    strokes.push([
      [centre - half, y + r.bell(0.03)],
      [centre + half, y + r.bell(0.03)],
    ]);
  }
  return strokes;
}

function eight(r: Random): Stroke[] {
  const waist = r.between(0.4, 0.58);
  const head = r.between(0.28, 0.46);
  const belly = r.between(0.3, 0.48);
  if (r.chance(0.22)) {
    // Two rings, one on the other.
    const a = r.between(0.6, 0.9);
    const b = r.between(0.6, 0.9);
    return [
      arc([0.5, waist / 2], [head, waist / 2], a, a - r.between(0.96, 1.08), 8),
      arc([0.5, (waist + 1) / 2], [belly, (1 - waist) / 2], b, b - r.between(0.96, 1.08), 8),
    ];
  }
  // One movement: an S down, then back up across it; the end need not meet the start.
  const start: Point = [0.5 + head * r.between(0.3, 1), r.between(0.03, 0.16)];
  const end: Point = [0.5 + head * r.between(0.5, 1.05), r.between(0.03, 0.2)];
  const points: Point[] = [
    start,
    [0.5, 0],
    [0.5 - head, waist * 0.45],
    [0.5, waist],
    [0.5 + belly, (waist + 1) / 2],
    [0.5, 1],
    [0.5 - belly, (waist + 1) / 2 + 0.02],
    [0.5, waist],
    [0.5 + head * 0.85, waist * 0.55],
    end,
  ];
  // Some hands start at the left and mirror the movement.
  return [r.chance(0.25) ? points.map(([x, y]): Point => [1 - x, y]) : points];
}

function nine(r: Random): Stroke[] {
  const low = r.between(0.42, 0.56);
  const wide = r.between(0.32, 0.44);
  const x = 0.94 - wide;
  const right = x + wide;
  const ring = arc(
    [x, low / 2],
    [wide, low / 2],
    r.between(-0.12, -0.02),
    -1 + r.between(-0.05, 0.02),
    8,
  );
  const style = r.unit();
  if (style < 0.45) {
    // A straight tail, slanted or upright.
    return [[...ring, ...corner(right, low * 0.45), [right - r.between(0, 0.3), 1]]];
  }
  if (style < 0.75) {
    // A tail that curls to the left.
    const reach = r.between(0.3, 0.8);
    return [
      [
        ...ring,
        [right, low * 0.6],
        [right - 0.03, 0.72],
        [right - reach * 0.35, 0.96],
        [right - reach * 0.7, 1],
        [right - reach, 0.9],
      ],
    ];
  }
  // The mirrored 6: a smooth bow.
  return [
    [...ring, [right - 0.01, low * 0.7], [right - 0.1, 0.78], [right - r.between(0.25, 0.5), 1]],
  ];
}

const kSkeletons: readonly ((r: Random) => Stroke[])[] = [
  zero,
  one,
  two,
  three,
  four,
  five,
  six,
  seven,
  eight,
  nine,
];

/** Strokes of one way to write `digit` (0 .. 9). Draws from `random` a number of times that depends on the style. */
export function skeleton(digit: number, random: Random): Stroke[] {
  const write = kSkeletons[digit];
  if (write === undefined)
    throw new RangeError(`skeleton: no such digit: expected 0..9, got ${digit}.`);
  return write(random);
}
