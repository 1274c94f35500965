// Sets of elements along some axes: what reductions, softmax and the normalisations walk over.
import { at, axisOf, flatOf, indicesOf, stridesOf } from './node.ts';

export interface Sets {
  /** The shape with each reduced axis of size 1. */
  readonly kept: readonly number[];
  /** For each output in row-major order: the flat positions of its terms, the last reduced axis fastest. */
  readonly positions: readonly (readonly number[])[];
}

/** The sets of a shape that differ in the indices of `axes` only. */
export function setsAlong(dims: readonly number[], axes: readonly number[]): Sets {
  const reduced = new Set(axes.map((axis) => axisOf(axis, dims.length)));
  const kept = dims.map((size, axis) => (reduced.has(axis) ? 1 : size));
  const inner = dims.map((size, axis) => (reduced.has(axis) ? size : 1));
  const strides = stridesOf(dims);
  const offsets = [...indicesOf(inner)].map((index) =>
    index.reduce((sum, i, axis) => sum + i * at(strides, axis), 0),
  );
  const positions = [...indicesOf(kept)].map((index) => {
    const base = dims.length === 0 ? 0 : flatOf(index, dims);
    return offsets.map((offset) => base + offset);
  });
  return { kept, positions };
}

/** The terms of one set. */
export const termsOf = <T>(data: readonly T[], positions: readonly number[]): T[] =>
  positions.map((position) => at(data, position));

/** All axes of a shape from one on. */
export const axesFrom = (dims: readonly number[], first: number): number[] =>
  dims.map((_, axis) => axis).slice(first);
