// Pools that sum: AveragePool, LpPool and their global forms. Taps outside the input are +0 and keep their index.
import * as elementary from '../elementary.ts';
import * as f from '../float.ts';
import { at, flatOf, indicesOf, inputOf, intOf, sizeOf, tensorOf, wordsOf } from '../node.ts';
import type { OracleNode, OracleOperator, OracleTensor } from '../types.ts';
import { tapsOf, windowAxes, type WindowAxis } from '../window.ts';

interface Tap {
  readonly word: number;
  readonly inside: boolean;
  readonly padded: boolean;
}

/** One value a window of each plane. */
function pooled(
  node: OracleNode,
  axesOf: (sizes: readonly number[]) => WindowAxis[],
  value: (taps: readonly Tap[]) => number,
): OracleTensor[] {
  const input = inputOf(node, 0);
  const x = wordsOf(input);
  const sizes = input.dims.slice(2);
  const axes = axesOf(sizes);
  const out = axes.map((axis) => axis.out);
  const data: number[] = [];
  for (let plane = 0; plane < sizeOf(input.dims.slice(0, 2)); plane += 1) {
    for (const index of indicesOf(out)) {
      const taps = tapsOf(axes, index).map(({ place, padded }) => ({
        word: place === undefined ? f.kZero : at(x, plane * sizeOf(sizes) + flatOf(place, sizes)),
        inside: place !== undefined,
        padded,
      }));
      data.push(value(taps));
    }
  }
  return [tensorOf('float32', [...input.dims.slice(0, 2), ...out], data)];
}

/** One window that is the whole plane. */
const whole = (sizes: readonly number[]): WindowAxis[] =>
  sizes.map((size) => ({
    size,
    kernel: size,
    stride: 1,
    dilation: 1,
    before: 0,
    after: 0,
    out: 1,
  }));

const average =
  (everything: boolean): ((taps: readonly Tap[]) => number) =>
  (taps) => {
    const count = taps.filter((tap) => (everything ? tap.padded : tap.inside)).length;
    return f.divide(f.sumTree(taps.map((tap) => tap.word)), f.wordOfInteger(BigInt(count)));
  };

function norm(p: number): (taps: readonly Tap[]) => number {
  const word = f.wordOfInteger(BigInt(p));
  return (taps) => {
    const terms = taps.map((tap) => f.absolute(tap.word));
    if (p === 1) return f.sumTree(terms);
    if (p === 2) return f.sqrt(f.sumTree(terms.map((x) => f.multiply(x, x))));
    const sum = f.sumTree(terms.map((x) => elementary.pow(x, word)));
    return elementary.pow(sum, f.divide(f.kOne, word));
  };
}

const windows =
  (node: OracleNode) =>
  (sizes: readonly number[]): WindowAxis[] =>
    windowAxes(node, sizes);

export const operators: Readonly<Record<string, OracleOperator>> = {
  AveragePool: (node) =>
    pooled(node, windows(node), average(intOf(node, 'count_include_pad', 0) !== 0)),
  LpPool: (node) => pooled(node, windows(node), norm(intOf(node, 'p', 2))),
  GlobalAveragePool: (node) => pooled(node, whole, average(false)),
  GlobalLpPool: (node) => pooled(node, whole, norm(intOf(node, 'p', 2))),
};
