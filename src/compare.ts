// The checker's comparison: two runs, value by value in node order, as words and never as floats (M3).
import { hexOfElement } from './core/bits.ts';
import { tensorsIn, type Data } from './core/data.ts';
import type { Tensor } from './core/tensor.ts';
import { nodeLabel, type Graph } from './graph/graph.ts';
import type { CheckReport, Difference } from './model.ts';
import type { Note } from './run_types.ts';

/**
 * The position of the first difference and the number of differing elements; undefined if there is none. Tensors of
 * other element types or shapes differ in every element, and `a` and `b` say how.
 */
export function compareTensors(
  a: Tensor,
  b: Tensor,
): { index: number; differing: number; a: string; b: string } | undefined {
  if (a.dtype !== b.dtype || a.dims.join() !== b.dims.join()) {
    const [first, second] = [a, b].map((one) => `${one.dtype}[${one.dims.join()}]`);
    return { index: 0, differing: Math.max(a.size, b.size), a: first ?? '', b: second ?? '' };
  }
  const [texts, others] = [a.data, b.data];
  if (Array.isArray(texts) && Array.isArray(others)) return compareStrings(texts, others);
  const [left, right] = [a.bytes(), b.bytes()];
  const width = a.size === 0 ? 1 : left.byteLength / a.size;
  let index = -1;
  let differing = 0;
  for (let i = 0; i < a.size; i += 1) {
    for (let k = i * width; k < (i + 1) * width; k += 1) {
      if (left[k] === right[k]) continue;
      if (index < 0) index = i;
      differing += 1;
      break;
    }
  }
  if (index < 0) return undefined;
  return {
    index,
    differing,
    a: hexOfElement(left, index, width),
    b: hexOfElement(right, index, width),
  };
}

function compareStrings(
  a: readonly string[],
  b: readonly string[],
): { index: number; differing: number; a: string; b: string } | undefined {
  const index = a.findIndex((text, i) => text !== b[i]);
  if (index < 0) return undefined;
  const differing = a.filter((text, i) => text !== b[i]).length;
  return { index, differing, a: JSON.stringify(a[index]), b: JSON.stringify(b[index]) };
}

export function compareOutputs(
  graph: Graph,
  reference: ReadonlyMap<string, Data>,
  other: ReadonlyMap<string, Data>,
  about: { adapter: string; notes: readonly Note[] },
): CheckReport {
  const differences: Difference[] = [];
  let values = 0;
  let elements = 0;
  for (const node of graph.nodes) {
    for (const output of node.outputs) {
      const [left, right] = [reference.get(output), other.get(output)];
      // Outputs that no node needs are computed by neither.
      if (left === undefined && right === undefined) continue;
      values += 1;
      const [lefts, rights] = [left, right].map((one) => (one === undefined ? [] : tensorsIn(one)));
      // A value that only one side has is a difference, one without tensors too.
      const least = left === undefined || right === undefined ? 1 : 0;
      const count = Math.max(least, lefts?.length ?? 0, rights?.length ?? 0);
      for (let i = 0; i < count; i += 1) {
        const [a, b] = [lefts?.[i], rights?.[i]];
        const size = a?.size ?? b?.size ?? 0;
        elements += size;
        const text = (one: Tensor | undefined): string =>
          one === undefined ? 'missing' : 'present';
        const found =
          a === undefined || b === undefined
            ? { index: 0, differing: size, a: text(a), b: text(b) }
            : compareTensors(a, b);
        if (found === undefined) continue;
        differences.push({
          node: nodeLabel(node),
          opType: node.opType,
          output,
          index: found.index,
          differing: found.differing,
          size,
          wasm: found.a,
          webgpu: found.b,
        });
      }
    }
  }
  return { identical: differences.length === 0, values, elements, differences, ...about };
}
