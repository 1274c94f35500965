// RotaryEmbedding of ai.onnx and com.microsoft: pairs of a head's elements turned, as docs/NUMERICS.md writes it.
import * as f from '../float.ts';
import { zeroOf } from '../layout.ts';
import { at, inputOf, intOf, sizeOf, tensorOf, wordsOf } from '../node.ts';
import type { OracleNode, OracleOperator, OracleTensor } from '../types.ts';
import { COMPUTED, wideMoving } from '../wide.ts';
import { placeOf } from './gather.ts';

/** The first `2 · cos.length` words of a head turned, the rest as they are. */
export function turn(
  row: readonly number[],
  cos: readonly number[],
  sin: readonly number[],
  isInterleaved: boolean,
): number[] {
  const half = cos.length;
  const out = [...row];
  for (let k = 0; k < half; k += 1) {
    const [a, b] = isInterleaved ? [2 * k, 2 * k + 1] : [k, half + k];
    const [x1, x2, c, s] = [at(row, a), at(row, b), at(cos, k), at(sin, k)];
    out[a] = f.subtract(f.multiply(c, x1), f.multiply(s, x2));
    out[b] = f.add(f.multiply(s, x1), f.multiply(c, x2));
  }
  return out;
}

/** As `turn`, with COMPUTED for what it turns. */
export const unturned: typeof turn = (row, cos) =>
  row.map((word, k) => (k < 2 * cos.length ? COMPUTED : word));

/** The first `half` words of row `index` of a cache; zero bits outside. */
export function cacheRow(cache: OracleTensor, index: bigint, half: number): number[] {
  const width = at(cache.dims, cache.dims.length - 1);
  const place = placeOf(index, sizeOf(cache.dims.slice(0, -1)));
  const words = wordsOf(cache);
  return Array.from({ length: half }, (_, k) =>
    place === undefined ? Number(zeroOf('float32')) : at(words, place * width + k),
  );
}

function rotary(
  node: OracleNode,
  order: readonly [number, number, number],
  turned = turn,
): OracleTensor[] {
  const x = inputOf(node, 0);
  const [cos, sin] = [inputOf(node, order[0]), inputOf(node, order[1])];
  const positions = node.inputs[order[2]];
  const is3d = x.dims.length === 3;
  const given = intOf(node, 'rotary_embedding_dim', 0);
  const last = at(x.dims, x.dims.length - 1);
  let heads = is3d ? intOf(node, 'num_heads', 0) : at(x.dims, 1);
  if (is3d && heads === 0) heads = last / (2 * at(cos.dims, cos.dims.length - 1));
  const size = is3d ? last / heads : last;
  const half = (given === 0 ? size : given) / 2;
  const [batch, rows] = [at(x.dims, 0), at(x.dims, is3d ? 1 : 2)];
  const isInterleaved = intOf(node, 'interleaved', 0) !== 0;
  const words = wordsOf(x);
  const data: number[] = [];
  for (let flat = 0; flat < batch * rows * heads; flat += 1) {
    // Without a head axis of their own, heads are the inner ones.
    const [b, row] = is3d
      ? [Math.floor(flat / (rows * heads)), Math.floor(flat / heads) % rows]
      : [Math.floor(flat / (heads * rows)), flat % rows];
    let index = BigInt(b * rows + row);
    if (positions !== undefined) {
      const isOffset = positions.data.length === 1 && node.domain === 'com.microsoft';
      index = isOffset
        ? BigInt(at(positions.data, 0)) + BigInt(row)
        : BigInt(at(positions.data, b * rows + row));
    }
    const own = words.slice(flat * size, (flat + 1) * size);
    data.push(
      ...turned(own, cacheRow(cos, index, half), cacheRow(sin, index, half), isInterleaved),
    );
  }
  return [tensorOf('float32', x.dims, data)];
}

const rotaryOf = (order: readonly [number, number, number]): OracleOperator =>
  wideMoving(
    (node) => rotary(node, order),
    (node) => rotary(node, order, unturned),
  );

export const operators: Readonly<Record<string, OracleOperator>> = {
  RotaryEmbedding: rotaryOf([1, 2, 3]),
  'com.microsoft:RotaryEmbedding': rotaryOf([2, 3, 1]),
};
