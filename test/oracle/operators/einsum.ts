// Einsum: operands joined from left to right, each step element by element over labelled indices.
import * as f from '../float.ts';
import { wrapped } from '../integer.ts';
import type { Element } from '../layout.ts';
import { at, indicesOf, inputOf, sizeOf, stringOf, stridesOf, tensorOf } from '../node.ts';
import type { OracleNode, OracleOperator, OracleTensor, OracleType } from '../types.ts';

interface Labelled {
  readonly labels: readonly string[];
  readonly dims: readonly number[];
  readonly data: readonly Element[];
}

const places = new Map<string, string[]>();

/** One character a label: the ellipsis is written out with characters that no equation has. */
function spelled(term: string, hidden: number): string[] {
  const key = `${term} ${hidden}`;
  const known = places.get(key);
  if (known !== undefined) return known;
  const middle = Array.from({ length: hidden }, (_, i) => String(hidden - 1 - i));
  const [before = '', after] = term.split('...');
  const list =
    after === undefined ? before.split('') : [...before.split(''), ...middle, ...after.split('')];
  places.set(key, list);
  return list;
}

/** The element where the labels have these values; a size of 1 stands for every value. */
function elementAt({ labels, dims, data }: Labelled, values: ReadonlyMap<string, number>): Element {
  const strides = stridesOf(dims);
  let flat = 0;
  labels.forEach((label, axis) => {
    if (at(dims, axis) !== 1) flat += (values.get(label) ?? 0) * at(strides, axis);
  });
  return at(data, flat);
}

const sumOf = (dtype: OracleType, terms: readonly Element[]): Element =>
  dtype === 'float32'
    ? f.sumTree(terms.map(Number))
    : wrapped(
        dtype,
        terms.reduce<bigint>((sum, term) => sum + BigInt(term), 0n),
      );

function* assignments(
  labels: readonly string[],
  dims: readonly number[],
): Generator<Map<string, number>> {
  for (const index of indicesOf(dims)) {
    yield new Map(labels.map((label, axis) => [label, at(index, axis)]));
  }
}

/** The tensor without the labels that are not kept; what repeats takes its diagonal. */
function reduced(dtype: OracleType, x: Labelled, keep: ReadonlySet<string>): Labelled {
  const own = [...new Set(x.labels)];
  const sizeOfLabel = (label: string): number =>
    x.dims.find((dim, axis) => x.labels[axis] === label && dim !== 1) ?? 1;
  const [kept, gone] = [own.filter((l) => keep.has(l)), own.filter((l) => !keep.has(l))];
  const [dims, inner] = [kept.map(sizeOfLabel), gone.map(sizeOfLabel)];
  if (gone.length === 0 && own.length === x.labels.length) return x;
  const data = [...assignments(kept, dims)].map((outer) => {
    const terms = [...assignments(gone, inner)].map((more) =>
      elementAt(x, new Map([...outer, ...more])),
    );
    return gone.length === 0 ? at(terms, 0) : sumOf(dtype, terms);
  });
  return { labels: kept, dims, data };
}

function einsum(node: OracleNode): OracleTensor[] {
  const inputs = node.inputs.map((_, i) => inputOf(node, i));
  const { dtype } = at(inputs, 0);
  const [left = '', right] = stringOf(node, 'equation', '').replaceAll(' ', '').split('->');
  const terms = left.split(',');
  const hidden = terms.map((term, i) =>
    term.includes('...') ? at(inputs, i).dims.length - (term.length - 3) : 0,
  );
  const most = Math.max(0, ...hidden);
  const labels = terms.map((term, i) => spelled(term, at(hidden, i)));
  const all = labels.flat();
  const once = [...new Set(all)]
    .filter((label) => /[A-Za-z]/.test(label) && all.indexOf(label) === all.lastIndexOf(label))
    .toSorted();
  const output = right === undefined ? [...spelled('...', most), ...once] : spelled(right, most);
  const sizes = new Map<string, number>();
  labels.forEach((list, i) =>
    list.forEach((label, axis) => {
      sizes.set(label, Math.max(at(at(inputs, i).dims, axis), sizes.get(label) ?? 0));
      if (at(inputs, i).dims[axis] === 0) sizes.set(label, 0);
    }),
  );
  const operands = inputs.map(({ dims, data }, i): Labelled =>
    reduced(dtype, { labels: at(labels, i), dims, data }, new Set(at(labels, i))),
  );
  let result = at(operands, 0);
  for (let i = 1; i < operands.length; i += 1) {
    const later = new Set([...output, ...labels.slice(i + 1).flat()]);
    const next = at(operands, i);
    const a = reduced(dtype, result, new Set([...later, ...next.labels]));
    const b = reduced(dtype, next, new Set([...later, ...result.labels]));
    const both = [...a.labels, ...b.labels.filter((label) => !a.labels.includes(label))];
    const gone = both.filter((label) => !later.has(label));
    const kept = both.filter((label) => later.has(label));
    const size = (label: string): number => {
      const found = [a, b].flatMap((x) =>
        x.labels.includes(label) ? [at(x.dims, x.labels.indexOf(label))] : [],
      );
      const pair = found.length === 2 ? sizes.get(label) : undefined;
      return pair !== undefined && gone.includes(label)
        ? pair
        : (found.find((one) => one !== 1) ?? 1);
    };
    const [dims, inner] = [kept.map(size), gone.map(size)];
    const data = [...assignments(kept, dims)].map((outer): Element => {
      const factors = [...assignments(gone, inner)].map((more): [Element, Element] => {
        const values = new Map([...outer, ...more]);
        return [elementAt(a, values), elementAt(b, values)];
      });
      if (dtype !== 'float32') {
        return wrapped(
          dtype,
          factors.reduce((sum, [x, y]) => sum + BigInt(x) * BigInt(y), 0n),
        );
      }
      if (gone.length > 0) {
        return f.dot(
          factors.map(([x]) => Number(x)),
          factors.map(([, y]) => Number(y)),
        );
      }
      const [x, y] = at(factors, 0);
      return f.multiply(Number(x), Number(y));
    });
    result = { labels: kept, dims, data };
  }
  result = reduced(dtype, result, new Set(output));
  const dims = output.map((label) => sizes.get(label) ?? 1);
  if (sizeOf(dims) === 0) return [tensorOf(dtype, dims, [])];
  return [
    tensorOf(
      dtype,
      dims,
      [...assignments(output, dims)].map((values) => elementAt(result, values)),
    ),
  ];
}

export const operators: Readonly<Record<string, OracleOperator>> = { Einsum: einsum };
