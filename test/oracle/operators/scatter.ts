// ScatterND, ScatterElements and Scatter: updates in index order, the last one wins (V11); with a reduction each update
// is one operation on the slot so far, V2 for float32, V8 for integers. Updates outside are dropped.
import { add, maximum, minimum, multiply, read } from '../float.ts';
import { BINARY, wrapped } from '../integer.ts';
import type { Element } from '../layout.ts';
import { at, axisOf, flatOf, indicesOf, inputOf, intOf, sizeOf, stringOf } from '../node.ts';
import type { OracleNode, OracleOperator, OracleTensor, OracleType } from '../types.ts';
import { placeOf, tupleOf } from './gather.ts';

type Combine = (slot: Element, update: Element) => Element;

const FLOAT: ReadonlyMap<string, (a: number, b: number) => number> = new Map([
  ['add', add],
  ['mul', multiply],
  ['min', minimum],
  ['max', maximum],
]);
const INTEGER: ReadonlyMap<string, string> = new Map([
  ['add', 'Add'],
  ['mul', 'Mul'],
  ['min', 'Min'],
  ['max', 'Max'],
]);

function combineOf(reduction: string, dtype: OracleType): Combine {
  if (reduction === 'none') return (_, update) => update;
  if (dtype === 'float32') {
    const step = FLOAT.get(reduction);
    if (step !== undefined) return (a, b) => step(Number(a), Number(b));
  } else {
    const step = BINARY[INTEGER.get(reduction) ?? ''];
    if (step !== undefined) return (a, b) => wrapped(dtype, step(BigInt(a), BigInt(b)));
  }
  throw new RangeError(`Scatter: no reduction ${reduction} of ${dtype}.`);
}

/** The data with each update combined into the slot that `target` gives for it, if it gives one. */
function scattered(
  node: OracleNode,
  target: (index: readonly number[], flat: number) => number | undefined,
): OracleTensor[] {
  const [x, updates] = [inputOf(node, 0), inputOf(node, 2)];
  const reduction = stringOf(node, 'reduction', 'none');
  const combine = combineOf(reduction, x.dtype);
  // With a reduction, slots that no update names are read and stored canonically too.
  const slots =
    reduction !== 'none' && x.dtype === 'float32'
      ? x.data.map((word) => read(Number(word)))
      : [...x.data];
  let flat = 0;
  for (const index of indicesOf(updates.dims)) {
    const slot = target(index, flat);
    if (slot !== undefined) slots[slot] = combine(at(slots, slot), at(updates.data, flat));
    flat += 1;
  }
  return [{ ...x, data: slots }];
}

function scatterElements(node: OracleNode): OracleTensor[] {
  const [x, indices] = [inputOf(node, 0), inputOf(node, 1)];
  const axis = axisOf(intOf(node, 'axis', 0), x.dims.length);
  return scattered(node, (index, flat) => {
    const place = placeOf(at(indices.data, flat), at(x.dims, axis));
    return place === undefined
      ? undefined
      : flatOf(
          index.map((i, k) => (k === axis ? place : i)),
          x.dims,
        );
  });
}

function scatterND(node: OracleNode): OracleTensor[] {
  const [x, indices] = [inputOf(node, 0), inputOf(node, 1)];
  const rows = indices.dims.slice(0, -1);
  const tuple = at(indices.dims, rows.length);
  const block = sizeOf(x.dims.slice(tuple));
  return scattered(node, (index) => {
    const row = flatOf(index.slice(0, rows.length), rows);
    const places = tupleOf(indices, row, x.dims);
    if (places === undefined) return undefined;
    const start = flatOf(places, x.dims.slice(0, tuple)) * block;
    return start + flatOf(index.slice(rows.length), x.dims.slice(tuple));
  });
}

export const operators: Readonly<Record<string, OracleOperator>> = {
  Scatter: scatterElements,
  ScatterElements: scatterElements,
  ScatterND: scatterND,
};
