// Numbers as text and back, as Cast has them: the fewest decimal digits that give the number again, and the nearest number
// of the type to the exact decimal. No locale; the digits come from toPrecision, whose result ECMAScript fixes.
import { typedArrayOf, type DType, type TypedArray } from '../core/dtype.ts';

/** A binary format: bits of its significand, exponent of its least subnormal, greatest exponent. */
interface Format {
  readonly bits: number;
  readonly least: number;
  readonly greatest: number;
  /** What magnitudes under this are, is zero. */
  readonly flush: number;
  /** Significant decimal digits that suffice for every value. */
  readonly digits: number;
}

/** 2^-120 (V2). */
const LEAST = 7.52316384526264e-37;

const FORMATS: Partial<Record<DType, Format>> = {
  float32: { bits: 24, least: -149, greatest: 127, flush: LEAST, digits: 9 },
  float16: { bits: 11, least: -24, greatest: 15, flush: 0, digits: 5 },
  bfloat16: { bits: 8, least: -133, greatest: 127, flush: LEAST, digits: 4 },
  float64: { bits: 53, least: -1074, greatest: 1023, flush: 0, digits: 17 },
};

function formatOf(dtype: DType): Format {
  const format = FORMATS[dtype];
  if (format === undefined) throw new TypeError(`Cast: expected a float type, got ${dtype}.`);
  return format;
}

const word = new DataView(new ArrayBuffer(8));

/** x = significand · 2^exponent with an integer significand; for finite x. */
function partsOf(x: number): { significand: bigint; exponent: number } {
  word.setFloat64(0, Math.abs(x));
  const bits = word.getBigUint64(0);
  const field = Number(bits >> 52n);
  const fraction = bits & ((1n << 52n) - 1n);
  return field === 0
    ? { significand: fraction, exponent: -1074 }
    : { significand: fraction | (1n << 52n), exponent: field - 1075 };
}

/** The ratio of non-negative integers, rounded once to a format, nearest even; above its range ∞. */
function rounded(numerator: bigint, denominator: bigint, format: Format): number {
  if (numerator === 0n) return 0;
  // A first guess of the exponent of the quotient's last bit; one step corrects it.
  const length = (x: bigint): number => x.toString(2).length;
  let exponent = length(numerator) - length(denominator) - format.bits;
  const scaled = (): { quotient: bigint; rest: bigint; by: bigint } => {
    const up = exponent < 0 ? numerator << BigInt(-exponent) : numerator;
    const by = exponent > 0 ? denominator << BigInt(exponent) : denominator;
    return { quotient: up / by, rest: up % by, by };
  };
  if (scaled().quotient >= 1n << BigInt(format.bits)) exponent += 1;
  exponent = Math.max(exponent, format.least);
  const { quotient, rest, by } = scaled();
  const isUp = 2n * rest > by || (2n * rest === by && (quotient & 1n) === 1n);
  const significand = isUp ? quotient + 1n : quotient;
  const top = 1n << BigInt(format.greatest - exponent + 1);
  if (significand >= top) return Infinity;
  const result = Number(significand) * powerOfTwo(Math.max(exponent, -1022));
  return exponent < -1022 ? result * powerOfTwo(exponent + 1022) : result;
}

/** 2^exponent by its bits, for -1022..1023: engines differ in powers. */
function powerOfTwo(exponent: number): number {
  word.setBigUint64(0, BigInt(exponent + 1023) << 52n);
  return word.getFloat64(0);
}

const flushed = (x: number, { flush }: Format): number => (Math.abs(x) < flush || x === 0 ? 0 : x);

/** A finite number rounded to a format. */
function roundTo(x: number, format: Format): number {
  const { significand, exponent } = partsOf(x);
  const up = exponent > 0 ? significand << BigInt(exponent) : significand;
  const down = exponent < 0 ? 1n << BigInt(-exponent) : 1n;
  return Math.sign(x) * rounded(up, down, format);
}

/** A float of this type as text: `0.1`, `1.0`, `1e-05`, `1.5e+16`, `nan`, `inf`, `-inf`. */
export function textOfFloat(given: number, dtype: DType): string {
  const format = formatOf(dtype);
  if (Number.isNaN(given)) return 'nan';
  if (!Number.isFinite(given)) return given > 0 ? 'inf' : '-inf';
  const x = flushed(given, format);
  if (x === 0) return '0.0';
  let count = 1;
  while (count < format.digits && roundTo(Number(x.toPrecision(count)), format) !== x) count += 1;
  const [mantissa = '', power = '0'] = x.toExponential(count - 1).split('e');
  const digits = mantissa.replace(/[-.]/g, '');
  const exponent = Number(power);
  const sign = x < 0 ? '-' : '';
  if (exponent < -4 || exponent >= 16) {
    const tail = digits.length > 1 ? `.${digits.slice(1)}` : '';
    const size = String(Math.abs(exponent)).padStart(2, '0');
    return `${sign}${digits.slice(0, 1)}${tail}e${exponent < 0 ? '-' : '+'}${size}`;
  }
  if (exponent < 0) return `${sign}0.${'0'.repeat(-exponent - 1)}${digits}`;
  const whole = digits.slice(0, exponent + 1).padEnd(exponent + 1, '0');
  return `${sign}${whole}.${digits.slice(exponent + 1) || '0'}`;
}

const DECIMAL = /^([+-]?)(\d+\.?\d*|\.\d+)(?:[eE]([+-]?\d+))?$/;
/** Beyond this power of ten every format is at its end. */
const FURTHEST = 10000;

function bad(text: string, dtype: DType): RangeError {
  return new RangeError(`Cast: expected a text that is a ${dtype}, got '${text}'.`);
}

const trimmed = (text: string): string => text.replace(/^[ \t\n\v\f\r]+|[ \t\n\v\f\r]+$/g, '');

/** The nearest float of this type. @throws RangeError if the text is no number */
export function floatOfText(text: string, dtype: DType): number {
  const format = formatOf(dtype);
  const plain = trimmed(text);
  const special = /^([+-]?)(inf|infinity|nan)$/i.exec(plain);
  if (special !== null) {
    if (special[2]?.toLowerCase() === 'nan') return NaN;
    return special[1] === '-' ? -Infinity : Infinity;
  }
  const match = DECIMAL.exec(plain);
  if (match === null) throw bad(text, dtype);
  const [, sign, number = '', power = '0'] = match;
  const [whole = '', fraction = ''] = number.split('.');
  const digits = (whole + fraction).replace(/^0+/, '');
  if (digits === '') return 0;
  const exponent = Number(power) - fraction.length;
  // The decimal lies between 10^(place - 1) and 10^place.
  const place = digits.length + exponent;
  let magnitude = place > FURTHEST ? Infinity : 0;
  if (Math.abs(place) <= FURTHEST) {
    const up = BigInt(digits) * (exponent > 0 ? 10n ** BigInt(exponent) : 1n);
    magnitude = rounded(up, exponent < 0 ? 10n ** BigInt(-exponent) : 1n, format);
  }
  const x = flushed(magnitude, format);
  return x !== 0 && sign === '-' ? -x : x;
}

/** A decimal integer. @throws RangeError if the text is none, or out of the type's range */
export function integerOfText(text: string, dtype: DType): bigint {
  const plain = trimmed(text);
  if (!/^[+-]?\d+$/.test(plain)) throw bad(text, dtype);
  const value = plain.startsWith('+') ? BigInt(plain.slice(1)) : BigInt(plain);
  const bits = typedArrayOf(dtype, new ArrayBuffer(0), 0, 0).BYTES_PER_ELEMENT * 8;
  const fits = dtype.startsWith('u') ? BigInt.asUintN(bits, value) : BigInt.asIntN(bits, value);
  if (fits !== value) throw bad(text, dtype);
  return value;
}

/** The bits of 16-bit floats that a format's values are. */
export function bitsOf16(x: number, dtype: 'float16' | 'bfloat16'): number {
  if (dtype === 'bfloat16') {
    if (Number.isNaN(x)) return 0x7fc0;
    word.setFloat32(0, x);
    return word.getUint16(0);
  }
  if (Number.isNaN(x)) return 0x7e00;
  const sign = x < 0 ? 0x8000 : 0;
  if (!Number.isFinite(x)) return sign | 0x7c00;
  if (x === 0) return 0;
  const { significand, exponent } = partsOf(x);
  // 53 bits, of which float16 has the first 11: the exponent of its first bit is exponent + 52.
  const first = exponent + 52;
  if (first < -14) return sign | Number(significand >> BigInt(-24 - exponent));
  return sign | ((first + 15) << 10) | Number((significand >> 42n) & 1023n);
}

/** The values of an array's elements as numbers; those of 16-bit floats by their bits. */
export function floatsOf(data: TypedArray, dtype: DType): number[] {
  if (data instanceof BigInt64Array || data instanceof BigUint64Array) return [];
  if (dtype === 'bfloat16') {
    return Array.from(data, (bits) => {
      word.setUint32(0, (bits << 16) >>> 0);
      return word.getFloat32(0);
    });
  }
  if (dtype !== 'float16') return Array.from(data);
  return Array.from(data, (bits) => {
    const sign = bits >= 0x8000 ? -1 : 1;
    const exponent = (bits >>> 10) & 31;
    const fraction = bits & 1023;
    if (exponent === 31) return fraction === 0 ? sign * Infinity : NaN;
    return (
      sign *
      (exponent === 0 ? fraction * powerOfTwo(-24) : (1024 + fraction) * powerOfTwo(exponent - 25))
    );
  });
}
