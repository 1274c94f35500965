// Where the loads of an element-wise program lie, as WGSL: written out for the axes that are left after merging, without
// a loop, so that a text depends on which strides are 0 or 1 and on no size. A row is a run of consecutive output
// elements whose end is the end of some axis. Not here: the steps (chain_wgsl.ts).
import { CHAIN_RANK, collapse, type ChainProgram } from '../core/chain.ts';
import { stridesOf } from '../core/shape.ts';

/** How a program's loads lie over the merged dims. */
export interface Layout {
  readonly rank: number;
  /** For each load its strides over the merged dims, or that it is one element, or lies at the flat index. */
  readonly loads: readonly (readonly number[] | 'fixed' | 'dense')[];
}

export function layoutOf(program: ChainProgram): Layout {
  const { dims, strides } = collapse(program);
  const dense = stridesOf(dims);
  const loads = strides.map((list) => {
    if (list.every((stride) => stride === 0)) return 'fixed';
    return list.every((stride, axis) => stride === dense[axis]) ? 'dense' : list;
  });
  return { rank: dims.length, loads };
}

/** Whether a load's element is found by coordinates. */
export function isStrided(layout: Layout, load: number): boolean {
  return typeof layout.loads[load] === 'object';
}

const word = (field: string, at: number): string =>
  `params.chain.${field}[${at >> 2}u][${at & 3}u]`;

/** Lines that name the coordinates `c<axis>_<k>` of the element with flat index `index`. */
export function coordinates(rank: number, index: string, k: number): string[] {
  if (rank === 1) return [`let c0_${k} = ${index};`];
  const lines: string[] = [];
  let rest = index;
  for (let axis = rank - 1; axis > 0; axis -= 1) {
    const above = axis === 1 ? `c0_${k}` : `q${axis}_${k}`;
    const dim = word('dims', axis);
    lines.push(`let ${above} = div_u32(${rest}, ${dim});`);
    lines.push(`let c${axis}_${k} = ${rest} - ${above} * ${dim};`);
    rest = above;
  }
  return lines;
}

/** The same for the element behind element `k - 1`, without a division; for two axes. */
export function nextCoordinates(k: number): string[] {
  const last = k - 1;
  return [
    `let wraps_${k} = c1_${last} + 1u >= ${word('dims', 1)};`,
    `let c0_${k} = c0_${last} + select(0u, 1u, wraps_${k});`,
    `let c1_${k} = select(c1_${last} + 1u, 0u, wraps_${k});`,
  ];
}

/** The element of load `load` that belongs to output element `k`, whose flat index is `index`. */
export function offset(layout: Layout, load: number, index: string, k: number): string {
  const strides = layout.loads[load];
  if (strides === undefined || strides === 'fixed') return '0u';
  if (strides === 'dense') return index;
  const terms = strides.flatMap((stride, axis) => {
    if (stride === 0) return [];
    const coordinate = `c${axis}_${k}`;
    if (stride === 1) return [coordinate];
    return [`${coordinate} * ${word('strides', CHAIN_RANK * load + axis)}`];
  });
  return terms.join(' + ');
}

/**
 * How a load's element follows from the flat index, where the output is rows of `rowLength` elements: it is the same
 * (`fixed`); it lies at the same index (`dense`); it is one for a row (`row`); it lies densely along a row that is the
 * same for all rows (`column`) or another one (`run`).
 */
export type Reach = 'fixed' | 'dense' | 'row' | 'column' | 'run' | 'any';

export function reach({ dims, loads }: ChainProgram, load: number, rowLength: number): Reach {
  const strides = loads[load]?.strides ?? [];
  const dense = stridesOf(dims);
  const isFixed = (axis: number): boolean => dims[axis] === 1 || strides[axis] === 0;
  const isDense = (axis: number): boolean => dims[axis] === 1 || strides[axis] === dense[axis];
  const axes = dims.map((_, axis) => axis);
  if (axes.every(isFixed)) return 'fixed';
  if (axes.every(isDense)) return 'dense';
  let first = dims.length;
  let length = 1;
  while (first > 0 && length < rowLength) {
    first -= 1;
    length *= dims[first] ?? 1;
  }
  if (length !== rowLength) return 'any';
  if (axes.slice(first).every(isFixed)) return 'row';
  if (!axes.slice(first).every(isDense)) return 'any';
  return axes.slice(0, first).every(isFixed) ? 'column' : 'run';
}
