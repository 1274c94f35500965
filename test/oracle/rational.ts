// Exact fractions num / den with den > 0, as float.ts has them: the four operations, order, floor and ceiling.
import { floorOf, type Rational } from './float.ts';

export const rational = (num: bigint | number, den: bigint | number = 1n): Rational => {
  const [n, d] = [BigInt(num), BigInt(den)];
  if (d === 0n) throw new RangeError('rational: division by zero');
  return d < 0n ? { num: -n, den: -d } : { num: n, den: d };
};

export const plus = (a: Rational, b: Rational): Rational =>
  a.den === b.den
    ? { num: a.num + b.num, den: a.den }
    : { num: a.num * b.den + b.num * a.den, den: a.den * b.den };
export const minus = (a: Rational, b: Rational): Rational => plus(a, { num: -b.num, den: b.den });
export const times = (a: Rational, b: Rational): Rational => ({
  num: a.num * b.num,
  den: a.den * b.den,
});
export const over = (a: Rational, b: Rational): Rational => rational(a.num * b.den, a.den * b.num);
export const isLess = (a: Rational, b: Rational): boolean => a.num * b.den < b.num * a.den;
export const magnitudeOfRational = (a: Rational): Rational =>
  a.num < 0n ? { num: -a.num, den: a.den } : a;
export const ceilingOf = ({ num, den }: Rational): bigint => -floorOf({ num: -num, den });

export const kNought = rational(0);
export const kHalf = rational(1, 2);
export const kUnity = rational(1);
