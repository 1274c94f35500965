// Gather, GatherND, GatherElements: bits by index (V1), zero bits where an index is outside. Indices are exact
// integers of any size; none of their bits is dropped.
import { type Element, elementAt, tensorBy, zeroOf } from '../layout.ts';
import { at, axisOf, inputOf, intOf } from '../node.ts';
import type { OracleNode, OracleOperator, OracleTensor } from '../types.ts';

/** The place on an axis of size n that an index names; undefined outside -n..n-1. */
export function placeOf(index: Element, n: number): number | undefined {
  const given = BigInt(index);
  const place = given < 0n ? given + BigInt(n) : given;
  return place >= 0n && place < BigInt(n) ? Number(place) : undefined;
}

function gather(node: OracleNode): OracleTensor[] {
  const [x, indices] = [inputOf(node, 0), inputOf(node, 1)];
  const axis = axisOf(intOf(node, 'axis', 0), x.dims.length);
  const dims = [...x.dims.slice(0, axis), ...indices.dims, ...x.dims.slice(axis + 1)];
  const own = indices.dims.length;
  return [
    tensorBy(x.dtype, dims, (index) => {
      const place = placeOf(elementAt(indices, index.slice(axis, axis + own)), at(x.dims, axis));
      return place === undefined
        ? zeroOf(x.dtype)
        : elementAt(x, [...index.slice(0, axis), place, ...index.slice(axis + own)]);
    }),
  ];
}

function gatherElements(node: OracleNode): OracleTensor[] {
  const [x, indices] = [inputOf(node, 0), inputOf(node, 1)];
  const axis = axisOf(intOf(node, 'axis', 0), x.dims.length);
  return [
    tensorBy(x.dtype, indices.dims, (index) => {
      const place = placeOf(elementAt(indices, index), at(x.dims, axis));
      return place === undefined
        ? zeroOf(x.dtype)
        : elementAt(
            x,
            index.map((i, k) => (k === axis ? place : i)),
          );
    }),
  ];
}

/** The places that row `row` of an index tensor [..., tuple] names in the leading axes `dims`. */
export function tupleOf(
  indices: OracleTensor,
  row: number,
  dims: readonly number[],
): number[] | undefined {
  const tuple = at(indices.dims, indices.dims.length - 1);
  const places: number[] = [];
  for (let k = 0; k < tuple; k += 1) {
    const place = placeOf(at(indices.data, row * tuple + k), at(dims, k));
    if (place === undefined) return undefined;
    places.push(place);
  }
  return places;
}

function gatherND(node: OracleNode): OracleTensor[] {
  const [x, indices] = [inputOf(node, 0), inputOf(node, 1)];
  const batch = intOf(node, 'batch_dims', 0);
  const rows = indices.dims.slice(0, -1);
  const tuple = at(indices.dims, indices.dims.length - 1);
  const dims = [...rows, ...x.dims.slice(batch + tuple)];
  return [
    tensorBy(x.dtype, dims, (index) => {
      const row = index.slice(0, rows.length).reduce((flat, i, k) => flat * at(rows, k) + i, 0);
      const places = tupleOf(indices, row, x.dims.slice(batch));
      return places === undefined
        ? zeroOf(x.dtype)
        : elementAt(x, [...index.slice(0, batch), ...places, ...index.slice(rows.length)]);
    }),
  ];
}

export const operators: Readonly<Record<string, OracleOperator>> = {
  Gather: gather,
  GatherElements: gatherElements,
  GatherND: gatherND,
};
