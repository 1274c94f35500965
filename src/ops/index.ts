// The operators: one line a family file, alphabetical. An operator is every export that is an OpDef.
import type { OpDef } from '../core/op.ts';
import * as concat from './concat.ts';
import * as conv from './conv.ts';
import * as elementwise from './elementwise.ts';
import * as elementwise_math from './elementwise_math.ts';
import * as gather from './gather.ts';
import * as generate from './generate.ts';
import * as mask from './mask.ts';
import * as mat_mul from './mat_mul.ts';
import * as ml from './ml.ts';
import * as mod from './mod.ts';
import * as normalization from './normalization.ts';
import * as order from './order.ts';
import * as pad from './pad.ts';
import * as pool from './pool.ts';
import * as reduce from './reduce.ts';
import * as reshape from './reshape.ts';
import * as resize from './resize.ts';
import * as reverse_sequence from './reverse_sequence.ts';
import * as scatter from './scatter.ts';
import * as slice from './slice.ts';
import * as softmax from './softmax.ts';
import * as transpose from './transpose.ts';

const FAMILIES: readonly Readonly<Record<string, unknown>>[] = [
  concat,
  conv,
  elementwise,
  elementwise_math,
  gather,
  generate,
  mask,
  mat_mul,
  ml,
  mod,
  normalization,
  order,
  pad,
  pool,
  reduce,
  reshape,
  resize,
  reverse_sequence,
  scatter,
  slice,
  softmax,
  transpose,
];

function isOpDef(value: unknown): value is OpDef {
  return typeof value === 'object' && value !== null && 'lower' in value && 'infer' in value;
}

const byName = new Map<string, OpDef[]>();
for (const family of FAMILIES) {
  for (const value of Object.values(family)) {
    if (!isOpDef(value)) continue;
    const key = `${value.domain ?? ''}:${value.type}`;
    byName.set(key, [...(byName.get(key) ?? []), value]);
  }
}

/** Finds operators for `checkGraph`. */
export const registry = {
  find: (domain: string, type: string, opset: number): OpDef | undefined =>
    byName
      .get(`${domain}:${type}`)
      ?.find((def) => def.opsets[0] <= opset && opset <= def.opsets[1]),
  ranges: (domain: string, type: string): (readonly [number, number])[] =>
    (byName.get(`${domain}:${type}`) ?? []).map((def) => def.opsets),
  /** Every operator, sorted by domain and name. */
  all: (): OpDef[] => [...byName].sort(([a], [b]) => (a < b ? -1 : 1)).flatMap(([, defs]) => defs),
};
