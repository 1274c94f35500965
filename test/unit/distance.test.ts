// Ulp distances against definitions that are not theirs: positions in the list of all values of a type, sorted; and for the
// types that cannot be listed the two properties that fix the distance: neighbours are 1 apart, and distances along the line
// add up. Histograms, maxima and verdicts of whole tensors against a plain count over the same elements.
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { binLabel, binOf, distancesOf, floatDistance } from '../../src/jobs/distance.ts';
import type { CompareTolerance, Distances } from '../../src/jobs/distance.ts';

const f32 = (value: number): bigint => {
  const view = new DataView(new ArrayBuffer(4));
  view.setFloat32(0, value);
  return BigInt(view.getUint32(0));
};
const f64 = (value: number): bigint => {
  const view = new DataView(new ArrayBuffer(8));
  view.setFloat64(0, value);
  return view.getBigUint64(0);
};

/** The value of 16 bits, from the definition of the format. */
function value16(bits: number, exponentBits: number): number {
  const fractionBits = 15 - exponentBits;
  const bias = 2 ** (exponentBits - 1) - 1;
  const fraction = (bits % 2 ** fractionBits) / 2 ** fractionBits;
  const exponent = Math.floor(bits / 2 ** fractionBits) % 2 ** exponentBits;
  const sign = bits >= 0x8000 ? -1 : 1;
  if (exponent === 2 ** exponentBits - 1) return fraction === 0 ? sign * Infinity : NaN;
  return exponent === 0
    ? sign * fraction * 2 ** (1 - bias)
    : sign * (1 + fraction) * 2 ** (exponent - bias);
}

describe.each([
  ['float16', 5],
  ['bfloat16', 8],
] as const)('%s', (dtype, exponentBits) => {
  const all = Array.from({ length: 0x10000 }, (_, bits) => ({
    bits: BigInt(bits),
    value: value16(bits, exponentBits),
  })).filter(({ value }) => !Number.isNaN(value));
  const values = [...new Set(all.map(({ value }) => value + 0))].sort((a, b) => a - b);
  const position = new Map(values.map((value, i) => [value, i]));

  test('is the difference of positions in the sorted list of all values', () => {
    const finite = fc.constantFrom(...all);
    fc.assert(
      fc.property(finite, finite, (a, b) => {
        const [i, j] = [position.get(a.value + 0) ?? NaN, position.get(b.value + 0) ?? NaN];
        expect(floatDistance(dtype, a.bits, b.bits)).toBe(BigInt(Math.abs(i - j)));
      }),
      { numRuns: 2000, seed: 11 },
    );
    for (const { bits, value } of all) {
      const zero = position.get(0) ?? NaN;
      const expected = BigInt(Math.abs((position.get(value + 0) ?? NaN) - zero));
      if (floatDistance(dtype, bits, 0n) !== expected) expect.fail(`${dtype} ${String(value)}`);
    }
  });

  test('is what tensors of it are compared by', () => {
    const some = all.filter((_, i) => i % 97 === 0);
    const data = (shift: number): Uint8Array => {
      const bits = some.map((_, i) => Number(some[(i + shift) % some.length]?.bits));
      return new Uint8Array(new Uint16Array(bits).buffer);
    };
    const shape = { dtype, dims: [some.length] };
    const got = distancesOf({ ...shape, data: data(0) }, { ...shape, data: data(1) }, EXACT);
    const pairs = some.map(({ value }, i) => [value, some[(i + 1) % some.length]?.value ?? NaN]);
    const apart = pairs.filter(([a = 0, b = 0]) => Number.isFinite(a) && Number.isFinite(b));
    const largest = Math.max(...apart.map(([a = 0, b = 0]) => Math.abs(a - b)));
    expect(got.max_abs).toBe(largest);
    expect(got.infinite).toBe(pairs.length - apart.length);
  });
});

const EXACT: CompareTolerance = { rtol: 0, atol: 0, ulp: 0 };

/** The smallest value of the type above x, which is finite: by arithmetic, not by bits. */
const nextUp = {
  float32: (x: number): number => {
    if (x < 0) return -nextDown32(-x);
    const least = 2 ** -149;
    return x < 2 ** -125 ? x + least : Math.fround(x + x * 2 ** -24 * (1 + 2 ** -10));
  },
  float64: (x: number): number => {
    if (x < 0) return -nextDown64(-x);
    return x < 2 ** -1021 ? x + 5e-324 : x + x * 2 ** -53 * (1 + 2 ** -10);
  },
};
/** The largest below x > 0: the one whose next is x. */
function nextDown32(x: number): number {
  const below = x <= 2 ** -125 ? x - 2 ** -149 : Math.fround(x - x * 2 ** -25 * (1 + 2 ** -10));
  return nextUp.float32(below) === x ? below : nextUp.float32(below);
}
function nextDown64(x: number): number {
  const below = x <= 2 ** -1021 ? x - 5e-324 : x - x * 2 ** -54 * (1 + 2 ** -10);
  return nextUp.float64(below) === x ? below : nextUp.float64(below);
}

describe.each([
  ['float32', f32, fc.float({ noNaN: true, noDefaultInfinity: true })],
  ['float64', f64, fc.double({ noNaN: true, noDefaultInfinity: true })],
] as const)('%s', (dtype, bitsOf, float) => {
  const distance = (a: number, b: number): bigint => floatDistance(dtype, bitsOf(a), bitsOf(b));

  test('neighbours are 1 apart', () => {
    fc.assert(
      fc.property(float, (x) => {
        expect(distance(x, nextUp[dtype](x))).toBe(1n);
      }),
      { numRuns: 2000, seed: 12 },
    );
    for (const x of [0, 2 ** -126, 2 ** -149, 1, -1, 2 ** 23, -(2 ** -126)]) {
      expect(distance(x, nextUp[dtype](x)), String(x)).toBe(1n);
    }
  });

  test('distances along the line add up, and are the same both ways', () => {
    fc.assert(
      fc.property(float, float, float, (...three) => {
        const [a, b, c] = three.sort((x, y) => x - y) as [number, number, number];
        expect(distance(a, b) + distance(b, c)).toBe(distance(a, c));
        expect(distance(c, a)).toBe(distance(a, c));
      }),
      { numRuns: 2000, seed: 13 },
    );
  });

  test('zeros are 0 apart, and what lies around them twice its distance from them', () => {
    expect(distance(0, -0)).toBe(0n);
    fc.assert(
      fc.property(float, (x) => {
        expect(distance(x, -x)).toBe(2n * distance(x, 0));
      }),
      { numRuns: 500, seed: 14 },
    );
  });
});

test('a type that is no such float is refused', () => {
  expect(() => floatDistance('int8', 1n, 2n)).toThrow(TypeError);
  const one = { dtype: 'float8e5m2', dims: [1], data: new Uint8Array(1) };
  expect(() => distancesOf(one, one, EXACT)).toThrow('float8e5m2');
  const float = { dtype: 'float32', dims: [1], data: new Uint8Array(4) };
  expect(() => distancesOf(float, { ...float, dims: [1, 1] }, EXACT)).toThrow(RangeError);
});

describe('histograms', () => {
  test('a place holds the distances that its label says', () => {
    expect([0, 1, 2, 3, 4, 7, 8, 2 ** 31, 2n ** 63n].map(binOf)).toEqual([
      ...[0, 1, 2, 2, 3, 3, 4, 32, 64],
    ]);
    fc.assert(
      fc.property(fc.integer({ min: 2, max: 65535 }), (distance) => {
        const [least = 0, most = 0] = binLabel(binOf(distance)).split('-').map(Number);
        expect(distance >= least && distance <= most).toBe(true);
      }),
      { numRuns: 500, seed: 15 },
    );
    expect([0, 1, 2, 3, 18].map(binLabel)).toEqual(['0', '1', '2-3', '4-7', '1.3e+5-2.6e+5']);
  });

  /** What distancesOf gives, counted plainly. */
  function plain(ours: Float32Array, guest: Float32Array, tolerance: CompareTolerance) {
    const counts = { differing: 0, zeros: 0, nan: 0, infinite: 0, beyond: 0 };
    const ulps = new Map<number, number>();
    let [max_ulp, max_abs, max_rel] = [0, 0, 0];
    ours.forEach((x, i) => {
      const y = guest[i] ?? NaN;
      const isEqual = Object.is(x, y) || x === y;
      if (!isEqual) counts.differing += 1;
      if (Number.isNaN(x) !== Number.isNaN(y)) counts.nan += 1;
      else if (!isEqual && !(Number.isFinite(x) && Number.isFinite(y))) counts.infinite += 1;
      else {
        if (x === 0 && y === 0 && !Object.is(x, y)) counts.zeros += 1;
        const steps = isEqual ? 0 : Number(floatDistance('float32', f32(x), f32(y)));
        ulps.set(binOf(steps), (ulps.get(binOf(steps)) ?? 0) + 1);
        if (isEqual) return;
        max_ulp = Math.max(max_ulp, steps);
        max_abs = Math.max(max_abs, Math.abs(x - y));
        if (x !== 0) max_rel = Math.max(max_rel, Math.abs((x - y) / x));
        const { rtol, atol, ulp } = tolerance;
        if (Math.abs(x - y) <= atol + rtol * Math.abs(x) || steps <= ulp) return;
      }
      if (!isEqual) counts.beyond += 1;
    });
    const places = Math.max(0, ...ulps.keys()) + 1;
    return {
      ...{ ...counts, max_ulp, max_abs, max_rel },
      ulps: Array.from({ length: places }, (_, bin) => ulps.get(bin) ?? 0),
    };
  }

  test('of random tensors are those of a plain count, and so is the rest', () => {
    const special = fc.constantFrom(0, -0, NaN, Infinity, -Infinity, 2 ** -149, -(2 ** -149));
    const value = fc.oneof({ weight: 3, arbitrary: fc.float() }, special);
    const near = fc.integer({ min: -9, max: 9 });
    const pair = fc.oneof(
      fc.tuple(value, value),
      fc
        .tuple(value, near)
        .map(([x, n]): [number, number] => [x, Math.fround(x * (1 + n * 2 ** -22))]),
    );
    const limits = fc.record({
      rtol: fc.constantFrom(0, 1e-6, 1e-3),
      atol: fc.constantFrom(0, 1e-5, 1),
      ulp: fc.constantFrom(0, 1, 64),
    });
    fc.assert(
      fc.property(fc.array(pair, { maxLength: 40 }), limits, (pairs, tolerance) => {
        const [ours, guest] = [0, 1].map((side) =>
          Float32Array.from(pairs, (one) => one[side] ?? 0),
        );
        if (ours === undefined || guest === undefined) return;
        const elements = (data: Float32Array) => {
          return { dtype: 'float32', dims: [data.length], data: new Uint8Array(data.buffer) };
        };
        const got = distancesOf(elements(ours), elements(guest), tolerance);
        const { dtype: _, dims: __, size, ratio, first, ...rest } = got;
        expect(rest).toEqual(plain(ours, guest, tolerance));
        expect(size).toBe(pairs.length);
        // The verdict and the number of tolerances say the same.
        expect(ratio === null || ratio > 1).toBe(got.beyond > 0);
        expect(first === null).toBe(got.differing === 0);
      }),
      { numRuns: 1000, seed: 16 },
    );
  });
});

describe('integers, strings and doubles', () => {
  const bytes = (array: ArrayBufferView): Uint8Array =>
    new Uint8Array(array.buffer, array.byteOffset, array.byteLength);
  const of = (
    dtype: string,
    ours: ArrayBufferView | string[],
    guest: ArrayBufferView | string[],
    ulp = 1,
  ): Distances => {
    const elements = (data: ArrayBufferView | string[]) => {
      const size = Array.isArray(data) ? data.length : (data as Uint8Array).length;
      return { dtype, dims: [size], data: Array.isArray(data) ? data : bytes(data) };
    };
    return distancesOf(elements(ours), elements(guest), { rtol: 1, atol: 1, ulp });
  };

  test('a step of 8 bits is within one ulp, two are not', () => {
    const ours = Uint8Array.of(0, 7, 255);
    expect(of('uint8', ours, Uint8Array.of(1, 7, 254))).toMatchObject({
      ...{ differing: 2, beyond: 0, ratio: 1, max_abs: 1, ulps: null, max_ulp: null },
      first: { index: 0, ours: '0', guest: '1' },
    });
    expect(of('int8', Int8Array.of(-128), Int8Array.of(127))).toMatchObject({
      ...{ beyond: 1, ratio: 255, max_abs: 255 },
    });
    expect(of('uint8', ours, Uint8Array.of(1, 7, 255), 0)).toMatchObject({
      beyond: 1,
      ratio: null,
    });
  });

  test('other integers, booleans and strings are equal or beyond', () => {
    const wide = of('int64', BigInt64Array.of(2n ** 62n, 5n), BigInt64Array.of(2n ** 62n + 1n, 5n));
    expect(wide).toMatchObject({ differing: 1, beyond: 1, ratio: null, max_abs: 1 });
    expect(wide.first?.guest).toBe('4611686018427387905');
    expect(of('uint64', BigUint64Array.of(0n), BigUint64Array.of(2n ** 64n - 1n)).max_abs).toBe(
      2 ** 64,
    );
    expect(of('int16', Int16Array.of(-1), Int16Array.of(1)).max_abs).toBe(2);
    expect(of('uint32', Uint32Array.of(0), Uint32Array.of(2 ** 32 - 1)).max_abs).toBe(2 ** 32 - 1);
    expect(of('bool', Uint8Array.of(0, 1), Uint8Array.of(1, 1)).beyond).toBe(1);
    expect(of('string', ['a', 'b'], ['a', 'c'])).toMatchObject({
      ...{ differing: 1, beyond: 1, ratio: null, max_abs: null },
      first: { index: 1, ours: '"b"', guest: '"c"' },
    });
  });

  test('NaNs are equal whatever their payload, and a NaN beside a number is not', () => {
    const nans = Uint32Array.of(0x7fc00000, 0xffc00001, 0x7fc00000);
    const others = Uint32Array.of(0x7fc00001, 0x7fc00000, 0x3f800000);
    expect(of('float32', nans, others)).toMatchObject({
      ...{ differing: 1, nan: 1, beyond: 1, ratio: null, ulps: [2] },
      first: { index: 2, ours: 'NaN', guest: '1' },
    });
    const wide = BigUint64Array.of(0x7ff8000000000001n);
    expect(of('float64', wide, Float64Array.of(Number.NaN)).differing).toBe(0);
  });

  test('doubles that differ in their last bit are one apart', () => {
    const got = of('float64', Float64Array.of(1, -1), Float64Array.of(1 + 2 ** -52, 1));
    expect(got.ulps?.[1]).toBe(1);
    expect(got.max_ulp).toBe(2 * Number(0x3ff0000000000000n));
  });
});
