// MaxPool and GlobalMaxPool: the largest tap that lies inside, exact on canonical reads, NaN before everything; the
// first of equals in window order gives its index.
import { type Element, elementAt, tensorBy } from '../layout.ts';
import { at, flatOf, inputOf, intOf } from '../node.ts';
import { rangeOf } from '../integer.ts';
import { tapsOf, windowAxes, type WindowAxis } from '../window.ts';
import type { OracleNode, OracleOperator, OracleTensor } from '../types.ts';
import { rankOf } from './order.ts';

const NEGATIVE_INFINITY = 0xff800000;

interface Best {
  readonly rank: bigint;
  readonly place: readonly number[];
  readonly element: Element;
}

/** The first largest tap of a window, undefined where no tap is inside. */
function largest(
  x: OracleTensor,
  axes: readonly WindowAxis[],
  index: readonly number[],
): Best | undefined {
  let best: Best | undefined;
  for (const { place } of tapsOf(axes, index.slice(2))) {
    if (place === undefined) continue;
    const whole = [...index.slice(0, 2), ...place];
    const element = elementAt(x, whole);
    const rank = rankOf(x.dtype, element);
    if (best === undefined || rank > best.rank) best = { rank, place: whole, element };
  }
  return best;
}

function canonical(x: OracleTensor, best: Best | undefined): Element {
  if (x.dtype !== 'float32') {
    return best?.element ?? Number(rangeOf(x.dtype)[0]);
  }
  if (best === undefined) return NEGATIVE_INFINITY;
  if (best.rank === 0n) return 0;
  return best.rank > 0x7f800000n ? 0x7fc00000 : best.element;
}

function maxPool(node: OracleNode): OracleTensor[] {
  const x = inputOf(node, 0);
  const sizes = x.dims.slice(2);
  const axes = windowAxes(node, sizes);
  const dims = [...x.dims.slice(0, 2), ...axes.map((axis) => axis.out)];
  const values = tensorBy(x.dtype, dims, (index) => canonical(x, largest(x, axes, index)));
  if (node.outputs < 2) return [values];
  const byColumns = intOf(node, 'storage_order', 0) === 1;
  const indices = tensorBy('int64', dims, (index) => {
    const best = largest(x, axes, index);
    if (best === undefined) return -1n;
    if (!byColumns) return BigInt(flatOf(best.place, x.dims));
    // The planes in order; within a plane the first spatial axis is the fastest.
    const [n = 0, c = 0, ...place] = best.place;
    const plane = n * at(x.dims, 1) + c;
    return BigInt(
      flatOf(
        [plane, ...place.toReversed()],
        [at(x.dims, 0) * at(x.dims, 1), ...sizes.toReversed()],
      ),
    );
  });
  return [values, indices];
}

function globalMaxPool(node: OracleNode): OracleTensor[] {
  const x = inputOf(node, 0);
  const axes = x.dims.slice(2).map((size) => ({
    size,
    kernel: size,
    stride: 1,
    dilation: 1,
    before: 0,
    after: 0,
    out: 1,
  }));
  const dims = x.dims.map((dim, axis) => (axis < 2 ? dim : 1));
  return [tensorBy(x.dtype, dims, (index) => canonical(x, largest(x, axes, index)))];
}

export const operators: Readonly<Record<string, OracleOperator>> = {
  MaxPool: maxPool,
  GlobalMaxPool: globalMaxPool,
};
